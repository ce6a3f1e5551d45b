"""Keys that are no finer than Dagger's: a step runs again here whenever it does there.

Steps are found again by the content of all that they see, however it was made. Dagger looks at
how: a directory of the host, `directory` of it, and any file of a directory have a digest of their
contents; everything else is the call that made it, with what it was made of. So a step behind
`withoutDirectory` runs again there when anything of the whole directory has changed. Who writes a
module for both wants to see that here: `STILETTO_CACHING=dagger-1.0`.

Source: group `digest` of tests/wire/recorded, and 1.0.0-beta.7 for `filter`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Protocol

from stiletto.api import container as c
from stiletto.api import files as f
from stiletto.engine.layout import NamedFile
from stiletto.errors import UsageError
from stiletto.graph.recipe import Recipe, closure, digest_of, encode, parts
from stiletto.graph.tree import Dir

VARIABLE = "STILETTO_CACHING"


class Caching(Enum):
    """What a step is found again by: the content of what it sees, or what Dagger looks at."""

    CONTENT = "content"
    DAGGER_0_21 = "dagger-0.21"
    DAGGER_1_0 = "dagger-1.0"


def caching_from(environ: Mapping[str, str]) -> Caching:
    """Read `STILETTO_CACHING`.

    Raises:
        UsageError: it has none of the known values.
    """
    text = environ.get("STILETTO_CACHING") or Caching.CONTENT.value
    try:
        return Caching(text)
    except ValueError:
        names = ", ".join(each.value for each in Caching)
        raise UsageError(f'{VARIABLE} "{text}" is none of {names}') from None


class Contents(Protocol):
    """What reads the content of a directory and a file."""

    async def tree(self, directory: f.Directory) -> Dir:
        """Evaluate a directory."""
        ...

    async def file(self, file: f.File) -> NamedFile:
        """Evaluate a file."""
        ...


class CoarseKeys:
    """Keys of recipes as Dagger makes them, each made once."""

    def __init__(self, contents: Contents, caching: Caching) -> None:
        self._contents = contents
        self._caching = caching
        self._known: dict[str, str] = {}

    async def add_to(self, key: str, exec_: c.Exec) -> str:
        """Return the key of a command: its own where content decides, else a coarser one."""
        if self._caching is Caching.CONTENT:
            return key
        return digest_of([key, await self._of(exec_)])

    async def _of(self, recipe: Recipe) -> str:
        for digest, each in closure([recipe]).items():
            if digest not in self._known:
                self._known[digest] = await self._made(each)
        return self._known[recipe.digest]

    async def _made(self, recipe: Recipe) -> str:
        """Return the key of a recipe; those of all that it is made of are known."""
        if isinstance(recipe, f.Directory) and self._has_content(recipe):
            return digest_of(["tree", (await self._contents.tree(recipe)).digest])
        if isinstance(recipe, f.File) and _is_content(recipe):
            found = (await self._contents.file(recipe)).file
            return digest_of(["file", found.digest, found.mode])
        by_key = [
            [name, encode(value, lambda child: self._known[child.digest])]
            for name, value in parts(recipe)
        ]
        return digest_of([type(recipe).__name__, by_key])

    def _has_content(self, directory: f.Directory) -> bool:
        match directory:
            case f.StoredTree() | f.HostDirectory():
                return True
            case f.MountedDirectory():
                return False
            case f.SubDirectory(parent):
                return self._has_content(parent)
            case f.FilteredDirectory(parent):
                return self._caching is Caching.DAGGER_0_21 and self._has_content(parent)
            case _:
                return False


def _is_content(file: f.File) -> bool:
    known = f.StoredFile | f.HostFile | f.DirectoryFile | c.RootFile
    return isinstance(file, known) and not isinstance(file, f.MountedFile)
