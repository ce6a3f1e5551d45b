"""Hard links in trees, as values."""

from __future__ import annotations

from dataclasses import replace

from stiletto.graph.hardlinks import Hardlinks, apart
from stiletto.graph.tree import EMPTY, Dir, File

SAME = File("0" * 64, 4)


def joined(*paths: str, other: str = "") -> Dir:
    """Make a tree in which one file has these names, beside a file of its own."""
    tree = EMPTY
    seen = Hardlinks()
    for path in paths:
        tree = tree.put(path, SAME)
        seen.note((1, 7), path)
    return seen.joined(tree.put(other, SAME) if other else tree)


def test_names_of_one_file_are_joined() -> None:
    """Paths with one inode are a group; a file that is seen once is none."""
    tree = EMPTY.put("a", SAME).put("d/b", SAME).put("c", SAME)
    seen = Hardlinks()
    for path, number in (("/src/a", 7), ("/src/d/b", 7), ("/src/c", 8)):
        seen.note((1, number), path)

    assert (("a", "d/b"),) == seen.joined(tree, "/src").joined
    assert (("src/a", "src/d/b"),) == seen.joined(EMPTY.put("src", tree), "/").joined


def test_hard_links_are_in_the_key_and_not_in_the_digest() -> None:
    """Dagger's digest is of contents; a step sees the difference, so it is another step."""
    tree, plain = joined("a", "b", other="c"), EMPTY.put("a", SAME).put("b", SAME).put("c", SAME)

    assert plain == tree
    assert plain.digest == tree.digest
    assert plain.key != tree.key
    assert joined("a", "c", other="b").key != tree.key
    assert tree.key == apart(tree, tree.hardlinks).key, "the names of groups do not count"


def test_a_file_that_lost_its_other_names_is_one_of_its_own() -> None:
    """After `remove`, with another mode, and with other contents nothing is joined."""
    tree = joined("a", "b")

    for changed in (
        tree.remove("a"),
        tree.put("b", replace(SAME, hardlink="a", mode=0o600)),
        tree.put("b", File("1" * 64, 4)),
    ):
        assert () == changed.joined


def test_two_copies_are_apart() -> None:
    """A copy's hard links are its own, whatever names those have that are there."""
    tree = joined("a", "b")
    both = EMPTY.put("x", tree)
    both = both.put("y", apart(tree, both.hardlinks))
    both = both.put("z", apart(tree, both.hardlinks))

    assert (("x/a", "x/b"), ("y/a", "y/b"), ("z/a", "z/b")) == both.joined


def test_hard_links_survive_the_record() -> None:
    """What was stored as JSON is joined as before, with owners and without."""
    for owner in ("", "33:33"):
        tree = Dir(entries={n: replace(SAME, owner=owner, hardlink="a") for n in ("a", "b")})
        assert (("a", "b"),) == Dir.from_json(tree.to_json()).joined
