"""Sessions of the real engine, and the real SDK connected to them.

One store and one session serve all tests that need nothing else; `fresh` gives a word that no
other test has in its commands. Tests about several sessions open their own with `open_`.
The value of a secret is masked in all output of its session: each test takes a value that no other
test prints.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Literal

import dagger
import pytest
import pytest_asyncio
from dagger.client._session import ConnectParams, SingleConnection
from wire_bench import Opener, Session

from stiletto.engine.session import open_session, serve
from stiletto.progress import Progress


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store that all sessions share."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def open_(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Opener:
    """Open a session on the shared store."""

    @contextlib.asynccontextmanager
    async def opened(
        workdir: Path | None = None,
        sandbox: Literal["auto", "bubblewrap", "plain"] = "auto",
        environ: Mapping[str, str] | None = None,
        command: str = "",
    ) -> AsyncIterator[Session]:
        given = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "STILETTO_CACHE": str(cache),
            "STILETTO_IDLE": "0",
            "STILETTO_LOOPBACK": os.environ.get("STILETTO_LOOPBACK", ""),
            **(environ or {}),
        }
        at = workdir or tmp_path_factory.mktemp("work")
        async with (
            open_session(
                workdir=at,
                sandbox=sandbox,
                progress=Progress(),
                environ=given,
                plain_secrets=True,
                command=command,
            ) as engine,
            serve(engine) as (port, token),
            SingleConnection(ConnectParams(port=port, session_token=token)) as connection,
        ):
            yield Session(engine, dagger.Client.from_connection(connection))

    return opened


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working directory of the shared sessions."""
    return tmp_path_factory.mktemp("host")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def isolated(open_: Opener, host: Path) -> AsyncIterator[Session]:
    """The session of all tests that need no other."""
    async with open_(host) as session:
        yield session


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def plain(open_: Opener, host: Path) -> AsyncIterator[Session]:
    """The same without isolation."""
    async with open_(host, sandbox="plain") as session:
        yield session


@pytest.fixture
def one(isolated: Session) -> Session:
    """The session of all tests that need no other."""
    return isolated


@pytest.fixture(params=["isolated", "plain"])
def each(request: pytest.FixtureRequest) -> Session:
    """Each provider in turn."""
    session: Session = request.getfixturevalue(request.param)
    return session


@pytest.fixture
def fresh(_words: Iterator[str]) -> str:
    """Return a word that no other test has in its commands."""
    return next(_words)


@pytest.fixture(scope="session")
def _words() -> Iterator[str]:
    return (f"word{number}" for number in itertools.count(1))
