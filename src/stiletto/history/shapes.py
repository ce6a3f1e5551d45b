"""Keeps what trees of files look like, a file for each directory of them.

    trees/DIGEST      {"NAME": ["f", DIGEST, MODE] | ["l", TARGET, 0] | ["d", DIGEST, MODE], ...}

A directory that is known is not looked into: its own ones are known, too.
"""

from __future__ import annotations

from stiletto.graph.tree import Dir, File, Link
from stiletto.history.changes import Listing
from stiletto.store import Store

_KIND = "trees"


class Shapes:
    """The shapes of trees in one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, tree: Dir) -> str:
        """Keep a tree's shape; return its digest."""
        name = _name(tree.digest)
        if not self._store.has_note(_KIND, name):
            listing: dict[str, tuple[str, str, int]] = {}
            for entry_name, entry in tree.entries.items():
                match entry:
                    case File(digest, _, mode):
                        listing[entry_name] = ("f", digest, mode)
                    case Link(target):
                        listing[entry_name] = ("l", target, 0)
                    case Dir() as child:
                        listing[entry_name] = ("d", self.keep(child), child.mode)
            self._store.put_note(_KIND, name, {"entries": listing})
        return tree.digest

    def has(self, digest: str) -> bool:
        """Whether a tree's shape is kept."""
        return self._store.has_note(_KIND, _name(digest))

    def listing(self, digest: str) -> Listing:
        """Return the entries of a directory.

        Raises:
            LookupError: it was never kept, or was removed.
        """
        data = self._store.note(_KIND, _name(digest))
        if data is None:
            raise LookupError(digest)
        return {
            str(name): (str(entry[0]), str(entry[1]), int(entry[2]))
            for name, entry in data["entries"].items()
        }


def _name(digest: str) -> str:
    return digest.removeprefix("sha256:")
