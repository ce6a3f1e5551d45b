"""What a command line calls and installs."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wheelwright.project.runners.calling import (
    IGNORED,
    INVERTED,
    Installs,
    in_environment,
    installs,
    jobs_calling,
    programs,
)
from wheelwright.project.runners.job import Job, Place


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pytest tests", ["pytest"]),
        ("/opt/venv/bin/py.test", ["pytest"]),
        ("python -m pytest", ["pytest"]),
        ("python3.12 -W error -bb -mpytest", ["pytest"]),
        ("pypy3 -X dev -m unittest discover", ["unittest"]),
        ("python manage.py test", ["manage.py"]),
        ("python -c 'import pytest'", []),
        ("python", []),
        ("coverage run --source src -p -m pytest -q", ["coverage", "pytest"]),
        ("python -m coverage run manage.py test", ["coverage", "manage.py"]),
        ("coverage report", ["coverage"]),
        ("uv run --group test -p 3.12 pytest", ["pytest"]),
        ("poetry run python -m mypy src", ["mypy"]),
        ("uv sync", ["uv"]),
        ("env -u A B=1 C=2 mypy", ["mypy"]),
        ("B=1 mypy", ["mypy"]),
        ("xvfb-run -a pytest", ["pytest"]),
        ("bash -c 'cd docs && A=1 pytest -q; mypy | tee log'", ["cd", "pytest", "mypy", "tee"]),
        ("sh -c 'sh -c pytest'", ["sh"]),
        ('sh -c "\'"', []),
        ("sh script.sh", ["sh"]),
        ("zope-testrunner --test-path=src", ["zope-testrunner"]),
        ("", []),
    ],
)
def test_programs_are_found_behind_others(line: str, expected: list[str]) -> None:
    """An interpreter, coverage, a runner or a shell starts what is written behind it."""
    words = shlex.split(line)

    assert expected == list(programs(words))
    assert expected == list(programs([*IGNORED, *words]))
    assert expected == list(programs([*INVERTED, *words]))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("uv run mypy src", "mypy src"),
        ("uv run --group typing --no-sync -- python -m mypy", "python -m mypy"),
        ("poetry run mypy", "mypy"),
        ("mypy run", "mypy run"),
        ("uv run", "uv run"),
        ("uv pip install x", "uv pip install x"),
    ],
)
def test_a_command_is_known_without_its_runner(line: str, expected: str) -> None:
    """What `uv run` and its like start, in an environment that is there already."""
    assert tuple(expected.split()) == in_environment(line.split())


def test_a_command_keeps_what_becomes_of_its_exit_code() -> None:
    """The prefixes of tox stay before the command."""
    assert (*IGNORED, "mypy") == in_environment((*IGNORED, "poetry", "run", "mypy"))


def test_environments_are_found_by_their_programs() -> None:
    """One that only has such a name, or such an argument, does not call it."""
    place = Place("tox.ini")
    lint = Job("tox", "lint", place, (("ruff", "check"), ("python", "-m", "mypy", "src")))
    named = Job("tox", "mypy", place, (("pytest", "-k", "mypy"),))

    assert (lint,) == jobs_calling([named, lint], "mypy")
    assert (named,) == jobs_calling([named, lint], "py.test")
    assert () == jobs_calling([named, lint], "pyright")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pip install -U pytest 'mock>=4'", Installs(("pytest", "mock>=4"))),
        ("python -m pip install -rdev.txt -c c.txt", Installs(("-r dev.txt", "-c c.txt"))),
        ("uv pip install --editable . -r=x", Installs(("-e .", "-r x"))),
        ("uv pip install --python x --reinstall a", Installs(("a",))),
        ("pip3 install --requirement=a.txt", Installs(("-r a.txt",))),
        ("pip install --target x y", Installs(unknown=True)),
        ("pip install -r", Installs(unknown=True)),
        ("pip freeze", None),
        ("python -m pytest", None),
        ("python -c pip install", None),
        ("poetry install --with test", Installs(unknown=True)),
        ("uv sync --group test", Installs(unknown=True)),
        ("pip-sync requirements.txt", Installs(unknown=True)),
        ("playwright install", None),
        ("", None),
    ],
)
def test_what_pip_installs_is_known(line: str, expected: Installs | None) -> None:
    """Its requirements, files and paths; with an option that changes them, nothing is."""
    words = shlex.split(line)

    assert expected == installs(words)
    assert expected == installs([*IGNORED, *words])


WORDS = st.sampled_from(
    [
        "python",
        "-m",
        "-c",
        "coverage",
        "run",
        "uv",
        "sh",
        "env",
        "A=1",
        "pip",
        "install",
        "-r",
        "-e",
    ]
)


@given(st.lists(WORDS | st.text(max_size=5), max_size=30))
@settings(max_examples=250)
def test_any_words_are_read(words: list[str]) -> None:
    """No command line raises anything."""
    assert all(isinstance(name, str) for name in programs(words))
    assert isinstance(installs(words), Installs | None)
