"""Sends errors over the wire as one message, without a traceback.

The SDK logs a traceback for every exception of a function, except for its `FunctionError`; and
it prefixes the message with the exception's type, except for a `QueryError`.
`FunctionFailed` is both: the engine gets only the message. If a step failed, its extensions are
sent, too, so that the caller still sees the command's exit code and streams.

Source: `Module.call` in dagger/mod/_module.py and `record_exception` in
dagger/mod/_exceptions.py of dagger-io 0.21. Exceptions that are not expected are not touched:
those are bugs, and a bug shows its traceback.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ParamSpec, TypeVar

import anyio
import dagger
from dagger._exceptions import QueryErrorValue
from dagger.mod._exceptions import FunctionError

from wheelwright.container.harmless import harmless
from wheelwright.container.limits import CODE, ended, met, running, seconds, stopped, unlimited
from wheelwright.container.output import last_lines
from wheelwright.environment.system import missing
from wheelwright.errors import WheelwrightError
from wheelwright.project.untrusted import not_trusted, trust, untrusted

P = ParamSpec("P")
R = TypeVar("R")


class FunctionFailed(FunctionError, dagger.QueryError):
    """A message for the caller, and what is known about the step that failed."""

    def __new__(cls, *_: object) -> FunctionFailed:
        """Make the exception itself; a `QueryError` would choose a subclass by its extensions."""
        return Exception.__new__(cls)

    def __init__(self, message: str, extensions: Mapping[str, Any] | None = None) -> None:
        # A message has output of steps, and the caller prints it as it is.
        message = harmless(message)
        Exception.__init__(self, message)
        self.extra = None
        self.errors = [QueryErrorValue(message, extensions=dict(extensions or {}))]


def message_of(error: dagger.QueryError) -> str:
    """Return the message for a call that the engine refused, or a step that failed."""
    if not isinstance(error, dagger.ExecError):
        return str(error)
    printed = "\n".join(part for part in (error.stdout, error.stderr) if part.strip())
    how = ended(error, error.exit_code, str(error))
    if message := stopped(error.command, error.exit_code, printed, how):
        return message
    head = f'step "{" ".join(unlimited(error.command))}" failed'
    if address := untrusted(printed):
        return f"{head}: {not_trusted(address)}\n  hint: {trust()}"
    head = f"{head}: exit code {error.exit_code}"
    lines = [head, *last_lines(error.stdout, error.stderr)]
    if lacking := missing(printed):
        lines.append(f"  hint: {lacking}")
    return "\n".join(lines)


def _timed_out(name: str, limit: str) -> FunctionFailed:
    """Return the end of a call that met its own limit, with the exit code for that."""
    known = {"_type": "EXEC_ERROR", "cmd": [name], "exitCode": CODE, "stdout": "", "stderr": ""}
    still = "; ".join(running()) or "no step"
    message = f"{name} did not end within {limit}; still running: {still}; raise --timeout"
    return FunctionFailed(message, known)


def _extensions(error: dagger.QueryError) -> Mapping[str, Any]:
    """Return what is known of a failed step; one that met its limit has a code of its own."""
    known: Mapping[str, Any] = error.error.extensions
    if isinstance(error, dagger.ExecError):
        how = ended(error, error.exit_code, str(error))
        if met(error.command, error.exit_code, how):
            return {**known, "exitCode": CODE}
    return known


def unwrap(error: BaseException) -> BaseException:
    """Return the one exception in the groups that task groups make.

    Tasks that run at once may fail before the first failure ends the others. Where each of them
    failed as expected, the first is reported, as it is when they fail a moment later.
    """
    found = _leaves(error)
    plain = all(isinstance(each, (WheelwrightError, dagger.QueryError)) for each in found)
    return found[0] if plain or len(found) == 1 else error


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for each in error.exceptions for leaf in _leaves(each)]
    return [error]


def expected(caught: Exception) -> str:
    """Return the message of an error that becomes one failed row of a table.

    Raises:
        Exception: `caught` itself, where it is a bug; task groups wrap the rest.
    """
    error = unwrap(caught)
    if isinstance(error, WheelwrightError):
        return str(error)
    if isinstance(error, dagger.QueryError):
        return message_of(error)
    raise caught


def translate_errors(function: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Turn what a function raises on purpose into a `FunctionFailed`."""

    @functools.wraps(function)
    async def call(*args: P.args, **kwargs: P.kwargs) -> R:
        limit = getattr(args[0], "timeout", "") if args else ""
        try:
            with anyio.fail_after(seconds(limit, "--timeout") if limit else None) as whole:
                return await function(*args, **kwargs)
        except Exception as caught:
            if isinstance(caught, TimeoutError) and whole.cancelled_caught:
                raise _timed_out(function.__name__, limit) from None
            error = unwrap(caught)
            if isinstance(error, WheelwrightError):
                raise FunctionFailed(str(error)) from None
            if isinstance(error, dagger.QueryError):
                raise FunctionFailed(message_of(error), _extensions(error)) from None
            raise

    return call
