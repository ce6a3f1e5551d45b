"""What pip-audit's reports mean."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.wheelwright.samples import judged, project
from wheelwright.errors import ToolFailed
from wheelwright.gates.audit import Audit
from wheelwright.gates.gate import Ran
from wheelwright.gates.result import Verdict


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


def test_without_a_lock_there_is_nothing_to_audit() -> None:
    """The reason names the next act."""
    assert "`uv lock` makes one" in Audit().configured(project('[project]\nname = "demo"\n'))
