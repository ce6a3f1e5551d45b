"""Sessions and command lines for what hostile code tries."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import dagger
from dagger.client._session import ConnectParams, SingleConnection

from stiletto.engine.session import Engine, open_session, serve
from stiletto.progress import Progress
from stiletto.render.plain import Plain

PYTHON = "python:3.11-slim"
"""The interpreter that is on every machine which runs these tests."""


@dataclass(frozen=True)
class Session:
    """One session: the engine inside, the SDK outside, and what a person sees."""

    engine: Engine
    dag: dagger.Client
    screen: io.StringIO

    def base(self) -> dagger.Container:
        """Return a container with a shell."""
        return self.dag.container().from_(PYTHON)

    def sh(self, script: str) -> dagger.Container:
        """Run a shell script in it."""
        return self.base().with_exec(["sh", "-c", script])

    def stored(self) -> str:
        """Return the text of all records and replay scripts of the store."""
        root = self.engine.store.root
        paths = [*(root / "records").rglob("*"), *(root / "replay").rglob("*")]
        return "\n".join(p.read_text(errors="replace") for p in paths if p.is_file())


@contextlib.asynccontextmanager
async def opened(
    cache: Path,
    workdir: Path,
    *,
    sandbox: Literal["auto", "bubblewrap", "plain"] = "auto",
    environ: Mapping[str, str] | None = None,
) -> AsyncIterator[Session]:
    """Open a session on a store."""
    given = {
        "PATH": os.environ["PATH"],
        "HOME": str(workdir),
        "STILETTO_CACHE": str(cache),
        **(environ or {}),
    }
    screen = io.StringIO()
    async with (
        open_session(
            workdir=workdir, sandbox=sandbox, progress=Progress(Plain(screen)), environ=given
        ) as engine,
        serve(engine) as (port, token),
        SingleConnection(ConnectParams(port=port, session_token=token)) as connection,
    ):
        yield Session(engine, dagger.Client.from_connection(connection), screen)


async def fails(making: Awaitable[object]) -> str:
    """Return the message with which something fails."""
    try:
        await making
    except dagger.QueryError as error:
        return str(error)
    raise AssertionError("it did not fail")
