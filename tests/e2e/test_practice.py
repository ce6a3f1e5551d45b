"""The tests run as the project says it: in tox.ini, noxfile.py, Poetry's groups and the like."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from .bench import Bench
from .repositories import HATCHLING, repository, write

TEXT = HATCHLING.format(name="reed")
HATCH_PACKAGE = '\n[tool.hatch.build.targets.wheel]\npackages = ["reed"]\n'
NEEDS = "import hypothesis\n\n\ndef test_there() -> None:\n    assert hypothesis\n"
CASE = """\
import unittest

from reed import ring


class RingTest(unittest.TestCase):
    def test_ring(self) -> None:
        self.assertEqual(ring(), "ding")
"""


def package(at: Path, files: Mapping[str, str], more: str = "") -> Path:
    """Write a package whose test needs what only one place names."""
    base = {"pyproject.toml": TEXT + HATCH_PACKAGE + more, "reed/__init__.py": ""}
    return write(at, {**base, **files})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "files", "place"),
    [
        (
            '[tool.poetry.group.test.dependencies]\npytest = "^8.3"\nhypothesis = "*"\n',
            {},
            'Poetry\'s group "test" in pyproject.toml',
        ),
        (
            '[tool.pdm.dev-dependencies]\ntest = ["pytest<9", "hypothesis"]\n',
            {},
            "[tool.pdm.dev-dependencies] test",
        ),
        (
            '[tool.uv]\ndev-dependencies = ["pytest<9", "hypothesis"]\n',
            {},
            "[tool.uv] dev-dependencies",
        ),
        (
            '[dependency-groups]\nchecks = ["pytest<9", "hypothesis"]\n',
            {"tox.ini": "[testenv]\ndependency_groups = checks\ncommands = pytest\n"},
            'dependency group "checks", from tox.ini:1 [testenv]',
        ),
        (
            "",
            {
                "noxfile.py": "import nox\n\n\n@nox.session(python=['3.11'])\n"
                "def tests(session: nox.Session) -> None:\n"
                '    session.install("-e", ".", "pytest<9", "hypothesis")\n'
                '    session.run("pytest", "tests", env={"REED_MODE": "nox"})\n',
            },
            "requirements, from noxfile.py:5 tests",
        ),
        (
            "",
            {"requirements.txt": "-e .\n# for the tests\npytest<9\nhypothesis\n"},
            "requirements.txt",
        ),
    ],
    ids=["poetry", "pdm", "uv", "tox", "nox", "requirements"],
)
def test_what_the_project_installs_is_there(
    stiletto: Bench, tmp_path: Path, more: str, files: dict[str, str], place: str
) -> None:
    """Each place is found, is named, and brings the pytest that the project chose."""
    source = package(tmp_path / "reed", {"tests/test_reed.py": NEEDS, **files}, more)
    said = stiletto.passes(source, "test", "--python", "3.11").out
    assert "1 passed" in said
    assert place in said
    assert "added pytest" not in said


@pytest.mark.slow
def test_hatch_brings_its_own_defaults(stiletto: Bench, tmp_path: Path) -> None:
    """`hatch test` has pytest by itself; the project adds to it."""
    more = '[tool.hatch.envs.hatch-test]\nextra-dependencies = ["hypothesis"]\n'
    source = package(tmp_path / "reed", {"tests/test_reed.py": NEEDS}, more)
    assert "1 passed" in stiletto.passes(source, "test", "--python", "3.11").out


def test_computed_dependencies_are_named_with_their_line(stiletto: Bench, tmp_path: Path) -> None:
    """What only running the noxfile could tell is an error, with line and setting."""
    nox = (
        "import pathlib\n\nimport nox\n\n"
        'NEEDED = pathlib.Path("needed.in").read_text().split()\n\n\n'
        "@nox.session\ndef tests(session: nox.Session) -> None:\n"
        '    session.install("-e", ".", *NEEDED)\n    session.run("pytest")\n'
    )
    source = package(tmp_path / "reed", {"tests/test_reed.py": NEEDS, "noxfile.py": nox})
    said = stiletto.fails(source, "test", "--python", "3.11").said
    assert "noxfile.py:5 tests: what nox installs is computed" in said
    assert "requirements" in said


@pytest.mark.slow
def test_tox_gives_variables_and_the_environment_of_the_python(
    stiletto: Bench, tmp_path: Path
) -> None:
    """References, conditions and `set_env` are tox's own."""
    tox = (
        "[tox]\nenv_list = py3{11,12}\n[base]\nmodule = tests.settings\n[testenv]\n"
        "deps = pytest\nset_env =\n    REED_SETTINGS = {[base]module}\n"
        "    py311: REED_OIL = whale\ncommands = pytest {posargs:tests}\n"
    )
    test = (
        "import os\n\n\ndef test_variables() -> None:\n"
        '    assert "tests.settings" == os.environ["REED_SETTINGS"]\n'
        '    assert "whale" == os.environ.get("REED_OIL")\n'
    )
    source = package(tmp_path / "reed", {"tox.ini": tox, "tests/test_reed.py": test})
    said = stiletto.passes(source, "test", "--python", "3.11").out
    assert "command: pytest tests, from tox.ini:5 [testenv]" in said
    assert "'whale' == None" in stiletto.fails(source, "test", "--python", "3.12").said


@pytest.mark.slow
def test_unittest_is_run_and_counted(stiletto: Bench, tmp_path: Path) -> None:
    """A package without a word of pytest is tested by unittest; its failure fails the call."""
    tox = "[testenv]\ncommands = python -m unittest reed.tests\n"
    files = {
        "reed/__init__.py": 'def ring() -> str:\n    return "dong"\n',
        "reed/tests.py": CASE,
    }
    ended = stiletto.call(package(tmp_path / "bare", files), "test", "--python", "3.11")
    assert 1 == ended.code
    assert "1 failed" in ended.said
    assert "'dong' != 'ding'" in ended.said
    mended = package(
        tmp_path / "mended",
        {**files, "tox.ini": tox, "reed/__init__.py": 'def ring() -> str:\n    return "ding"\n'},
    )
    said = stiletto.passes(mended, "test", "--python", "3.11").out
    assert "1 passed" in said
    assert "python -m unittest reed.tests, from tox.ini:1 [testenv]" in said


def test_tests_that_only_unittest_loads_run(stiletto: Bench, tmp_path: Path) -> None:
    """`load_tests` counts where unittest runs the module."""
    files = {
        "reed/__init__.py": 'def two() -> int:\n    """Return 2.\n\n    >>> two()\n    3\n    """\n'
        "    return 2\n",
        "tests/__init__.py": "",
        "tests/test_two.py": "import doctest\nimport unittest\n\nimport reed\n\n\n"
        "class TwoTest(unittest.TestCase):\n    def test_two(self) -> None:\n"
        "        self.assertEqual(reed.two(), 2)\n\n\n"
        "def load_tests(loader, tests, ignore):\n"
        "    tests.addTests(doctest.DocTestSuite(reed))\n    return tests\n",
    }
    ended = stiletto.call(package(tmp_path / "reed", files), "test", "--python", "3.11")
    assert 1 == ended.code
    assert "1 passed, 1 failed" in ended.said


@pytest.mark.slow
def test_tests_that_are_not_collected_fail_with_their_names(
    stiletto: Bench, tmp_path: Path
) -> None:
    """Pytest is configured and finds nothing: the module that looks like tests is named."""
    more = (
        '[dependency-groups]\ntest = ["pytest"]\n[tool.pytest.ini_options]\ntestpaths = ["tests"]\n'
    )
    files = {"tests/checks.py": "def check_x() -> None:\n    assert 0\n"}
    source = package(tmp_path / "reed", files, more)
    said = stiletto.fails(source, "test", "--python", "3.11").said
    assert "none collected (testpaths tests" in said
    assert "tests/checks.py looks like tests" in said


@pytest.mark.slow
def test_a_command_may_write_a_junit_report_of_its_own(stiletto: Bench, tmp_path: Path) -> None:
    """Pytest writes one report, to the place that comes last: the project's; the record decides."""
    more = '[tool.wheelwright]\ntest = ["pytest", "--junitxml", "out/own.xml", "tests"]\n'
    files = {"tests/test_x.py": "def test_x() -> None:\n    pass\n"}
    source = package(tmp_path / "reed", files, more)
    assert "1 passed" in stiletto.passes(source, "test", "--python", "3.11").out


@pytest.mark.slow
def test_a_directory_of_tests_without_one_names_the_settings(
    stiletto: Bench, tmp_path: Path
) -> None:
    """Nothing in it looks like a test: the reader is told what to write."""
    source = package(tmp_path / "reed", {"tests/data.py": "NAME = 'x'\n"})
    said = stiletto.fails(source, "test", "--python", "3.11").said
    assert "none collected" in said
    assert 'skip = ["tests"] there leaves them out' in said


@pytest.mark.slow
def test_directories_beside_the_package_are_installed(stiletto: Bench, tmp_path: Path) -> None:
    """`-e ../sdk` and `-c ../constraints.txt` are where the repository has them."""
    files = {
        "api/pyproject.toml": HATCHLING.format(name="quay-api") + 'dependencies = ["quay-sdk"]\n',
        "api/src/quay_api/__init__.py": "from quay_sdk import LEVEL\n",
        "api/tests/test_api.py": "from quay_api import LEVEL\n\n\n"
        "def test_level() -> None:\n    assert LEVEL == 2\n",
        "api/test-requirements.txt": "-c ../constraints.txt\n-e ../sdk\npytest\n",
        "constraints.txt": "pytest<9\n",
        "sdk/pyproject.toml": HATCHLING.format(name="quay-sdk"),
        "sdk/src/quay_sdk/__init__.py": "LEVEL = 2\n",
    }
    source = repository(tmp_path / "both", files)
    said = stiletto.passes(source, "--package", "quay-api", "test", "--python", "3.11").out
    assert "1 passed" in said
    assert "api/test-requirements.txt" in said


@pytest.mark.slow
def test_a_command_of_the_settings_runs_as_written(stiletto: Bench, tmp_path: Path) -> None:
    """`test` and `env` of [tool.wheelwright] name command and variables; --env wins."""
    more = (
        '[tool.wheelwright]\ntest = ["sh", "-c", "test \\"$MODE\\" = ci"]\nenv = { MODE = "ci" }\n'
    )
    source = package(tmp_path / "reed", {}, more)
    said = stiletto.passes(source, "test", "--python", "3.11").out
    assert "tests not counted" in said
    said = stiletto.fails(source, "test", "--python", "3.11", "--env", "MODE=x").said
    assert "exit code 1; tests are not counted" in said


@pytest.mark.slow
def test_several_commands_of_one_environment_are_one_run(stiletto: Bench, tmp_path: Path) -> None:
    """Both calls of pytest count; a later command that fails fails the run."""
    tox = "[testenv]\ndeps = pytest\ncommands =\n    pytest tests/a\n    pytest tests/b\n"
    files = {
        "tox.ini": tox,
        "tests/a/test_a.py": "def test_a() -> None:\n    pass\n",
        "tests/b/test_b.py": "def test_b() -> None:\n    pass\ndef test_c() -> None:\n    pass\n",
    }
    source = package(tmp_path / "reed", files)
    assert "3 passed" in stiletto.passes(source, "test", "--python", "3.11").out
    write(source, {"tox.ini": f'{tox}    python -c "raise SystemExit(3)"\n'})
    said = stiletto.fails(source, "test", "--python", "3.11").said
    assert "3 passed" in said
    assert "exit code 3" in said
