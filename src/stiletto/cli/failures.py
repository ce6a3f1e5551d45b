"""Errors as text, and the exit codes.

0          it worked
1          invalid arguments, a module failed, a check failed, the machine lacks something: the
           message names it. Or the reader of its output has gone, as after `| head`
2          interrupted (as Dagger's command line)
70         a bug in Stiletto: a traceback is shown (EX_SOFTWARE of sysexits.h)
129        its terminal was closed (SIGHUP)
143        ended by SIGTERM
any other  a command in the sandbox ended with this code
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from stiletto.errors import USE_DAGGER, ModuleFailed, StepFailed, StilettoError, UsageError
from stiletto.visible import RUNNERS, displayed, shortened

NO_READER = 1
INTERRUPTED = 2
BUG = 70
HUNG_UP = 129
TERMINATED = 143

_COMMAND_CHARS = 100
_USAGE_CHARS = 2000


def message_of(error: StilettoError) -> str:
    """Return the message: a failed step is named by its command, unless a module did so."""
    if isinstance(error, StepFailed) and error.command and not error.has_message:
        command = shlex.join(error.command).replace("\n", "\\n")
        return f"step `{shortened(command, _COMMAND_CHARS)}` failed: {error.message}"
    return error.message


def text_of(error: StilettoError, *, is_noted: bool = False, failed: Sequence[str] = ()) -> str:
    """Return an error as it is shown: the message, the hint, the line that replays it.

    With `is_noted` a failed step names the command that explains why it ran, and a function that
    reports an error after programs have `failed` does so for these.
    """
    # What follows a carriage return would overwrite what is before it.
    message = message_of(error).replace("\r\n", "\n").replace("\r", "\\r")
    if isinstance(error, UsageError) and len(message) > _USAGE_CHARS:
        # It repeats the input; the user needs its beginning, and what is wrong with it.
        half = _USAGE_CHARS // 2
        message = f"{message[:half]} [...] {message[-half:]}"
    lines = [f"Error: {message}"]
    if error.hint:
        lines.append(f"  hint: {error.hint}")
    if isinstance(error, StepFailed) and error.replay:
        lines.append(f"  replay: {error.replay}")
    if is_noted and isinstance(error, StepFailed) and _is_step(error):
        lines.append(_explained([displayed(error.command).partition(" ")[0]]))
    elif is_noted and isinstance(error, ModuleFailed) and failed:
        lines.append(_explained(failed))
    return "\n".join(lines)


def _explained(failed: Sequence[str]) -> str:
    """Return the line that names what explains why these programs ran: of one, it alone.

    Of a script nobody knows the interpreter by name.
    """
    only = "" if len(set(failed)) > 1 or failed[0] in RUNNERS else f" {failed[0]}"
    return f"  explain: stiletto explain{only}"


def _is_step(error: StepFailed) -> bool:
    """Whether a command of a call failed; a service names itself before its exit code."""
    return bool(error.command) and (error.has_message or error.message.startswith("exit code: "))


def refused_text(refused: Sequence[str], shown: str = "") -> str:
    """Return the warning about refusals that a module caught; "" if `shown` has them all."""
    missing = [each for each in dict.fromkeys(refused) if each not in shown]
    if not missing:
        return ""
    return f"Warning: refused, and caught by the module: {'; '.join(missing)}\n  hint: {USE_DAGGER}"


def streams_of(error: StilettoError) -> list[str]:
    """Return what a failed command printed, each stream under a heading, no empty ones."""
    if not isinstance(error, StepFailed) or error.has_message:
        return []
    streams = (("Stdout:", error.stdout), ("Stderr:", error.stderr))
    return [line for head, text in streams if text.strip() for line in (head, text.rstrip("\n"))]
