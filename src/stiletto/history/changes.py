"""Where two trees of files differ, read directory by directory (pure).

Only directories that differ are looked at: a tree of ten thousand files with one edit costs as many
reads as it is deep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Listing: TypeAlias = Mapping[str, tuple[str, str, int]]
"""Entries of a directory by name: `f`, `l` or `d`; digest or target; permission bits."""

Listings: TypeAlias = Callable[[str], Listing]
"""Returns the listing of a directory by its digest; LookupError where it is not known."""

_SHOWN = 6
_KINDS = {"f": "file", "d": "directory", "l": "link"}


@dataclass(frozen=True, slots=True)
class FileChange:
    """One path that differs: what happened, as the end of a line; `now` is where it is now."""

    path: str
    what: str
    now: str = ""


def changes(before: str, after: str, listings: Listings) -> list[FileChange]:
    """Return where two trees differ, by their digests, in the order of the paths.

    Raises:
        LookupError: a directory of them is not known any more.
    """
    added: dict[str, tuple[str, str, int]] = {}
    removed: dict[str, tuple[str, str, int]] = {}
    found: list[FileChange] = []
    for path, old, new in _pairs("", before, after, listings):
        if old is None and new is not None:
            added[path] = new
        elif new is None and old is not None:
            removed[path] = old
        elif old is not None and new is not None:
            found.append(FileChange(path, _difference(old, new)))
    found += _renamed(added, removed)
    found += [FileChange(path, "added") for path in added]
    found += [FileChange(path, "removed") for path in removed]
    return sorted(found, key=lambda each: each.path)


def _pairs(
    where: str, before: str | None, after: str | None, listings: Listings
) -> Iterator[tuple[str, tuple[str, str, int] | None, tuple[str, str, int] | None]]:
    """Yield each path that differs, with what it was and what it is."""
    old = listings(before) if before is not None else {}
    new = listings(after) if after is not None else {}
    for name in sorted({*old, *new}):
        one, other = old.get(name), new.get(name)
        if one == other:
            continue
        path = f"{where}{name}"
        inner = [each[1] if each is not None and each[0] == "d" else None for each in (one, other)]
        if inner != [None, None]:
            yield from _pairs(f"{path}/", inner[0], inner[1], listings)
        if one is not None and other is not None and None not in inner:
            if one[2] != other[2]:
                yield path, ("d", "", one[2]), ("d", "", other[2])
            continue
        one = None if inner[0] is not None else one
        other = None if inner[1] is not None else other
        if one is not None or other is not None:
            yield path, one, other


def beneath(tree: str, path: str, listings: Listings) -> str | None:
    """Return the digest of the directory at a path of a tree; None where there is none.

    Raises:
        LookupError: a directory of them is not known any more.
    """
    for name in path.strip("/").split("/"):
        if name:
            entry = listings(tree).get(name)
            if entry is None or entry[0] != "d":
                return None
            tree = entry[1]
    return tree


def count(tree: str, listings: Listings) -> int:
    """Return how many files and links are in a tree.

    Raises:
        LookupError: a directory of it is not known any more.
    """
    entries = listings(tree).values()
    return sum(count(each[1], listings) if each[0] == "d" else 1 for each in entries)


def _difference(old: tuple[str, str, int], new: tuple[str, str, int]) -> str:
    if old[0] != new[0]:
        return f"{_named(old)} -> {_named(new)}"
    if old[0] == "l":
        return f"link to {old[1]} -> link to {new[1]}"
    parts: list[str] = []
    if old[1] != new[1]:
        parts.append(f"{short(old[1])} -> {short(new[1])}")
    if old[2] != new[2]:
        parts.append(f"mode {old[2]:04o} -> {new[2]:04o}")
    return ", ".join(parts) or "another owner"


def _named(entry: tuple[str, str, int]) -> str:
    kind = _KINDS[entry[0]]
    return f"{kind} to {entry[1]}" if entry[0] == "l" else kind


def short(digest: str) -> str:
    """Return the first digits of a digest."""
    return digest.removeprefix("sha256:")[:_SHOWN]


def _renamed(
    added: dict[str, tuple[str, str, int]], removed: dict[str, tuple[str, str, int]]
) -> list[FileChange]:
    """Take files with the same content out of both, as renamed."""
    by_entry: dict[tuple[str, str, int], list[str]] = {}
    for path, entry in removed.items():
        by_entry.setdefault(entry, []).append(path)
    found: list[FileChange] = []
    for path, entry in list(added.items()):
        if entry[0] == "f" and (old := by_entry.get(entry)):
            was = old.pop(0)
            found.append(FileChange(was, "renamed to ", path))
            del added[path], removed[was]
    return found
