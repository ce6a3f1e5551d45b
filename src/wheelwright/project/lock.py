"""uv.lock: which version of a distribution it has, for a given Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelwright.errors import ProjectError
from wheelwright.project.interpreters import implementation_of, release_of
from wheelwright.project.reading import parse_version, shortened, toml

# Characters of a marker; the longest ones that uv writes have some hundreds.
_MARKER: Final = 10_000


@dataclass(frozen=True, slots=True)
class Lock:
    """The locked packages, as uv wrote them."""

    packages: Sequence[Mapping[str, Any]]

    def version(self, name: str, python: str) -> str:
        """Return the version locked for a Python such as `3.12`; empty where there is none.

        A lock can have several (`resolution-markers`); where two fit, the newest is taken.
        """
        wanted = canonicalize_name(name)
        found = [
            package["version"]
            for package in self.packages
            if canonicalize_name(package.get("name", "")) == wanted
            and "version" in package
            and fits(package.get("resolution-markers", ()), python, "uv.lock", "run `uv lock`")
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


def parse(text: str) -> Lock:
    """Read uv.lock.

    Raises:
        ProjectError: not TOML, such as after a merge conflict.
    """
    packages = toml("uv.lock", text, "run `uv lock`").get("package", [])
    if not isinstance(packages, list) or not all(map(_is_package, packages)):
        raise ProjectError("uv.lock has packages that uv did not write", "run `uv lock`")
    return Lock(packages)


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
