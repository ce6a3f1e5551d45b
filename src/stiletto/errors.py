"""Every error that Stiletto raises on purpose.

    StilettoError                exit 1
    |- UsageError                exit 1   invalid arguments: an unknown flag, a missing file
    |  `- TreeError              exit 1   a path does not fit the files (graph/links.py)
    |- StepFailed                its own  a command in the sandbox ended with an unexpected code
    |  `- ServiceFailed          its own  a service ended or was never ready (engine/readiness.py)
    |- ModuleFailed              exit 1   a module could not be loaded, or its function raised
    |- NotSupported              exit 1   a call that this engine does not implement
    `- EnvironmentFailed         exit 1   this machine lacks something: an interpreter, a namespace
       |- Exhausted              exit 1   it is short of something just now (sandbox/select.py)
       `- NetworkUnavailable     exit 1   steps cannot have a network (sandbox/network.py)

Outside of the tree, because of the code that catches them:

    OSError
    `- Unspooled                 what a step prints cannot be kept (sandbox/spool.py)
    BaseException
    `- Interrupted               a signal ended the command: no error (cli/interrupts.py)

A message is a lower-case fact that names the object and the path. The hint is a field of its own,
so that library code never formats text to show. Anything else that reaches the top is a bug, and
only a bug shows a traceback. A test compares the drawing with the code.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "EnvironmentFailed",
    "ModuleFailed",
    "NotSupported",
    "StepFailed",
    "StilettoError",
    "UsageError",
]


class StilettoError(Exception):
    """Base of all errors here: a message, and optionally a hint."""

    exit_code: int = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(StilettoError):
    """The caller's arguments are invalid."""


class ModuleFailed(StilettoError):
    """A module cannot be loaded, or a function of it raised."""


USE_DAGGER = "run the same command with `dagger` instead of `stiletto`"
"""The hint of everything that only the real engine has; more may follow."""


class NotSupported(StilettoError):
    """The schema has this call; this engine does not implement it."""

    def __init__(self, call: str, *, because: str = "", hint: str | None = USE_DAGGER) -> None:
        reason = f"{because}: " if because else ""
        super().__init__(f"{reason}{call} is not implemented by stiletto", hint=hint)
        self.call = call
        self.because = because


class EnvironmentFailed(StilettoError):
    """This machine cannot provide what the step needs."""


class StepFailed(StilettoError):
    """A command ended with an exit code that was not expected.

    `stdout` and `stderr` are what the command printed, secrets already replaced. `replay` is one
    shell line that runs the same step again, or None where the provider has none. `message` is what
    a module's code made of the failure, if it is more than the exit code; `ended` is what ended the
    command, if it did not end by itself.
    """

    def __init__(
        self,
        args: Sequence[str],
        exit_code: int,
        stdout: str,
        stderr: str,
        *,
        hint: str | None = None,
        replay: str | None = None,
        message: str | None = None,
        ended: str = "",
    ) -> None:
        code = f"exit code: {exit_code} ({ended})" if ended else f"exit code: {exit_code}"
        super().__init__(message or code, hint=hint)
        self.has_message = message is not None
        self.command = list(args)
        self.exit_code = exit_code
        self.stdout = stdout
        self.stderr = stderr
        self.replay = replay
