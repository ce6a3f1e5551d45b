"""Sessions and command lines for what hostile code tries."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import textwrap
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
        root = self.engine.core.store.root
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
        "STILETTO_IDLE": "0",
        "STILETTO_LOOPBACK": os.environ.get("STILETTO_LOOPBACK", ""),
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


# -- whole command lines over a small module -------------------------------------------------------

_PROBE = """
import dagger
from dagger import dag, function, object_type


@object_type
class Probe:
    def base(self) -> dagger.Container:
        return dag.container().from_("python:3.11-slim")

"""
_PROJECT = """
[project]
name = "probe"
version = "0"
requires-python = ">=3.11"
dependencies = ["dagger-io"]
"""


def probe(root: Path, functions: str) -> Path:
    """Write a module `probe` with these functions of its object; return its directory."""
    at = root / "probe"
    (at / "src" / "probe").mkdir(parents=True)
    (at / "dagger.json").write_text(
        '{"name": "probe", "sdk": "python", "engineVersion": "v0.21.8"}'
    )
    (at / "pyproject.toml").write_text(_PROJECT)
    body = textwrap.indent(textwrap.dedent(functions), "    ")
    (at / "src" / "probe" / "__init__.py").write_text(_PROBE + body)
    return at


@dataclass(frozen=True)
class Ended:
    """How a command line ended."""

    code: int
    out: str
    err: str


def stiletto(cwd: Path, environ: Mapping[str, str], *words: str) -> Ended:
    """Run the command `stiletto` to its end."""
    program = str(Path(sys.executable).with_name("stiletto"))
    done = subprocess.run(
        [program, *words],
        cwd=cwd,
        env=dict(environ),
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    out, err = (text.decode("utf-8", "surrogateescape") for text in (done.stdout, done.stderr))
    return Ended(done.returncode, out, err)


def environment(root: Path, **more: str) -> dict[str, str]:
    """Return the environment of commands that share one store."""
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    kept = {name: value for name, value in os.environ.items() if name not in ("GITHUB_ACTIONS",)}
    return {
        **kept,
        "UV_PYTHON_INSTALL_DIR": os.environ.get("UV_PYTHON_INSTALL_DIR", str(data / "uv/python")),
        "STILETTO_CACHE": str(root / "store"),
        "STILETTO_IDLE": "0",
        "DAGGER_PROGRESS": "plain",
        **more,
    }
