"""uv.lock: which version of a distribution it has, for a given Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelwright.errors import ProjectError
from wheelwright.project.interpreters import implementation_of, release_of
from wheelwright.project.reading import parse_version, shortened, toml

REMEDY: Final = "run `uv lock`"
"""What writes the file again."""

# Characters of a marker; the longest ones that uv writes have some hundreds.
_MARKER: Final = 10_000


@dataclass(frozen=True)
class Lock:
    """The file, which is read where something needs it: a broken one fails nothing else.

    Attributes:
        path: where it is, from the source's root.
    """

    path: str
    text: str

    @cached_property
    def packages(self) -> Sequence[Mapping[str, Any]]:
        """The locked packages, as uv wrote them.

        Raises:
            ProjectError: not TOML, such as after a merge conflict, or not what uv writes.
        """
        packages = toml(self.path, self.text, REMEDY).get("package", [])
        for number, entry in enumerate(packages if isinstance(packages, list) else [packages]):
            if not isinstance(packages, list) or not _is_package(entry):
                raise foreign(self.path, self.text, "[[package]]", number, "uv", REMEDY)
        found: Sequence[Mapping[str, Any]] = packages
        return found

    def version(self, name: str, python: str) -> str:
        """Return the version locked for a Python such as `3.12`; empty where there is none.

        A lock can have several (`resolution-markers`); where two fit, the newest is taken.

        Raises:
            ProjectError: the file is broken.
        """
        wanted = canonicalize_name(name)
        found = [
            package["version"]
            for package in self.packages
            if canonicalize_name(package.get("name", "")) == wanted
            and "version" in package
            and fits(package.get("resolution-markers", ()), python, self.path, REMEDY)
        ]
        return max(found, key=Version, default="")


def fits(markers: Sequence[str], python: str, path: str, remedy: str) -> bool:
    """Whether one of the markers of a locked package holds for a Python, or there are none.

    Raises:
        ProjectError: a marker that cannot be read; `remedy` is what writes the lock `path` again.
    """
    if not markers:
        return True
    release = release_of(python)
    minor = ".".join(release.split(".")[:2])
    full = release if release.count(".") > 1 else f"{release}.0"
    name = implementation_of(python)
    environment = {
        "python_version": minor,
        "python_full_version": full,
        "implementation_name": name,
        "platform_python_implementation": "PyPy" if name == "pypy" else "CPython",
        "extra": "",
    }
    try:
        return any(Marker(marker).evaluate(environment) for marker in markers)
    except (InvalidMarker, RecursionError) as error:
        reason = shortened(error)
        raise ProjectError(f"{path} has a broken marker: {reason}", remedy) from error


def foreign(
    path: str, text: str, header: str, number: int, writer: str, remedy: str
) -> ProjectError:
    """Return the error for the package of that number, from 0, that `writer` did not write."""
    lines = [at for at, line in enumerate(text.splitlines(), 1) if line.strip() == header]
    place = f"{path}:{lines[number]}" if number < len(lines) else path
    message = f"{place}: {writer} writes no such package: one has a name, a version and markers"
    return ProjectError(message, remedy)


def _is_package(entry: object) -> bool:
    """Whether an entry has the parts that are read here, in the types that uv writes."""
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("name", ""), str)
        and isinstance(entry.get("version", "0"), str)
        and parse_version(entry.get("version", "0")) is not None
        and isinstance(markers := entry.get("resolution-markers", []), list)
        and all(isinstance(marker, str) and len(marker) < _MARKER for marker in markers)
    )
