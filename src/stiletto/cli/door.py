"""The way into the engine, opened only by the commands that need it."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from stiletto.cli.ports import EnginePort
from stiletto.progress import Progress

__all__ = ["Door", "Installed", "Pruned"]


class Pruned(Protocol):
    """What a prune did."""

    @property
    def freed_bytes(self) -> int:
        """Disk space given back."""
        ...

    @property
    def kept_bytes(self) -> int:
        """What the store occupies now."""
        ...


class Door(Protocol):
    """Opens an engine, and serves one to other programs."""

    def open(
        self, *, workdir: Path, sandbox: str, progress: Progress, environ: Mapping[str, str]
    ) -> AbstractAsyncContextManager[EnginePort]:
        """Open a session; leaving the context ends everything that it started."""
        ...

    async def serve(self, engine: EnginePort) -> tuple[int, str]:
        """Serve the session on loopback until it ends; return the port and the token."""
        ...

    async def prune(
        self, *, environ: Mapping[str, str], keep_bytes: int | None, unused_for_s: float | None
    ) -> Pruned:
        """Remove stored results: all, or down to a size, or those not used for so long."""
        ...


class _Session(Protocol):
    """What `stiletto.engine.session` offers."""

    def open_session(
        self, *, workdir: Path, sandbox: str, progress: Progress, environ: Mapping[str, str]
    ) -> AbstractAsyncContextManager[EnginePort]: ...

    async def serve(self, engine: EnginePort) -> tuple[int, str]: ...

    async def prune(
        self, *, environ: Mapping[str, str], keep_bytes: int | None, unused_for_s: float | None
    ) -> Pruned: ...


def _session() -> _Session:
    # Imported by name, and late: `stiletto --help` must not pay for the engine.
    module: _Session = importlib.import_module("stiletto.engine.session")
    return module


class Installed:
    """The engine that is installed with this command line."""

    def open(
        self, *, workdir: Path, sandbox: str, progress: Progress, environ: Mapping[str, str]
    ) -> AbstractAsyncContextManager[EnginePort]:
        """Open a session of `stiletto.engine`."""
        return _session().open_session(
            workdir=workdir, sandbox=sandbox, progress=progress, environ=environ
        )

    async def serve(self, engine: EnginePort) -> tuple[int, str]:
        """Serve a session of `stiletto.engine`."""
        return await _session().serve(engine)

    async def prune(
        self, *, environ: Mapping[str, str], keep_bytes: int | None, unused_for_s: float | None
    ) -> Pruned:
        """Prune the store of `stiletto.engine`."""
        return await _session().prune(
            environ=environ, keep_bytes=keep_bytes, unused_for_s=unused_for_s
        )
