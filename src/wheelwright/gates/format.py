"""The formatter that the project uses: ruff or black."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wheelwright.gates import linting
from wheelwright.gates.gate import GatePlan, Ran
from wheelwright.gates.result import GateResult
from wheelwright.pins import DEFAULT_PYTHON
from wheelwright.project.model import Project


@dataclass(frozen=True, slots=True)
class Format:
    """The formatter that the project calls or configures, as one that only looks."""

    name: str = "format"
    function: str = "check-format"
    help: str = "Check that the project's formatter, ruff or black, would change nothing."
    in_ci: bool = True

    def configured(self, project: Project) -> str:
        """Return why no formatter runs; empty where one does."""
        return linting.choose(project, self.name, DEFAULT_PYTHON).why

    def plan(self, project: Project, python: str) -> GatePlan:
        """Return the commands, which change nothing."""
        return linting.plan(project, self.name, python)

    def judge(self, project: Project, python: str, ran: Sequence[Ran]) -> GateResult:
        """Return one result for all formatters.

        Raises:
            ToolFailed: a formatter reached no verdict, such as for a syntax error.
        """
        return linting.judge(project, self.name, python, ran)
