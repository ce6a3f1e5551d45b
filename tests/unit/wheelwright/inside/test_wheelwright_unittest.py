"""The program that runs unittest and writes its record, run as a step runs it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import wheelwright.inside
from wheelwright.testing import junit
from wheelwright.testing.record import Record, read
from wheelwright.testing.verdict import Kind, Left, judge

SUITE = """\
import unittest

class Sails(unittest.TestCase):
    def test_good(self): pass
    def test_bad(self): self.assertEqual(1, 2, "one is\\nnot two")
    def test_error(self): raise ValueError("torn")
    @unittest.skip("calm")
    def test_skipped(self): pass
    @unittest.expectedFailure
    def test_expected(self): self.fail()
    @unittest.expectedFailure
    def test_unexpected(self): pass
    def test_parts(self):
        for n in range(4):
            with self.subTest(n=n):
                self.assertNotEqual(n, 3)
"""


def run(directory: Path, suite: str, *args: str) -> tuple[int, Record, str]:
    """Run a suite; return exit code, record and report."""
    (directory / "test_sails.py").write_text(suite)
    record, report = directory / "record.jsonl", directory / "junit.xml"
    record.unlink(missing_ok=True)
    (inside,) = wheelwright.inside.__path__
    command = [
        *(sys.executable, "-m", "wheelwright_unittest", f"--wheelwright-record={record}"),
        *(f"--wheelwright-junit={report}", *args),
    ]
    done = subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, "PYTHONPATH": inside},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, read(record.read_text()), report.read_text()


def test_outcomes_are_counted_as_unittest_counts_them(tmp_path: Path) -> None:
    """Each outcome of unittest has its count, parts of a test apart, and a failure its reason."""
    code, record, _ = run(tmp_path, SUITE)
    counts = record.counts
    assert 1 == code
    assert (1, 3, 1) == (counts.passed, counts.failed, counts.errors)
    assert (1, 1, 3) == (counts.skipped, counts.xfailed, counts.subtests)
    assert Kind.FAILED is judge(Left(code, record)).kind
    reasons = {each.test: each.message for each in record.failures}
    assert "AssertionError: 1 != 2 : one is" == reasons["test_sails.Sails::test_bad"]
    assert "ValueError: torn" == reasons["test_sails.Sails::test_error"]
    assert any(name.endswith("test_parts (n=3)") for name in reasons)


def test_report_is_the_one_that_the_record_names(tmp_path: Path) -> None:
    """The JUnit report has the digest of the record, and the same failures."""
    _, record, report = run(tmp_path, SUITE)
    assert "" == junit.broken(report, record)
    assert (3, 1) == (junit.read(report).failed, junit.read(report).errors)


def test_all_passed(tmp_path: Path) -> None:
    """A suite that passes is a pass, and arguments are unittest's own."""
    passing = "import unittest\nclass A(unittest.TestCase):\n    def test_a(self): pass\n"
    code, record, _ = run(tmp_path, passing, "discover", "-s", ".", "-v")
    assert (0, Kind.PASSED, 1) == (code, judge(Left(code, record)).kind, record.counts.passed)


@pytest.mark.parametrize(
    ("suite", "kind"),
    [
        ("", Kind.EMPTY),
        ("import nowhere_to_be_found\n", Kind.FAILED),
        (
            "import unittest\nclass A(unittest.TestCase):\n"
            "    def test_a(self):\n        import os\n        os._exit(0)\n",
            Kind.FAILED,
        ),
        (
            "import unittest\nclass A(unittest.TestCase):\n"
            "    def setUpClass(cls): raise unittest.SkipTest('no')\n"
            "    setUpClass = classmethod(setUpClass)\n    def test_a(self): pass\n",
            Kind.EMPTY,
        ),
        (
            "import unittest\nclass A(unittest.TestCase):\n"
            "    def test_a(self): self._outcome.result.stop()\n    def test_b(self): pass\n",
            Kind.FAILED,
        ),
    ],
    ids=["nothing", "not imported", "ends the process", "skips itself", "stops the run"],
)
def test_what_did_not_run_is_not_passed(tmp_path: Path, suite: str, kind: Kind) -> None:
    """A run without a test, one that breaks, and one that ends early never pass."""
    report = tmp_path / "junit.xml"
    report.write_text("")
    code, record, _ = run(tmp_path, suite)
    assert kind is judge(Left(code, record)).kind


def test_programs_of_the_tests_do_not_see_the_plugins(tmp_path: Path) -> None:
    """PYTHONPATH is the project's own again when the tests run."""
    suite = (
        "import os, unittest\nclass A(unittest.TestCase):\n"
        "    def test_a(self): self.assertNotIn('inside', os.environ.get('PYTHONPATH', ''))\n"
    )
    code, _, _ = run(tmp_path, suite)
    assert 0 == code


def test_long_traceback_is_cut_between_lines(tmp_path: Path) -> None:
    """What is kept of a long traceback begins with a whole line."""
    calls = "".join(f"    def call_{n}(self): self.call_{n + 1}()\n" for n in range(200))
    code = "import unittest\nclass Sails(unittest.TestCase):\n    def test_a(self): self.call_0()\n"
    _, record, _ = run(tmp_path, f"{code}{calls}    def call_200(self): self.fail('deep')\n")
    (failure,) = record.failures
    assert 4000 < len(failure.text) <= 8000
    assert re.match(r'  File "|    def call_|    +\^+\n', failure.text)
