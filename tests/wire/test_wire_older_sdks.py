"""Modules that lock an older SDK, whose entry point and ids have other forms."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from wire_bench import Opener, write

from stiletto.engine.ports import ObjectRef

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.network,
    pytest.mark.slow,
]

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"

CODE = """
import dagger
from dagger import dag, function, object_type


@object_type
class Main:
    @function
    async def count(self, directory: dagger.Directory) -> int:
        return len(await directory.entries())

    @function
    def made(self, text: str = "x") -> dagger.Directory:
        made = dag.directory().with_new_file(text, text)
        return dag.directory().with_directory(".", made)

    @function
    async def said(self) -> str:
        base = dag.container().from_("python:3.11-slim")
        return await base.with_exec(["echo", "hello"]).stdout()
"""


def locked(to: Path, version: str) -> Path:
    """Make a module that locks this version of the SDK."""
    write(
        to,
        {
            "dagger.json": f'{{"name": "main", "sdk": "python", "engineVersion": "v{version}"}}',
            ".python-version": HERE,
            "pyproject.toml": f'[project]\nname = "main"\nversion = "0"\n'
            f'requires-python = ">=3.11"\n'
            f'dependencies = ["dagger-io=={version}"]\n',
            "src/main/__init__.py": CODE,
        },
    )
    lock = ["uv", "lock", "--quiet", "--python", sys.executable]
    subprocess.run(lock, cwd=to, check=True)
    return to


@pytest.mark.parametrize("version", ["0.13.7", "0.18.12", "0.20.8"])
async def test_a_module_that_locks_an_older_sdk(
    open_: Opener, tmp_path: Path, version: str
) -> None:
    """It registers, gets and gives objects by id, and runs steps."""
    async with open_(locked(tmp_path, version)) as session:
        await session.engine.load_module(None)
        main = await session.engine.construct({})
        made = await session.engine.select(main, "made", {"text": "a.txt"})

        assert isinstance(made, ObjectRef)
        assert "Directory" == made.type
        assert 1 == await session.engine.select(main, "count", {"directory": made})
        assert "hello\n" == await session.engine.select(main, "said", {})
