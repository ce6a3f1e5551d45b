"""Compares the distributions of the index with those that the same release would build now."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)

from wheelwright.distribution.verify import Distribution
from wheelwright.release.decide.replay.comparing import Verdict

# A wheel's list of its own members differs whenever one of them does.
_RECORD = ".dist-info/RECORD"


@dataclass(frozen=True, slots=True)
class Built:
    """One distribution.

    Attributes:
        theirs: its name on the index, where that is spelled differently, as before PEP 625.
        metadata: lines of METADATA or PKG-INFO that differ: `-` theirs, `+` ours.
        members: what differs, by path in the archive: in both, or only in one of them.
    """

    name: str
    verdict: Verdict
    metadata: tuple[str, ...] = ()
    members: tuple[tuple[str, Verdict], ...] = ()
    theirs: str = ""

    def lines(self, most: int) -> Iterator[str]:
        """Yield it for people, at most so many lines of it."""
        named = f" (theirs: {self.theirs})" if self.theirs else ""
        yield f"{self.name}  {self.verdict.value}{named}"
        lines = [f"  {line}" for line in self.metadata]
        lines += [f"  {path}: {verdict.value}" for path, verdict in self.members]
        yield from lines[:most]
        if len(lines) > most:
            yield f"  ... {len(lines) - most} more"

    def data(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "name": self.name,
            "theirs": self.theirs,
            "verdict": self.verdict.value,
            "metadata": list(self.metadata),
            "members": {path: verdict.value for path, verdict in self.members},
        }


def compared(theirs: Sequence[Distribution], ours: Sequence[Distribution]) -> tuple[Built, ...]:
    """Return every file of a release, by name."""
    left, right = ({_key(each.name): each for each in found} for found in (theirs, ours))
    found = []
    for key in {**left, **right}:
        if key not in right:
            found.append(Built(left[key].name, Verdict.ONLY_THEIRS))
        elif key not in left:
            found.append(Built(right[key].name, Verdict.ONLY_OURS))
        else:
            found.append(_one(left[key], right[key]))
    return tuple(sorted(found, key=lambda each: each.name))


def _key(name: str) -> object:
    """Return what is the same for two spellings of a distribution's name."""
    try:
        if name.endswith(".whl"):
            return parse_wheel_filename(name)
        return parse_sdist_filename(name)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return name


def _one(theirs: Distribution, ours: Distribution) -> Built:
    """Compare two files of one name: by what is in them, whatever their archives' times are."""
    metadata = _metadata(theirs, ours)
    members = tuple(_members(_respelled(theirs, ours), ours))
    spelled = "" if theirs.name == ours.name else theirs.name
    verdict = Verdict.DIFFERS if metadata or members or spelled else Verdict.SAME
    return Built(ours.name, verdict, metadata, members, spelled)


def _respelled(theirs: Distribution, ours: Distribution) -> Distribution:
    """Return theirs with the name of ours in the directories that have it."""
    old, new = (
        "-".join(each.name.split("-")[:2])
        if each.name.endswith(".whl")
        else each.name.removesuffix(".tar.gz")
        for each in (theirs, ours)
    )
    if old == new:
        return theirs
    named = {old: new, f"{old}.dist-info": f"{new}.dist-info", f"{old}.data": f"{new}.data"}
    members = {}
    for path, facts in theirs.members.items():
        top, slash, inner = path.partition("/")
        members[f"{named.get(top, top)}{slash}{inner}"] = facts
    return replace(theirs, members=members)


def _metadata(theirs: Distribution, ours: Distribution) -> tuple[str, ...]:
    one, other = theirs.metadata.splitlines(), ours.metadata.splitlines()
    patch = difflib.unified_diff(one, other, lineterm="", n=0)
    return tuple(line for line in patch if not line.startswith(("---", "+++", "@@")))


def _members(theirs: Distribution, ours: Distribution) -> Iterator[tuple[str, Verdict]]:
    for path in sorted({*theirs.members, *ours.members}):
        one, other = theirs.members.get(path), ours.members.get(path)
        if path.endswith(_RECORD):
            continue
        if other is None:
            yield path, Verdict.ONLY_THEIRS
        elif one is None:
            yield path, Verdict.ONLY_OURS
        elif one[0] != other[0]:
            yield path, Verdict.DIFFERS
