"""A repository with small modules that use each other, and the command line run on it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from wire_bench import write

from stiletto.cli.launcher import EngineLauncher
from stiletto.cli.main import run
from stiletto.cli.terminal import Terminal
from stiletto.engine.session import Engine

# The same text for all modules, so that they share one environment.
PYPROJECT = """\
[project]
name = "main"
version = "0"
requires-python = ">=3.11"
dependencies = ["dagger-io"]
"""

HELLO = '''\
"""Says hello."""

import enum
from typing import Annotated

import dagger
from dagger import DefaultPath, check, dag, enum_type, field, function, object_type


@enum_type
class Color(enum.Enum):
    """Colours."""

    RED = "red"
    BLUE = "blue"


@object_type
class Greeting:
    """A greeting."""

    text: str = field(default="")
    log: dagger.File | None = field(default=None)

    @function
    def shout(self, times: int = 1) -> str:
        """Say it louder."""
        return self.text.upper() * times


@object_type
class Hello:
    """Greets."""

    source: Annotated[dagger.Directory, DefaultPath("/")]
    near: Annotated[dagger.Directory, DefaultPath(".")]
    greeting: str = field(default="hi")
    token: dagger.Secret | None = None
    extra: dagger.Directory | None = None

    @function
    def say(self, name: str, color: Color = Color.RED) -> Greeting:
        """Greet somebody."""
        return Greeting(text=f"{self.greeting} {name} {color.value}", log=dag.file("log", "kept"))

    @function
    async def where(self) -> list[str]:
        """List the context."""
        return [name for name in await self.source.entries() if name != ".git/"]

    @function
    async def around(self) -> list[str]:
        """List what is near."""
        return [name for name in await self.near.entries() if name != ".git/"]

    @function
    async def given(self) -> list[str]:
        """List what was given, and tell how long the secret is."""
        return [*await self.extra.entries(), str(len(await self.token.plaintext()))]

    @function
    async def fails(self) -> str:
        """Fail with 7."""
        base = dag.container().from_("python:3.11-slim")
        return await base.with_exec(["sh", "-c", "echo told; exit 7"]).stdout()

    @function
    def sized(self, greetings: list[Greeting], directory: dagger.Directory) -> dagger.Directory:
        """Count greetings into a directory."""
        return directory.with_new_file("count", str(len(greetings)))

    @function
    @check
    def good(self) -> str:
        """Be good."""
        return "good"

    @function
    @check
    def bad(self) -> str:
        """Be bad."""
        raise ValueError("bad luck")
'''

APP = '''\
"""Uses hello."""

import dataclasses

import dagger
from dagger import HelloColor, dag, function, object_type


@object_type
class App:
    """An application."""

    kept: dagger.HelloGreeting | None = dataclasses.field(default=None, init=False)

    @function
    async def words(self) -> list[str]:
        """Call through several types of the dependency."""
        said = dag.hello(greeting="ciao").say("bob", color=HelloColor.BLUE)
        return [await said.text(), await said.shout(times=2), await said.log().contents()]

    @function
    async def where(self) -> list[str]:
        """List the dependency's context, and what is near it."""
        return [*await dag.hello().where(), *await dag.hello().around()]

    @function
    async def fails(self) -> str:
        """Let the dependency's failure pass."""
        return await dag.hello().fails()

    @function
    async def both(self) -> list[str]:
        """Give the dependency a directory and objects of its own."""
        made = dag.hello().sized(
            [dag.hello().say("a"), dag.hello().say("b")], dag.directory().with_new_file("x", "")
        )
        return [await made.file("count").contents(), *await made.entries()]

    @function
    def keep(self) -> "App":
        """Keep an object of the dependency in a private field."""
        self.kept = dag.hello().say("kept")
        return self

    @function
    async def shout(self) -> str:
        """Use what was kept."""
        return await self.kept.shout()
'''

VAULT = '''\
"""Has a secret."""

import dagger
from dagger import dag, function, object_type


@object_type
class Vault:
    """A vault."""

    token: dagger.Secret

    @function
    def sealed(self) -> dagger.Container:
        """Return a container whose command uses the secret."""
        base = dag.container().from_("python:3.11-slim").with_secret_variable("T", self.token)
        return base.with_exec(["sh", "-c", "echo ${#T}"])
'''

KEEPER = '''\
"""Uses the vault."""

import dagger
from dagger import dag, function, object_type


@object_type
class Keeper:
    """A keeper."""

    @function
    def sealed(self) -> dagger.Container:
        """Return the vault's container."""
        return dag.vault().sealed()
'''


def module(name: str, code: str | None, **config: Any) -> dict[str, str]:
    """Return the files of a module; without code, its dagger.json alone."""
    data = {"name": name, "engineVersion": "v0.21.8", **config}
    if code is None:
        return {f"{name}/dagger.json": json.dumps(data)}
    return {
        f"{name}/dagger.json": json.dumps({**data, "sdk": {"source": "python"}}),
        f"{name}/pyproject.toml": PYPROJECT,
        f"{name}/src/main/__init__.py": code,
    }


def git(directory: Path, *words: str) -> str:
    """Run git, away from the configuration of whoever runs the tests."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        **{
            f"GIT_{who}_{what}": "t@example.org"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        },
    }
    done = subprocess.run(
        ["git", *words], cwd=directory, env=environ, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def committed(root: Path, files: Mapping[str, str], message: str = "one") -> str:
    """Write files into a repository, made when it is not there, and commit; return the commit."""
    root.mkdir(parents=True, exist_ok=True)
    if not (root / ".git").exists():
        git(root, "init", "-q", "-b", "main")
    write(root, dict(files))
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", message)
    return git(root, "rev-parse", "HEAD")


@dataclass(frozen=True)
class Done:
    """How a command line ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What it printed, by lines."""
        return self.out.splitlines()


@dataclass(frozen=True)
class Cli:
    """`stiletto` in a directory, in this process."""

    cwd: Path
    cache: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, *words: str) -> Done:
        """Run one command line."""
        out, err = io.StringIO(), io.StringIO()
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "STILETTO_CACHE": str(self.cache),
            "STILETTO_IDLE": "0",
            "DAGGER_PROGRESS": "plain",
            **self.environ,
        }
        code = run(words, Terminal(io.StringIO(), out, err, environ, self.cwd), EngineLauncher())
        return Done(code, out.getvalue(), err.getvalue())


async def ask(engine: Engine, *chain: str | tuple[str, dict[str, Any]]) -> Any:
    """Construct the loaded module's main object and select a chain of functions."""
    value: Any = await engine.construct({})
    for link in chain:
        name, args = (link, {}) if isinstance(link, str) else link
        value = await engine.select(value, name, args)
    return value


class _Git(BaseHTTPRequestHandler):
    """Hands requests to `git http-backend`, as a web server does with CGI."""

    root: Path

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Stay quiet."""

    def _answer(self) -> None:
        path, _, query = self.path.partition("?")
        environ = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=environ, capture_output=True, check=False
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextlib.contextmanager
def served(root: Path, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve the bare repositories of a directory over HTTP, or HTTPS; gives the address."""
    handler = type("Handler", (_Git,), {"root": root})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
