"""What is read from pytest's JUnit reports, and the one document made of many."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from wheelwright.errors import ToolFailed
from wheelwright.testing.junit import CellDocument, documents, merge, read
from wheelwright.testing.record import Counts

FAILING = """\
import pytest

def test_good(): pass

class TestDeep:
    def test_bad(self):
        assert 1 == 2, "one is\\nnot two"

def test_elsewhere():
    raise ValueError("<&>")

@pytest.fixture
def broken():
    raise OSError("no disk")

def test_setup(broken): pass

@pytest.mark.skip(reason="later")
def test_later(): pass
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the report of the real pytest over tests that fail in several ways."""
    root = tmp_path_factory.mktemp("package")
    (root / "test_it.py").write_text(FAILING)
    report = root / "junit.xml"
    command = (sys.executable, "-m", "pytest", f"--junit-xml={report}", "-pno:cacheprovider")
    quiet = ("-pno:hypothesispytest", "-pno:xdist", "-pno:asyncio")
    subprocess.run([*command, *quiet], cwd=root, capture_output=True, check=False)
    return report.read_text()


def test_counts_are_read(made: str) -> None:
    """A report's counts are those of its suites."""
    assert Counts(passed=1, failed=2, errors=1, skipped=1) == read(made)


def test_broken_report_is_named() -> None:
    """A report that is cut off is the tool's failure, named."""
    with pytest.raises(ToolFailed, match=r"junit\.xml is not XML"):
        read("<testsuites><testsuite")


def test_merged_suites_carry_their_cell(made: str) -> None:
    """Each suite of the merged report has its cell in its name and as a property."""
    documents = [
        CellDocument("3.11", {"python": "3.11.7"}, made),
        CellDocument("3.12", {"python": "3.12.1", "extras": "fast"}, made),
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
    merged = merge("demo", [CellDocument("3.14", {}, reason=reason)])
    assert Counts(errors=1) == read(merged)
    case = next(ElementTree.fromstring(merged).iter("testcase"))
    assert "cell 3.14" == case.get("name")
    assert "no Python 3.14?[0m here" == case[0].get("message")
    assert "ask for another" in (case[0].text or "")


def test_merging_reads_what_another_tool_can_read(made: str, tmp_path: Path) -> None:
    """The merged report is a whole XML file with its declaration."""
    path = tmp_path / "junit.xml"
    path.write_text(merge("demo", [CellDocument("a", {}, made)]), encoding="utf-8")
    assert path.read_text(encoding="utf-8").startswith("<?xml version=")
    assert "testsuites" == ElementTree.parse(path).getroot().tag


def test_documents_are_in_the_order_of_their_commands() -> None:
    """The reports of one run are found by their names, the tenth after the ninth."""
    names = ["junit-10.xml", "pytest.log", "junit.xml", "junit-9.xml", "../junit.xml", "coverage/"]
    assert ("junit.xml", "junit-9.xml", "junit-10.xml") == documents(names)
