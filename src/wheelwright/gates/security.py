"""bandit over the package's own code: which command, and what its SARIF report means.

Tests are left out: they assert, and call what they test with what nobody should. Source of the
format: the SARIF 2.1.0 specification, sections 3.27 (results) and 3.29 (locations).
"""

from __future__ import annotations

from dataclasses import dataclass

from wheelwright.container.output import Output, broken, unreadable
from wheelwright.errors import RequestError
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.project.model import Project
from wheelwright.project.reading import json_data
from wheelwright.project.suggestions import unknown
from wheelwright.project.targets import own_code

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


def command(project: Project, severity: str) -> tuple[str, ...]:
    """Return the command; findings below `severity` are left out of report and verdict.

    Raises:
        RequestError: no such severity.
    """
    if severity not in SEVERITIES:
        raise RequestError(
            unknown("severity", severity, SEVERITIES), f"pass one of {', '.join(SEVERITIES)}"
        )
    args = ["bandit", "--quiet", "--recursive", f"--severity-level={severity}"]
    if project.configures("tool", "bandit"):
        args.append("--configfile=pyproject.toml")
    return (*args, "--format=sarif", f"--output={REPORT}", own_code(project))


def findings(report: str) -> list[Finding]:
    """Read a SARIF report, as bandit writes it.

    Raises:
        ToolFailed: it is of another shape.
    """
    try:
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
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise unreadable("bandit", error) from error


def _unread(report: str) -> list[str]:
    """Return the files that bandit could not read, and left out, each with why."""
    try:
        return [
            f"{note['locations'][0]['physicalLocation']['artifactLocation']['uri']}: "
            f"{' '.join(str(note['message']['text']).split())}"
            for run in json_data(report)["runs"]
            for invocation in run.get("invocations", ())
            for note in invocation.get("toolConfigurationNotifications", ())
            if note.get("level") == "error"
        ]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise unreadable("bandit", error) from error


def _lines(report: str) -> int | None:
    """Return how many lines of code bandit saw; None where it does not say."""
    try:
        totals = [run["properties"]["metrics"]["_totals"] for run in json_data(report)["runs"]]
        return sum(int(total["loc"]) for total in totals)
    except (ValueError, LookupError, TypeError):
        return None


def judge(output: Output, report: str, bandit: str, severity: str) -> GateResult:
    """Turn bandit's exit code and report into the gate's result.

    Raises:
        ToolFailed: another code than 0 or 1.
    """
    if output.exit_code not in (0, 1):
        raise broken("bandit", output)
    found, unread = findings(report), _unread(report)
    said = f"{bandit}, severity {severity} and above"
    if unread:
        count = f"{len(unread)} file{'' if len(unread) == 1 else 's'} could not be read"
        act = "correct them, or leave them out by exclude_dirs in [tool.bandit]"
        lines = "\n".join([*unread, *map(str, found)])
        return GateResult("security", Verdict.FAILED, f"{count}: {act}; {said}", lines)
    if not found and output.exit_code != 0:
        raise broken("bandit", output)
    if not found and _lines(report) == 0:
        why = f"{bandit} found no line of code: its configuration leaves none"
        return GateResult("security", Verdict.NOT_CONFIGURED, f"not configured: {why}")
    if not found:
        return GateResult("security", Verdict.PASSED, f"no findings; {said}")
    count = f"{len(found)} finding{'' if len(found) == 1 else 's'}"
    return GateResult("security", Verdict.FAILED, f"{count}; {said}", "\n".join(map(str, found)))
