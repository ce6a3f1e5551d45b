"""No run of the tests is called passed without exit code 0, a record, and a test that ran."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from verdict_runs import GOOD_AND_BAD, left_by

from wheelwright.testing import failed, junit, record
from wheelwright.testing.record import Record, RecordInvalid
from wheelwright.testing.verdict import Kind, Left, judge

RUNNING = "import os\n\n\ndef pytest_runtest_call(item):\n    os._exit(0)\n"
COLLECTING = "import os\n\nos._exit(0)\n"
LEAVING = "import sys\n\nsys.exit(0)\n"
AT_EXIT = "import atexit, os\n\natexit.register(os._exit, {code})\n"
RESET = "def pytest_sessionfinish(session, exitstatus):\n    session.exitstatus = 0\n"
UNCONFIGURED = "import os\n\n\ndef pytest_unconfigure(config):\n    os._exit(0)\n"
FORCED = "import os\n\nos._exit(5)\n"
GIVEN_UP = (
    "import pytest\n\n\ndef pytest_runtest_teardown(item):\n"
    "    pytest.exit('enough', returncode=0)\n"
)
SILENCED = (
    "def pytest_runtest_protocol(item, nextitem):\n"
    "    return True if item.name == 'test_bad' else None\n"
)
BEGUN = """\
def pytest_runtest_protocol(item, nextitem):
    if item.name == "test_bad":
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        return True
"""
FINISHING = "import os\n\n\ndef pytest_sessionfinish(session):\n    os._exit(0)\n"
ELSEWHERE = """\
[tool.pytest.ini_options]
addopts = ["-p", "no:wheelwright_reporter", "--wheelwright-record=/dev/null"]
"""


def conftest(text: str) -> Mapping[str, str]:
    """Return the base with a conftest.py."""
    return {**GOOD_AND_BAD, "conftest.py": text}


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (
            conftest(RUNNING),
            "exit code 0 and no complete report; the last test begun is tests/test_a.py::test_good",
        ),
        (conftest(COLLECTING), "exit code 0, no report: pytest ended while collecting"),
        (conftest(LEAVING), "exit code 0, no report: pytest ended while collecting"),
        (conftest(AT_EXIT.format(code=0)), "1 failed, although pytest ended with 0"),
        (conftest(RESET), "1 failed, although pytest ended with 0"),
        (conftest(UNCONFIGURED), "1 failed, although pytest ended with 0"),
        (conftest(FORCED), "exit code 5, no report: pytest ended while collecting"),
        (conftest(AT_EXIT.format(code=77)), "exit code 77; 1 passed, 1 failed"),
        (
            conftest(FINISHING),
            "exit code 0 and no complete report; the last test begun is "
            "tests/test_a.py::test_bad; 1 passed, 1 failed",
        ),
        (conftest(GIVEN_UP), "exit code 0 and no complete report: 1 of 2 tests ran"),
        (conftest(SILENCED), "exit code 0 and no complete report: 1 of 2 tests ran"),
        (
            conftest(BEGUN),
            "1 of 2 tests reported no outcome, the first is tests/test_a.py::test_bad",
        ),
        (
            {**GOOD_AND_BAD, "pytest.ini": "[pytest]\naddopts = --trace\n"},
            "exit code 4, and the record of the run is empty",
        ),
    ],
    ids=[
        "exit-while-running",
        "exit-while-collecting",
        "sys-exit-in-conftest",
        "atexit-zero",
        "status-reset",
        "exit-at-the-end",
        "exit-5-by-force",
        "exit-77-late",
        "exit-while-finishing",
        "pytest-exit-with-0",
        "test-left-out",
        "test-begun-and-left-out",
        "debugger-without-anybody",
    ],
)
def test_run_that_ends_early_or_hides_a_failure_fails(
    tmp_path: Path, files: Mapping[str, str], reason: str
) -> None:
    """Whatever ends pytest or changes its exit code, the verdict is red and says what is known."""
    left = left_by(tmp_path, files)
    found = judge(left)

    assert not found.passed
    assert reason in (found.reason or left.invalid)


def test_configuration_cannot_take_the_record_away(tmp_path: Path) -> None:
    """What the project's configuration says of the plugin has no say: the command line is last."""
    left = left_by(tmp_path, {**GOOD_AND_BAD, "pyproject.toml": ELSEWHERE}, "tests")

    assert "1 passed, 1 failed" == str(left.counts)


def test_arguments_that_take_the_plugin_away_fail(tmp_path: Path) -> None:
    """Without the plugin its option is unknown: pytest does not start, and that is no pass."""
    left = left_by(tmp_path, GOOD_AND_BAD, "-p", "no:wheelwright_reporter")

    assert None is left.record
    assert 0 != left.exit_code
    assert not judge(left).passed


@pytest.mark.parametrize("hide", ["os.close(fd)", "os.dup2(os.open(os.devnull, os.O_WRONLY), fd)"])
def test_closed_descriptor_loses_nothing(tmp_path: Path, hide: str) -> None:
    """A test that closes every descriptor, or puts others there, is recorded all the same."""
    test = f"import os\n\n\ndef test_closes():\n    for fd in range(3, 20):\n        {hide}\n"
    test = test.replace(
        f"        {hide}",
        f"        try:\n            {hide}\n        except OSError:\n            pass",
    )
    left = left_by(tmp_path, {"tests/test_a.py": test}, "-s")

    assert left.record is not None
    assert "tests/test_a.py::test_closes" == left.record.last
    assert 0 == left.record.status
    assert "1 passed" == str(left.counts)


@pytest.mark.parametrize("answer", ["'{}'", "1 / 0"])
def test_patch_of_json_loses_nothing(tmp_path: Path, answer: str) -> None:
    """A test that replaces `json.dumps` until its teardown is recorded all the same."""
    test = "import json\n\n\ndef test_patches(monkeypatch):\n"
    test += f"    monkeypatch.setattr(json, 'dumps', lambda *_, **__: {answer})\n"
    left = left_by(tmp_path, {"tests/test_a.py": test})

    assert judge(left).passed
    assert "1 passed" == str(left.counts)


def test_child_of_a_fork_writes_nothing(tmp_path: Path) -> None:
    """A child that goes on as if it were pytest adds no test to the record."""
    test = (
        "import os\n\n\ndef test_forks():\n    child = os.fork()\n    if child:\n"
        "        os.waitpid(child, 0)\n\n\ndef test_second():\n    pass\n"
    )
    left = left_by(tmp_path, {"tests/test_a.py": test}, "-s")

    assert judge(left).passed
    assert "2 passed" == str(left.counts)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_workers_are_counted_once(tmp_path: Path, workers: str) -> None:
    """With pytest-xdist the controller alone writes, and knows how many tests there are."""
    left = left_by(tmp_path, GOOD_AND_BAD, "-p", "xdist", "-n", workers)

    assert "1 passed, 1 failed" == str(left.counts)
    assert left.record is not None
    assert (2, 2) == (left.record.selected, left.record.seen)
    assert ["tests.test_a::test_bad"] == [case.test for case in left.record.failures]


def test_worker_that_dies_fails_its_test(tmp_path: Path) -> None:
    """A worker of pytest-xdist that ends with exit code 0 fails the test that it ran."""
    left = left_by(tmp_path, conftest(RUNNING), "-p", "xdist", "-n", "1")

    assert not judge(left).passed


def test_names_that_are_too_long_stay_apart(tmp_path: Path) -> None:
    """Two tests whose names differ beyond what is kept of a name are two."""
    names = [f"test_{'a' * 1200}{end}" for end in "bc"]
    left = left_by(tmp_path, {"tests/test_a.py": "".join(f"def {n}(): pass\n" for n in names)})

    assert judge(left).passed
    assert left.record is not None
    assert (2, 2) == (left.record.selected, left.record.seen)


def test_outcome_of_a_plugin_is_an_outcome(tmp_path: Path) -> None:
    """A test whose outcome only a plugin knows told one, and a test beside it passed."""
    ignoring = "def pytest_runtest_logreport(report):\n    if report.failed:\n"
    ignoring += "        report.outcome = 'ignored'\n"
    left = left_by(tmp_path, conftest(ignoring), "-p", "no:terminal")

    assert left.record is not None
    assert () == left.record.silent


# -- no test --------------------------------------------------------------------------------------

SKIPPED = 'import pytest\n\n\n@pytest.mark.skip(reason="never here")\ndef test_a():\n    pass\n'
NOT_CALLED = "import pytest\n\n\n@pytest.mark.xfail(run=False)\ndef test_a():\n    pass\n"


@pytest.mark.parametrize(
    ("files", "args", "reason"),
    [
        (
            {"tests/checks.py": "def check_bad():\n    assert 1 == 2\n"},
            (),
            "no test ran: none collected (testpaths tests; python_files test_*.py, *_test.py)",
        ),
        ({"tests/test_a.py": SKIPPED}, (), "no test ran: 1 skipped"),
        ({"tests/test_a.py": NOT_CALLED}, (), "no test ran: 1 xfailed"),
        (
            {"tests/test_a.py": "import pytest\n\npytest.skip(allow_module_level=True)\n"},
            (),
            "no test ran: 1 skipped",
        ),
        (GOOD_AND_BAD, ("--collect-only",), "no test ran: 2 collected"),
        (GOOD_AND_BAD, ("-k", "nothing"), "no test ran: no test matches the pytest arguments"),
    ],
    ids=[
        "nothing-collected",
        "all-skipped",
        "xfail-not-run",
        "module-skipped",
        "collect-only",
        "narrowed",
    ],
)
def test_run_without_a_test_is_empty(
    tmp_path: Path, files: Mapping[str, str], args: tuple[str, ...], reason: str
) -> None:
    """No test, or none that was called, is not passed: the reason says where pytest looked."""
    found = judge(left_by(tmp_path, files, *args, narrowed=bool(args)))

    assert (Kind.EMPTY, reason) == (found.kind, found.reason)


COUNTED = """\
import unittest

import pytest


@pytest.mark.xfail
def test_known():
    assert 1 == 2


@pytest.mark.xfail(strict=False)
def test_better():
    pass


@pytest.mark.skip
def test_skipped():
    pass


class Parts(unittest.TestCase):
    def test_parts(self):
        for number in range(5):
            with self.subTest(number=number):
                self.assertEqual(number, number)
"""


def test_outcomes_are_counted_by_pytests_names(tmp_path: Path) -> None:
    """Tests that fail as expected, pass unexpectedly, and subtests have numbers of their own."""
    left = left_by(tmp_path, {"tests/test_a.py": COUNTED})

    assert judge(left).passed
    assert "1 passed, 1 skipped, 1 xfailed, 1 xpassed, 5 subtests passed" == str(left.counts)


def test_failed_subtest_fails_the_run(tmp_path: Path) -> None:
    """A subtest that fails is a failure, also where its test goes on."""
    files = {"tests/test_a.py": COUNTED.replace("(number, number)", "(number, 3)")}
    left = left_by(tmp_path, files)

    assert Kind.FAILED is judge(left).kind
    assert left.counts.failed >= 4


def test_ignored_load_tests_is_named(tmp_path: Path) -> None:
    """A module whose `load_tests` makes the tests is named: pytest never calls it."""
    test = (
        "def load_tests(loader, tests, pattern):\n    return tests\n\n\ndef test_a():\n    pass\n"
    )
    left = left_by(tmp_path, {"tests/test_a.py": test})

    assert left.record is not None
    assert ("tests/test_a.py",) == left.record.ignored


# -- records and reports that are replaced --------------------------------------------------------


def whole(*events: Mapping[str, object]) -> str:
    """Return a record of one test that passed, with these events before its end."""
    rows: list[Mapping[str, object]] = [
        {"e": "loading", "at": 1.5, "pytest": "9"},
        {"e": "session", "root": "/src", "paths": ["tests"], "files": ["test_*.py"]},
        {"e": "collected", "tests": 1, "deselected": 0},
        {"e": "begin", "test": "tests/test_a.py::test_a"},
        {"e": "result", "test": "tests/test_a.py::test_a", "kind": "passed", "s": 0.1},
        *events,
        {"e": "finish", "status": 0, "s": 0.2, "junit": "", "junit_size": 0},
    ]
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_whole_record_passes() -> None:
    """The record that the broken ones are made from is a good one."""
    assert judge(Left(0, record.read(whole()))).passed


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("3.12.4", "3.12.4"),
        ("3.15.0rc1", "3.15.0rc1"),
        ("3.13.0+", "3.13.0+"),
        ("", ""),
        ("3.12.4\nfake", ""),
        ("\x1b[2J", ""),
        ("3.12." + "9" * 100, ""),
    ],
)
def test_only_a_version_is_taken_for_the_interpreters(written: str, expected: str) -> None:
    """The record may come from anything that the tests ran."""
    loading = json.dumps({"e": "loading", "at": 1.5, "pytest": "9", "python": written})
    assert expected == record.read(loading + "\n").python


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "<html/>\n",
        "null\n",
        "[1]\n",
        '{"e": "begin", "test": "a"}\n',
        whole() + whole(),
        whole({"e": "nothing-known"}),
        whole({"e": "result", "test": "a", "kind": "wonderful", "s": 0}),
        whole({"e": "result", "test": "a", "kind": "passed", "s": -1}),
        whole({"e": "result", "test": "a", "kind": "passed", "s": "1 s"}),
        whole({"e": "result", "test": ["a"], "kind": "passed", "s": 0}),
        whole({"e": "collected", "tests": -7}),
        whole({"e": "collected", "tests": 1.5}),
        whole({"e": "collected", "tests": True}),
        whole().replace("0.1", "NaN"),
        whole().replace("0.1", "Infinity"),
        whole().replace("0.1", "1" * 5000),
        "[" * 100_000 + "\n",
        whole({"e": "begin", "test": "x" * 300_000}),
    ],
)
def test_record_that_is_none_is_refused(text: str) -> None:
    """What stands in the record's place is one sentence, never a result."""
    with pytest.raises(RecordInvalid) as caught:
        record.read(text)

    assert "\n" not in str(caught.value)
    assert not judge(Left(0, None, str(caught.value))).passed


def test_half_a_last_line_is_left_out() -> None:
    """A record that was cut off by a kill is read as far as it is whole."""
    text = whole()
    cut = record.read(text[: text.index('{"e": "finish"') + 20])

    assert "1 passed" == str(cut.counts)
    assert "no complete report" in judge(Left(0, cut)).reason


NAMES = "tests/test_a.py::test_a\n::error file=../../../x,line=1::y\u2028<b>`|"


def test_names_stay_on_one_line_and_paths_inside() -> None:
    """A name with newlines is shown on one line; a path out of the source is no place."""
    failure = {"kind": "failed", "s": 0, "message": "a\r\nb", "text": ""}
    outside = {"file": "../../../x,line=1::y", "line": 9}
    text = whole({"e": "result", "test": NAMES, **failure, **outside})
    (case,) = record.read(text).failures

    assert [case.test] == case.test.splitlines()
    assert ("a", "", 0) == (case.message, case.file, case.line)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("tests/test_a.py", "tests/test_a.py"),
        ("./tests//test_a.py", "tests/test_a.py"),
        ("tests/../src/a.py", "src/a.py"),
        ("tests/../../etc/passwd", ""),
        ("/etc/passwd", ""),
        ("..", ""),
        ("a\nb.py", ""),
        ("", ""),
    ],
)
def test_place_is_a_path_below_the_source(file: str, expected: str) -> None:
    """A place is a relative path that does not lead out, else none."""
    assert expected == failed.inside(file, 3)[0]


REPORTS = {
    "other-xml": "<html/>",
    "empty": "",
    "text": "\x00\x01 no text",
    "utf-16": "<?xml version='1.0' encoding='utf-16'?><testsuites/>",
    "unknown-encoding": "<?xml version='1.0' encoding='no-such'?><testsuites/>",
    "count": '<testsuite tests="abc"/>',
    "digits": f'<testsuite tests="{"9" * 5000}"/>',
    "negative": '<testsuite tests="-7" failures="-3"/>',
    **{
        f"time-{time}": f'<testsuite tests="1" time="{time}"><testcase name="a"/></testsuite>'
        for time in ("nan", "inf", "-5", "1 s")
    },
    "counts-without-cases": '<testsuite tests="1000"><testcase name="a"/></testsuite>',
    "failures-with-exit-0": '<testsuite tests="5" failures="5"/>',
    "entities": '<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><testsuites>&d;</testsuites>',
    "quadratic": f'<!DOCTYPE a [<!ENTITY b "{"c" * 9000}">]><testsuites>{"&b;" * 9000}',
    "external": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><testsuites>&b;</testsuites>',
    "nested": "<testsuites>" + "<testsuite>" * 60_000,
    "nameless": "<testsuite><testcase/></testsuite>",
}


@pytest.mark.parametrize("name", REPORTS)
def test_report_that_was_replaced_breaks_the_verdict(name: str) -> None:
    """What is not the report that pytest wrote is one line that says so, and never passes."""
    found = record.read(whole())
    broken = junit.broken(REPORTS[name], found)

    assert re.fullmatch(r"junit\.xml is .+", broken)
    assert not judge(Left(0, found, broken=broken)).passed


def test_report_of_the_run_itself_is_whole() -> None:
    """The report whose digest is in the record breaks nothing."""
    text = '<testsuites><testsuite tests="1"><testcase name="a"/></testsuite></testsuites>'
    found = record.read(whole())
    found.junit = hashlib.sha256(text.encode()).hexdigest()

    assert "" == junit.broken(text, found)


def test_report_with_failures_that_no_test_had_is_broken() -> None:
    """Failures in the report alone are a contradiction, also where pytest's plugins wrote it."""
    text = '<testsuite tests="5" failures="5"/>'
    found = Record(began_at=0.0, status=0, junit=hashlib.sha256(text.encode()).hexdigest())

    assert "it has failures, and no test failed" in junit.broken(text, found)
