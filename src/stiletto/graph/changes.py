"""What differs between two trees, and the tree that says so."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from stiletto.graph.tree import Dir, Entry

__all__ = ["Changes", "compare", "difference"]


@dataclass(frozen=True, slots=True)
class Changes:
    """Paths that were added, modified (contents, execute bit, link target) and removed.

    Directories end with `/`. A removed directory stands for everything that was in it; an added
    one is listed with its contents.
    """

    added: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether no file changed; added empty directories do not count."""
        added_files = any(not path.endswith("/") for path in self.added)
        return not (added_files or self.modified or self.removed)


def compare(before: Dir, after: Dir) -> Changes:
    """List the differences, each group sorted."""
    added: list[str] = []
    modified: list[str] = []
    removed: list[str] = []
    _compare(before, after, "", added, modified, removed)
    return Changes(tuple(sorted(added)), tuple(sorted(modified)), tuple(sorted(removed)))


def _compare(
    before: Dir, after: Dir, prefix: str, added: list[str], modified: list[str], removed: list[str]
) -> None:
    for name in before.entries.keys() - after.entries.keys():
        removed.append(prefix + name + _slash(before.entries[name]))
    for name, entry in after.entries.items():
        path = prefix + name
        old = before.entries.get(name)
        if old is not None and isinstance(old, Dir) != isinstance(entry, Dir):
            removed.append(path + _slash(old))
            old = None
        if old is None:
            added.append(path + _slash(entry))
            if isinstance(entry, Dir):
                _compare(Dir(), entry, path + "/", added, modified, removed)
        elif isinstance(old, Dir) and isinstance(entry, Dir):
            if old.digest != entry.digest:
                _compare(old, entry, path + "/", added, modified, removed)
        elif old != entry:
            modified.append(path)


def _slash(entry: Entry) -> str:
    return "/" if isinstance(entry, Dir) else ""


def difference(before: Dir, after: Dir) -> Dir:
    """Return what `after` has that `before` has not, or has differently."""
    entries: dict[str, Entry] = {}
    for name, entry in after.entries.items():
        old = before.entries.get(name)
        if isinstance(entry, Dir) and isinstance(old, Dir):
            if entry.digest == old.digest:
                continue
            child = difference(old, entry)
            if child.entries:
                entries[name] = child
        elif entry != old:
            entries[name] = entry
    return Dir(after.mode, MappingProxyType(entries))
