"""poetry.lock, pdm.lock and pylock.toml: which version of a distribution they have.

| file | packages | a package is for |
|---|---|---|
| poetry.lock | `[[package]]` | `python-versions`, and `markers`: a text, or one for each group |
| pdm.lock | `[[package]]` | `requires_python`, `marker` |
| pylock.toml | `[[packages]]` | `requires-python`, `marker` (PEP 751) |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from packaging.specifiers import InvalidSpecifier
from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelwright.errors import ProjectError
from wheelwright.project.lock import fits
from wheelwright.project.poetry_constraints import python_specifier
from wheelwright.project.pythons import allows
from wheelwright.project.reading import parse_version, specifiers, toml

# Characters of a marker or a specifier; the longest of real locks have some hundreds.
_MARKER: Final = 10_000


class _Format(NamedTuple):
    """The keys of one file, and what writes it."""

    packages: str
    pythons: str
    markers: str
    remedy: str


_FORMATS: Final[Mapping[str, _Format]] = {
    "poetry.lock": _Format("package", "python-versions", "markers", "run `poetry lock`"),
    "pdm.lock": _Format("package", "requires_python", "marker", "run `pdm lock`"),
    "pylock.toml": _Format("packages", "requires-python", "marker", "lock again"),
}

PATHS: Final = ("poetry.lock", "pdm.lock")
"""The files that decide which version of a tool runs, in their order behind uv.lock."""


@dataclass(frozen=True, slots=True)
class Locked:
    """One package of a lock, for the Pythons and the markers that it is for."""

    name: str
    version: str
    pythons: str
    markers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OtherLock:
    """The packages of one file."""

    path: str
    packages: tuple[Locked, ...]

    def version(self, name: str, python: str) -> str:
        """Return the version locked for a Python such as `3.12`; empty where there is none.

        Where several fit, the newest is taken.

        Raises:
            ProjectError: the package has a broken marker.
        """
        wanted, remedy = canonicalize_name(name), _FORMATS[self.path].remedy
        found = [
            package.version
            for package in self.packages
            if package.name == wanted
            and _allowed(package.pythons, python)
            # An extra may be installed or not: a package of one counts.
            and (
                any("extra" in marker for marker in package.markers)
                or fits(package.markers, python, self.path, remedy)
            )
        ]
        return max(found, key=Version, default="")


@lru_cache(maxsize=4)
def read(path: str, text: str) -> OtherLock:
    """Read a lock by its name.

    Raises:
        ProjectError: not TOML, or not what its tool writes.
    """
    form = _FORMATS[path]
    packages = toml(path, text, form.remedy).get(form.packages, [])
    if not isinstance(packages, list):
        raise _foreign(path, form)
    return OtherLock(path, tuple(_locked(path, form, entry) for entry in packages))


def _locked(path: str, form: _Format, entry: object) -> Locked:
    table: Mapping[str, Any] = entry if isinstance(entry, dict) else {}
    name, version = table.get("name"), table.get("version", "0")
    pythons = table.get(form.pythons, "*")
    markers = table.get(form.markers, [])
    if isinstance(markers, Mapping):
        # One group without a marker is any environment.
        markers = list(markers.values())
    markers = [markers] if isinstance(markers, str) else markers
    texts = [name, version, pythons, *(markers if isinstance(markers, list) else [None])]
    if not all(isinstance(text, str) and len(text) < _MARKER for text in texts):
        raise _foreign(path, form)
    if parse_version(str(version)) is None:
        raise _foreign(path, form)
    found: Sequence[str] = [marker for marker in markers if marker]
    return Locked(canonicalize_name(str(name)), str(version), str(pythons), tuple(found))


def _allowed(pythons: str, python: str) -> bool:
    """Whether a locked package is for a Python; one whose Pythons cannot be read is for all."""
    if pythons == "*":
        return True
    try:
        return allows(specifiers(pythons), python)
    except InvalidSpecifier:
        pass
    try:
        return allows(specifiers(python_specifier(pythons)), python)
    except InvalidSpecifier:
        return True


def _foreign(path: str, form: _Format) -> ProjectError:
    return ProjectError(f"{path} has packages that its tool did not write", form.remedy)
