"""Wheels of a compiled package that were built elsewhere: which are needed, which are accepted.

    | of each given wheel | has to be                                                       |
    |---------------------|-----------------------------------------------------------------|
    | name and version    | those of the release                                            |
    | METADATA            | the sdist's PKG-INFO, except for the fields that it calls Dynamic |
    | every .py file      | a file of the sdist, byte for byte, at the same path            |

So nothing that people read as Python in a published wheel differs from the commit that the tag
names. What compilers make of it cannot be compared: the machine that built it is trusted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from email.message import Message
from email.parser import HeaderParser
from typing import Final

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from wheelwright.distribution.verify import Distribution
from wheelwright.project.model import Project

PLATFORMS: Final = ("linux", "macos", "windows")
"""What cibuildwheel calls the platforms of GitHub's runners."""

_IDENTIFIER = re.compile(r"[a-z]+\d*[\w.]*-[\w.]+", re.ASCII)


def are_built_elsewhere(project: Project) -> bool:
    """Whether the package says by [tool.cibuildwheel] which wheels it has."""
    return project.package.has("tool", "cibuildwheel")


def identifiers(printed: str) -> tuple[str, ...]:
    """Return what `cibuildwheel --print-build-identifiers` printed, a line each."""
    lines = (line.strip() for line in printed.splitlines())
    return tuple(line for line in lines if _IDENTIFIER.fullmatch(line))


def listed(needed: Mapping[str, Sequence[str]]) -> str:
    """Return the wheels that are needed, a line for each platform that has any."""
    lines = [f"{platform}: {', '.join(each)}" for platform, each in needed.items() if each]
    return "\n".join(lines) or "none"


def problems(distributions: Sequence[Distribution]) -> tuple[str, ...]:
    """Return everything in which wheels are not those of the one sdist's commit.

    Names and versions are judged with those of every distribution (`verify.problems`).
    """
    (sdist,) = (each for each in distributions if not each.is_wheel)
    return tuple(
        f"{wheel.name}: {problem}"
        for wheel in distributions
        if wheel.is_wheel
        for problem in _differing(sdist, wheel)
    )


def abi3(wheels: Iterable[Distribution]) -> tuple[str, ...]:
    """Return the names of wheels for the stable ABI."""
    return tuple(wheel.name for wheel in wheels if "abi3" in _abis(wheel.name))


def _abis(name: str) -> set[str]:
    try:
        *_, tags = parse_wheel_filename(name)
    except InvalidWheelFilename:
        return set()
    return {tag.abi for tag in tags}


def _differing(sdist: Distribution, wheel: Distribution) -> Iterator[str]:
    ours, theirs = _parsed(sdist.metadata), _parsed(wheel.metadata)
    dynamic = {name.strip().lower() for name in ours.get_all("Dynamic", [])}
    # "Dynamic" is for sdists, and the version of the format may be a newer one.
    ignored = {*dynamic, "dynamic", "metadata-version"}
    fields = {name.lower() for name in (*ours.keys(), *theirs.keys())} - ignored
    for name in sorted(fields):
        if _values(ours, name) != _values(theirs, name):
            yield f"METADATA has another {name} than the release commit"
    if "description" not in ignored and _text(ours) != _text(theirs):
        yield "METADATA has another description than the release commit"
    sources = _sources(sdist)
    for path, (digest, _) in sorted(wheel.members.items()):
        if not path.endswith(".py"):
            continue
        inner = re.sub(r"^[^/]+\.data/(?:purelib|platlib|scripts)/", "", path)
        if digest not in sources.get(inner, ()):
            yield f"{path} is not a file of the release commit"


def _parsed(text: str) -> Message:
    return HeaderParser().parsestr(text)


def _values(message: Message, name: str) -> list[str]:
    return sorted(" ".join(str(value).split()) for value in message.get_all(name, []))


def _text(message: Message) -> str:
    payload = message.get_payload()
    return "\n".join(line.rstrip() for line in str(payload).strip().splitlines())


def _sources(sdist: Distribution) -> Mapping[str, set[str]]:
    """Return the digests of the sdist's .py files by every end of their path.

    A layout such as src/ is in the sdist's paths and not in the wheel's.
    """
    found: dict[str, set[str]] = {}
    for member, (digest, _) in sdist.members.items():
        parts = member.split("/")[1:] if member.endswith(".py") else []
        for start in range(len(parts)):
            found.setdefault("/".join(parts[start:]), set()).add(digest)
    return found
