"""A distribution by its name: which project, which version."""

from __future__ import annotations

from dataclasses import dataclass, field

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)


@dataclass(frozen=True, slots=True)
class File:
    """A distribution: its name and SHA-256 in hex; the rest is known of files on an index only.

    Attributes:
        size_bytes: of one that was built here; 0 where it is not known.
        url: where it is downloaded from.
        provenance: where its attestations are (PEP 740); empty where it has none.
        uploaded_s: when it was uploaded (PEP 700), seconds since 1970; 0 where that is not shown.
    """

    name: str
    sha256: str
    yanked: bool = False
    size_bytes: int = field(default=0, compare=False)
    url: str = field(default="", compare=False)
    provenance: str = field(default="", compare=False)
    uploaded_s: float = field(default=0.0, compare=False)


def file_version(name: str) -> str:
    """Return a distribution's version, normalized; empty for another kind of file."""
    return _parsed(name)[1]


def file_project(name: str) -> str:
    """Return the project in a distribution's name, normalized; empty for another file."""
    return _parsed(name)[0]


def _parsed(name: str) -> tuple[str, str]:
    try:
        parse = parse_wheel_filename if name.endswith(".whl") else parse_sdist_filename
        project, version, *_ = parse(name)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return "", ""
    return project, str(version)
