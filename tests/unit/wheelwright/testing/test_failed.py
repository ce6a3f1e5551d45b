"""Where a test failed and why, from real reports of pytest."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.inner_pytest import inner_environ
from wheelwright.testing.failed import Failure, places, reason
from wheelwright.testing.record import read

TESTS = """\
import json

import pytest

import helper


@pytest.mark.parametrize("text", ["x"], ids=["line\\none"])
def test_ids(text):
    assert text == "q"


def test_installed():
    json.loads("{")


def test_moved(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    helper.crash()


def test_generated(tmp_path):
    names = {}
    exec(compile("def f():\\n    raise ValueError('made')", str(tmp_path / "a.py"), "exec"), names)
    names["f"]()
"""
FILES = {
    "pkg/tests/test_a.py": TESTS,
    "pkg/tests/helper.py": "def crash():\n    raise ValueError('x')\n",
    "pkg/tests/test_broken.py": "import nothing_there\n",
    "pkg/tests/test_syntax.py": "\ndef f(:\n",
    "pkg/tests/quay/lines.txt": ">>> print('a\\\\nb\\\\nc\\\\nd')\na\nb\nX\nd\n",
    "pkg/tests/quay/raises.txt": "text\n\n>>> unknown\n1\n",
    "pkg/tests/quay/silent.txt": ">>> x = 3\n3\n",
    "pkg/src/quay.py": "",
}
EXPECTED = {
    "test_ids[line\\none]": ("pkg/tests/test_a.py:10", "AssertionError: assert 'x' == 'q'"),
    "test_installed": ("pkg/tests/test_a.py:14", "json.decoder.JSONDecodeError: Expecting "),
    "test_moved": ("pkg/tests/helper.py:2", "ValueError: x"),
    "test_generated": ("pkg/tests/test_a.py:25", "ValueError: made"),
    "test_broken": ("pkg/tests/test_broken.py:1", "ModuleNotFoundError: No module named "),
    "test_syntax": ("pkg/tests/test_syntax.py:2", "SyntaxError: invalid syntax"),
    "lines.txt": ("pkg/tests/quay/lines.txt:1", "expected a ..., got a"),
    "raises.txt": ("pkg/tests/quay/raises.txt:3", "unexpected exception: NameError("),
    "silent.txt": ("pkg/tests/quay/silent.txt:1", "expected 3, got nothing"),
}


def recorded(tmp_path: Path, cwd: Path, *options: str) -> str:
    """Run pytest, and return what the plugin wrote."""
    events = tmp_path / "record.jsonl"
    events.touch()
    command = [sys.executable, "-m", "pytest", "-p", "wheelwright_reporter"]
    command += [f"--wheelwright-record={events}", "-p", "no:cacheprovider", *options]
    env = inner_environ(tmp_path)
    subprocess.run(command, cwd=cwd, env=env, capture_output=True, check=False)
    return events.read_text()


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n", "1"), ("--tb=native",)])
def test_places_are_named_from_the_root(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Also in a package below it, in doctests, for files that are not collected, and by workers."""
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    more = ("--continue-on-collection-errors", "--doctest-glob=*.txt")
    text = recorded(tmp_path, tmp_path / "pkg", *options, *more)
    failures = [each.among(frozenset(FILES)) for each in read(text, str(tmp_path)).failures]

    assert len(EXPECTED) == len(failures)
    for end, (place, why) in EXPECTED.items():
        (found,) = [each for each in failures if each.test.endswith(end)]
        assert place == found.place
        assert found.message.startswith(why)


@pytest.mark.parametrize(("lines", "first"), [(1, "    def test_a(self):"), (400, "        x = 2")])
def test_report_begins_with_a_whole_line(tmp_path: Path, lines: int, first: str) -> None:
    """A traceback keeps the indentation of its first line; a long one is cut between lines."""
    body = "".join(f"        x = 2{n:027}\n" for n in range(lines))
    code = f"class TestA:\n    def test_a(self):\n{body}        assert 0\n"
    (tmp_path / "test_a.py").write_text(code)
    (failure,) = read(recorded(tmp_path, tmp_path), str(tmp_path)).failures
    shown = [line for line in failure.text.splitlines() if not line.startswith(("self = ", "E "))]
    assert first == next(line for line in shown if line)[: len(first)]
    assert len(failure.text) <= 8000


PRINTING = """\
import logging
import sys

def test_a():
    print("on stdout")
    print("on stderr", file=sys.stderr)
    logging.getLogger("x").warning("in the log")
    assert 0
"""


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n", "1"), ("-s",)])
def test_what_a_test_printed_is_kept(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Output and log of a failing test are kept as far as pytest captures them."""
    (tmp_path / "test_a.py").write_text(PRINTING)
    (failure,) = read(recorded(tmp_path, tmp_path, *options), str(tmp_path)).failures
    stdout, stderr = "--- Captured stdout call ---\non stdout\n", "on stderr"
    assert ("-s" not in options) is (stdout in failure.captured)
    assert ("-s" not in options) is (stderr in failure.captured)
    assert re.search(r"--- Captured log call ---\nWARNING .*in the log\n", failure.captured)


def test_place_that_the_tree_does_not_hold_is_none() -> None:
    """A path of a plugin or of a generated file is not shown, whatever it looks like."""
    failure = Failure("t", "bad", file="made/a.py", line=3, others=(("tests/a.py", 4),))
    assert "tests/a.py:4" == failure.among(frozenset({"tests/a.py"})).place
    assert ("", 0) == (failure.among(frozenset()).file, failure.among(frozenset()).line)
    outside = places("", [("/opt/venv/lib/p.py", 3)], ("/opt/venv/lib/p.py", 1), "/src", "/src")
    assert [] == outside


DIFFERENCES = """\
001 >>> print(text)
Differences (unified diff with -expected +actual):
    @@ -1,4 +1,4 @@
     a
    -b
    +B
     c

/src/a.md:1: DocTestFailure
"""


def test_reason_of_a_difference_is_its_first_line() -> None:
    """Doctest shows long outputs as a difference."""
    assert "expected b, got B" == reason("failed on call", DIFFERENCES)
