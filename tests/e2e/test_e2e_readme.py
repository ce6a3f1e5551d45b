"""The commands of README.md and CONTRIBUTING.md do what they say."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.standins.packages import commit
from tests.standins.repository import run_git

from .bench import REPOSITORY, TIMEOUT_S

BLOCK = re.compile(r"^ *```console\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SET_UP = "python3 -m venv build/uv && build/uv/bin/pip install -q uv && "
"""The tests already run in what this makes; `.ci/run` makes it from nothing."""

WHOLE_SUITE = "build/uv/bin/uv run pytest -n 2 --dist worksteal"
"""Not from inside itself; `.ci/run` runs these words."""

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def commands() -> list[tuple[str, list[str]]]:
    """Return each command in a clone, with the lines that the page shows beneath it."""
    found: list[tuple[str, list[str]]] = []
    for page in ("README.md", "CONTRIBUTING.md"):
        for block in BLOCK.findall((REPOSITORY / page).read_text(encoding="utf-8")):
            for line in map(str.strip, block.splitlines()):
                if line.startswith("$ "):
                    found.append((line[2:], []))
                elif line:
                    found[-1][1].append(line)
    return [one for one in found if "uv run " in one[0]]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what a clone holds, as far as the commands need it, and make a repository of it."""
    at = tmp_path_factory.mktemp("clone")
    pages = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE")
    names = ("dagger.json", "pyproject.toml", "uv.lock", ".python-version", ".gitignore")
    for name in (*names, *pages):
        shutil.copy(REPOSITORY / name, at)
    for name in ("src", "tests", "docs", ".github"):
        ignored = shutil.ignore_patterns("__pycache__", ".venv")
        shutil.copytree(REPOSITORY / name, at / name, ignore=ignored)
    run_git(at, "init", "--quiet", "--initial-branch=main")
    commit(at, "A clone")
    return at


def how_long(command: str) -> list[pytest.MarkDecorator]:
    """Return the marks of a command: only what a new user types first is in the default run."""
    if command == commands()[0][0]:
        return []
    # test_release.py holds the demonstration to more.
    often = any(name in command for name in ("tests.e2e.record", "tests.e2e.release_demo"))
    return [pytest.mark.repeated if often else pytest.mark.slow]


def plainer(line: str) -> str:
    """Return a line without numbers, which differ between machines and runs."""
    return re.sub(r" +", " ", re.sub(r"\d+(\.\d+)*", "N", line))


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        pytest.param(*one, id=one[0][-60:], marks=how_long(one[0]))
        for one in commands()
        if one[0] != WHOLE_SUITE
    ],
)
def test_command_of_the_docs(
    clone: Path, environ: dict[str, str], command: str, shown: list[str]
) -> None:
    """The command ends with 0 and prints what the page shows beneath it."""
    words = command.removeprefix(SET_UP).replace("build/uv/bin/uv run ", "")
    words = words.replace("../../../.venv/bin/", "")
    words = words.replace("uv run ", "").replace("--python 3.11", f"--python {PYTHON}")
    here = str(Path(sys.executable).parent)
    done = subprocess.run(
        ["sh", "-c", words],
        cwd=clone,
        env={**environ, "PATH": f"{here}:{environ['PATH']}"},
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
    )
    printed = [plainer(line.strip()) for line in done.stdout.splitlines()]

    assert 0 == done.returncode, f"{done.stdout}\n{done.stderr}"
    assert [] == [line for line in shown if plainer(line) not in printed]


def test_the_suite_of_the_readme_is_the_one_that_ci_runs() -> None:
    """README.md and `.ci/run` have the same words for the tests."""
    assert WHOLE_SUITE in [command for command, _ in commands()]
    words = WHOLE_SUITE.removeprefix("build/uv/bin/uv run ")
    assert f"uv run --locked {words}\n" in (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
