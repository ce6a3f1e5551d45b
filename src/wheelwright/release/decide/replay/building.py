"""Compares the distributions of the index with those that the same release would build now."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from wheelwright.distribution.verify import Distribution
from wheelwright.release.decide.replay.comparing import Verdict

# A wheel's list of its own members differs whenever one of them does.
_RECORD = ".dist-info/RECORD"


@dataclass(frozen=True, slots=True)
class Built:
    """One distribution.

    Attributes:
        metadata: lines of METADATA or PKG-INFO that differ: `-` theirs, `+` ours.
        members: what differs, by path in the archive: in both, or only in one of them.
    """

    name: str
    verdict: Verdict
    metadata: tuple[str, ...] = ()
    members: tuple[tuple[str, Verdict], ...] = ()

    def lines(self, most: int) -> Iterator[str]:
        """Yield it for people, at most so many lines of it."""
        yield f"{self.name}  {self.verdict.value}"
        lines = [f"  {line}" for line in self.metadata]
        lines += [f"  {path}: {verdict.value}" for path, verdict in self.members]
        yield from lines[:most]
        if len(lines) > most:
            yield f"  ... {len(lines) - most} more"

    def data(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "name": self.name,
            "verdict": self.verdict.value,
            "metadata": list(self.metadata),
            "members": {path: verdict.value for path, verdict in self.members},
        }


def compared(theirs: Sequence[Distribution], ours: Sequence[Distribution]) -> tuple[Built, ...]:
    """Return every file of a release, by name."""
    left, right = ({each.name: each for each in found} for found in (theirs, ours))
    found = []
    for name in sorted({*left, *right}):
        if name not in right:
            found.append(Built(name, Verdict.ONLY_THEIRS))
        elif name not in left:
            found.append(Built(name, Verdict.ONLY_OURS))
        else:
            found.append(_one(left[name], right[name]))
    return tuple(found)


def _one(theirs: Distribution, ours: Distribution) -> Built:
    """Compare two files of one name: by what is in them, whatever their archives' times are."""
    metadata = _metadata(theirs, ours)
    members = tuple(_members(theirs, ours))
    verdict = Verdict.DIFFERS if metadata or members else Verdict.SAME
    return Built(ours.name, verdict, metadata, members)


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
