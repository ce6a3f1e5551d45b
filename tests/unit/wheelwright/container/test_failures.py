"""The way of an error over the wire."""

import logging

import dagger
import pytest
from dagger.mod._exceptions import ModuleError
from dagger.mod._module import Module
from gql import gql

from wheelwright.container.failures import FunctionFailed, message_of, translate_errors, unwrap
from wheelwright.errors import RequestError, ToolFailed


async def test_expected_error_crosses_without_a_log(caplog: pytest.LogCaptureFixture) -> None:
    """The SDK passes a refusal on as it is and logs no traceback; its message stands alone."""

    @translate_errors
    async def refuse() -> None:
        raise RequestError('no group "x"', "name another")

    with caplog.at_level(logging.DEBUG), pytest.raises(FunctionFailed) as raised:
        await Module().call(refuse)
    assert [] == caplog.records
    assert 'no group "x"; name another' == str(raised.value)
    # What `main` and `record_exception` of the SDK look at.
    assert {ModuleError, dagger.QueryError} <= set(type(raised.value).__mro__)
    assert {} == raised.value.error.extensions


async def test_failed_step_keeps_its_exit_code_and_streams() -> None:
    """A failed command becomes one message, and its extensions go along for the caller."""
    extensions = {
        "_type": "EXEC_ERROR",
        "cmd": ["uv", "sync"],
        "exitCode": 2,
        "stdout": "",
        "stderr": "no network\n",
    }
    value = type(FunctionFailed("x").error)("exit code: 2", extensions=extensions)
    failure = dagger.QueryError([value], gql("{ version }"))
    assert isinstance(failure, dagger.ExecError)

    @translate_errors
    async def step() -> None:
        raise ExceptionGroup("of a task group", [failure])

    with pytest.raises(FunctionFailed) as raised:
        await step()
    assert 'step "uv sync" failed: exit code 2\nno network' == str(raised.value)
    assert extensions == raised.value.error.extensions


def test_a_certificate_that_is_not_trusted_is_one_line_with_the_address() -> None:
    """What uv printed about it is left out; the next act is named."""
    extensions = {
        "_type": "EXEC_ERROR",
        "cmd": ["uv", "sync"],
        "exitCode": 2,
        "stdout": "",
        "stderr": "cause: error sending request for url (https://p.example/simple/x/)\n"
        "cause: invalid peer certificate: UnknownIssuer\n",
    }
    value = type(FunctionFailed("x").error)("exit code: 2", extensions=extensions)

    fact, hint = message_of(dagger.QueryError([value], gql("{ version }"))).splitlines()
    assert 'step "uv sync" failed: the certificate of https://p.example is not trusted' == fact
    assert hint.startswith("  hint: let the engine's machine trust the authority")


async def test_bug_is_not_dressed_up() -> None:
    """An exception that nobody raises on purpose goes through as it is, traceback and all."""

    @translate_errors
    async def bug() -> None:
        raise KeyError("oops")

    with pytest.raises(KeyError):
        await bug()


def test_other_refusals_of_the_engine_are_passed_on() -> None:
    """What the engine says about a call that is no command is the message."""
    value = type(FunctionFailed("x").error)("no Python 3.15 on this machine")
    assert "no Python 3.15 on this machine" == message_of(
        dagger.QueryError([value], gql("{ version }"))
    )
    nested = ExceptionGroup("a", [ExceptionGroup("b", [KeyError("c")])])
    assert isinstance(unwrap(nested), KeyError)


def test_failures_at_once_are_one() -> None:
    """Of tasks that failed as expected at once the first is reported; a bug is never hidden."""
    one, other = ToolFailed("no Python 3.99"), ToolFailed("no network")
    assert one is unwrap(ExceptionGroup("a", [one, ExceptionGroup("b", [other])]))
    with_bug = ExceptionGroup("a", [one, KeyError("c")])
    assert with_bug is unwrap(with_bug)
