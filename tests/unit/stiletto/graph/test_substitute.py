"""Other leaves beneath recipes."""

from __future__ import annotations

from stiletto.api import container as c
from stiletto.api import files as f
from stiletto.graph.recipe import Recipe
from stiletto.graph.substitute import substituted


def chain(tree: str) -> c.ExecRoot:
    """Return a step on a directory, and another one on its result."""
    root: c.Root = c.DirectoryRoot(f.StoredTree(tree, "/src"))
    for number in "12":
        variables = (c.Variable("N", number),)
        root = c.ExecRoot(c.Exec(root, ("run", number), "/", "", variables, (), (), ()))
    assert isinstance(root, c.ExecRoot)
    return root


def test_another_leaf_makes_what_would_have_been_made_of_it() -> None:
    """All above it becomes another recipe, what is beside it stays the same object."""
    before, leaf = chain("old"), f.StoredTree("new", "/src")
    variable = before.exec.env[0]

    def new(recipe: Recipe) -> Recipe | None:
        return leaf if isinstance(recipe, f.StoredTree) else None

    made = substituted([before], new)
    assert chain("new") == made[before.digest]
    assert chain("new").digest == made[before.digest].digest
    assert made[variable.digest] is variable


def test_without_another_leaf_nothing_is_made() -> None:
    """Each recipe is returned as it is."""
    before = chain("old")
    assert substituted([before], lambda _: None)[before.digest] is before
