"""Lays trees over a stack, as layers on disk.

A large tree of which little has changed is two layers: the older tree, as it was checked out for an
earlier call, and over it what is new, with marks for what went. So an edit of one file writes that
file, and its removal a mark, and not ten thousand others beside it. The tree's key does not depend
on that, and neither does what a step sees.
"""

from __future__ import annotations

from stiletto.engine.layout import Made, Stack
from stiletto.graph.changes import additions
from stiletto.graph.recipe import digest_of
from stiletto.graph.tree import Dir
from stiletto.layers.view import View
from stiletto.store import Store
from stiletto.store.checkout import homes, still_shown
from stiletto.store.layout import checkout_key


def laid(
    store: Store,
    below: Stack,
    view: View,
    key: str,
    tree: Dir,
    removed: frozenset[str],
    made: Made,
) -> Stack:
    """Return a stack with a tree over it, which hides also what was removed.

    `view` is of what is below.
    """
    part, hidden = tree, removed
    is_wide = not removed and tree.count >= store.wide_entries
    if is_wide and (found := _over_older(store, below, view, tree)) is not None:
        below, part, hidden = found
    at = homes(part)
    apart = still_shown(below.homes, part, hidden, at)
    layer = store.checkout(part, removed=hidden, apart=apart)
    if is_wide and part is tree:
        store.put_older(*_outline(tree), checkout_key(tree, removed, apart))
    shown = {inode: below.homes[inode] for inode in apart}
    return below.over(key, layer, made, {**below.homes, **at, **shown})


def _outline(tree: Dir) -> tuple[str, frozenset[str]]:
    """Return the place of a tree's files, with their owner, and the topmost names there."""
    place: list[str] = []
    while len(tree.entries) == 1:
        (name, entry), *_ = tree.entries.items()
        if not isinstance(entry, Dir):
            break
        place.append(name)
        tree = entry
    return digest_of(["older", *place, tree.owner]), frozenset(tree.entries)


def _over_older(
    store: Store, below: Stack, view: View, tree: Dir
) -> tuple[Stack, Dir, frozenset[str]] | None:
    """Return a stack with an older version of the tree on it, and what is new over that, or went.

    A mark hides also what lies below the older version, so nothing may lie there.
    """
    known = store.older(*_outline(tree))
    if known is None:
        return None
    name, older = known
    found = additions(older, tree)
    if found is None:
        return None
    part, gone = found
    # Nothing is new where the tree itself was checked out; much new is a better base for the next.
    if not (part.entries or gone) or 2 * (part.count + _count(older, gone)) > tree.count:
        return None
    if any(view.find(path) is not None for path in gone):
        return None
    at = homes(older)
    apart = still_shown(below.homes, older, frozenset(), at)
    if checkout_key(older, frozenset(), apart) != name:
        return None  # it was laid over other files, which show other blobs
    return below.based(store.checkout(older, apart=apart), at), part, gone


def _count(tree: Dir, paths: frozenset[str]) -> int:
    """Return how many entries are at these paths and beneath."""
    found = [tree.get(path) for path in paths]
    return sum(1 + (each.count if isinstance(each, Dir) else 0) for each in found)
