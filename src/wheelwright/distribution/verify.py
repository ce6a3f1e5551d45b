"""Judges distributions: whether two builds are the same, and whether they match the plan."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from packaging.metadata import InvalidMetadata, Metadata
from packaging.utils import canonicalize_name

from wheelwright.distribution.file import File, file_project, file_version

# Back ends whose sdists are the same for the same SOURCE_DATE_EPOCH: built with uv 0.13.9 in other
# directories, with other times and umasks. All others' sdists are rewritten.
_REPRODUCIBLE: Final = ("hatchling", "uv_build", "flit_core", "flit.", "poetry.core")

# What has no place in a wheel, by the name of a file or directory in it.
_STRAY: Final = re.compile(
    r"(^|/)(\.git|\.venv|__pycache__|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.DS_Store|\.env)(/|$)"
    r"|\.py[co]$"
)


@dataclass(frozen=True, slots=True)
class Distribution:
    """One file of a build.

    Attributes:
        members: name to a digest of the contents, and mode, time and owner as text; of an sdist's
            member that is not a file, what it is: "is a link to ...".
        metadata: METADATA or PKG-INFO.
        entry_points: entry_points.txt of a wheel.
        objection: what PyPI says against the archive itself; empty where it takes that.
    """

    name: str
    sha256: str
    size_bytes: int
    metadata: str
    members: Mapping[str, tuple[str, str]]
    entry_points: str = ""
    objection: str = ""

    @property
    def file(self) -> File:
        """The name, the digest and the size."""
        return File(self.name, self.sha256, size_bytes=self.size_bytes)

    @property
    def is_wheel(self) -> bool:
        """Whether it is a wheel."""
        return self.name.endswith(".whl")


def read(text: str) -> tuple[Distribution, ...]:
    """Read what `distributions.py describe` printed."""
    found: list[dict[str, Any]] = json.loads(text)
    return tuple(
        Distribution(
            each["name"],
            each["sha256"],
            each["size_bytes"],
            each["metadata"],
            {name: (digest, about) for name, (digest, about) in each["members"].items()},
            each["entry_points"],
            each["objection"],
        )
        for each in found
    )


def needs_normalising(backend: str) -> bool:
    """Whether a back end's sdist has to be rewritten to be the same every time."""
    return not backend.startswith(_REPRODUCIBLE)


def differences(
    first: tuple[Distribution, ...], second: tuple[Distribution, ...]
) -> tuple[str, ...]:
    """Return what differs between two builds, each as `member in file`; empty when nothing does."""
    one, two = ({each.name: each for each in build} for build in (first, second))
    found = [f"{name} is in one build only" for name in sorted(one.keys() ^ two.keys())]
    for name in sorted(one.keys() & two.keys()):
        if one[name].sha256 == two[name].sha256:
            continue
        members, others = one[name].members, two[name].members
        differing = [
            member
            for member in sorted(members.keys() | others.keys())
            if members.get(member) != others.get(member)
        ]
        found += [f"{member} in {name}" for member in differing] or [f"the container of {name}"]
    return tuple(found)


def problems(
    package: str, version: str, distributions: tuple[Distribution, ...]
) -> tuple[str, ...]:
    """Return everything that is not as planned: names, metadata (strict), contents of wheels."""
    found: list[str] = []
    sdists = [each for each in distributions if not each.is_wheel]
    if len(sdists) != 1 or len(sdists) == len(distributions):
        names = ", ".join(each.name for each in distributions) or "nothing"
        found.append(f"built {names}, not one sdist and a wheel")
    for each in distributions:
        if file_version(each.name) != version:
            found.append(f"{each.name} is not version {version}")
        elif file_project(each.name) != package:
            found.append(f"{each.name} is not of {package}")
        found += [f"{each.name}: {problem}" for problem in _metadata(package, version, each)]
        contents = _contents(each) if each.is_wheel else _links(each)
        found += [f"{each.name}: {problem}" for problem in contents]
    return tuple(found)


def _metadata(package: str, version: str, distribution: Distribution) -> Iterator[str]:
    if not distribution.metadata:
        yield "no metadata in it"
        return
    try:
        metadata = Metadata.from_email(distribution.metadata, validate=True)
    except ExceptionGroup as group:
        for error in group.exceptions:
            field = f"{error.field}: " if isinstance(error, InvalidMetadata) else ""
            yield f"metadata {field}{error}"
        return
    if canonicalize_name(metadata.name) != package:
        yield f"metadata is of {metadata.name}, not {package}"
    if str(metadata.version) != version:
        yield f"metadata has version {metadata.version}, not {version}"


def _contents(wheel: Distribution) -> Iterator[str]:
    files = [name for name in wheel.members if not name.endswith("/")]
    if not [name for name in files if ".dist-info/" not in name]:
        yield "contains no files beside its metadata"
    for name in files:
        if _STRAY.search(name):
            yield f"{name} has no place in a wheel"


def _links(sdist: Distribution) -> Iterator[str]:
    for name, (_, about) in sdist.members.items():
        if about.startswith("is "):
            yield f"{name} {about}"


def importables(wheel: Distribution) -> tuple[str, ...]:
    """Return the top-level names that a wheel installs: packages, and modules with their suffix."""
    tops = {
        name.split("/")[0]
        for name in wheel.members
        if ".dist-info/" not in name and ".data/" not in name
    }
    return tuple(sorted(tops))
