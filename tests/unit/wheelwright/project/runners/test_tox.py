"""Finding a configuration of tox, and choosing among its environments."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.wheelwright.project.runners.printing import PROJECT, environments
from wheelwright.errors import ProjectError
from wheelwright.project.files import Snapshot
from wheelwright.project.runners.calling import jobs_calling
from wheelwright.project.runners.job import Job, Place
from wheelwright.project.runners.tox import configured, inputs, job_for_tests, others
from wheelwright.project.runners.tox_config import Environments

FILE = Place("tox.ini", within="[testenv]")
INI = "[testenv]\ncommands = pytest\n"
SETUP = "[tox:tox]\nenv_list = py\n"
NATIVE = '[tool.tox]\nenv_list = ["py"]\n'
LEGACY = "[tool.tox]\nlegacy_tox_ini = '''\n[testenv]\ncommands = pytest\n'''\n"
TOML = '[env_run_base]\ncommands = [["pytest"]]\n'


def job(name: str, *commands: str, pythons: tuple[str, ...] = ()) -> Job:
    """Return an environment with these command lines."""
    return Job("tox", name, FILE, tuple(tuple(each.split()) for each in commands), pythons=pythons)


def found(*jobs: Job, implied: tuple[Job, ...] = ()) -> Environments:
    """Return a configuration with these environments."""
    return Environments(FILE, jobs, implied)


def chosen(name: str, *jobs: Job, implied: tuple[Job, ...] = (), python: str = "3.12") -> bool:
    """Whether the environment of that name is chosen; the empty name stands for none."""
    taken = job_for_tests(found(*jobs, implied=implied), python)
    return name == (taken.name if taken else "")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"tox.ini": INI, "tox.toml": TOML}, "tox.ini [testenv]"),
        ({"setup.cfg": SETUP, "pyproject.toml": NATIVE}, "setup.cfg [tox:tox]"),
        ({"setup.cfg": "[metadata]\n", "pyproject.toml": NATIVE}, "pyproject.toml [tool.tox]"),
        ({"pyproject.toml": LEGACY}, "pyproject.toml [tool.tox] legacy_tox_ini"),
        ({"pyproject.toml": PROJECT, "tox.toml": TOML}, "tox.toml [env_run_base]"),
        ({"tox.ini": f"\ufeff{INI}"}, "tox.ini [testenv]"),
        ({"tox.ini": "[testenv:typing]\ncommands = mypy\n"}, "tox.ini [testenv:typing]"),
        ({"pyproject.toml": PROJECT}, "None"),
        ({"pyproject.toml": "tool = 1\n"}, "None"),
        ({"tox.ini": "[flake8]\nmax-line-length = 100\n", "tox.toml": TOML}, "None"),
        ({}, "None"),
    ],
)
def test_files_are_searched_in_the_order_of_tox(texts: dict[str, str], expected: str) -> None:
    """The first file that configures tox is taken; one without environments ends the search."""
    assert expected == str(configured(Snapshot(texts)))


def test_the_directories_above_are_searched() -> None:
    """A member of a workspace is tested by the file of the repository's root."""
    files = Snapshot({"tox.ini": INI, "packages/one/pyproject.toml": PROJECT})
    place = configured(files, "packages/one")

    assert Place("tox.ini", within="[testenv]") == place
    assert {"tox.ini": INI} == inputs(files, Place("tox.ini"))


def test_a_broken_file_is_named() -> None:
    """What cannot be parsed is an error with the file and the line."""
    with pytest.raises(ProjectError, match=r"tox\.ini cannot be read: .*line: 1"):
        configured(Snapshot({"tox.ini": "commands = pytest\n"}))
    with pytest.raises(ProjectError, match=r"tox\.toml is not valid TOML: .*line 1"):
        configured(Snapshot({"tox.toml": "[env\n"}))


@given(st.sampled_from(["tox.ini", "setup.cfg", "pyproject.toml", "tox.toml"]), st.text())
@settings(max_examples=250)
def test_any_text_is_read_or_refused(path: str, text: str) -> None:
    """No contents of a file end in another error than that of the project."""
    try:
        place = configured(Snapshot({path: text}))
    except ProjectError as error:
        assert path in error.message  # noqa: PT017 - the other branch is as good
    else:
        assert place is None or path == place.path


def test_the_environment_of_the_python_is_chosen() -> None:
    """Its own name comes first, in any spelling; then its factor, in the order of the file."""
    other, plain = job("py311", "pytest"), job("py312", "pytest")
    factors = (
        job("py311-dj42", "pytest"),
        job("py312-dj42", "pytest"),
        job("py312-dj52", "pytest"),
    )

    assert chosen("py312", *factors, other, plain)
    assert chosen("3.12", job("lint", "ruff check"), job("3.12", "pytest"))
    assert chosen("py3.12", job("py3.12", "coverage run -m pytest"))
    assert chosen("py312-dj42", *factors)
    assert chosen("3.14t", job("3.14", "pytest"), job("3.14t", "pytest"), python="3.14t")
    assert chosen("pypy311", job("py311", "pytest"), job("pypy311", "pytest"), python="pypy3.11")


def test_what_only_checks_is_not_chosen() -> None:
    """Of two environments of a Python the one that calls a program for tests is taken."""
    assert chosen("3.12-tests", job("3.12-mypy", "mypy src"), job("3.12-tests", "pytest"))
    assert chosen("", job("py312", "mypy src"))
    assert chosen("", job("py312"))
    assert chosen("py312", job("py312", "./run-tests"))
    assert chosen("", job("py312-script", "./run-tests"))
    assert chosen("", job("tests", "django-admin makemigrations --check"))
    assert chosen("tests", job("tests", "python manage.py test"))


def test_what_tox_makes_from_a_name_comes_behind_what_is_listed() -> None:
    """`py` and an environment of the file go before `[testenv]`; one for any Python behind."""
    implied = (job("py312", "pytest"),)

    assert chosen("py", job("py", "pytest"), implied=implied)
    assert chosen("py312", job("py311", "pytest"), job("tests", "pytest"), implied=implied)
    assert chosen("tests", job("lint", "ruff"), job("tests", "pytest"), implied=(job("py312"),))
    assert chosen("", job("tests", "pytest", pythons=("3.9",)), implied=(job("py312"),))


def test_the_setting_chooses_by_name() -> None:
    """A name that is not there is an error that lists those that are."""
    every = found(job("py311", "pytest"), job("py312-dj52"), implied=(job("py315", "pytest"),))
    taken = [job_for_tests(every, "3.11", name) for name in ("py312-dj52", "py315")]

    assert ["py312-dj52", "py315"] == [each.name for each in taken if each]
    assert ("py311",) == others(every, *(each for each in taken if each))
    with pytest.raises(ProjectError, match=r"no environment py312-dj5; .*: py311, py312-dj52$"):
        job_for_tests(every, "3.12", "py312-dj5")


def test_the_environment_of_this_python_has_its_variables(tmp_path: Path) -> None:
    """References are followed, and a condition on the Python holds for that Python only."""
    ini = (
        "[tox]\nenv_list = py3{11,12}\n[base]\nmodule = tests.settings\n"
        "[testenv]\ndependency_groups = test\nset_env =\n"
        "    LAMP_SETTINGS_MODULE = {[base]module}\n    PYTHONPATH = {tox_root}\n"
        "    py312: LAMP_OIL = whale\ncommands = pytest {posargs:tests}\n"
    )
    every = environments(tmp_path, {"tox.ini": ini, "pyproject.toml": PROJECT})
    both = {"LAMP_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": "/src"}
    old, new, newer = (job_for_tests(every, python) for python in ("3.11", "3.12", "3.13"))
    assert old
    assert new
    assert newer

    assert both == old.variables
    assert {**both, "LAMP_OIL": "whale"} == new.variables
    assert both == newer.variables
    assert (("pytest", "tests"),) == new.commands
    assert ("test",) == new.groups
    assert "tox.ini:5 [testenv]" == str(new.place)
    assert ("py311",) == others(every, new)


@pytest.mark.parametrize(
    ("ini", "extras", "groups", "requirements", "commands"),
    [
        (
            "[testenv]\nextras = testing\ncommands = pytest {posargs}\n",
            ("testing",),
            (),
            (),
            (("pytest",),),
        ),
        (
            "[testenv]\ndeps =\n    pytest\n    mock\ncommands = pytest tests\n",
            (),
            (),
            ("pytest", "mock"),
            (("pytest", "tests"),),
        ),
        (
            "[testenv]\ndependency_groups = checks\ncommands = pytest\n",
            (),
            ("checks",),
            (),
            (("pytest",),),
        ),
    ],
)
def test_a_plain_testenv_is_that_of_any_python(
    tmp_path: Path,
    ini: str,
    extras: tuple[str, ...],
    groups: tuple[str, ...],
    requirements: tuple[str, ...],
    commands: tuple[tuple[str, ...], ...],
) -> None:
    """Without an `env_list` tox makes `py312` out of [testenv], with what it installs."""
    taken = job_for_tests(
        environments(tmp_path, {"tox.ini": ini, "pyproject.toml": PROJECT}), "3.12"
    )
    assert taken

    assert extras == taken.extras
    assert groups == taken.groups
    assert requirements == taken.requirements
    assert commands == taken.commands
    assert taken.installs
    assert "tox.ini:1 [testenv]" == str(taken.place)


def test_checkers_are_found_by_what_is_called(tmp_path: Path) -> None:
    """An environment for types or lint is one whose commands call such a program."""
    ini = (
        "[testenv:typing]\ndependency_groups = typing\ncommands = mypy src tests/typing\n"
        "[testenv:lint]\nskip_install = true\ndeps =\n    flake8\n    isort\n"
        "commands =\n    flake8 src\n    isort --check-only --diff src\n"
    )
    every = environments(tmp_path, {"tox.ini": ini, "pyproject.toml": PROJECT})
    (typing,) = jobs_calling(every.jobs, "mypy")
    (lint,) = jobs_calling(every.jobs, "isort")

    assert "tox.ini:1 [testenv:typing]" == str(typing.place)
    assert (("mypy", "src", "tests/typing"),) == typing.commands
    assert ("typing",) == typing.groups
    assert (lint,) == jobs_calling(every.jobs, "flake8")
    assert ("flake8", "isort") == lint.requirements
    assert not lint.installs
    assert () == jobs_calling(every.jobs, "pyright")
    assert None is job_for_tests(every, "3.12")
