"""The differences between two trees, as a tree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

from stiletto.graph.tree import Dir, Entry, File, Link


@dataclass(frozen=True, slots=True)
class Changes:
    """Paths that were added, modified (contents, execute bit, link target) and removed.

    Directories end with `/`. A removed directory means everything that was in it; an added one is
    listed with its contents. `all_removed` lists those of removed directories as well.
    """

    added: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    all_removed: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether no file changed; directories do not count by themselves."""
        return all(path.endswith("/") for path in (*self.added, *self.modified, *self.all_removed))


def compare(before: Dir, after: Dir) -> Changes:
    """List the differences, each group sorted."""
    added: list[str] = []
    modified: list[str] = []
    removed: list[str] = []
    gone: list[str] = []
    _compare(before, after, "", added, modified, removed)
    for path in removed:
        gone.append(path)
        entry = before.get(path)
        if isinstance(entry, Dir):
            gone += [path + inside + slash(child) for inside, child in entry.walk()]
    groups = (added, modified, removed, gone)
    return Changes(*(tuple(sorted(group)) for group in groups))


def _compare(
    before: Dir, after: Dir, prefix: str, added: list[str], modified: list[str], removed: list[str]
) -> None:
    gone = before.entries.keys() - after.entries.keys()
    removed += [prefix + name + slash(before.entries[name]) for name in gone]
    for name, entry in after.entries.items():
        path = prefix + name
        old = before.entries.get(name)
        if old is not None and isinstance(old, Dir) != isinstance(entry, Dir):
            removed.append(path + slash(old))
            old = None
        if old is None:
            added.append(path + slash(entry))
            if isinstance(entry, Dir):
                _compare(Dir(), entry, path + "/", added, modified, removed)
        elif isinstance(old, Dir) and isinstance(entry, Dir):
            if old.digest != entry.digest:
                _compare(old, entry, path + "/", added, modified, removed)
        elif _as_git_sees(old) != _as_git_sees(entry):
            modified.append(path)


def _as_git_sees(entry: Entry) -> tuple[str, str]:
    # The real engine compares as git does (core/changeset_delta.go, gitFileMode).
    match entry:
        case File(digest, _, mode):
            return ("executable" if mode & 0o111 else "file"), digest
        case Link(target):
            return "link", target
        case Dir():
            return "dir", entry.digest


def slash(entry: Entry) -> str:
    """Return what follows a path in a list: a slash for directories."""
    return "/" if isinstance(entry, Dir) else ""


def difference(before: Dir, after: Dir) -> Dir:
    """Return what `after` has that `before` has not, or has differently, permissions included.

    A directory from which something was removed is there as well, as it was changed.

    `before.merge(difference(before, after))` without what `after` lacks is `after`.
    """
    entries: dict[str, Entry] = {}
    for name, entry in after.entries.items():
        old = before.entries.get(name)
        if isinstance(entry, Dir) and isinstance(old, Dir):
            if entry.digest == old.digest:
                continue
            child = difference(old, entry)
            lost = old.entries.keys() - entry.entries.keys()
            if child.entries or lost or (entry.mode, entry.owner) != (old.mode, old.owner):
                entries[name] = child
        elif entry != old or (isinstance(entry, File) and entry.time.touched):
            entries[name] = entry
    return Dir(after.mode, MappingProxyType(entries), after.owner)


def additions(before: Dir, after: Dir) -> tuple[Dir, frozenset[str]] | None:
    """Return what to lay over `before` so that both together are `after`, times included.

    As layers of files merge: the second part is what is to be hidden, without what is beneath it.
    A directory from which something went is in the first part. None where a file became a
    directory or the reverse, which may show what lies below both, and where files have several
    names.
    """
    if before.hardlinks or after.hardlinks:
        return None
    gone: set[str] = set()
    found = _additions(before, after, "", gone)
    return None if found is None else (found, frozenset(gone))


def _additions(before: Dir, after: Dir, prefix: str, gone: set[str]) -> Dir | None:
    entries: dict[str, Entry] = {}
    gone.update(prefix + name for name in before.entries.keys() - after.entries.keys())
    for name, entry in after.entries.items():
        old = before.entries.get(name)
        if old is None:
            entries[name] = entry
        elif isinstance(entry, Dir) and isinstance(old, Dir):
            known = len(gone)
            child = _additions(old, entry, f"{prefix}{name}/", gone)
            if child is None:
                return None
            if child.entries or len(gone) > known or _facts(old) != _facts(entry):
                entries[name] = child
        elif isinstance(entry, Dir) or isinstance(old, Dir):
            return None
        elif entry != old or _facts(entry) != _facts(old):
            entries[name] = entry
    return replace(after, entries=MappingProxyType(entries))


def _facts(entry: Entry) -> tuple[int, str, int | None]:
    """Return what a directory's entries, and what equality, leave out."""
    if isinstance(entry, Link):
        return 0, entry.owner, None
    return entry.mode, entry.owner, entry.time.ns
