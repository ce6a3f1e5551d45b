"""`uv lock --check`: does uv.lock match pyproject.toml?"""

from __future__ import annotations

from wheelwright.container.output import Output, broken
from wheelwright.environment.others import unchecked
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.project.model import Project


def configured(project: Project) -> str:
    """Return why there is nothing to compare; empty where there is a lock."""
    if project.lock is not None:
        return ""
    others = unchecked(project, "lock")
    return f"not configured: {project.name} has no uv.lock (`uv lock` makes one){others}"


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


def command() -> tuple[str, ...]:
    """Return the command that resolves with the locked versions and writes nothing."""
    return ("uv", "lock", "--check")


def judge(output: Output) -> GateResult:
    """Turn uv's output into the gate's result.

    Raises:
        ToolFailed: uv could not resolve at all, or another code than 0 or 1.
    """
    if output.exit_code == 0:
        return GateResult("lock", Verdict.PASSED, "uv.lock matches pyproject.toml")
    if output.exit_code == 1 and "needs to be updated" in output.stderr:
        return GateResult(
            "lock",
            Verdict.FAILED,
            "uv.lock does not match pyproject.toml; run `uv lock` and commit it",
        )
    raise broken("uv lock --check", output)
