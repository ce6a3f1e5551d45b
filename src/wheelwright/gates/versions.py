"""Do .python-version, classifiers and requires-python agree?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wheelwright.gates.gate import GatePlan, Ran
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.gates.table import counted
from wheelwright.project.model import Project
from wheelwright.project.pythons import claimed, drift, unclaimed


@dataclass(frozen=True, slots=True)
class Versions:
    """The Pythons that a package's own files name; nothing has to run."""

    name: str = "versions"
    function: str = "check-versions"
    help: str = "Check that .python-version, classifiers and requires-python agree."
    in_ci: bool = False

    def configured(self, project: Project) -> str:
        """Return nothing: it applies to every package."""
        return ""

    def plan(self, project: Project, python: str) -> GatePlan:
        """Return nothing: the files are read."""
        return ()

    def judge(self, project: Project, python: str, ran: Sequence[Ran]) -> GateResult:
        """Return every disagreement, each with its file and line."""
        metadata = project.metadata
        found = drift(metadata, project.files, project.text(".python-version"))
        if not found:
            name = f"{project.name} {metadata.version}".strip()
            claims = f"claims Python {', '.join(claimed(metadata)) or 'none'}"
            why = unclaimed(metadata)
            passed = f"{name} claims no Python: {why}" if why else f"{name} {claims}"
            return GateResult(self.name, Verdict.PASSED, passed)
        return GateResult(
            self.name,
            Verdict.FAILED,
            f"{counted(len(found), 'disagreement')} about the Pythons of {project.name}; "
            "correct these lines",
            "\n".join(map(str, found)),
        )
