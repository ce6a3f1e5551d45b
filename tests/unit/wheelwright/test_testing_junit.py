"""What is read from pytest's JUnit reports, and the one document made of many."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from wheelwright.errors import ToolFailed
from wheelwright.testing.junit import CellDocument, merge, read

FAILING = """\
import pytest
from tests.helper import crash

def test_good(): pass

class TestDeep:
    def test_bad(self):
        assert 1 == 2, "one is\\nnot two"

def test_elsewhere():
    crash()

@pytest.fixture
def broken():
    raise OSError("no disk")

def test_setup(broken): pass

@pytest.mark.skip(reason="later")
def test_later(): pass
"""
HELPER = "def crash():\n    raise ValueError('<&>')\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Run the real pytest over tests that fail in several ways; a report for each option."""
    root = tmp_path_factory.mktemp("package")
    tests = root / "tests"
    tests.mkdir()
    (tests / "__init__.py").touch()
    (tests / "test_it.py").write_text(FAILING)
    (tests / "helper.py").write_text(HELPER)
    found = {}
    for options in ((), ("--tb=short",), ("--tb=no", "-ojunit_family=xunit1"), ("--tb=no",)):
        report = root / "junit.xml"
        command = (sys.executable, "-m", "pytest", f"--junit-xml={report}", "-pno:cacheprovider")
        quiet = ("-pno:hypothesispytest", "-pno:xdist", "-pno:asyncio")
        subprocess.run([*command, *quiet, *options], cwd=root, capture_output=True, check=False)
        found[" ".join(options)] = report.read_text()
    return found


@pytest.mark.parametrize("options", ["", "--tb=short"])
def test_failures_are_read_with_their_place(made: dict[str, str], options: str) -> None:
    """A failing test has the file and line where it failed, in pytest's long and short style."""
    suite = read(made[options])
    assert (5, 2, 1, 1) == (suite.tests, suite.failed, suite.errors, suite.skipped)
    places = {case.name: (case.outcome, case.file, case.line) for case in suite.cases}
    assert {
        "tests.test_it::test_good": ("passed", "", 0),
        "tests.test_it.TestDeep::test_bad": ("failed", "tests/test_it.py", 8),
        "tests.test_it::test_elsewhere": ("failed", "tests/helper.py", 2),
        "tests.test_it::test_setup": ("error", "tests/test_it.py", 15),
        "tests.test_it::test_later": ("skipped", "", 0),
    } == places
    bad = next(case for case in suite.cases if case.name.endswith("test_bad"))
    assert "AssertionError: one is" == bad.message
    assert "not two" in bad.text


def test_report_without_tracebacks_names_the_tests_own_place(made: dict[str, str]) -> None:
    """Where pytest shows no traceback, the place is the test's, with a line if it is reported."""
    old = {case.name: case for case in read(made["--tb=no -ojunit_family=xunit1"]).cases}
    bad = old["tests.test_it.TestDeep::test_bad"]
    assert ("tests/test_it.py", 7) == (bad.file, bad.line)
    new = {case.name: case for case in read(made["--tb=no"]).cases}
    bad = new["tests.test_it.TestDeep::test_bad"]
    assert ("tests/test_it.py", 0) == (bad.file, bad.line)


def test_broken_report_is_named() -> None:
    """A report that is cut off is the tool's failure, named."""
    with pytest.raises(ToolFailed, match=r"junit\.xml is not XML"):
        read("<testsuites><testsuite")


def test_merged_suites_carry_their_cell(made: dict[str, str]) -> None:
    """Each suite of the merged report has its cell in its name and as a property."""
    documents = [
        CellDocument("3.11", {"python": "3.11.7"}, made[""]),
        CellDocument("3.12", {"python": "3.12.1", "extras": "fast"}, made[""]),
    ]
    root = ElementTree.fromstring(merge("demo", documents))
    assert ("testsuites", "demo") == (root.tag, root.get("name"))
    assert ["3.11: pytest", "3.12: pytest"] == [suite.get("name") for suite in root]
    properties = {each.get("name"): each.get("value") for each in root[1].iter("property")}
    assert {"cell": "3.12", "python": "3.12.1", "extras": "fast"} == properties
    assert 10 == read(merge("demo", documents)).tests


def test_cell_without_report_is_an_error_in_the_merged_one() -> None:
    """A cell that never ran is not missing from the merged report: it is an error, with why."""
    reason = "no Python 3.14\x1b[0m here\nask for another"
    suite = read(merge("demo", [CellDocument("3.14", {}, reason=reason)]))
    assert (1, 1) == (suite.tests, suite.errors)
    assert "cell 3.14" == suite.cases[0].name
    assert "no Python 3.14?[0m here" == suite.cases[0].message
    assert "ask for another" in suite.cases[0].text


def test_merging_reads_what_another_tool_can_read(made: dict[str, str], tmp_path: Path) -> None:
    """The merged report is a whole XML file with its declaration."""
    path = tmp_path / "junit.xml"
    path.write_text(merge("demo", [CellDocument("a", {}, made[""])]), encoding="utf-8")
    assert path.read_text(encoding="utf-8").startswith("<?xml version=")
    assert "testsuites" == ElementTree.parse(path).getroot().tag
