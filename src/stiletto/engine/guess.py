"""Which steps a command will ask for with another source (pure).

    guess     the last steps of the same command, each host directory in them a blank
    filled    the same with the directories of this call

Left out is what depends on no directory of the call, since the store has it, and what may depend
on more than its files: secrets, services, values that are in no key, a volume that is locked.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stiletto.api import container as c
from stiletto.api import files as f
from stiletto.api.secrets import CacheVolume, Secret
from stiletto.graph.recipe import Recipe, closure, dump, load
from stiletto.graph.substitute import substituted

FORMAT = 1
"""Raised whenever a guess stops meaning what it meant."""
RECIPES_MAX = 2_000
"""Of one guess: it is read while the module waits."""
WRONG_MAX = 2
"""How often in a row a guess may be wrong before it is only watched."""
_BLANK = "given:"
_APART = (
    c.SecretFileMount,
    c.SecretVariable,
    c.Service,
    c.ServiceBinding,
    c.VolatileVariable,
    f.HostDirectory,
    f.HostFile,
    Secret,
)
_MODULES = frozenset((c.__name__, f.__name__, CacheVolume.__module__))


@dataclass(frozen=True, slots=True)
class Guess:
    """What a command asked for last time.

    Attributes:
        steps: the last ones of each chain, with blanks.
        most: how many steps ran at once.
        wrong: how often in a row it was wrong.
    """

    steps: tuple[c.Exec, ...]
    most: int
    wrong: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return it as data."""
        digests = [each.digest for each in self.steps]
        facts = {"format": FORMAT, "most": self.most, "wrong": self.wrong}
        return {**facts, "steps": digests, "recipes": dump(self.steps)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Guess:
        """Read what `to_json` wrote.

        Raises:
            LookupError, TypeError, ValueError: another version wrote it.
        """
        if data["format"] != FORMAT:
            raise LookupError(f"format {data['format']}")
        known = load(data["recipes"])
        steps = tuple(known[digest] for digest in data["steps"])
        if not all(isinstance(each, c.Exec) for each in steps):
            raise TypeError("only commands can be begun early")
        found = tuple(each for each in steps if isinstance(each, c.Exec))
        return cls(found, int(data["most"]), int(data["wrong"]))

    @property
    def at_once(self) -> int:
        """How many steps may begin early: as many as ran at once, at most one for each core."""
        return max(1, min(self.most, os.cpu_count() or 1))


def trees_of(given: Iterable[Recipe]) -> dict[str, f.StoredTree] | None:
    """Return the host directories that a call was given, by where they were read.

    None where steps of this call do not begin early: it has a secret, or one place twice.
    """
    found: dict[str, f.StoredTree] = {}
    for recipe in closure(list(given)).values():
        if isinstance(recipe, _APART):
            return None
        tree = recipe if isinstance(recipe, f.StoredTree) else None
        if tree is not None and found.setdefault(tree.origin, tree) != tree:
            return None
    return found


def blanked(
    asked: Sequence[c.Exec], trees: Mapping[str, f.StoredTree]
) -> tuple[dict[str, str], tuple[c.Exec, ...]]:
    """Return what the steps are with blanks, by digest, and the last one of each chain."""
    if len(closure(asked)) > RECIPES_MAX:
        return {}, ()
    places = {tree.digest: origin for origin, tree in trees.items()}

    def blank(recipe: Recipe) -> Recipe | None:
        return _blank(places[recipe.digest]) if recipe.digest in places else None

    made = substituted(asked, blank)
    names = {each.digest: made[each.digest].digest for each in asked}
    steps = [each for each in asked if names[each.digest] != each.digest and _is_plain(each, trees)]
    below = {digest for each in steps for digest in closure([each]) if digest != each.digest}
    last = [made[each.digest] for each in steps if each.digest not in below]
    return names, tuple(each for each in last if isinstance(each, c.Exec))


def filled(
    steps: Sequence[c.Exec], trees: Mapping[str, f.StoredTree]
) -> tuple[list[c.Exec], frozenset[str]]:
    """Return steps with directories in their blanks, and the digests of all that may run."""
    blanks = {_blank(origin).digest: tree for origin, tree in trees.items()}
    made = substituted(steps, lambda recipe: blanks.get(recipe.digest))
    found = [made[each.digest] for each in steps]
    ready = [each for each in found if isinstance(each, c.Exec) and _is_plain(each, trees)]
    changed = (each for digest, each in made.items() if each.digest != digest)
    return ready, frozenset(each.digest for each in changed if isinstance(each, c.Exec))


def _blank(origin: str) -> f.StoredTree:
    return f.StoredTree(f"{_BLANK}{origin}", origin)


def _is_plain(step: c.Exec, trees: Mapping[str, f.StoredTree]) -> bool:
    """Whether a step depends on its files only, all of which the call has."""
    known = {tree.digest for tree in trees.values()}
    for digest, recipe in closure([step]).items():
        if type(recipe).__module__ not in _MODULES or isinstance(recipe, _APART):
            return False
        if isinstance(recipe, CacheVolume) and recipe.sharing != "SHARED":
            return False
        if isinstance(recipe, f.StoredTree) and digest not in known:
            return False
    return True
