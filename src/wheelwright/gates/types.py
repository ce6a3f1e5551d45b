"""Runs the type checkers that the project has, and judges what they print.

`type_places` decides which these are, and how they run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from wheelwright.container.output import Output, broken
from wheelwright.environment.others import unchecked
from wheelwright.environment.places import SOURCE
from wheelwright.gates.checkers import BY_NAME
from wheelwright.gates.gate import GatePlan, Ran, Step
from wheelwright.gates.result import GateResult, Verdict, looked_at_nothing
from wheelwright.gates.table import counted
from wheelwright.gates.type_check import Check, with_environment
from wheelwright.gates.type_places import Decision, decide
from wheelwright.pins import DEFAULT_PYTHON
from wheelwright.project.model import Project

# What `--stats` of pyright adds; only it shows that a run looked at no file.
_STATS = re.compile(
    r"(?:Loading |No include entries|Auto-excluding |Assuming |Pyproject file |Setting pythonPath "
    r"|Found \d+ source file|\[[FB]G\] |(?:based)?pyright \d|Completed in |Analysis stats"
    r"|Timing stats|Total files |[A-Z][A-Za-z ]+: +[\d.]+sec)"
)
# One line of each finding: ty and pyrefly begin it so; mypy, pyright and ty in its concise format
# put the place before.
_ERROR = re.compile(r"^error\[|^ERROR |: error: |: error\[| - error: ")


@dataclass(frozen=True, slots=True)
class Types:
    """Every type checker that the project calls or configures.

    Attributes:
        requested: whether the caller named the Python; it is then passed on to the checkers.
    """

    name: str = "types"
    function: str = "typecheck"
    help: str = "Run each type checker the project configures: mypy, (based)pyright, ty, pyrefly."
    in_ci: bool = True
    requested: bool = False

    def configured(self, project: Project) -> str:
        """Return why no checker runs; empty where one does."""
        decided = decide(project, project.settings.python or DEFAULT_PYTHON)
        if decided.checks:
            return ""
        names = ", ".join(BY_NAME)
        why = decided.why or (
            f"{project.name} configures no type checker (none of {names} has a "
            f"table, a file or a dependency group){unchecked(project, self.name)}"
        )
        return f"not configured: {'; '.join((why, *decided.notes))}"

    def plan(self, project: Project, python: str) -> GatePlan:
        """Return a step for each command of a checker.

        Raises:
            RequestError: a workspace's root that is not a package.
            ProjectError: a file that decides which these are is broken.
        """
        project.require_package()
        decided = self._decided(project, python)
        return tuple(
            Step(
                check.checker.name,
                check.args,
                python=decided.python,
                tree=check.tree,
                tool=check.tool,
                groups=check.groups,
                wanted=check.wanted,
                workdir=check.workdir,
                variables=check.variables,
                before=check.before,
                version=check.checker.prints,
                module=check.checker.module,
                asks=(check.checker.name, "--version"),
            )
            for check in (with_environment(project, each) for each in decided.checks)
        )

    def judge(self, project: Project, python: str, ran: Sequence[Ran]) -> GateResult:
        """Return one result for all checkers.

        Raises:
            ToolFailed: a checker reached no verdict.
        """
        decided = self._decided(project, python)
        return sum_up(
            [
                impostor(check)
                if output.impostor
                else judge(check, output, decided.python, label(check, output.version))
                for check, output in zip(decided.checks, ran, strict=True)
            ],
            decided.notes,
        )

    def _decided(self, project: Project, python: str) -> Decision:
        return decide(project, python, requested=self.requested)


def impostor(check: Check) -> GateResult:
    """Return the result where another program has the checker's name."""
    name = check.checker.name
    message = f"the program {name} in the environment is not {name}: it prints no version"
    return GateResult("types", Verdict.FAILED, message, f"{message}; see which package installs it")


def label(check: Check, printed: str) -> str:
    """Return the checker with the version that its program printed, and who chose that."""
    version = re.search(r"\d+\.\d+[\w.+-]*", printed[:1000])
    if version is None:
        return check.label
    wanted = check.tool.version if check.tool and check.tool.version else version[0]
    chosen_by = check.chosen_by
    chosen = chosen_by if wanted == version[0] else f"not the {wanted} {chosen_by}"
    return f"{check.checker.name} {version[0]} ({chosen})"


def judge(check: Check, output: Output, python: str, name: str = "") -> GateResult:
    """Turn one checker's output into a result; `name` is the checker with its version.

    Raises:
        ToolFailed: another code than 0 or 1: broken configuration, a crash.
    """
    if output.exit_code not in (0, 1):
        raise broken(check.checker.name, output)
    scope = f"{name or check.label} on Python {python}, from {check.place}"
    if check.guessed:
        scope += (
            f", over {check.guessed} because its configuration names no files "
            "(typecheck in [tool.wheelwright] can)"
        )
    nothing = looked_at_nothing("types", scope, output)
    if output.exit_code == 0 and nothing:
        return nothing
    if output.exit_code == 0:
        return GateResult("types", Verdict.PASSED, f"no type errors; {scope}")
    report = "\n".join(part.strip() for part in (output.stdout, output.stderr) if part.strip())
    # pyright names files from the root of the container.
    report = re.sub(rf"(?<![\w.-]){SOURCE}/", "", report)
    report = "\n".join(line for line in report.splitlines() if not _STATS.match(line)).strip()
    count = sum(bool(_ERROR.search(line)) for line in report.splitlines())
    errors = counted(count, "type error") if count else "type errors"
    return GateResult("types", Verdict.FAILED, f"{errors}; {scope}", report)


def sum_up(results: Sequence[GateResult], notes: Sequence[str] = ()) -> GateResult:
    """Return one result for all checkers: failed if any of them failed."""
    if len(results) == 1 and not notes:
        return results[0]
    found = {result.verdict for result in results}
    order = (Verdict.FAILED, Verdict.PASSED, Verdict.NOT_CONFIGURED)
    return GateResult(
        "types",
        next(verdict for verdict in order if verdict in found),
        "; ".join((*(result.note for result in results), *notes)),
        "\n".join(result.details for result in results if result.details),
    )
