"""The layers on disk at a container's `/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Protocol

from stiletto.api import container as c
from stiletto.api import files as f
from stiletto.engine.secrets import SecretStore
from stiletto.graph.tree import Dir, File
from stiletto.layers.layer import Layer
from stiletto.layers.view import View
from stiletto.progress import Progress
from stiletto.sandbox import plan
from stiletto.store import Store
from stiletto.store.checkout import Inode

SCRATCH = plan.Image("scratch", "scratch", "nothing")
"""The image of a container before `from`."""


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file with the name it goes by."""

    name: str
    file: File


@dataclass(frozen=True, slots=True)
class Made:
    """What a layer was made of: a tree and what was removed, a command, or several layers.

    Attributes:
        copied: what was copied into the tree, by path: the key of the command that made it, or \
OF_IMAGE and an image as it is shown.
    """

    tree: Dir | None = None
    removed: tuple[str, ...] = ()
    copied: tuple[tuple[str, str], ...] = ()
    command: str = ""
    merged: Mapping[str, Made] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Stack:
    """What is at `/`: an image and layers over it, lowest first, each with its key.

    Attributes:
        layers: the key is "" of one whose files are named by the key of the layer above it.
        homes: where the layers show a blob's own inode; see `store.checkout`.
        made: what each layer was made of, by its key.
    """

    image: plan.Image
    layers: tuple[tuple[str, Layer], ...] = ()
    homes: Mapping[Inode, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    made: Mapping[str, Made] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    @property
    def keys(self) -> list[str]:
        """What the stack is, for a key: the image's identity and the layers' keys."""
        return [self.image.identity, *(key for key, _ in self.layers if key)]

    def based(self, layer: Layer, homes: Mapping[Inode, str]) -> Stack:
        """Return the stack with a layer that is a part of the next one."""
        kept = tuple((k, known) for k, known in self.layers if known.root != layer.root)
        return replace(self, layers=(*kept, ("", layer)), homes={**self.homes, **homes})

    def over(
        self, key: str, layer: Layer, made: Made, homes: Mapping[Inode, str] | None = None
    ) -> Stack:
        """Return the stack with one more layer, and with these homes then.

        The same directory below is dropped: the kernel refuses one twice, and it is hidden by
        the one above anyway.
        """
        kept = tuple((k, known) for k, known in self.layers if known.root != layer.root)
        homes = self.homes if homes is None else homes
        # Without those that were dropped: a chain of steps would carry all of them.
        of = {k: self.made[k] for k, _ in kept if k in self.made} | {key: made}
        return replace(self, layers=(*kept, (key, layer)), homes=homes, made=of)


class Layouts(Protocol):
    """What a command needs of the evaluator: the files that it sees, evaluated and prepared."""

    store: Store
    sandbox: plan.Sandbox
    secrets: SecretStore
    progress: Progress

    async def tree(self, directory: f.Directory) -> Dir:
        """Evaluate a directory."""
        ...

    async def file(self, file: f.File) -> NamedFile:
        """Evaluate a file."""
        ...

    async def contents(self, file: f.File) -> bytes:
        """Return a file's contents."""
        ...

    async def stack(self, root: c.Root) -> Stack:
        """Evaluate what is at a container's `/`."""
        ...

    def view(self, stack: Stack) -> View:
        """Return a view of what is at `/`, without a sandbox."""
        ...
