"""Runs of the module whose tests, process or reports try to look green, through the engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.e2e.bench import Bench

pytestmark = [pytest.mark.e2e, pytest.mark.network]

PYPROJECT = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "quay-lamp"
version = "1.0.0"
requires-python = ">=3.11,<3.12"

[dependency-groups]
tests = ["pytest>=8"]

[tool.pytest.ini_options]
testpaths = ["tests"]
"""
GOOD = "def test_good():\n    pass\n"
REPLACING = """\
import atexit
import os
import shutil
from pathlib import Path

REPORT = Path("/reports/junit.xml")


def replace():
    if REPORT.is_symlink() or REPORT.is_file():
        REPORT.unlink()
    {act}


def pytest_unconfigure(config):
    replace()
    atexit.register(replace)
"""
ACTS = {
    "directory": "REPORT.mkdir(exist_ok=True)",
    "fifo": "REPORT.exists() or os.mkfifo(REPORT)",
    "link": 'REPORT.symlink_to("/etc/passwd")',
    "link-to-itself": "REPORT.symlink_to(REPORT)",
    "removed": 'shutil.rmtree("/reports", ignore_errors=True)',
    "large": 'REPORT.write_text("<testsuite>" + "x" * 140_000_000 + "</testsuite>")',
    "bytes": "REPORT.write_bytes(bytes(range(256)))",
    "other-xml": 'REPORT.write_text("<html/>")',
    "none-failed": """REPORT.write_text('<testsuite tests="-7" failures="-3"/>')""",
}
USUAL = ("directory", "link", "large", "none-failed")
"""No file, another file, too large a one, and one that says something wrong."""


@pytest.fixture
def lamp(tmp_path: Path) -> Path:
    """Return a package whose one test passes."""
    package = tmp_path / "quay-lamp"
    (package / "tests").mkdir(parents=True)
    (package / "src" / "quay_lamp").mkdir(parents=True)
    (package / "pyproject.toml").write_text(PYPROJECT)
    (package / "src" / "quay_lamp" / "__init__.py").touch()
    (package / "tests" / "test_a.py").write_text(GOOD)
    return package


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name in USUAL else pytest.mark.repeated)
        for name in ACTS
    ],
)
def test_replaced_report_is_one_red_line(stiletto: Bench, lamp: Path, name: str) -> None:
    """Whatever lies in the report's place when pytest has ended: red, in a line, no traceback."""
    (lamp / "conftest.py").write_text(REPLACING.format(act=ACTS[name]))
    ended = stiletto.fails(lamp, "test")

    assert ended.error.startswith("quay-lamp: failed: the report junit.xml is ")
    assert "TaskGroup" not in ended.said


@pytest.mark.slow
def test_kill_is_told_with_its_signal(stiletto: Bench, lamp: Path) -> None:
    """A process that kills itself was ended by SIGKILL; no limit, and no memory, is blamed."""
    kill = "import os\nimport signal\n\nos.kill(os.getpid(), signal.SIGKILL)\n"
    (lamp / "conftest.py").write_text(kill)
    ended = stiletto.fails(lamp, "test")

    assert "failed: ended by SIGKILL after " in ended.error
    assert "1800s" not in ended.error
    assert "memory" not in ended.error


@pytest.mark.slow
def test_matrix_without_a_test_fails(stiletto: Bench, lamp: Path) -> None:
    """A matrix in which all is skipped fails, and so does the one run."""
    skipped = f"import pytest\n\n\n@pytest.mark.skip\n{GOOD}"
    (lamp / "tests" / "test_a.py").write_text(skipped)
    ended = stiletto.fails(lamp, "matrix")
    alone = stiletto.fails(lamp, "test")

    assert "no test ran: 1 skipped" in ended.said
    assert "no test ran in 1 cell" in ended.said
    assert alone.error.startswith("quay-lamp: no test ran: 1 skipped")


@pytest.mark.slow
def test_tests_that_nothing_runs_fail_until_skipped(stiletto: Bench, lamp: Path) -> None:
    """Pytest collects nothing, and a module looks like tests: `skip` is one way out."""
    (lamp / "tests" / "test_a.py").unlink()
    (lamp / "tests" / "checks.py").write_text("def test_good():\n    assert 1 == 1\n")
    (lamp / "Makefile").write_text("test:\n\tpython runtests.py\n")
    red = stiletto.fails(lamp, "test")
    both = stiletto.fails(lamp, "ci")
    text = (lamp / "pyproject.toml").read_text()
    (lamp / "pyproject.toml").write_text(text + '[tool.wheelwright]\nskip = ["tests"]\n')
    skipped = stiletto.passes(lamp, "ci")
    (lamp / "pyproject.toml").write_text(text + 'python_files = ["checks.py"]\n')
    ran = stiletto.passes(lamp, "test")

    for ended in (red, both):
        assert "Makefile has `python runtests.py`" in ended.said
        assert "tests/checks.py looks like tests" in ended.said
        assert 'skip = ["tests"] there leaves them out' in ended.said
    assert "not run: tests" in skipped.out
    assert "1 passed" in ran.out


@pytest.mark.slow
def test_tests_of_unittest_run(stiletto: Bench, lamp: Path) -> None:
    """Where nothing names pytest, unittest runs its tests, as tox calls it."""
    (lamp / "tests" / "test_a.py").unlink()
    (lamp / "tests").rmdir()
    bare = PYPROJECT.partition("[dependency-groups]")[0]
    (lamp / "pyproject.toml").write_text(bare)
    (lamp / "tox.ini").write_text("[testenv]\ncommands = python -m unittest quay_lamp.tests\n")
    cases = "import unittest\n\n\nclass Lit(unittest.TestCase):\n    def test_lit(self):\n"
    cases += "        self.fail('dark')\n"
    (lamp / "src" / "quay_lamp" / "tests.py").write_text(cases)
    ended = stiletto.call(lamp, "test")

    assert 1 == ended.code
    assert "1 failed" in ended.said
