"""Large trees of which little has changed: their older version, and what is new over it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from stiletto.api import container as c
from stiletto.api import files as f
from stiletto.engine.layout import Stack
from stiletto.graph.tree import EMPTY, Dir, File, Time
from stiletto.store import Store
from tests.unit.stiletto.engine.test_evaluate import evaluator

OWNERS = ["", "1000:1000"]


class Place:
    """A store of its own, and what of a tree it wrote last."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def lay(self, tree: Dir, below: c.Root | None = None, owner: str = "") -> tuple[Stack, int]:
        """Put a tree at /src in a new session; return the stack, and how many files were written.

        Checks that what is there is the tree, over the files below.
        """
        before = self._written()
        with Store(self.root, wide_entries=1) as store:
            source = f.StoredTree(store.save_tree(tree), "test")
            write = f.WriteDirectory("/src", source, owner=owner)
            root = c.WrittenRoot(below or c.EmptyRoot(), (write,))
            engine = evaluator(store)
            stack = asyncio.run(engine.stack(root))
            found = engine.view(stack).ingest("/src", store.ingest_file)
        assert isinstance(found, Dir)
        lost = {path for path, _ in tree.walk()} - {path for path, _ in found.walk()}
        assert not lost
        for path, entry in tree.walk():
            if isinstance(entry, File):
                there = found.get(path)
                assert isinstance(there, File)
                assert (entry.digest, entry.mode) == (there.digest, there.mode)
                assert entry.time.ns in (None, there.time.ns)
        return stack, len(self._written() - before)

    def file(self, text: str, ns: int | None = None) -> File:
        """Keep contents."""
        with Store(self.root) as store:
            return File(*store.put_bytes(text.encode()), time=Time(ns))

    def tree(self, count: int = 10) -> Dir:
        """Return a tree of so many files."""
        tree = EMPTY
        for number in range(count):
            tree = tree.put(f"d{number % 2}/{number}", self.file(str(number)))
        return tree

    def _written(self) -> set[Path]:
        return {path for path in self.root.glob("checkouts/*/fs/**/*") if path.is_file()}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return an empty one."""
    return Place(tmp_path / "store")


@pytest.mark.parametrize("owner", OWNERS)
def test_an_edit_writes_the_edited_file_alone(place: Place, owner: str) -> None:
    """Also a second edit, an added file, another mode, another time; the tree has the same key."""
    tree = place.tree()
    assert place.lay(tree, owner=owner)[1] == 10
    edits = [
        (tree.put("d0/0", place.file("edited")), 1),
        (tree.put("d0/0", place.file("edited")).put("d1/1", place.file("edited", 7)), 2),
        (tree.put("d3/new", place.file("added")), 1),
        (tree.put("d0/2", File(place.file("2").digest, 1, 0o755)), 1),
        (tree.put("d0/2", place.file("2", 1_000_000_000)), 1),
        (tree, 0),
    ]
    for edited, written in edits:
        stack, count = place.lay(edited, owner=owner)
        other = Place(place.root.parent / "other")
        for entry in (entry for _, entry in edited.walk() if isinstance(entry, File)):
            with Store(place.root) as store:
                other.file(store.read(entry.digest).decode())
        expected, _ = other.lay(edited, owner=owner)
        assert (written, expected.keys) == (count, stack.keys)
        shutil.rmtree(other.root)


@pytest.mark.parametrize("name", ["README", "d0/0", "d0/deep"])
def test_what_went_is_not_there(place: Place, name: str) -> None:
    """A removed file or directory is hidden, and nothing is written for it."""
    tree = place.tree(20).put("README", place.file("read")).put("d0/deep/in", place.file("in"))
    place.lay(tree)
    stack, count = place.lay(tree.remove(name))
    with Store(place.root) as store:
        view = evaluator(store).view(stack)
        assert (0, None) == (count, view.find(f"/src/{name}"))
        seen = view.ingest("/src", store.ingest_file)
        assert isinstance(seen, Dir)
        assert tree.remove(name).key == seen.key
    back, count = place.lay(tree)
    assert (0, 1) == (count, len(back.layers))


def test_a_renamed_file_is_written_alone(place: Place) -> None:
    """Under its new name; the old one is hidden."""
    tree = place.tree()
    place.lay(tree)
    renamed = tree.remove("d0/0").put("d0/zero", place.file("0"))
    stack, count = place.lay(renamed)
    assert 1 == count
    with Store(place.root) as store:
        seen = evaluator(store).view(stack).ingest("/src", store.ingest_file)
    assert isinstance(seen, Dir)
    assert renamed.key == seen.key


def test_a_file_in_the_place_of_a_directory_writes_the_tree_whole(place: Place) -> None:
    """What lies below both may show in a directory, and not where there was a file."""
    tree = place.tree()
    place.lay(tree)
    assert place.lay(tree.remove("d0").put("d0", place.file("file")))[1] == 6
    again, count = place.lay(tree.put("d1/1", place.file("edited")))
    assert (count, len(again.layers)) == (10, 1)


def test_a_tree_of_which_much_is_new_is_the_next_older_one(place: Place) -> None:
    """So what lies over it stays small."""
    tree = place.tree()
    place.lay(tree)
    for number in range(8):
        tree = tree.put(f"d{number % 2}/{number}", place.file(f"new {number}"))
    assert place.lay(tree)[1] == 10
    assert place.lay(tree.put("d0/0", place.file("edited")))[1] == 1


@pytest.mark.parametrize("what", ["checkout", "file", "note"])
def test_an_older_tree_that_is_gone_or_damaged_is_not_used(place: Place, what: str) -> None:
    """The whole tree is written then."""
    tree = place.tree()
    stack, _ = place.lay(tree)
    root = stack.layers[-1][1].root
    match what:
        case "checkout":
            shutil.rmtree(root.parent)
        case "file":
            (root / "src/d1/1").unlink()
            (root / "src/d1/1").write_text("damaged")
        case "note":
            for note in place.root.glob("history/older/*/*.json"):
                note.write_text("{")
    place.lay(tree.put("d0/0", place.file("edited")))


def test_contents_of_the_older_tree_are_no_hard_link_of_the_newer(place: Place) -> None:
    """To programs two paths of a container are two files."""
    tree = place.tree()
    place.lay(tree)
    stack, _ = place.lay(tree.put("d1/same", place.file("0")))
    roots = [layer.root for _, layer in stack.layers]
    assert len(roots) == 2
    assert not (roots[0] / "src/d0/0").samefile(roots[1] / "src/d1/same")


def test_the_same_older_tree_is_there_once(place: Place) -> None:
    """The kernel refuses a layer that is there twice."""
    tree = place.tree()
    place.lay(tree)
    source = tree.put("d0/0", place.file("first"))
    with Store(place.root) as store:
        first = f.StoredTree(store.save_tree(source), "test")
    below = c.WrittenRoot(c.EmptyRoot(), (f.WriteDirectory("/src", first),))
    stack, _ = place.lay(tree.put("d0/2", place.file("second")), below)
    roots = [layer.root for _, layer in stack.layers]
    assert len(roots) == len(set(roots)) == 3
    with Store(place.root) as store:
        assert b"0" == evaluator(store).view(stack).read("/src/d0/0")
