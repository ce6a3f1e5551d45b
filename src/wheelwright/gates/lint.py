"""`ruff check`: which command, and what its report means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wheelwright.container.output import broken, readable
from wheelwright.environment.others import unchecked
from wheelwright.environment.plan import SOURCE
from wheelwright.environment.tools import declared_in, tool
from wheelwright.gates.gate import GatePlan, Ran, Step
from wheelwright.gates.result import GateResult, Verdict, looked_at_nothing
from wheelwright.gates.table import counted
from wheelwright.project.files import join
from wheelwright.project.model import Project
from wheelwright.project.reading import json_data

FIX: Final = ("ruff", "check", "--fix-only", "--no-cache", "--exit-zero", ".")
"""The command that applies the safe fixes and judges nothing."""

LOOKED_FOR = "no [tool.ruff], no ruff.toml, ruff in no dependency group or pre-commit hook"


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding; the path is relative to the source, lines and columns count from 1."""

    path: str
    line: int
    column: int
    code: str
    message: str
    fixable: bool

    def __str__(self) -> str:
        mark = " [fixable]" if self.fixable else ""
        return f"{self.path}:{self.line}:{self.column}: {self.code} {self.message}{mark}"


@dataclass(frozen=True, slots=True)
class Lint:
    """`ruff check`."""

    name: str = "lint"
    function: str = "lint"
    help: str = "Check the code with ruff, in the version the project locks."
    in_ci: bool = True

    def configured(self, project: Project) -> str:
        """Return why ruff does not apply; empty where the project uses it."""
        return not_used(project, self.name)

    def plan(self, project: Project, python: str) -> GatePlan:
        """Return the command; a configured `fix = true` must not turn a check into an edit."""
        args = ("ruff", "check", "--no-fix", "--no-cache", "--output-format=json", ".")
        return (ruff(project, python, "ruff check", args),)

    def judge(self, project: Project, python: str, ran: Sequence[Ran]) -> GateResult:
        """Turn ruff's output into the gate's result.

        Raises:
            ToolFailed: ruff ended with another code than 0 or 1: broken configuration, a crash.
        """
        (output,) = ran
        if output.exit_code not in (0, 1):
            raise broken("ruff", output)
        found = issues(output.stdout)
        if not found and output.exit_code != 0:
            raise broken("ruff", output)
        if not found and (nothing := looked_at_nothing(self.name, output.tool, output)):
            return nothing
        if not found:
            return GateResult(self.name, Verdict.PASSED, f"no issues; {output.tool}")
        files = len({issue.path for issue in found})
        fixable = sum(issue.fixable for issue in found)
        note = f"{counted(len(found), 'issue')} in {counted(files, 'file')}"
        if fixable:
            note += f", {fixable} of them fixed by `format`"
        details = "\n".join(map(str, found))
        return GateResult(self.name, Verdict.FAILED, f"{note}; {output.tool}", details)


def not_used(project: Project, gate: str) -> str:
    """Return why a gate of ruff does not apply; empty where the project uses it."""
    hooks = project.text(".pre-commit-config.yaml") or ""
    uses = (
        project.configures("tool", "ruff")
        or project.text("ruff.toml") is not None
        or project.text(".ruff.toml") is not None
        or bool(declared_in(project, "ruff"))
        or "ruff-pre-commit" in hooks
    )
    others = unchecked(project, gate)
    why = f"not configured: {project.name} does not use ruff ({LOOKED_FOR}){others}"
    return "" if uses else why


def ruff(project: Project, python: str, name: str, args: tuple[str, ...]) -> Step:
    """Return a step of ruff in the package's directory."""
    workdir = join(SOURCE, project.where)
    return Step(name, args, tool=tool(project, "ruff", python), workdir=workdir)


def issues(report: str) -> list[Issue]:
    """Read ruff's JSON report.

    Raises:
        ToolFailed: it is of another shape.
    """
    with readable("ruff"):
        return [
            Issue(
                path=_relative(item["filename"]),
                line=item["location"]["row"],
                column=item["location"]["column"],
                code=item["code"] or "syntax-error",
                message=item["message"],
                fixable=(item.get("fix") or {}).get("applicability") == "safe",
            )
            for item in json_data(report)
        ]


def _relative(path: str) -> str:
    # Where files are mapped (no containers), the prefix before the source differs.
    _, found, rest = path.partition(f"{SOURCE}/")
    return join(rest) if found else path
