"""bandit over the package's own code: which command, and what its SARIF report means.

Tests are left out: they assert, and pass bad values on purpose. Source of the
format: the SARIF 2.1.0 specification, sections 3.27 (results) and 3.29 (locations).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wheelwright.container.output import broken, readable
from wheelwright.environment.plan import SOURCE
from wheelwright.environment.tools import declared_in, tool
from wheelwright.errors import RequestError
from wheelwright.gates.gate import GatePlan, Ran, Step
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.gates.table import counted
from wheelwright.project.arguments import argument
from wheelwright.project.files import join
from wheelwright.project.layout import own_code
from wheelwright.project.model import Project
from wheelwright.project.reading import json_data
from wheelwright.project.suggestions import unknown

REPORT = "/reports/bandit.sarif"
SEVERITIES = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding; the path is relative to the source, lines count from 1."""

    path: str
    line: int
    rule: str
    level: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule} {self.message} ({self.level})"


@dataclass(frozen=True, slots=True)
class Security:
    """bandit over the package's own code.

    What is below the severity is in neither report nor verdict.
    """

    name: str = "security"
    function: str = "security"
    help: str = (
        "Scan the package's code with bandit; `security-report` returns the same scan as SARIF."
    )
    in_ci: bool = False
    severity: str = argument(
        "The lowest severity that counts: low, medium or high. Default: medium, for a package that "
        "uses bandit.",
        "",
    )

    def configured(self, project: Project) -> str:
        """Return why bandit does not run: neither the package nor the caller asks for it."""
        uses = (
            project.configures("tool", "bandit")
            or _ini(project)
            or declared_in(project, "bandit")
            or "bandit" in (project.text(".pre-commit-config.yaml") or "")
        )
        if uses or self.severity:
            return ""
        return (
            f"not configured: {project.name} does not use bandit (no [tool.bandit], no .bandit, "
            "bandit in no dependency group or pre-commit hook); `security --severity medium` scans "
            "it all the same"
        )

    @property
    def lowest(self) -> str:
        """The severity that is used."""
        return self.severity or "medium"

    def plan(self, project: Project, python: str) -> GatePlan:
        """Return the command.

        Raises:
            RequestError: unknown severity, or a workspace's root that is not a package.
        """
        project.require_package()
        if self.lowest not in SEVERITIES:
            raise RequestError(
                unknown("severity", self.lowest, SEVERITIES),
                f"pass one of {', '.join(SEVERITIES)}",
            )
        args = ["bandit", "--quiet", "--recursive", f"--severity-level={self.lowest}"]
        if project.configures("tool", "bandit"):
            args.append("--configfile=pyproject.toml")
        # bandit itself looks for it beside the code, and it is at the root.
        if ini := _ini(project):
            args.append(f"--ini={ini}")
        args += ["--format=sarif", f"--output={REPORT}", own_code(project)]
        workdir = join(SOURCE, project.where)
        bandit = tool(project, "bandit", python)
        return (Step("bandit", tuple(args), tool=bandit, workdir=workdir, report=REPORT),)

    def judge(self, project: Project, python: str, ran: Sequence[Ran]) -> GateResult:
        """Turn bandit's exit code and report into the gate's result.

        Raises:
            ToolFailed: another code than 0 or 1.
        """
        (output,) = ran
        if output.exit_code not in (0, 1):
            raise broken("bandit", output)
        found, unread = findings(output.report), _unread(output.report)
        scope = f"{output.tool}, severity {self.lowest} and above"
        lines = "\n".join([*unread, *map(str, found)])
        if unread:
            count = f"{counted(len(unread), 'file')} could not be read"
            hint = "correct them, or leave them out by exclude_dirs in [tool.bandit]"
            return GateResult(self.name, Verdict.FAILED, f"{count}: {hint}; {scope}", lines)
        if not found and output.exit_code != 0:
            raise broken("bandit", output)
        if not found and _lines(output.report) == 0:
            why = f"{output.tool} found no line of code: its configuration leaves none"
            return GateResult(self.name, Verdict.NOT_CONFIGURED, f"not configured: {why}")
        if not found:
            return GateResult(self.name, Verdict.PASSED, f"no findings; {scope}")
        return GateResult(
            self.name, Verdict.FAILED, f"{counted(len(found), 'finding')}; {scope}", lines
        )


def _ini(project: Project) -> str:
    """Return the path of .bandit from the package's directory; empty where there is none."""
    return ".bandit" if project.has(".bandit") else ""


def findings(report: str) -> list[Finding]:
    """Read a SARIF report, as bandit writes it.

    Raises:
        ToolFailed: it is of another shape.
    """
    with readable("bandit"):
        return [
            Finding(
                path=place["artifactLocation"]["uri"],
                line=place["region"]["startLine"],
                rule=result["ruleId"],
                level=result.get("level", "warning"),
                message=" ".join(result["message"]["text"].split()),
            )
            for run in json_data(report)["runs"]
            for result in run.get("results", ())
            for place in [result["locations"][0]["physicalLocation"]]
        ]


def _unread(report: str) -> list[str]:
    """Return the files that bandit could not read, and left out, each with why."""
    with readable("bandit"):
        return [
            f"{note['locations'][0]['physicalLocation']['artifactLocation']['uri']}: "
            f"{' '.join(str(note['message']['text']).split())}"
            for run in json_data(report)["runs"]
            for invocation in run.get("invocations", ())
            for note in invocation.get("toolConfigurationNotifications", ())
            if note.get("level") == "error"
        ]


def _lines(report: str) -> int | None:
    """Return how many lines of code bandit saw; None where it does not report that."""
    try:
        totals = [run["properties"]["metrics"]["_totals"] for run in json_data(report)["runs"]]
        return sum(int(total["loc"]) for total in totals)
    except (ValueError, LookupError, TypeError):
        return None
