"""What all parts of one session use. It is below them: it imports none of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from stiletto.engine.coarse import Caching
from stiletto.engine.evaluate import Evaluator, Images
from stiletto.engine.gate import SecretGate
from stiletto.engine.secrets import SecretStore
from stiletto.errors import UsageError
from stiletto.graph.recipe import Recipe
from stiletto.history.journal import Journal
from stiletto.progress import Progress
from stiletto.sandbox.plan import Sandbox
from stiletto.store import Store

if TYPE_CHECKING:
    from stiletto.engine.git.trees import Git


class Objects:
    """The values that clients of one session can name by id."""

    def __init__(self) -> None:
        self._known: dict[str, Recipe] = {}

    def remember(self, recipe: Recipe) -> str:
        """Make a value reachable by its id."""
        self._known[recipe.id] = recipe
        return recipe.id

    def __contains__(self, id_: str) -> bool:
        return id_ in self._known

    def recall(self, id_: str) -> Recipe:
        """Return the value of an id.

        Raises:
            UsageError: it belongs to another session.
        """
        try:
            return self._known[id_]
        except KeyError:
            raise UsageError(f"unknown id {id_!r}: it belongs to another session") from None


@dataclass(frozen=True)
class Core:
    """What one session uses; made first, and passed to each part."""

    store: Store
    evaluator: Evaluator
    secrets: SecretStore
    progress: Progress
    objects: Objects
    workdir: Path
    environ: Mapping[str, str]

    refused: list[str] = field(default_factory=list)
    """What was refused because only Dagger has it, also where a module caught the error."""

    @cached_property
    def git(self) -> Git:
        """What reads repositories; made when it is needed, because few commands need it."""
        from stiletto.engine.git.trees import Git

        return Git(self.store, self.environ)

    async def close_git(self) -> None:
        """End what git still does."""
        if "git" in self.__dict__:
            await self.git.close()


def core_of(
    *,
    store: Store,
    sandbox: Sandbox,
    images: Images,
    progress: Progress,
    workdir: Path,
    environ: Mapping[str, str],
    gate: SecretGate,
    caching: Caching = Caching.CONTENT,
    command: str = "",
) -> Core:
    """Return the core of a new session, whose progress shows no secrets.

    `command` is the command line, of which `stiletto explain` can be asked; empty for none.
    """
    secrets = SecretStore(SecretStore.salt(store.root / "salt"), environ, workdir, gate)
    progress.mask = secrets.masks.text
    journal = Journal(store, workdir.resolve(), command, secrets.masks.value) if command else None
    evaluator = Evaluator(store, sandbox, images, secrets, progress, environ, caching, journal)
    return Core(store, evaluator, secrets, progress, Objects(), workdir.resolve(), environ)
