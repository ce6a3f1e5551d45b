"""`ruff format`: which command, and what its diff means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wheelwright.container.output import broken
from wheelwright.gates.gate import GatePlan, Ran
from wheelwright.gates.lint import not_used, ruff
from wheelwright.gates.result import GateResult, Verdict, looked_at_nothing
from wheelwright.gates.table import counted
from wheelwright.project.model import Project

WRITE: Final = ("ruff", "format", "--no-cache", ".")
"""The command that rewrites."""

_DIFF_LINES = 60


@dataclass(frozen=True, slots=True)
class Format:
    """`ruff format --diff`."""

    name: str = "format"
    function: str = "check-format"
    help: str = "Check that ruff would format nothing differently; `format` writes it."
    in_ci: bool = True

    def configured(self, project: Project) -> str:
        """Return why ruff's formatter does not apply; empty where it does."""
        if why := not_used(project, self.name):
            return why
        if project.configures("tool", "black") and not project.configures("tool", "ruff", "format"):
            return f"not configured: {project.name} is formatted by black ([tool.black])"
        return ""

    def plan(self, project: Project, python: str) -> GatePlan:
        """Return the command that only looks."""
        args = ("ruff", "format", "--diff", "--no-cache", ".")
        return (ruff(project, python, "ruff format", args),)

    def judge(self, project: Project, python: str, ran: Sequence[Ran]) -> GateResult:
        """Turn ruff's output into the gate's result.

        Raises:
            ToolFailed: ruff ended with another code than 0 or 1, such as for a syntax error.
        """
        (output,) = ran
        if output.exit_code not in (0, 1):
            raise broken("ruff", output)
        if output.exit_code == 0:
            nothing = looked_at_nothing(self.name, output.tool, output)
            passed = f"all files are formatted; {output.tool}"
            return nothing or GateResult(self.name, Verdict.PASSED, passed)
        paths = _paths(output.stdout)
        # A removed line may look like the head of a file: ruff's own count is right.
        counts = re.search(r"^(\d{1,9}) files? would be reformatted", output.stderr, re.MULTILINE)
        count = int(counts[1]) if counts else len(paths)
        lines = output.stdout.rstrip().splitlines()
        left = len(lines) - _DIFF_LINES
        more = [f"[{left} more lines of the diff]"] if left > 0 else []
        listed = ", ".join(paths[:5]) + (", ..." if len(paths) > 5 else "")
        return GateResult(
            self.name,
            Verdict.FAILED,
            f"{counted(count, 'file')} would change ({listed}); `format` writes them; "
            f"{output.tool}",
            "\n".join([*lines[:_DIFF_LINES], *more]),
        )


def _paths(diff: str) -> list[str]:
    """Return the files of a diff: a head has three lines, the last one the first hunk's."""
    heads = re.finditer(r"^--- (.+?)(?:\t.*)?\n\+\+\+ (.+?)(?:\t.*)?\n@@ ", diff, re.MULTILINE)
    return [head[1] for head in heads if head[1] == head[2]]
