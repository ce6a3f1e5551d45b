"""Claimed Pythons that disagree fail the gate."""

from tests.unit.wheelwright.samples import LIKE_ATTRS, project
from wheelwright.gates.result import Verdict
from wheelwright.gates.versions import Versions


def test_gate_reports_the_claims_or_the_drift() -> None:
    """The gate passes with the claimed versions, and fails with the disagreements."""
    passed = Versions().judge(project(LIKE_ATTRS), "3.12", ())
    assert (Verdict.PASSED, "likeattrs claims Python 3.9, 3.10, 3.11") == (
        passed.verdict,
        passed.note,
    )
    failed = Versions().judge(project(LIKE_ATTRS, {".python-version": "3.8\n"}), "3.12", ())
    assert Verdict.FAILED is failed.verdict
    assert failed.text().splitlines()[1].startswith(".python-version:1: names 3.8")
