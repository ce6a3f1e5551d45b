"""`uv lock --check`: does uv.lock match pyproject.toml?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wheelwright.container.output import broken
from wheelwright.container.privileges import INSTALL, PACKAGE
from wheelwright.environment.others import unchecked
from wheelwright.gates.gate import GatePlan, Ran, Step, Tree
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.project import building
from wheelwright.project.model import Project


@dataclass(frozen=True, slots=True)
class Lock:
    """`uv lock --check`, over only the files that decide, where nothing has to be built."""

    name: str = "lock"
    function: str = "lock-check"
    help: str = "Check that uv.lock matches pyproject.toml."
    in_ci: bool = True

    def configured(self, project: Project) -> str:
        """Return why there is nothing to compare; empty where there is a lock."""
        if project.lock is not None:
            return ""
        others = unchecked(project, self.name)
        return f"not configured: {project.name} has no uv.lock (`uv lock` makes one){others}"

    def plan(self, project: Project, python: str) -> GatePlan:
        """Return the command that resolves with the locked versions and writes nothing.

        uv asks the package's own back end for metadata that it fills in, whatever `--no-build`
        says. So that is a step that builds the package: without credentials and shared caches. A
        lock that matches needs none.
        """
        args = ("uv", "lock", "--check")
        whole = needs_source(project)
        return (
            Step(
                " ".join(args),
                args,
                tree=Tree.SOURCE if whole else Tree.DECIDING,
                kind=PACKAGE if whole else INSTALL,
                builds=bool(building.sdists(project)),
            ),
        )

    def judge(self, project: Project, python: str, ran: Sequence[Ran]) -> GateResult:
        """Turn uv's output into the gate's result.

        Raises:
            ToolFailed: uv could not resolve at all, or another code than 0 or 1.
        """
        (output,) = ran
        if output.exit_code == 0:
            return GateResult(self.name, Verdict.PASSED, "uv.lock matches pyproject.toml")
        if output.exit_code == 1 and "needs to be updated" in output.stderr:
            stale = "uv.lock does not match pyproject.toml; run `uv lock` and commit it"
            return GateResult(self.name, Verdict.FAILED, stale)
        raise broken("uv lock --check", output)


def needs_source(project: Project) -> bool:
    """Whether uv has to build something to know its requirements."""
    pyprojects = (project.root, *project.members.values())
    dynamic = any(each.project and each.dynamic for each in pyprojects)
    # A path or another directory in the sources is read, too.
    paths = any(
        isinstance(source, dict) and "path" in source
        for each in pyprojects
        for source in each.table("tool", "uv", "sources").values()
    )
    return dynamic or paths
