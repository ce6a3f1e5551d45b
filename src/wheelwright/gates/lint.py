"""The linters that the project uses: ruff, flake8, isort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wheelwright.gates import linting
from wheelwright.gates.gate import GatePlan, Ran
from wheelwright.gates.linters import Issue
from wheelwright.gates.result import GateResult
from wheelwright.pins import DEFAULT_PYTHON
from wheelwright.project.model import Project


@dataclass(frozen=True, slots=True)
class Lint:
    """Every linter that the project calls, or one that it configures."""

    name: str = "lint"
    function: str = "lint"
    help: str = "Run the linters the project uses: ruff, flake8, isort."
    in_ci: bool = True

    def configured(self, project: Project) -> str:
        """Return why no linter runs; empty where one does."""
        return linting.choose(project, self.name, DEFAULT_PYTHON).why

    def plan(self, project: Project, python: str) -> GatePlan:
        """Return the commands, which change nothing."""
        return linting.plan(project, self.name, python)

    def judge(self, project: Project, python: str, ran: Sequence[Ran]) -> GateResult:
        """Return one result for all linters.

        Raises:
            ToolFailed: a linter reached no verdict: broken configuration, a crash.
        """
        return linting.judge(project, self.name, python, ran)

    def issues(self, project: Project, python: str, ran: Sequence[Ran]) -> list[Issue]:
        """Return the findings of all linters.

        Raises:
            ToolFailed: a report of another shape.
        """
        _, left = linting.outputs(project, self.name, python, ran)
        return [issue for call, own in left for issue in call.issues(own)]
