"""Verdicts and numbers of the tests are those of the project's own pytest."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from .bench import Bench
from .repositories import HATCHLING, PYTEST, repository

COVERED = '\n[dependency-groups]\ntest = ["pytest", "pytest-cov"]\n'
PYTHONS = (
    'classifiers = ["Programming Language :: Python :: 3.11", '
    '"Programming Language :: Python :: 3.12"]\n'
)
COUNTED = """\
import pytest


def test_plain():
    assert True


@pytest.mark.xfail(reason="known")
def test_known():
    assert False


@pytest.mark.skip(reason="not here")
def test_skipped():
    assert False


def test_parts(subtests):
    for number in range(3):
        with subtests.test(number=number):
            assert number < 3
"""
DOCTESTS = '\n[tool.pytest.ini_options]\naddopts = "--doctest-modules --doctest-glob=*.md"\n'


def reports(bench: Bench, source: Path, to: Path, *words: str) -> Path:
    """Run the matrix on one Python; return the directory of its reports."""
    bench.passes(source, *words, "matrix-run", "--python", "3.12", "reports", "-o", to)
    return to


@pytest.mark.slow
def test_exit_code_0_hides_no_failure(stiletto: Bench, tmp_path: Path) -> None:
    """A test that ends the process with 0 is seen, and the note says so."""
    test = (
        "import atexit\nimport os\n\natexit.register(os._exit, 0)\n\n\n"
        "def test_good():\n    pass\n\n\ndef test_bad():\n    assert 1 == 2\n"
    )
    files = {
        "pyproject.toml": HATCHLING.format(name="dusk") + PYTEST,
        "src/dusk/__init__.py": "",
        "tests/test_dusk.py": test,
    }
    source = repository(tmp_path / "dusk", files)
    for words in (("test",), ("matrix", "--python", "3.12"), ("ci",)):
        ended = stiletto.fails(source, *words)
        assert "1 failed, although pytest ended with 0" in ended.error


@pytest.mark.slow
def test_too_little_coverage_is_a_verdict(stiletto: Bench, tmp_path: Path) -> None:
    """One Python alone fails, and names what judges the total: there both together pass."""
    options = '\n[tool.pytest.ini_options]\naddopts = "--cov=reef --cov-fail-under=100"\n'
    code = "import sys\n\nif sys.version_info >= (3, 12):\n    NEW = True\nelse:\n    NEW = False\n"
    files = {
        "pyproject.toml": HATCHLING.format(name="reef") + PYTHONS + COVERED + options,
        "src/reef/__init__.py": code,
        "tests/test_reef.py": "import reef\n\n\ndef test_it():\n    assert reef.NEW is not None\n",
    }
    source = repository(tmp_path / "reef", files)

    test = stiletto.fails(source, "test")
    ci = stiletto.fails(source, "ci")
    stiletto.passes(source, "matrix")
    part = stiletto.fails(source, "matrix", "--python", "3.12", "--coverage-min", "80")

    assert "reef: failed: coverage below 100 % on this Python alone (75 %)" in test.error
    assert "alone (75 %); `matrix` judges the total" in ci.error
    assert "coverage 75.0 % is below 80 %" in part.error


@pytest.mark.parametrize(
    "requirement",
    [
        pytest.param("pytest>=9", marks=pytest.mark.slow),
        pytest.param('pytest<9", "pytest-subtests', marks=pytest.mark.slow),
    ],
)
def test_tests_are_counted_as_pytest_counts(
    stiletto: Bench, tmp_path: Path, requirement: str
) -> None:
    """In the text, in the properties of the JUnit report, on the page and in the table."""
    group = f'\n[dependency-groups]\ntest = ["{requirement}"]\n'
    files = {
        "pyproject.toml": HATCHLING.format(name="cove") + group,
        "src/cove/__init__.py": "",
        "tests/test_cove.py": COUNTED,
    }
    source = repository(tmp_path / "cove", files)

    ended = stiletto.passes(source, "test")
    made = reports(stiletto, source, tmp_path / "made")

    expected = "2 passed, 1 skipped, 1 xfailed, 3 subtests passed"
    assert expected in ended.out
    assert expected in (made / "table.txt").read_text()
    assert expected in (made / "summary.md").read_text()
    page = re.sub("<[^>]+>", "", (made / "report.html").read_text())
    assert "2 passed 1 skipped 1 xfailed 3 subtests passed" in page
    found = ElementTree.parse(made / "junit.xml").iter("property")
    named = {each.get("name"): each.get("value") for each in found}
    assert ("4", "2", "1", "1", "3") == tuple(
        named[name] for name in ("tests", "passed", "skipped", "xfailed", "subtests")
    )


@pytest.mark.slow
def test_lists_that_are_cut_say_so(stiletto: Bench, tmp_path: Path) -> None:
    """Of sixty failures fifty are shown, and the others are in junit.xml."""
    test = (
        "import pytest\n\n\n@pytest.mark.parametrize('number', range(60))\n"
        "def test_each(number):\n    assert number < 0\n"
    )
    files = {
        "pyproject.toml": HATCHLING.format(name="shoal") + PYTEST,
        "src/shoal/__init__.py": "",
        "tests/test_shoal.py": test,
    }
    source = repository(tmp_path / "shoal", files)

    ended = stiletto.fails(source, "test", "--python", "3.12")
    made = reports(stiletto, source, tmp_path / "made")

    assert "and 7 more, in junit.xml" in ended.error  # 60 lines at most
    line = "and 10 more, in junit.xml"
    for name in ("summary.md", "report.html", "annotations.txt"):
        assert line in (made / name).read_text(), name
    assert 60 == len(list(ElementTree.parse(made / "junit.xml").iter("failure")))


@pytest.mark.slow
def test_doctests_have_their_place_and_reason(stiletto: Bench, tmp_path: Path) -> None:
    """Files and lines are those of the tree; what is not in it has no path."""
    test = (
        "import json\n\n\ndef test_made(tmp_path):\n    path = tmp_path / 'made.py'\n"
        "    exec(compile('1 / 0', str(path), 'exec'))\n\n\n"
        "def test_installed():\n    json.loads('{')\n"
    )
    module = 'def seven():\n    """Return seven.\n\n    >>> seven()\n    7\n    """\n    return 8\n'
    pyproject = HATCHLING.format(name="seven") + PYTHONS.replace("3.11", "3.12")
    files = {
        "pyproject.toml": pyproject + PYTEST + DOCTESTS,
        "README.md": "# Seven\n\n>>> 3 + 3\n7\n",
        "src/seven/__init__.py": module,
        "tests/test_seven.py": test,
    }
    source = repository(tmp_path / "seven", files)

    lines = stiletto.passes(source, "annotations").out.splitlines()

    placed = {line.partition(",title=")[0]: line.rpartition("::")[2] for line in lines}
    assert "expected 7, got 6" == placed["::error file=README.md,line=3"]
    assert "expected 7, got 8" == placed["::error file=src/seven/__init__.py,line=4"]
    paths = set(re.findall(r"^::error file=([^,]+)", "\n".join(lines), re.MULTILINE))
    assert {"README.md", "src/seven/__init__.py", "tests/test_seven.py"} == paths


@pytest.mark.slow
@pytest.mark.parametrize("source_option", ['source = ["src"]', 'source_pkgs = ["berth"]', ""])
def test_coverage_of_a_member_is_named_from_the_root(
    stiletto: Bench, tmp_path: Path, source_option: str
) -> None:
    """coverage.xml, .json, .md, the pages and the summary name the same path."""
    options = f"\n[tool.coverage.run]\n{source_option}\n" if source_option else ""
    at = "packages/berth"
    files = {
        "pyproject.toml": f'[tool.uv.workspace]\nmembers = ["{at}"]\n',
        f"{at}/pyproject.toml": HATCHLING.format(name="berth") + COVERED + options,
        f"{at}/src/berth/__init__.py": "def one():\n    return 1\n\n\ndef two():\n    return 2\n",
        f"{at}/tests/test_berth.py": (
            "from berth import one\n\n\ndef test_one():\n    assert one() == 1\n"
        ),
    }
    source = repository(tmp_path / "port", files)

    made = reports(stiletto, source, tmp_path / "made", "--package=berth")

    path = f"{at}/src/berth/__init__.py"
    escaped = path.replace("_", "\\_")
    assert [path] == list(json.loads((made / "coverage" / "coverage.json").read_text())["files"])
    classes = ElementTree.parse(made / "coverage" / "coverage.xml").iter("class")
    assert [path] == [each.get("filename") for each in classes]
    assert f"| {escaped} |" in (made / "coverage" / "coverage.md").read_text()
    for page in (made / "coverage" / "html").glob("*.html"):
        assert path in re.sub("<[^>]+>", "", page.read_text()), page
    assert escaped in (made / "summary.md").read_text()
