"""The table of `ci`, the way of an error over the wire, and what is registered."""

import logging
from typing import Any

import dagger
import pytest
from dagger.mod._exceptions import ModuleError
from dagger.mod._module import Module
from gql import gql

import wheelwright
from wheelwright import ci
from wheelwright.ci import Row
from wheelwright.container.failures import FunctionFailed, message_of, translate_errors, unwrap
from wheelwright.errors import RequestError, ToolFailed
from wheelwright.gates.result import GateResult, Verdict


def rows() -> list[Row]:
    """Return one row of each verdict."""
    return [
        Row(GateResult("lock", Verdict.PASSED, "matches"), 0.25),
        Row(GateResult("lint", Verdict.FAILED, "2 issues", "a.py:1: F401\nb.py:2: F401"), 12.0),
        Row(GateResult("types", Verdict.NOT_CONFIGURED, "not configured: no checker"), 0.0),
        Row(GateResult("tests", Verdict.NOT_RUN, "a gate before it failed"), None),
    ]


def test_table_has_a_line_for_each_gate_and_details_above() -> None:
    """Failed gates' details come first, then one aligned line each, then the verdict."""
    assert [
        "--- lint ---",
        "a.py:1: F401",
        "b.py:2: F401",
        "",
        "ci of demo",
        "gate   verdict         seconds  note",
        "-----  --------------  -------  ----",
        "lock   passed              0.2  matches",
        "lint   failed             12.0  2 issues",
        "types  not configured      0.0  no checker",
        "tests  not run               -  a gate before it failed",
        "",
        "failed: 1 passed, 1 failed, 1 not configured, 1 not run",
    ] == ci.render("ci of demo", rows()).splitlines()
    assert ci.failed(rows())
    assert "1 of 4 gates failed: lint" == ci.headline(rows())


def test_nothing_that_ran_is_not_called_passed() -> None:
    """A table of gates that do not apply says that nothing ran."""
    text = ci.render("ci of demo", rows()[2:])
    assert "nothing ran: 1 not configured, 1 not run" == text.splitlines()[-1]
    assert "passed: 1 passed" == ci.render("ci", rows()[:1]).splitlines()[-1]


def test_passed_table_names_what_nobody_checked() -> None:
    """The last line of a table that passed says of how many gates, and which did not run."""
    kept = [row for row in rows() if row.result.verdict is not Verdict.FAILED]
    last = ci.render("ci", kept).splitlines()[-1]
    assert last.startswith("passed: 1 of 3 gates; not configured: types; not run: ")


def test_long_details_are_cut_and_say_where_the_rest_is() -> None:
    """A flood of findings does not drown the table."""
    details = "\n".join(f"line {number}" for number in range(100))
    text = ci.render("ci", [Row(GateResult("types", Verdict.FAILED, "x", details), 1)])
    assert "[60 more lines; call the gate itself to see them]" in text
    assert "line 39" in text
    assert "line 40" not in text


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


def registration(cls: type) -> Any:
    """Return what the SDK's decorator keeps of a type."""
    return cls.__dagger_object_type__  # type: ignore[attr-defined]  # the decorator sets it


async def test_every_check_can_be_called_without_arguments() -> None:
    """A check with a required argument would silently vanish from `check -l`."""
    registered = registration(wheelwright.Wheelwright)
    checks = {name: function for name, function in registered.functions.items() if function.check}
    # What `build` returns is no verdict, and an audit is about the world of today.
    gates = {gate.function.replace("-", "_") for gate in ci.GATES} - {"audit", "build"}
    assert {"matrix", *gates} == set(checks)
    required = [
        f"{name} --{parameter.name}"
        for name, function in checks.items()
        for parameter in function.parameters.values()
        if not parameter.is_optional
    ]
    assert [] == required


def test_every_function_and_argument_has_help() -> None:
    """What `--help` shows comes from docstrings and `Doc`; none is missing."""
    registered = registration(wheelwright.Wheelwright)
    constructor = registered.get_constructor()
    silent = [
        f"{name}.{parameter.name}"
        for name, function in {**registered.functions, "new": constructor}.items()
        for parameter in function.parameters.values()
        if not parameter.doc
    ]
    assert [] == silent + [name for name, each in registered.functions.items() if not each.doc]


def test_fields_of_a_test_run_are_offered() -> None:
    """The typed result of a run has its numbers and files as fields."""
    registered = registration(wheelwright.TestRun)
    assert {"python", "exit_code", "summary", "places", "reports"} == set(registered.fields)
    assert {"junit", "log"} <= set(registered.functions)
