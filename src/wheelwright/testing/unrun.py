"""Tests that exist, but that did not run: named in the result (pure).

| where | what is looked for |
|---|---|
| modules named like tests, and all below tests/ and test/ | tests of unittest; functions and \
classes that look like tests, in a module that pytest does not collect |
| Makefile | recipes of `test`, `tests` and `check` that call another runner |
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Final

from wheelwright.environment.test_setup import cases
from wheelwright.project import reading
from wheelwright.project.model import Project

_SHOWN: Final = 5
# Programs that run tests, and are not pytest.
_RUNNER: Final = re.compile(
    r"\b(?:unittest|nose2?|nosetests|trial|stestr|testr|ward|behave|green|zope-testrunner"
    r"|testrunner|run_?tests?(?:\.py|\.sh)?)\b|manage\.py\s+test|django-admin\s+test"
    r"|setup\.py\s+test|\S*tests?(?:\.py|/__main__\.py)\b|-m\s+\S+\.tests?\b"
)
_RECIPE: Final = re.compile(r"^(?:tests?|check)\s*:[^=\n]*\n((?:\t[^\n]*\n?)+)", re.MULTILINE)
_ASSERTS: Final = re.compile(r"^[ \t]+assert\b", re.MULTILINE)
_COLLECTED: Final = re.compile(r"test_.*\.py|.*_test\.py")


def found(project: Project) -> list[str]:
    """Return what is there, a sentence each."""
    sentences = list(dict.fromkeys(_make(project)))
    if listed := cases(project):
        sentences.append(f"tests of unittest are in {_listed(listed)}")
    if listed := _near(project):
        sentences.append(
            f"{_listed(listed)} look{'s' if len(listed) == 1 else ''} like tests by the directory, "
            "and not like test_*.py by name"
        )
    return sentences


def _near(project: Project) -> list[str]:
    """Return the modules below a directory of tests that pytest does not collect."""
    own = set(cases(project))
    return [
        path
        for path, text in sorted(project.test_modules.items())
        if path not in own
        and not _COLLECTED.fullmatch(posixpath.basename(path))
        and _ASSERTS.search(text)
    ]


def _listed(paths: list[str]) -> str:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return f"{', '.join(paths[:_SHOWN])}{more}"


def hint_for(project: Project) -> str:
    """Return the acts that end it."""
    paths = cases(project) or _near(project)
    names = sorted({posixpath.basename(path) for path in paths})[:_SHOWN]
    listed = ", ".join(f'"{name}"' for name in names)
    collect = (
        f"python_files = [{listed}] in [tool.pytest.ini_options] has pytest collect them; "
        if names
        else ""
    )
    return (
        f'{collect}test = ["COMMAND", "ARG"] in [tool.wheelwright] names another command; '
        'skip = ["tests"] there leaves them out'
    )


def _sentences(place: str, command: str) -> Iterator[str]:
    line = " ".join(command[:1000].split())
    if _RUNNER.search(line) and "pytest" not in line:
        yield f"{place} has `{reading.shortened(line)}`"


def _make(project: Project) -> Iterator[str]:
    for recipe in _RECIPE.finditer(project.text("Makefile") or ""):
        for line in recipe[1].splitlines():
            yield from _sentences("Makefile", line.strip().lstrip("@-"))
