"""A module whose project has another name than its import package."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.standins.repository import run_git
from wire_bench import Opener, write

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.network]

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
CODE = """
from importlib import metadata

import dagger
from dagger import function, object_type


@object_type
class Capstan:
    @function
    def identity(self) -> list[str]:
        found = metadata.metadata("harbour-machines")
        return [found["Version"], *found.get_all("Project-URL")]
"""
ORIGIN = """
came = metadata.distribution("harbour-machines").read_text("direct_url.json") or "null"
"""
NEVER = '@function(cache="never")'
MAIN = {
    "package": ("src/capstan/__init__.py", "capstan:Capstan"),
    "module": ("src/capstan/drum/wheel.py", "capstan.drum.wheel:Capstan"),
    "flat": ("capstan/__init__.py", "capstan:Capstan"),
    "blanks": ("src/capstan/__init__.py", " capstan : Capstan "),
}


def module(to: Path, main: str, sdk: str = "dagger-io") -> Path:
    """Make a module of the distribution `harbour-machines`."""
    path, point = MAIN[main]
    return write(
        to,
        {
            "dagger.json": '{"name": "capstan", "sdk": "python", "engineVersion": "v0.21.8"}',
            ".python-version": HERE,
            "pyproject.toml": '[project]\nname = "harbour-machines"\nversion = "3.1"\n'
            f'dependencies = ["{sdk}"]\nurls = {{ Repository = "https://example.org/o/h" }}\n'
            f'[project.entry-points."dagger.mod"]\nmain_object = "{point}"\n',
            path: CODE,
        },
    )


def locked(at: Path) -> Path:
    """Lock the module's dependencies."""
    subprocess.run(["uv", "lock", "--quiet", "--python", sys.executable], cwd=at, check=True)
    return at


async def answer(open_: Opener, at: Path) -> list[str]:
    """Load the module and return what its function reads."""
    async with open_(at) as session:
        definition = await session.engine.load_module(None)
        main = await session.engine.construct({})
        assert "Capstan" == definition.main
        found = await session.engine.select(main, "identity", {})
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("main", MAIN)
async def test_main_object_is_found_by_its_entry_point(
    open_: Opener, tmp_path: Path, main: str
) -> None:
    """The entry point names package and object; the code reads its own installed metadata."""
    expected = ["3.1", "Repository, https://example.org/o/h"]

    assert expected == await answer(open_, module(tmp_path, main))


@pytest.mark.slow
@pytest.mark.parametrize("version", ["0.18.12", "0.20.8", "0.21.8"])
async def test_every_sdk_finds_the_main_object(open_: Opener, tmp_path: Path, version: str) -> None:
    """SDKs that a module locks read the same entry point."""
    at = locked(module(tmp_path, "module", f"dagger-io=={version}"))

    assert "3.1" == (await answer(open_, at))[0]


@pytest.mark.parametrize("inside", ["", "deck/gear"])
async def test_module_of_a_repository_knows_its_commit(
    open_: Opener, tmp_path: Path, inside: str
) -> None:
    """Its metadata has what an installer writes for git; a module of a directory has nothing."""
    at = module(tmp_path / "work" / inside, "package")
    source = at / "src/capstan/__init__.py"
    source.write_text(
        CODE.replace('[found["Version"]', "[came").replace("@function", NEVER) + ORIGIN
    )
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"]):
        run_git(tmp_path / "work", *words)
    commit = run_git(tmp_path / "work", "rev-parse", "HEAD")
    run_git(tmp_path, "clone", "--quiet", "--bare", "work", "bare.git")
    url = f"file://{tmp_path}/bare.git"
    found = []
    for reference in (f"{url}/{inside}", str(at)):
        async with open_(tmp_path) as session:
            await session.engine.load_module(reference)
            main = await session.engine.construct({})
            answers = await session.engine.select(main, "identity", {})
        assert isinstance(answers, list)
        found.append(json.loads(str(answers[0])))
    expected = {"url": url, "vcs_info": {"vcs": "git", "commit_id": commit}}

    assert [{**expected, **({"subdirectory": inside} if inside else {})}, None] == found
