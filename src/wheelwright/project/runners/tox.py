"""Finds the configuration of tox, and chooses among its environments (pure).

`tox_config` has what tox prints about it.
"""

from __future__ import annotations

import posixpath
import re
from typing import Final

from wheelwright.errors import ProjectError
from wheelwright.project.files import Snapshot, join
from wheelwright.project.reading import DEPTH, cut, ini, shortened, toml
from wheelwright.project.runners.calling import programs
from wheelwright.project.runners.job import Job, Place
from wheelwright.project.runners.tox_config import Environments, version_named

_FILES: Final = ("tox.ini", "setup.cfg", "pyproject.toml", "tox.toml")
_OTHER: Final = "other"

NAMES_MAX: Final = 10_000
"""Environments that one word of the file may name; a hundred are many."""

_BRACES: Final = re.compile(r"\{([^{}]*)\}")
_RANGE: Final = re.compile(r"([0-9]{1,6})-([0-9]{1,6})")

TESTERS: Final = frozenset(
    {
        *("pytest", "unittest", "zope-testrunner", "stestr", "nose2", "nosetests", "trial"),
        *("ward", "runtests.py"),
    }
)
_DJANGO: Final = frozenset({"manage.py", "django-admin", "django-admin.py"})
# What an environment named after a Python may call without testing anything.
_CHECKERS: Final = frozenset(
    {
        *("mypy", "pyright", "basedpyright", "pyrefly", "ty", "pytype", "ruff", "flake8", "pylint"),
        *("black", "isort", "pre-commit", "prek", "bandit", "build", "twine", "check-manifest"),
        *("sphinx-build", "mkdocs", "towncrier"),
    }
)


def configured(files: Snapshot, directory: str = "") -> Place | None:
    """Return where tox finds its configuration, from a directory upwards; None for nowhere.

    The order is tox's: tox.ini, setup.cfg with `[tox:tox]`, pyproject.toml with `[tool.tox]` or
    its `legacy_tox_ini`, tox.toml; then the same in the directory above. tox takes any tox.ini and
    looks no further: one that only configures other programs means that there is nothing.

    Raises:
        ProjectError: a file cannot be read.
    """
    while True:
        for name in _FILES:
            path = join(directory, name)
            text = files.text(path)
            found = _section(name, path, text.removeprefix("\ufeff")) if text is not None else ""
            if found:
                return Place(path, within=found) if found != _OTHER else None
        if not directory:
            return None
        directory = posixpath.dirname(directory)


def _section(name: str, path: str, text: str) -> str:
    """Return where in a file tox is configured; empty for nowhere, `other` to look no further."""
    if name == "tox.ini":
        names = ini(path, text).sections()
        own = (each for each in names if each == "tox" or each.partition(":")[0] == "testenv")
        return next((f"[{each}]" for each in own), _OTHER)
    if name == "setup.cfg":
        return "[tox:tox]" if ini(path, text).has_section("tox:tox") else ""
    data = toml(path, text)
    if name == "tox.toml":
        return "[env_run_base]" if data else ""
    tool = data.get("tool")
    table = tool.get("tox") if isinstance(tool, dict) else None
    if not isinstance(table, dict) or not table:
        return ""
    return "[tool.tox] legacy_tox_ini" if set(table) == {"legacy_tox_ini"} else "[tool.tox]"


def check_braces(place: Place, text: str) -> None:
    """Refuse a file whose braces stand for more names than anybody has: tox would not end.

    Raises:
        ProjectError: the first such word, with its line.
    """
    for number, line in enumerate(text.splitlines(), 1):
        if "{" not in line:
            continue
        for word in line.split():
            count = 1
            for choice in _BRACES.findall(word):
                count *= max(1, sum(map(_names, choice.split(","))))
            if count > NAMES_MAX or word.count("{") > DEPTH:
                raise ProjectError(
                    f"{place.path}:{number}: the condition {shortened(repr(word))} names more than "
                    f"{NAMES_MAX} environments",
                    "write a shorter one",
                )


def _names(choice: str) -> int:
    """Return how many names a part of braces stands for: `1-9` stands for nine."""
    found = _RANGE.fullmatch(choice.strip())
    return abs(int(found[2]) - int(found[1])) + 1 if found else 1


def inputs(files: Snapshot, place: Place) -> dict[str, str]:
    """Return the texts that tox needs, by path: they are the key of its step."""
    return {place.path: files.texts[place.path]}


def job_for_tests(found: Environments, python: str, chosen: str = "") -> Job | None:
    """Return the environment that tests on a Python, such as `3.12`, `3.14t` or `pypy3.11`.

    It is the first that calls a program for tests, among these, in this order:

    1. the environment with the Python's name,
    2. those with it among their factors, such as `py312-dj52`,
    3. `py`,
    4. the one that tox makes from such a name,
    5. those for any Python, such as `tests`.

    If none does, because a script of the project runs them: the first of 1, 3 and 4 that calls no
    checker. `chosen` is the name that the settings have.

    Raises:
        ProjectError: there is no environment `chosen`.
    """
    every = (*found.jobs, *found.implied)
    if chosen:
        job = next((job for job in every if job.name == chosen), None)
        if job is None:
            known = cut(", ".join(each.name for each in found.jobs), 500)
            raise ProjectError(
                f"{found.place.path} has no environment {shortened(chosen)}",
                f"set `runner` to tox:NAME with one of: {known or 'none is there'}",
            )
        return job
    named = [job for job in found.jobs if version_named(job.name) == python]
    among = [job for job in found.jobs if python in _versions(job)]
    implied = [job for job in found.implied if python in _versions(job)]
    plain = [job for job in found.jobs if job.name == "py"]
    free = [job for job in found.jobs if not _versions(job) and python in (job.pythons or [python])]
    for job in (*named, *among, *plain, *implied, *free):
        if any(is_test(command) for command in job.commands):
            return job
    own = (job for job in (*named, *plain, *implied) if job.commands)
    return next((job for job in own if not _checks(job)), None)


def alike(found: Environments, python: str) -> list[Job]:
    """Return the environments of the file that test on a Python, such as `py312-dj52`."""
    return [
        job
        for job in found.jobs
        if python in _versions(job) and any(is_test(command) for command in job.commands)
    ]


def _versions(job: Job) -> list[str]:
    return [version for factor in job.name.split("-") if (version := version_named(factor))]


def is_test(command: tuple[str, ...]) -> bool:
    """Whether a command line calls a program that runs tests."""
    called = frozenset(programs(command))
    return bool(called & TESTERS) or (bool(called & _DJANGO) and "test" in command)


def _checks(job: Job) -> bool:
    return any(_CHECKERS.intersection(programs(command)) for command in job.commands)


def others(found: Environments, *taken: Job) -> tuple[str, ...]:
    """Return the names of the file's environments that were not taken."""
    names = {job.name for job in taken}
    return tuple(job.name for job in found.jobs if job.name not in names)
