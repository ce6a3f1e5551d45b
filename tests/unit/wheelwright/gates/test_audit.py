"""What pip-audit's reports mean."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.wheelwright.samples import locked, project
from wheelwright.errors import ToolFailed
from wheelwright.gates.audit import Audit
from wheelwright.gates.gate import Ran
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.project.model import Project


def report(*dependencies: dict[str, Any]) -> Ran:
    """Write a report as pip-audit does."""
    text = json.dumps({"dependencies": dependencies, "fixes": []})
    return Ran(0, text, tool="pip-audit 2")


BARE = '[project]\nname = "demo"\nversion = "1"\n'


def locks(text: str = locked("idna==3.11")) -> Project:
    """Describe a package with a lock."""
    return project(BARE, {"uv.lock": text})


def judged(gate: Audit, *ran: Ran) -> GateResult:
    """Judge reports about a package with a lock."""
    return gate.judge(locks(), "3.12", ran)


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
    expected = "no known vulnerabilities; 1 package of uv.lock looked up; pip-audit 2"
    assert (Verdict.PASSED, expected) == (result.verdict, result.note)


def test_no_answer_is_an_error_and_not_a_pass() -> None:
    """Offline, nothing is known, and the gate says so."""
    with pytest.raises(ToolFailed, match="nothing is known about them: ConnectionError: no route"):
        judged(Audit(), Ran(1, "", "Traceback\nConnectionError: no route"))


@pytest.mark.parametrize("key", ["version", "vulns.fix_versions"])
def test_a_report_without_what_pip_audit_writes_is_no_verdict(key: str) -> None:
    """A finding that lacks its version, or the versions that fix it, is not read as one."""
    broken = json.loads(json.dumps(HIT))
    outer, _, inner = key.partition(".")
    if inner:
        del broken[outer][0][inner]
    else:
        del broken[outer]
    with pytest.raises(ToolFailed, match="nothing is known about them"):
        judged(Audit(), report(broken))


def test_what_was_looked_for_is_named() -> None:
    """The reason names each file that would do, and the next act."""
    expected = (
        "not configured: demo has no uv.lock, poetry.lock, pdm.lock or pylock.toml, and no "
        "requirements file with `==` (`uv lock` makes a lock)"
    )
    assert expected == Audit().configured(project(BARE, {"requirements.txt": "idna>=3\n"}))
    assert not Audit().configured(locks())


def test_what_is_on_no_index_is_named_and_fails_nothing() -> None:
    """A commit of git has no advisories anywhere, so nobody is asked."""
    git = '[[package]]\nname = "moss"\nversion = "1.0"\nsource = { git = "file:///x#1" }\n'
    described = locks(locked("idna==3.11") + git)
    (step,) = Audit().plan(described, "3.12")
    result = Audit().judge(described, "3.12", [report(CLEAN)])

    assert ["idna==3.11\n"] == list(step.files.values())
    assert Verdict.PASSED is result.verdict
    assert "not on an index, left out: moss (git)" in result.note


def test_two_versions_of_a_package_are_two_steps() -> None:
    """pip-audit refuses one list with both, and counts them together here."""
    described = locks(locked("jinja2==3.1.6", "jinja2==2.11.2", "idna==3.11"))
    first, second = Audit().plan(described, "3.12")
    result = Audit().judge(described, "3.12", [report(CLEAN, HIT), report(CLEAN)])

    assert ["idna==3.11\njinja2==2.11.2\n", "jinja2==3.1.6\n"] == [
        text for step in (first, second) for text in step.files.values()
    ]
    assert ("pip-audit", "pip-audit (2)") == (first.name, second.name)
    assert Verdict.FAILED is result.verdict
    assert "3 packages of uv.lock looked up" in result.note


def test_an_index_without_advisories_is_one_line() -> None:
    """Not one for each package; nothing is known, so it fails unless that is allowed."""
    silent = report(*({"name": f"p{number}", "skip_reason": "not found"} for number in range(72)))
    result = judged(Audit(), silent)

    assert Verdict.FAILED is result.verdict
    assert result.note.startswith("the service has no advisories for any of 72 packages; 0 pack")
    assert "--osv-url names a service that has them" == result.details
    assert Verdict.PASSED is judged(Audit(allow_unknown=True), silent).verdict


def test_a_lock_with_nothing_in_it_passes_without_a_step() -> None:
    """There is nothing to look up."""
    described = locks('[[package]]\nname = "demo"\nversion = "1"\nsource = { editable = "." }\n')
    assert () == Audit().plan(described, "3.12")
    result = Audit().judge(described, "3.12", [])
    expected = "no known vulnerabilities; 0 packages of uv.lock looked up"
    assert (Verdict.PASSED, expected) == (result.verdict, result.note)
