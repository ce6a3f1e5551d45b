"""`ruff format`: which command, and what its diff means."""

from __future__ import annotations

import re

from wheelwright.container.output import Output, broken
from wheelwright.gates import lint
from wheelwright.gates.result import GateResult, Verdict, looked_at_nothing
from wheelwright.project.model import Project

_DIFF_LINES = 60


def configured(project: Project) -> str:
    """Return why ruff's formatter does not apply; empty where it does."""
    if why := lint.configured(project, "format"):
        return why
    if project.configures("tool", "black") and not project.configures("tool", "ruff", "format"):
        return f"not configured: {project.name} is formatted by black ([tool.black])"
    return ""


def command() -> tuple[str, ...]:
    """Return the command that only looks."""
    return ("ruff", "format", "--diff", "--no-cache", ".")


def write_command() -> tuple[str, ...]:
    """Return the command that rewrites."""
    return ("ruff", "format", "--no-cache", ".")


def judge(output: Output, ruff: str) -> GateResult:
    """Turn ruff's output into the gate's result.

    Raises:
        ToolFailed: ruff ended with another code than 0 or 1, such as for a syntax error.
    """
    if output.exit_code not in (0, 1):
        raise broken("ruff", output)
    paths = re.findall(r"^--- (.+?)(?:\t.*)?$", output.stdout, flags=re.MULTILINE)
    if output.exit_code == 0 and (nothing := looked_at_nothing("format", ruff, output)):
        return nothing
    if output.exit_code == 0:
        return GateResult("format", Verdict.PASSED, f"all files are formatted; {ruff}")
    lines = output.stdout.rstrip().splitlines()
    more = (
        [f"[{len(lines) - _DIFF_LINES} more lines of the diff]"] if len(lines) > _DIFF_LINES else []
    )
    count = f"{len(paths)} file{'' if len(paths) == 1 else 's'} would change"
    listed = ", ".join(paths[:5]) + (", ..." if len(paths) > 5 else "")
    return GateResult(
        "format",
        Verdict.FAILED,
        f"{count} ({listed}); `format` writes them; {ruff}",
        "\n".join([*lines[:_DIFF_LINES], *more]),
    )
