"""What bandit's reports mean."""

from __future__ import annotations

import json

import pytest

from tests.unit.wheelwright.samples import judged
from wheelwright.errors import RequestError, ToolFailed
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


def test_the_ini_file_at_the_root_is_given() -> None:
    """Bandit looks for it beside the code alone."""
    assert "--ini=.bandit" in command(project(".bandit"), "low")
    assert "--ini=.bandit" not in command(project(), "low")


def test_bandit_runs_where_the_package_uses_it_or_the_caller_asks() -> None:
    """Nobody's code is scanned unasked; the note has the command that does."""
    group = '[dependency-groups]\ndev = ["bandit"]\n'
    for package in (project(".bandit"), project(table="[tool.bandit]\n"), project(table=group)):
        assert "" == Security().configured(package)
    assert "" == Security(severity="low").configured(project())
    why = Security().configured(project())
    assert why.startswith("not configured: ")
    assert "`security --severity medium`" in why


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
