"""What every gate speaks: the output of a tool, and the gate's result."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from wheelwright.errors import ToolFailed
from wheelwright.harmless import harmless

__all__ = ["GateResult", "Output", "Verdict", "broken", "unreadable"]

_TAIL_LINES = 40


class Verdict(Enum):
    """How a gate ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CONFIGURED = "not configured"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Output:
    """What a command left: its exit code and both streams."""

    exit_code: int
    stdout: str = ""
    stderr: str = ""


@dataclass(frozen=True, slots=True)
class GateResult:
    """A gate's verdict: `note` is one line, `details` what a person needs to act."""

    gate: str
    verdict: Verdict
    note: str
    details: str = ""

    def text(self) -> str:
        """Return the result for people: the note, then the details."""
        said = self.note
        if self.verdict is Verdict.NOT_CONFIGURED and not said.startswith("not configured"):
            said = f"not configured: {said}"
        return harmless(f"{said}\n{self.details.rstrip()}" if self.details else said)


def broken(tool: str, output: Output) -> ToolFailed:
    """Return the error of a tool that ended with a code other than its verdicts."""
    said = (output.stderr.strip() or output.stdout.strip()).splitlines()[-_TAIL_LINES:]
    return ToolFailed("\n".join([f"{tool} itself failed: exit code {output.exit_code}", *said]))


def unreadable(tool: str, error: Exception) -> ToolFailed:
    """Return the error of a tool whose report is not one: there is no verdict in it."""
    return ToolFailed(f"the report of {tool} cannot be read: {type(error).__name__}: {error}"[:300])
