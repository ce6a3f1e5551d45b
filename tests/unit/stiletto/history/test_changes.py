"""Where two trees differ, as they are kept: one file for each directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stiletto.graph.tree import EMPTY, Dir, File, Link
from stiletto.history.changes import FileChange, changes
from stiletto.history.shapes import Shapes
from stiletto.store.store import Store

A, B = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


@pytest.fixture
def shapes(tmp_path: Path) -> Iterator[Shapes]:
    """Return the shapes of a new store."""
    with Store(tmp_path / "store") as store:
        yield Shapes(store)


def tree(**entries: File | Link) -> Dir:
    """Return a tree; `__` in a name separates directories."""
    made = EMPTY
    for name, entry in entries.items():
        made = made.put(name.replace("__", "/"), entry)
    return made


def file(digest: str = A, mode: int = 0o644) -> File:
    """Return a file."""
    return File(digest, 1, mode)


def compared(shapes: Shapes, before: Dir, after: Dir) -> list[FileChange]:
    """Keep both, and compare what was kept."""
    return changes(shapes.keep(before), shapes.keep(after), shapes.listing)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (tree(a=file()), tree(a=file(B)), [("a", "aaaaaa -> bbbbbb")]),
        (tree(a=file()), tree(a=file(mode=0o755)), [("a", "mode 0644 -> 0755")]),
        (tree(d__a=file()), tree(d__a=file(), d__b=file(B)), [("d/b", "added")]),
        (tree(d__a=file(), b=file(B)), tree(b=file(B)), [("d/a", "removed")]),
        (tree(d__a=file()), tree(e__a=file()), [("d/a", "renamed to e/a")]),
        (tree(a=file()), tree(a=Link("b")), [("a", "file -> link to b")]),
        (tree(a=Link("b")), tree(a=Link("c")), [("a", "link to b -> link to c")]),
        (tree(a=file()), tree(a__b=file(B)), [("a", "removed"), ("a/b", "added")]),
        (tree(a=file(), b=file(B)), tree(a=file(), b=file(B)), []),
    ],
)
def test_each_kind_of_change_has_its_line(
    shapes: Shapes, before: Dir, after: Dir, expected: list[tuple[str, str]]
) -> None:
    """Content, mode, link, added, removed, renamed; a file in a directory's place is both."""
    found = compared(shapes, before, after)
    assert expected == [(each.path, f"{each.what}{each.now}") for each in found]


def test_the_mode_of_a_directory_is_a_change(shapes: Shapes) -> None:
    """What is in it is not."""
    before = Dir(entries={"d": Dir(0o755, {"a": file()})})
    after = Dir(entries={"d": Dir(0o700, {"a": file()})})
    assert [FileChange("d", "mode 0755 -> 0700")] == compared(shapes, before, after)


def test_an_edit_keeps_the_directories_above_it_only(shapes: Shapes, tmp_path: Path) -> None:
    """A directory that is known is not written again."""
    before = tree(a__b__c=file(), x__y=file(), z=file())
    shapes.keep(before)
    first = set((tmp_path / "store" / "history" / "trees").rglob("*.json"))
    shapes.keep(before.put("a/b/c", file(B)))
    second = set((tmp_path / "store" / "history" / "trees").rglob("*.json"))
    assert 4 == len(first)
    assert 3 == len(second - first)


def test_a_tree_that_is_not_known_is_an_error(shapes: Shapes) -> None:
    """Who compares says that it is not recorded any more."""
    with pytest.raises(LookupError):
        changes(EMPTY.digest, shapes.keep(tree(a=file())), shapes.listing)
