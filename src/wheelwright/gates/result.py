"""Types shared by all gates: a verdict, and a gate's result."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from wheelwright.container.harmless import harmless
from wheelwright.container.output import Output
from wheelwright.errors import GateFailed

# ruff, ty, pyright: each prints it, and ends with exit code 0.
_NO_FILE = re.compile(r"^(?:warn(?:ing)?:? )?no (?:python|source) files found", re.I | re.M)


class Verdict(Enum):
    """How a gate ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CONFIGURED = "not configured"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class GateResult:
    """A gate's verdict: `note` is one line, `details` what is needed to correct it."""

    gate: str
    verdict: Verdict
    note: str
    details: str = ""

    @property
    def headline(self) -> str:
        """The verdict and the note, in one line."""
        return f"{self.gate} {self.verdict.value}: {self.note}"

    def text(self) -> str:
        """Return the result for people: the note, then the details."""
        note = self.note
        if self.verdict is Verdict.NOT_CONFIGURED and not note.startswith("not configured"):
            note = f"not configured: {note}"
        return harmless(f"{note}\n{self.details.rstrip()}" if self.details else note)

    def require(self) -> str:
        """Return the text of a result that did not fail.

        Raises:
            GateFailed: it failed; the text is the message.
        """
        if self.verdict is Verdict.FAILED:
            raise GateFailed(self.text())
        return self.text()


def looked_at_nothing(gate: str, tool: str, output: Output) -> GateResult | None:
    """Return the result of a tool that found no file to look at; None for one that did.

    It ends with exit code 0 then, although nothing was checked.
    """
    if not (_NO_FILE.search(output.stdout) or _NO_FILE.search(output.stderr)):
        return None
    why = f"{tool} found no Python file: its configuration leaves none"
    return GateResult(gate, Verdict.NOT_CONFIGURED, f"not configured: {why}")
