"""Which Pythons the package claims, which one to use, and where its files disagree.

What the files do not say is no claim: a package whose Pythons nothing sets runs on the default.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet

from wheelwright.errors import RequestError
from wheelwright.pins import DEFAULT_PYTHON, KNOWN_PYTHONS
from wheelwright.project.files import Snapshot
from wheelwright.project.interpreters import is_name, release_of, written
from wheelwright.project.metadata import Metadata
from wheelwright.project.pyproject import line_in, line_of

_CLASSIFIER = re.compile(r"Programming Language :: Python :: (3\.[0-9]{1,3})")
# Of what the programs in `inside/` are written for.
_OLDEST = (3, 7)
_SETTING = "python in [tool.wheelwright] of pyproject.toml chooses one"


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


def claimed(metadata: Metadata) -> list[str]:
    """Return the minor versions that the package claims, oldest first; none where nothing says it.

    From the classifiers; without any, `requires-python` over the released versions. What
    `requires-python` forbids is never claimed.

    Raises:
        ProjectError: requires-python is not a version specifier.
    """
    requires = metadata.pythons()
    named = by_classifiers(metadata) or (KNOWN_PYTHONS if requires is not None else ())
    return [python for python in _ordered(named) if allows(requires, python)]


def unclaimed(metadata: Metadata) -> str:
    """Return why nothing says which Pythons the package is for; empty where something does."""
    if metadata.pythons() is not None or by_classifiers(metadata):
        return ""
    if why := metadata.unknown.get("requires_python"):
        return f"requires-python is not known: {why}"
    return "neither requires-python nor a classifier of a version is set"


def assumed(
    metadata: Metadata, python: str, configured: str, python_version_file: str | None
) -> str:
    """Return why a Python that nobody asked for is the default; empty where a file decides it."""
    decided = configured or python == preferred(python_version_file)
    return "" if decided else unclaimed(metadata)


def listed(metadata: Metadata, configured: str, python_version_file: str | None) -> list[str]:
    """Return the claimed versions; where nothing claims any, the one that is used, and why.

    Raises:
        RequestError: the configured version is none.
        ProjectError: requires-python is not a version specifier.
    """
    why = unclaimed(metadata)
    if not why:
        return claimed(metadata)
    python = choose(metadata, "", configured, python_version_file)
    if not assumed(metadata, python, configured, python_version_file):
        return [python]
    return [f"{python} (the default: {why}; {_SETTING})"]


def preferred(python_version_file: str | None) -> str:
    """Return the version that .python-version names first; empty where it names none."""
    for line in (python_version_file or "").splitlines():
        text = line.split("#")[0].strip()
        if text:
            return written(text)
    return ""


def allowed(metadata: Metadata, python: str, origin: str) -> str:
    """Return a version that may be used, as it is; `origin` names its source.

    Raises:
        RequestError: not a version, or outside requires-python.
        ProjectError: requires-python is not a version specifier.
    """
    if not is_name(python):
        raise RequestError(f'{origin} "{python}" is not a Python version', "write it like 3.12")
    requires = metadata.pythons()
    if not allows(requires, python):
        of = metadata.name or metadata.places["requires_python"].path
        raise RequestError(
            f'Python {python} is outside requires-python "{requires}" of {of}',
            f"choose one of {', '.join(claimed(metadata)) or 'the versions it allows'}",
        )
    return python


def choose(
    metadata: Metadata, requested: str, configured: str, python_version_file: str | None
) -> str:
    """Return the Python to use: as requested, configured or preferred; else from the claims.

    Of these, the newest that is not newer than the default, or the oldest; without claims the
    default.

    Raises:
        RequestError: not a version, too old for what runs, or outside requires-python.
        ProjectError: requires-python is not a version specifier.
    """
    for python, origin in ((requested, "--python"), (configured, "python in [tool.wheelwright]")):
        if python and is_name(python) and minor_key(python) < _OLDEST:
            oldest = ".".join(map(str, _OLDEST))
            raise RequestError(
                f"{origin} {python} is too old: what records the tests needs {oldest}",
                f"choose {oldest} or a newer one",
            )
        if python:
            return allowed(metadata, python, origin)
    own = preferred(python_version_file)
    requires = metadata.pythons()
    if own and allows(requires, own):
        return own
    claims = claimed(metadata)
    if not claims and requires is None:
        return DEFAULT_PYTHON
    if not claims:
        raise RequestError(
            f"{metadata.places['requires_python'].path}: no released Python is inside "
            f'requires-python "{requires}" and the classifiers',
            "correct them, or pass --python",
        )
    older = [python for python in claims if minor_key(python) <= minor_key(DEFAULT_PYTHON)]
    return older[-1] if older else claims[0]


def instead(metadata: Metadata, python: str, offered: str) -> list[str]:
    """Return what may be used in place of a Python, the best first; `offered` is what names some.

    First those that are named there, then all others. Among them the newest that is older, then
    the oldest that is newer.

    Raises:
        ProjectError: requires-python is not a version specifier.
    """
    requires = metadata.pythons()
    known = claimed(metadata) or [each for each in KNOWN_PYTHONS if allows(requires, each)]
    others = [each for each in known if each != python and minor_key(each) >= _OLDEST]
    named = set(re.findall(r"(?<![\w.])3\.[0-9]{1,3}(?![\w])", offered))

    def order(each: str) -> tuple[bool, bool, int]:
        newer = minor_key(each) > minor_key(python)
        minor = minor_key(each)[1]
        return each not in named, newer, minor if newer else -minor

    return sorted(others, key=order)


def drift(metadata: Metadata, files: Snapshot, python_version_file: str | None) -> list[Drift]:
    """Return every disagreement of .python-version, classifiers and requires-python.

    A field that is not known, or that only a back end sets, disagrees with nothing.

    Raises:
        ProjectError: requires-python is not a version specifier.
    """
    requires = metadata.pythons()
    classified = _ordered(by_classifiers(metadata))
    found = [*_missing(metadata, files)]
    found += [
        Drift(
            metadata.places["classifiers"].path,
            _classifier_line(metadata, files, python),
            f'classifier claims Python {python}, requires-python "{requires}" forbids it',
        )
        for python in classified
        if not allows(requires, python)
    ]
    if requires is not None and classified:
        place = metadata.places["requires_python"]
        found.extend(
            Drift(
                place.path,
                place.line or None,
                f'requires-python "{requires}" allows Python {python}, no classifier claims it',
            )
            for python in _silent(requires, classified)
        )
    if python_version_file is not None:
        found.extend(_file_drift(python_version_file, requires, classified))
    return found


def _missing(metadata: Metadata, files: Snapshot) -> list[Drift]:
    """Return that [project] has no requires-python, where nothing else can set it."""
    named = metadata.places.get("name")
    known = {*metadata.places, *metadata.unknown}
    if named is None or named.within != "[project]" or "requires_python" in known:
        return []
    line = line_in(files.text(named.path) or "", "project")
    return [Drift(named.path, line or None, "requires-python is missing")]


def _classifier_line(metadata: Metadata, files: Snapshot, python: str) -> int | None:
    place = metadata.places["classifiers"]
    for number, line in enumerate((files.text(place.path) or "").splitlines(), 1):
        if number >= place.line and re.search(rf":: {re.escape(python)}(?![0-9.])", line[:1000]):
            return number
    return place.line or None


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


def by_classifiers(metadata: Metadata) -> list[str]:
    """Return the minor versions that the classifiers name, as they stand."""
    place = metadata.places.get("classifiers")
    if place and place.within.startswith("[tool.poetry") and metadata.pythons() is not None:
        # Poetry adds a classifier for each Python that its own table allows: none is missing.
        return []
    matches = (_CLASSIFIER.fullmatch(line.strip()) for line in metadata.classifiers)
    return [match.group(1) for match in matches if match]


def _ordered(pythons: Sequence[str]) -> list[str]:
    return sorted(set(pythons), key=minor_key)
