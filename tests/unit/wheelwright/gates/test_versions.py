"""Claimed Pythons that disagree fail the gate."""

from tests.unit.wheelwright.samples import LIKE_ATTRS, described, project
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


def test_gate_says_what_is_not_known() -> None:
    """Without Pythons nothing disagrees; the reason stands in the verdict."""
    passed = Versions().judge(described({"requirements.txt": ""}), "3.13", ())
    assert (
        Verdict.PASSED,
        "this application claims no Python: requires-python is not known: "
        "no file of the package sets it",
    ) == (passed.verdict, passed.note)


def test_gate_names_the_version() -> None:
    """Whichever file sets it."""
    call = "setup(name='old', version='2.0', python_requires='>=3.14')\n"
    passed = Versions().judge(described({"setup.py": call}), "3.14", ())
    assert passed.note.startswith("old 2.0 claims Python 3.14")
