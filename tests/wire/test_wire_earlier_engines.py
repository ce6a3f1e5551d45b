"""Modules whose dagger.json asks for an earlier engine get the API of that engine."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from wire_bench import Opener, write

from stiletto.errors import ModuleFailed, StilettoError
from stiletto.module.naming import lower_camel

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.network]

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"

CODE = """
import dagger
from dagger import dag, function, object_type


def base() -> dagger.Container:
    return dag.container().from_("python:3.11-slim")


SERVE = ["python3", "-m", "http.server", "8000", "--directory", "/site"]


async def answer(server: dagger.Container) -> str:
    fetch = "import urllib.request as u; print(u.urlopen('http://web:8000/a').read().decode())"
    user = base().with_service_binding("web", server.as_service())
    return await user.with_exec(["python3", "-c", fetch]).stdout()


@object_type
class Main:
    @function
    async def names(self) -> list[str]:
        tree = dag.directory().with_new_file("sub/a.txt", "a").with_new_file("b.txt", "b")
        name = await tree.directory("sub").name()
        return [*await tree.entries(), *await tree.glob("*"), name]

    @function
    async def served(self) -> str:
        site = dag.directory().with_new_file("a", "hello")
        mounted = base().with_mounted_directory("/site", site)
        return await answer(mounted.with_exec(SERVE).with_exposed_port(8000))

    @function
    async def served_by_entrypoint(self) -> str:
        server = base().with_new_file("/site/a", "hello").with_exposed_port(8000)
        server = server.with_entrypoint(SERVE[:1]).with_default_args(SERVE[1:])
        return await answer(server)

    @function
    async def served_after_a_change(self) -> str:
        return await answer(base().with_exec(SERVE).with_new_file("/site/a", "hello"))

    @function
    async def entered(self) -> str:
        return await base().with_entrypoint(["echo", "in"]).with_exec(["echo", "out"]).stdout()

    @function
    async def skipped(self) -> str:
        container = base().with_entrypoint(["echo", "in"])
        return await container.with_exec(["echo", "out"], skip_entrypoint=True).stdout()

    @function
    async def default(self) -> str:
        return await base().with_entrypoint(["echo"]).with_default_args(["by default"]).stdout()

    @function
    async def piped(self) -> str:
        container = dag.pipeline("a").container().from_("python:3.11-slim").pipeline("b")
        return await container.with_focus().with_exec(["echo", "piped"]).stdout()

    @function
    async def copied(self) -> list[str]:
        tree = dag.directory().with_new_file("a", "a")
        outer = dag.directory().with_directory("x", directory=tree)
        return await base().with_directory("/y", directory=outer).directory("/y/x").entries()

    @function
    async def built(self) -> str:
        return await dag.container().build(dag.directory(), target="x").stdout()
"""


def asking(to: Path, engine: str | None) -> Path:
    """Make a module that asks for this version of the engine."""
    data: Mapping[str, Any] = {"name": "main", "sdk": "python"}
    return write(
        to,
        {
            "dagger.json": json.dumps({**data, **({"engineVersion": engine} if engine else {})}),
            ".python-version": HERE,
            "pyproject.toml": '[project]\nname = "main"\nversion = "0"\n'
            'requires-python = ">=3.11"\ndependencies = ["dagger-io"]\n',
            "src/main/__init__.py": CODE,
        },
    )


async def called(open_: Opener, module: Path, name: str) -> Any:
    """Return the result of one function, in a session of its own."""
    async with open_(module) as session:
        await session.engine.load_module(None)
        main = await session.engine.construct({})
        return await session.engine.select(main, lower_camel(name), {})


@pytest.mark.parametrize(
    ("engine", "name", "result"),
    [
        ("v0.17.0", "names", ["b.txt", "sub/", "b.txt", "sub/", "sub/"]),
        ("v0.16.3", "names", ["b.txt", "sub", "b.txt", "sub", "sub"]),
        (None, "names", ["b.txt", "sub", "b.txt", "sub", "sub"]),
        ("v0.14.0", "served", "hello\n"),
        ("v0.14.0", "served_by_entrypoint", "hello\n"),
        ("v0.12.0", "entered", "out\n"),
        ("v0.11.9", "entered", "in echo out\n"),
        ("v0.12.0", "skipped", "out\n"),
        ("v0.11.9", "skipped", "out\n"),
        ("v0.11.9", "default", "by default\n"),
        ("v0.12.7", "piped", "piped\n"),
        ("v0.18.19", "copied", ["a"]),
    ],
)
async def test_a_call_as_the_engine_of_the_module_has_it(
    open_: Opener, tmp_path: Path, engine: str | None, name: str, result: Any
) -> None:
    """Names of directories, services, entrypoints and arguments follow engineVersion."""
    assert result == await called(open_, asking(tmp_path, engine), name)


@pytest.mark.parametrize(
    ("engine", "name", "message"),
    [
        ("v0.18.19", "built", "Container.build is not implemented by stiletto"),
        (
            "v0.14.0",
            "served_after_a_change",
            "Container.asService of a command, after changes of files is not implemented",
        ),
        ("v0.12.0", "default", "no command has been set"),
        ("v0.19.0", "built", "'Container' object has no attribute 'build'"),
        ("v0.13.4", "piped", "has no attribute 'pipeline'"),
    ],
)
async def test_a_call_that_is_refused_or_gone(
    open_: Opener, tmp_path: Path, engine: str, name: str, message: str
) -> None:
    """A call that this engine lacks is named, one that Dagger no longer has fails as there."""
    with pytest.raises(StilettoError) as failure:
        await called(open_, asking(tmp_path, engine), name)

    assert message in str(failure.value)


async def test_an_engine_that_is_too_old(open_: Opener, tmp_path: Path) -> None:
    """A module of an engine before v0.9.9 is refused, as Dagger does."""
    with pytest.raises(ModuleFailed, match=r"dagger\.json:1: module needs engine v0\.9\.8"):
        await called(open_, asking(tmp_path, "v0.9.8"), "names")
