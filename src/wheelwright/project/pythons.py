"""Which Pythons the package claims, which one to use, and where its files disagree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet

from wheelwright.errors import RequestError
from wheelwright.pins import DEFAULT_PYTHON, KNOWN_PYTHONS
from wheelwright.project.interpreters import is_name, release_of, written
from wheelwright.project.pyproject import Pyproject, line_of

_CLASSIFIER = re.compile(r"Programming Language :: Python :: (3\.[0-9]{1,3})")


@dataclass(frozen=True, slots=True)
class Drift:
    """One disagreement: where it is, and what."""

    path: str
    line: int | None
    fact: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.fact}" if self.line else f"{self.path}: {self.fact}"


def minor_key(python: str) -> tuple[int, ...]:
    """Return (3, 12) of `3.12`, `3.12.1` and `pypy3.12`: what minor versions are ordered by."""
    return tuple(int(part) for part in minor_of(python).split("."))


def minor_of(python: str) -> str:
    """Return `3.12` of `3.12.1`, `3.12t` and `pypy3.12`."""
    return ".".join(release_of(python).split(".")[:2])


def allows(requires: SpecifierSet | None, python: str) -> bool:
    """Whether some patch release of a minor version, or that patch release, may install it."""
    if requires is None:
        return True
    python = release_of(python)
    # No minor release has come near 99 patch releases: 0 and 99 stand for the two ends.
    tries = (python,) if python.count(".") > 1 else (f"{python}.0", f"{python}.99")
    return any(requires.contains(version) for version in tries)


def claimed(pyproject: Pyproject) -> list[str]:
    """Return the minor versions that the package claims, oldest first.

    From the classifiers; without any, `requires-python` over the released versions. What
    `requires-python` forbids is never claimed.
    """
    requires = pyproject.requires_python
    named = _classified(pyproject) or KNOWN_PYTHONS
    return [python for python in _ordered(named) if allows(requires, python)]


def preferred(python_version_file: str | None) -> str:
    """Return the version that .python-version names first; empty where it names none."""
    for line in (python_version_file or "").splitlines():
        text = line.split("#")[0].strip()
        if text:
            return written(text)
    return ""


def allowed(pyproject: Pyproject, python: str, origin: str) -> str:
    """Return a version that may be used, as it is; `origin` names its source.

    Raises:
        RequestError: not a version, or outside requires-python.
    """
    if not is_name(python):
        raise RequestError(f'{origin} "{python}" is not a Python version', "write it like 3.12")
    if not allows(pyproject.requires_python, python):
        raise RequestError(
            f'Python {python} is outside requires-python "{pyproject.requires_python}" '
            f"of {pyproject.name or pyproject.path}",
            f"choose one of {', '.join(claimed(pyproject)) or 'the versions it allows'}",
        )
    return python


def choose(
    pyproject: Pyproject, requested: str, configured: str, python_version_file: str | None
) -> str:
    """Return the Python to use: as requested, configured or preferred; else from the claims.

    Of these, the newest that is not newer than the default, or the oldest.

    Raises:
        RequestError: not a version, or outside requires-python.
    """
    for python, origin in ((requested, "--python"), (configured, "python in [tool.wheelwright]")):
        if python:
            return allowed(pyproject, python, origin)
    own = preferred(python_version_file)
    if own and allows(pyproject.requires_python, own):
        return own
    claims = claimed(pyproject)
    if not claims:
        raise RequestError(
            f"{pyproject.path}: no released Python is inside requires-python "
            f'"{pyproject.requires_python}" and the classifiers',
            "correct them, or pass --python",
        )
    older = [python for python in claims if minor_key(python) <= minor_key(DEFAULT_PYTHON)]
    return older[-1] if older else claims[0]


def drift(pyproject: Pyproject, python_version_file: str | None) -> list[Drift]:
    """Return every disagreement of .python-version, classifiers and requires-python."""
    requires = pyproject.requires_python
    classified = _ordered(_classified(pyproject))
    path = pyproject.path
    found: list[Drift] = []

    def at(needle: str) -> int | None:
        return line_of(pyproject.text, needle)

    if requires is None:
        found.append(Drift(path, at("[project]"), "requires-python is missing"))
    found += [
        Drift(
            path,
            at(f':: {python}"') or at(f":: {python}'"),
            f'classifier claims Python {python}, requires-python "{requires}" forbids it',
        )
        for python in classified
        if not allows(requires, python)
    ]
    if requires is not None and classified:
        found.extend(
            Drift(
                path,
                at("requires-python"),
                f'requires-python "{requires}" allows Python {python}, no classifier claims it',
            )
            for python in _silent(requires, classified)
        )
    if python_version_file is not None:
        found.extend(_file_drift(python_version_file, requires, classified))
    return found


def _file_drift(text: str, requires: SpecifierSet | None, classified: Sequence[str]) -> list[Drift]:
    python = preferred(text)
    if not python:
        return [Drift(".python-version", 1, "names no version of Python")]
    line = line_of(text, python)
    if not allows(requires, python):
        fact = f'names {python}, requires-python "{requires}" forbids it'
        return [Drift(".python-version", line, fact)]
    if classified and minor_of(python) not in classified:
        return [Drift(".python-version", line, f"names {python}, no classifier claims it")]
    return []


def _silent(requires: SpecifierSet, classified: Sequence[str]) -> list[str]:
    # Above the newest classifier nothing is drift: a new Python appears before anyone tested it.
    newest = minor_key(classified[-1])
    return [
        python
        for python in KNOWN_PYTHONS
        if minor_key(python) < newest and python not in classified and allows(requires, python)
    ]


def _classified(pyproject: Pyproject) -> list[str]:
    matches = (_CLASSIFIER.fullmatch(line) for line in pyproject.classifiers)
    return [match.group(1) for match in matches if match]


def _ordered(pythons: Sequence[str]) -> list[str]:
    return sorted(set(pythons), key=minor_key)
