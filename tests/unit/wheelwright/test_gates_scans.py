"""What bandit's and pip-audit's reports mean."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wheelwright.container.output import Output
from wheelwright.errors import RequestError, ToolFailed
from wheelwright.gates import audit, security
from wheelwright.gates.result import Verdict
from wheelwright.project.files import Snapshot
from wheelwright.project.model import Project, describe

PYPROJECT = '[project]\nname = "sluice-gate"\nversion = "1.0"\n'


def project(*names: str, table: str = "") -> Project:
    """Make a project of a pyproject.toml and entries of these names."""
    texts = {"pyproject.toml": PYPROJECT + table}
    return describe(Snapshot(texts, frozenset({"pyproject.toml", *names})))


def sarif(*results: tuple[str, int, str]) -> str:
    """Write a report as bandit does."""
    return json.dumps(
        {
            "runs": [
                {
                    "results": [
                        {
                            "ruleId": rule,
                            "level": "error",
                            "message": {"text": "Looks\nbad."},
                            "locations": [
                                {
                                    "physicalLocation": {
                                        "artifactLocation": {"uri": path},
                                        "region": {"startLine": line},
                                    }
                                }
                            ],
                        }
                        for path, line, rule in results
                    ]
                }
            ]
        }
    )


@pytest.mark.parametrize(
    ("names", "target"),
    [
        (["src/"], "src"),
        (["sluice_gate/"], "sluice_gate"),
        (["sluice_gate.py"], "sluice_gate.py"),
        ([], "."),
    ],
)
def test_bandit_reads_the_packages_own_code(names: list[str], target: str) -> None:
    """The last word of the command is where the code lies."""
    assert target == security.command(project(*names), "medium")[-1]


def test_bandit_takes_its_configuration_where_there_is_one() -> None:
    """Only a [tool.bandit] table is worth pointing at."""
    configured = security.command(project(table='[tool.bandit]\nskips = ["B101"]\n'), "low")
    assert "--configfile=pyproject.toml" in configured
    assert "--configfile=pyproject.toml" not in security.command(project(), "low")


def test_an_unknown_severity_names_the_known_ones() -> None:
    """A wrong word gets the right ones."""
    with pytest.raises(RequestError, match='did you mean "medium"'):
        security.command(project(), "mediun")


def test_findings_fail_with_their_places() -> None:
    """Each finding is one line that an editor can jump to."""
    result = security.judge(Output(1), sarif(("a.py", 3, "B307")), "bandit 1", "medium")
    assert (Verdict.FAILED, "a.py:3: B307 Looks bad. (error)") == (result.verdict, result.details)


def test_no_findings_pass() -> None:
    """An empty report is a pass, and says what looked."""
    result = security.judge(Output(0), sarif(), "bandit 1", "high")
    expected = "no findings; bandit 1, severity high and above"
    assert (Verdict.PASSED, expected) == (result.verdict, result.note)


def test_bandit_breaking_is_no_verdict() -> None:
    """Another exit code is the tool's own failure."""
    with pytest.raises(ToolFailed, match="bandit itself failed: exit code 2"):
        security.judge(Output(2, "", "boom"), "", "bandit 1", "low")


def report(*dependencies: dict[str, Any]) -> Output:
    """Write a report as pip-audit does."""
    return Output(0, json.dumps({"dependencies": dependencies, "fixes": []}))


CLEAN = {"name": "idna", "version": "3.11", "vulns": []}
HIT = {
    "name": "jinja2",
    "version": "2.11.2",
    "vulns": [{"id": "PYSEC-2021-66", "fix_versions": ["2.11.3"], "description": "Slow\nregex."}],
}
UNKNOWN = {"name": "inhouse", "skip_reason": "not found"}


def test_a_known_vulnerability_fails_with_the_version_that_fixes_it() -> None:
    """The next act is in the line."""
    result = audit.judge(report(CLEAN, HIT), "pip-audit 2")
    assert Verdict.FAILED is result.verdict
    assert "jinja2 2.11.2: PYSEC-2021-66 (fixed in 2.11.3): Slow regex." == result.details


def test_a_package_that_nobody_knows_fails_unless_allowed() -> None:
    """What was not looked up is not clean; a private package can be allowed, and is listed."""
    strict = audit.judge(report(CLEAN, UNKNOWN), "pip-audit 2")
    allowed = audit.judge(report(CLEAN, UNKNOWN), "pip-audit 2", allow_unknown=True)
    assert (Verdict.FAILED, Verdict.PASSED) == (strict.verdict, allowed.verdict)
    assert "inhouse: not found" == allowed.details


def test_a_vulnerability_is_never_allowed_with_the_unknown() -> None:
    """`allow_unknown` is about what was not looked up, and nothing else."""
    result = audit.judge(report(HIT, UNKNOWN), "pip-audit 2", allow_unknown=True)
    assert Verdict.FAILED is result.verdict


def test_everything_clean_passes() -> None:
    """The note counts what was looked up."""
    result = audit.judge(report(CLEAN), "pip-audit 2")
    expected = "no known vulnerabilities; 1 locked packages looked up; pip-audit 2"
    assert (Verdict.PASSED, expected) == (result.verdict, result.note)


def test_no_answer_is_an_error_and_not_a_pass() -> None:
    """Offline, nothing is known, and the gate says so."""
    with pytest.raises(ToolFailed, match="nothing is known about them: ConnectionError: no route"):
        audit.judge(Output(1, "", "Traceback\nConnectionError: no route"), "pip-audit 2")


def test_without_a_lock_there_is_nothing_to_audit() -> None:
    """The reason names the next act."""
    assert "`uv lock` makes one" in audit.configured(project())
