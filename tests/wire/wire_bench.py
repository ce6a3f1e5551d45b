"""One session as the tests see it, and a way to count how often a step really ran."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import dagger

from stiletto.engine.session import Engine

PYTHON = "python:3.11-slim"
"""The interpreter that is on every machine which runs these tests."""


@dataclass(frozen=True)
class Session:
    """One session: the engine inside, the SDK outside."""

    engine: Engine
    dag: dagger.Client

    def base(self) -> dagger.Container:
        """Return a container with a shell."""
        return self.dag.container().from_(PYTHON)

    def sh(self, script: str, **given: Any) -> dagger.Container:
        """Run a shell script in it."""
        return sh(self.base(), script, **given)

    def counting(self, word: str, container: dagger.Container | None = None) -> dagger.Container:
        """Return a container whose `tick` is counted under a word."""
        at = container or self.base()
        return at.with_mounted_cache("/counts", self.dag.cache_volume(f"counts-{word}"))

    def runs(self, word: str) -> int:
        """Return how often `echo >> /counts/<word>` ran, in any session on this store."""
        found = list((self.engine.core.store.root / "volumes").glob(f"*/{word}"))
        return sum(len(path.read_text().splitlines()) for path in found)


Opener: TypeAlias = Callable[..., AbstractAsyncContextManager[Session]]


def sh(container: dagger.Container, script: str, **given: Any) -> dagger.Container:
    """Run a shell script in a container."""
    return container.with_exec(["sh", "-c", script], **given)


def tick(word: str) -> str:
    """Return the shell command that counts one run."""
    return f"echo >> /counts/{word}"


async def fails(making: Awaitable[object]) -> str:
    """Return the message with which something fails."""
    try:
        await making
    except dagger.QueryError as error:
        return str(error)
    raise AssertionError("it did not fail")


async def ran_together(*making: Awaitable[str]) -> list[str]:
    """Run several at once."""
    return list(await asyncio.gather(*making))


def write(root: Path, files: dict[str, str]) -> Path:
    """Write files beneath a directory."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def read(root: Path) -> dict[str, str]:
    """Return the files beneath a directory with their contents."""
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.read_text() for path in files}
