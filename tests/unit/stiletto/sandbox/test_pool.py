"""Working trees that are kept from one step to the next."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import stiletto
from stiletto.layers.layer import Layer
from stiletto.sandbox.pool import IDLE_MAX, TreePool

SOURCES = Path(stiletto.__file__).parent.parent


def layer(root: Path, name: str) -> Layer:
    """Make a layer with one file."""
    (root / name).mkdir()
    (root / name / name).write_text(name)
    return Layer(root / name)


def names(tree: Path) -> list[str]:
    """Return what a tree holds."""
    return sorted(path.name for path in tree.iterdir())


def test_a_tree_is_taken_up_again(tmp_path: Path) -> None:
    """A step that goes on from another one gets its tree, and only the missing layers are laid."""
    pool = TreePool(tmp_path / "trees")
    a, b, c = (layer(tmp_path, name) for name in "abc")
    first = pool.take((a,))
    path = first.path
    (path / "b").write_text("written by the step")
    pool.give_back(first, b)
    second = pool.take((a, b, c))

    assert second.path == path
    assert names(path) == ["a", "b", "c"]
    assert (path / "b").read_text() == "written by the step"


def test_another_branch_gets_another_tree(tmp_path: Path) -> None:
    """A tree that holds a layer too many is not taken."""
    pool = TreePool(tmp_path / "trees")
    a, b, c = (layer(tmp_path, name) for name in "abc")
    first = pool.take((a,))
    pool.give_back(first, b)
    second = pool.take((a, c))

    assert second.path != first.path
    assert names(second.path) == ["a", "c"]


def test_a_step_that_wrote_nothing_adds_nothing_to_its_tree(tmp_path: Path) -> None:
    """The next step takes the same tree, whatever empty layer it is shown for that step."""
    pool = TreePool(tmp_path / "trees")
    a = layer(tmp_path, "a")
    for name in ("written", "shown"):
        (tmp_path / name).mkdir(mode=0o755)
    first = pool.take((a,))
    pool.give_back(first, Layer(tmp_path / "written"))

    assert first.path == pool.take((a, Layer(tmp_path / "shown"))).path


def test_a_tree_in_use_is_not_shared(tmp_path: Path) -> None:
    """Two steps at a time have two trees."""
    pool = TreePool(tmp_path / "trees")
    a = layer(tmp_path, "a")

    assert pool.take((a,)).path != pool.take((a,)).path


def test_idle_trees_are_few_and_go_in_the_end(tmp_path: Path) -> None:
    """Only a few idle trees are kept, and closing removes them with their locks."""
    trees = tmp_path / "trees"
    pool = TreePool(trees)
    low = layer(tmp_path, "low")
    taken = [pool.take((low,)) for _ in range(IDLE_MAX + 2)]
    for number, tree in enumerate(taken):
        pool.give_back(tree, layer(tmp_path, f"up{number}"))
    kept = [path for path in trees.iterdir() if path.is_dir()]
    pool.close()

    assert len(kept) == IDLE_MAX
    assert list(trees.iterdir()) == []


def test_trees_of_dead_processes_are_removed(tmp_path: Path) -> None:
    """A tree whose process was killed is removed by the next one; a living one's is left."""
    trees, a = tmp_path / "trees", layer(tmp_path, "a")
    living = TreePool(trees).take((a,))
    code = (
        f"import os, sys; sys.path.insert(0, {str(SOURCES)!r})\n"
        "from pathlib import Path\n"
        "from stiletto.layers.layer import Layer\n"
        "from stiletto.sandbox.pool import TreePool\n"
        f"pool = TreePool(Path({str(trees)!r}))\n"
        f"tree = pool.take((Layer(Path({str(a.root)!r})),))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    before = {path.name for path in trees.iterdir() if path.is_dir()}
    fresh = TreePool(trees).take((a,))
    after = {path.name for path in trees.iterdir() if path.is_dir()}

    assert len(before) == 2
    assert after == {living.path.name, fresh.path.name}
