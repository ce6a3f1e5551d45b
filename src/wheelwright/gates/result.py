"""What every gate speaks: the output of a tool, and the gate's result."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from wheelwright.errors import ToolFailed
from wheelwright.harmless import harmless

__all__ = ["GateResult", "Output", "Verdict", "broken", "looked_at_nothing", "unreadable"]

_TAIL_LINES = 40

# ruff, ty, pyright: each says it, and ends with exit code 0.
_NO_FILE = re.compile(r"^(?:warn(?:ing)?:? )?no (?:python|source) files found", re.I | re.M)


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


def looked_at_nothing(gate: str, tool: str, output: Output) -> GateResult | None:
    """Return the result of a tool that found no file to look at; None for one that did.

    It ends with exit code 0 then, which is no reason to call anything checked.
    """
    if not (_NO_FILE.search(output.stdout) or _NO_FILE.search(output.stderr)):
        return None
    why = f"{tool} found no Python file: what its configuration includes and excludes leaves none"
    return GateResult(gate, Verdict.NOT_CONFIGURED, f"not configured: {why}")


def broken(tool: str, output: Output) -> ToolFailed:
    """Return the error of a tool that ended with a code other than its verdicts."""
    said = (output.stderr.strip() or output.stdout.strip()).splitlines()[-_TAIL_LINES:]
    return ToolFailed("\n".join([f"{tool} itself failed: exit code {output.exit_code}", *said]))


def unreadable(tool: str, error: Exception) -> ToolFailed:
    """Return the error of a tool whose report is not one: there is no verdict in it."""
    return ToolFailed(f"the report of {tool} cannot be read: {type(error).__name__}: {error}"[:300])
