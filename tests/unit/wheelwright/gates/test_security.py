"""What bandit's and pip-audit's reports mean."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.wheelwright.samples import judged
from wheelwright.errors import RequestError, ToolFailed
from wheelwright.gates.audit import Audit
from wheelwright.gates.gate import Ran
from wheelwright.gates.result import Verdict
from wheelwright.gates.security import Security
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


def command(package: Project, severity: str) -> tuple[str, ...]:
    """Return bandit's command line."""
    return Security(severity=severity).plan(package, "3.12")[0].args


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
    assert target == command(project(*names), "medium")[-1]


def test_bandit_takes_its_configuration_where_there_is_one() -> None:
    """Only a [tool.bandit] table is worth pointing at."""
    configured = command(project(table='[tool.bandit]\nskips = ["B101"]\n'), "low")
    assert "--configfile=pyproject.toml" in configured
    assert "--configfile=pyproject.toml" not in command(project(), "low")


def test_an_unknown_severity_names_the_known_ones() -> None:
    """A wrong word gets the right ones."""
    with pytest.raises(RequestError, match='did you mean "medium"'):
        command(project(), "mediun")


def test_findings_fail_with_their_places() -> None:
    """Each finding is one line that an editor can jump to."""
    result = judged(Security(), Ran(1, tool="bandit 1", report=sarif(("a.py", 3, "B307"))))
    assert (Verdict.FAILED, "a.py:3: B307 Looks bad. (error)") == (result.verdict, result.details)


def test_no_findings_pass() -> None:
    """An empty report is a pass, and says what looked."""
    result = judged(Security(severity="high"), Ran(0, tool="bandit 1", report=sarif()))
    expected = "no findings; bandit 1, severity high and above"
    assert (Verdict.PASSED, expected) == (result.verdict, result.note)


def test_bandit_breaking_is_no_verdict() -> None:
    """Another exit code is the tool's own failure."""
    with pytest.raises(ToolFailed, match="bandit itself failed: exit code 2"):
        judged(Security(), Ran(2, "", "boom"))


def report(*dependencies: dict[str, Any]) -> Ran:
    """Write a report as pip-audit does."""
    text = json.dumps({"dependencies": dependencies, "fixes": []})
    return Ran(0, text, tool="pip-audit 2")


CLEAN = {"name": "idna", "version": "3.11", "vulns": []}
HIT = {
    "name": "jinja2",
    "version": "2.11.2",
    "vulns": [{"id": "PYSEC-2021-66", "fix_versions": ["2.11.3"], "description": "Slow\nregex."}],
}
UNKNOWN = {"name": "inhouse", "skip_reason": "not found"}


def test_a_known_vulnerability_fails_with_the_version_that_fixes_it() -> None:
    """The next act is in the line."""
    result = judged(Audit(), report(CLEAN, HIT))
    assert Verdict.FAILED is result.verdict
    assert "jinja2 2.11.2: PYSEC-2021-66 (fixed in 2.11.3): Slow regex." == result.details


def test_a_package_that_nobody_knows_fails_unless_allowed() -> None:
    """What was not looked up is not clean; a private package can be allowed, and is listed."""
    strict = judged(Audit(), report(CLEAN, UNKNOWN))
    allowed = judged(Audit(allow_unknown=True), report(CLEAN, UNKNOWN))
    assert (Verdict.FAILED, Verdict.PASSED) == (strict.verdict, allowed.verdict)
    assert "inhouse: not found" == allowed.details


def test_a_vulnerability_is_never_allowed_with_the_unknown() -> None:
    """`allow_unknown` is about what was not looked up, and nothing else."""
    result = judged(Audit(allow_unknown=True), report(HIT, UNKNOWN))
    assert Verdict.FAILED is result.verdict


def test_everything_clean_passes() -> None:
    """The note counts what was looked up."""
    result = judged(Audit(), report(CLEAN))
    expected = "no known vulnerabilities; 1 locked packages looked up; pip-audit 2"
    assert (Verdict.PASSED, expected) == (result.verdict, result.note)


def test_no_answer_is_an_error_and_not_a_pass() -> None:
    """Offline, nothing is known, and the gate says so."""
    with pytest.raises(ToolFailed, match="nothing is known about them: ConnectionError: no route"):
        judged(Audit(), Ran(1, "", "Traceback\nConnectionError: no route"))


def test_without_a_lock_there_is_nothing_to_audit() -> None:
    """The reason names the next act."""
    assert "`uv lock` makes one" in Audit().configured(project())
