"""Directories that a module is called with: read whole, stored as far as they are needed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from reuse_bench import Cli, Done, committed, module
from wire_bench import Opener, Session, write

from stiletto.engine.ports import ObjectRef
from stiletto.errors import StilettoError
from stiletto.store import Store

pytestmark = [pytest.mark.network]

SIFTER = '''\
"""Takes what it needs of a directory."""

import dagger
from dagger import dag, function, object_type


@object_type
class Sifted:
    """What is left."""

    files: dagger.Directory

    @function
    async def names(self) -> list[str]:
        """List it."""
        return await self.files.glob("**")


@object_type
class Sifter:
    """A sifter."""

    source: dagger.Directory

    @function
    async def names(self) -> list[str]:
        """List everything."""
        return await self.source.glob("**")

    @function
    async def read(self, path: str) -> str:
        """Return a file's text."""
        return await self.source.file(path).contents()

    @function
    def sifted(self) -> Sifted:
        """Leave out the build output."""
        return Sifted(files=self.source.filter(exclude=["target"]))

    @function
    async def step(self) -> str:
        """Run a step over what is left."""
        base = dag.container().from_("python:3.11-slim")
        kept = self.source.filter(exclude=["target"])
        script = "cat /src/a/text; date +%N"
        return await base.with_directory("/src", kept).with_exec(["sh", "-c", script]).stdout()

    @function
    def everything(self) -> dagger.Directory:
        """Give it back."""
        return self.source
'''

NEAR = '''\
"""Has files of its own."""

from typing import Annotated

import dagger
from dagger import DefaultPath, function, object_type


@object_type
class Near:
    """What is near."""

    files: Annotated[dagger.Directory, DefaultPath("data")]

    @function
    def all(self) -> dagger.Directory:
        """Give them."""
        return self.files
'''

ASKER = '''\
"""Asks for the files of another module."""

import dagger
from dagger import dag, function, object_type


@object_type
class Asker:
    """An asker."""

    @function
    def files(self) -> dagger.Directory:
        """Return what is near the other module."""
        return dag.near().all().filter(exclude=["junk"])
'''

JUNK_BYTES = 30 << 20


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the module."""
    root = tmp_path_factory.mktemp("sifter")
    committed(root, module("sifter", SIFTER))
    return root / "sifter"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A directory with build output."""
    root = write(tmp_path / "source", {"a/text": "text\n", "b/empty": ""})
    (root / "target").mkdir()
    (root / "target/blob.bin").write_bytes(os.urandom(JUNK_BYTES))
    return root


class Sifting:
    """The command line with a store, and how large that is."""

    def __init__(self, module: Path, source: Path, cache: Path) -> None:
        self.source = source
        self.cli = Cli(module, cache)

    def __call__(self, *words: str) -> Done:
        """Call a function with the source."""
        done = self.cli("call", "--source", str(self.source), *words)
        assert 0 == done.code, done.err
        return done

    @property
    def has_junk(self) -> bool:
        """Whether the build output is in the store."""
        found = self.cli.cache.glob("blobs/*/*")
        return any(path.stat().st_size == JUNK_BYTES for path in found)


@pytest.fixture
def sifting(repository: Path, source: Path, cache: Path) -> Iterator[Sifting]:
    """Make calls over the source; afterwards the store is undamaged."""
    yield Sifting(repository, source, cache)
    with Store(cache) as store:
        assert () == store.verify().damages


def test_what_a_module_leaves_out_is_not_stored(sifting: Sifting) -> None:
    """Names, a file and a step over the rest: nothing of the build output enters the store."""
    assert ["a/", "a/text", "b/", "b/empty", "target/", "target/blob.bin"] == (
        sifting("names").lines
    )
    assert "text\n" == sifting("read", "--path", "a/text").out
    assert sifting("step").out.startswith("text\n")
    assert ["a/", "a/text", "b/", "b/empty"] == sifting("sifted", "names").lines
    assert not sifting.has_junk


def test_unchanged_call_is_answered_from_the_cache(sifting: Sifting) -> None:
    """Another session takes the results, also those that hold the directory; no step runs again."""
    first = sifting("step"), sifting("sifted", "names")
    second = sifting("step"), sifting("sifted", "names")
    assert [done.out for done in first] == [done.out for done in second]
    for done, names in zip(
        second, (("sifter", "step"), ("sifter", "sifted", "names")), strict=True
    ):
        assert all(f"{name} CACHED" in done.err for name in names)


def test_change_in_what_is_left_out_runs_no_step_again(sifting: Sifting) -> None:
    """The function runs, for it may look at everything; its step has the same key."""
    first = sifting("step")
    with (sifting.source / "target/blob.bin").open("r+b") as junk:
        junk.write(b"other")
    assert first.out == sifting("step").out
    assert not sifting.has_junk


def test_result_that_is_the_directory_is_exported_whole(sifting: Sifting, tmp_path: Path) -> None:
    """What is wanted in the end is copied, and equals the source."""
    for name in ("one", "two"):
        sifting("everything", "-o", str(tmp_path / name))
        assert (sifting.source / "target/blob.bin").read_bytes() == (
            tmp_path / name / "target/blob.bin"
        ).read_bytes()


@pytest.mark.asyncio(loop_scope="session")
async def test_file_that_changes_before_it_is_needed_is_an_error(
    open_: Opener, repository: Path, source: Path
) -> None:
    """The call has a key with the old contents; the next session reads the new ones."""

    async def sifter(session: Session) -> Any:
        await session.engine.load_module(None)
        host = await session.engine.select(None, "host", {})
        assert isinstance(host, ObjectRef)
        directory = await session.engine.select(host, "directory", {"path": str(source)})
        return await session.engine.construct({"source": directory})

    (source / "a/text").write_text("of this test alone\n")
    async with open_(repository) as session:
        of = await sifter(session)
        (source / "a/text").write_text("other\n")
        with pytest.raises(StilettoError, match="a/text has changed"):
            await session.engine.select(of, "read", {"path": "a/text"})
    async with open_(repository) as session:
        of = await sifter(session)
        assert "other\n" == await session.engine.select(of, "read", {"path": "a/text"})


@pytest.mark.asyncio(loop_scope="session")
async def test_directory_of_a_script_is_a_copy(open_: Opener, tmp_path: Path) -> None:
    """What a client uses itself stays what it was, whatever changes on the host."""
    write(tmp_path, {"text": "old"})
    async with open_(tmp_path) as session:
        directory = session.dag.host().directory(".")
        assert ["text"] == await directory.entries()
        write(tmp_path, {"text": "new"})
        assert "old" == await directory.file("text").contents()


def test_result_holds_what_its_call_was_not_given(tmp_path: Path, cache: Path) -> None:
    """Files that only another module's default names are stored with the result, and last."""
    asker = module("asker", ASKER, dependencies=[{"name": "near", "source": "../near"}])
    committed(tmp_path, {**asker, **module("near", NEAR), "near/data/text": "near\n"})
    cli = Cli(tmp_path / "asker", cache)
    for name in ("one", "two"):
        done = cli("call", "files", "-o", str(tmp_path / name))
        assert 0 == done.code, done.err
        assert "near\n" == (tmp_path / name / "text").read_text()
    assert "files CACHED" in done.err
    assert "all" not in done.err
