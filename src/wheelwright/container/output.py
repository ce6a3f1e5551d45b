"""The output of a command, and the errors of a tool that left no verdict in it (pure)."""

from __future__ import annotations

from dataclasses import dataclass

from wheelwright.errors import ToolFailed

_TAIL_LINES = 40


@dataclass(frozen=True, slots=True)
class Output:
    """What a command left: its exit code and both streams."""

    exit_code: int
    stdout: str = ""
    stderr: str = ""


def broken(tool: str, output: Output) -> ToolFailed:
    """Return the error of a tool that ended with a code other than its verdicts."""
    said = (output.stderr.strip() or output.stdout.strip()).splitlines()[-_TAIL_LINES:]
    return ToolFailed("\n".join([f"{tool} itself failed: exit code {output.exit_code}", *said]))


def unreadable(tool: str, error: Exception) -> ToolFailed:
    """Return the error of a tool whose report is not one: there is no verdict in it."""
    return ToolFailed(f"the report of {tool} cannot be read: {type(error).__name__}: {error}"[:300])
