"""A place to run steps in: one provider, fresh directories, layers chained by hand."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stiletto.layers.layer import Layer
from stiletto.sandbox.bubblewrap import Bubblewrap
from stiletto.sandbox.interpreters import Probes
from stiletto.sandbox.plain import Plain
from stiletto.sandbox.plan import Image, OverlayMount, Sandbox, Step, StepOutput
from stiletto.sandbox.spool import Stream
from stiletto.sandbox.userland import userland_image

__all__ = ["Bench", "can_isolate", "python_image", "silent"]


def silent(_stream: Stream, _data: bytes) -> None:
    """Hear nothing."""


def can_isolate() -> bool:
    """Whether this machine lets a process make a user namespace with an overlay."""
    return sys.platform == "linux" and os.environ.get("STILETTO_TEST_SANDBOX") != "plain"


async def python_image() -> Image:
    """Return an image with the interpreter that runs the tests."""
    from stiletto.sandbox.images import python_image as make

    base = getattr(sys, "_base_executable", sys.executable)
    found = await Probes().probe(Path(base))
    assert found is not None
    return make(f"python:{found.series}", found)


class Bench:
    """Runs steps of one provider; `run` makes a step's directories and keeps them."""

    def __init__(self, provider: str, root: Path) -> None:
        self.root = root
        self.provider = provider
        self.image = userland_image("debian")
        self._numbers = itertools.count()
        self.renew()

    def renew(self) -> None:
        """Go on as another process would, with the same directories on disk."""
        base = self.root / "base"
        self.sandbox: Sandbox = Bubblewrap(base) if self.provider == "bubblewrap" else Plain(base)

    def directory(self, name: str = "dir") -> Path:
        """Make a new empty directory."""
        path = self.root / f"{name}{next(self._numbers)}"
        path.mkdir()
        return path

    def layer(self, files: Mapping[str, str], removed: frozenset[str] = frozenset()) -> Layer:
        """Make a layer by hand, as `withNewFile` does."""
        root = self.directory("layer")
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        return Layer(root, removed)

    def overlay(self, target: str, lower: Path) -> OverlayMount:
        """Make a read-write mount of a directory."""
        return OverlayMount(target, lower, self.directory("mup"), self.directory("mwork"))

    def step(self, *args: str, layers: tuple[Layer, ...] = (), **more: Any) -> Step:
        """Make a step with fresh directories."""
        upper, work = self.directory("upper"), self.directory("work")
        return Step(args, more.pop("image", self.image), layers, upper, work, **more)

    async def run(self, *args: str, layers: tuple[Layer, ...] = (), **more: Any) -> StepOutput:
        """Run a step to its end."""
        return await self.sandbox.run(self.step(*args, layers=layers, **more), silent)

    async def sh(self, script: str, **more: Any) -> StepOutput:
        """Run a line of shell."""
        return await self.run("sh", "-c", script, **more)
