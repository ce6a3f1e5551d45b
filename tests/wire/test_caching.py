"""What a step is found again by: its content, or with STILETTO_CACHING what Dagger looks at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import dagger
import pytest
from wire_bench import Opener, Session, write

from stiletto.errors import UsageError

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]

Cut: TypeAlias = Callable[[dagger.Client, dagger.Directory], dagger.Directory]


def host(session: Session, path: Path) -> dagger.Directory:
    """Return a directory of the machine."""
    return session.dag.host().directory(str(path))


def by_pieces(dag: dagger.Client, whole: dagger.Directory) -> dagger.Directory:
    """Return two entries, put together."""
    made = dag.directory().with_file("a.txt", whole.file("a.txt"))
    return made.with_directory("sub", whole.directory("sub"))


def output(dag: dagger.Client, whole: dagger.Directory) -> dagger.Container:
    """Return what a step leaves that sees everything."""
    base = dag.container().from_("python:3.11-slim").with_mounted_directory("/p", whole)
    return base.with_exec(["sh", "-c", "mkdir /out; cp /p/a.txt /out"])


CUTS: dict[str, Cut] = {
    "whole": lambda _, whole: whole,
    "directory": lambda _, whole: whole.directory("sub"),
    "pieces": by_pieces,
    "filter": lambda _, whole: whole.filter(exclude=["edited"]),
    "filter-of-directory": lambda _, whole: whole.directory("sub").filter(include=["*.txt"]),
    "without-file": lambda _, whole: whole.without_file("edited"),
    "without-file-then-directory": lambda _, whole: whole.without_file("edited").directory("sub"),
    "without-file-then-file": lambda dag, whole: dag.directory().with_file(
        "a", whole.without_file("edited").file("a.txt")
    ),
    "include": lambda dag, whole: dag.directory().with_directory("/", whole, include=["sub"]),
    "pieces-then-directory": lambda dag, whole: (
        by_pieces(dag, whole).with_file("edited", whole.file("edited")).directory("sub")
    ),
    "output": lambda dag, whole: output(dag, whole).directory("/out"),
    "file-of-output": lambda dag, whole: dag.directory().with_file(
        "a", output(dag, whole).directory("/out").file("a.txt")
    ),
    "mounted": lambda dag, whole: (
        dag.container().with_mounted_directory("/p", whole).directory("/p/sub")
    ),
}

ALL = frozenset(CUTS)
DAGGER_0_21 = {
    *("directory", "pieces", "filter", "filter-of-directory"),
    *("without-file-then-file", "file-of-output"),
}
KEPT = {
    "content": ALL - {"whole"},
    "dagger-0.21": DAGGER_0_21,
    "dagger-1.0": DAGGER_0_21 - {"filter"},
}


async def random_number(dag: dagger.Client, seen: dagger.Directory, name: str) -> str:
    """Return a number that is new whenever the step runs."""
    container = dag.container().from_("python:3.11-slim").with_mounted_directory("/src", seen)
    return await container.with_exec(["sh", "-c", f"date +%N # {name}"]).stdout()


@pytest.mark.parametrize("caching", KEPT)
async def test_what_keeps_a_step_after_an_edit(open_: Opener, tmp_path: Path, caching: str) -> None:
    """One file changes that the step does not see."""
    for name, text in (("first", "1"), ("second", "2")):
        write(tmp_path / name, {"edited": text, "a.txt": "a", "sub/b.txt": "b"})
    kept = set()
    async with open_(tmp_path, environ={"STILETTO_CACHING": caching}) as session:
        for name, cut in CUTS.items():
            numbers = {
                await random_number(
                    session.dag, cut(session.dag, host(session, tmp_path / each)), name
                )
                for each in ("first", "second")
            }
            if len(numbers) == 1:
                kept.add(name)
    assert KEPT[caching] == kept


async def test_a_label_makes_the_step_run_again_as_on_dagger(open_: Opener, tmp_path: Path) -> None:
    """A command does not see labels, so that they count only where Dagger's keys are wanted."""
    numbers = {}
    for caching in ("content", "dagger-0.21"):
        async with open_(tmp_path, environ={"STILETTO_CACHING": caching}) as session:
            base = session.dag.container().from_("python:3.11-slim")
            numbers[caching] = {
                await base.with_label("of", label).with_exec(["sh", "-c", "date +%N"]).stdout()
                for label in ("one", "two")
            }
    assert {"content": 1, "dagger-0.21": 2} == {name: len(each) for name, each in numbers.items()}


async def test_another_session_finds_the_step_again(open_: Opener, tmp_path: Path) -> None:
    """Keys that are no finer than Dagger's are the same in the next session."""
    write(tmp_path / "src", {"edited": "1", "a.txt": "a"})
    numbers = set()
    for _ in range(2):
        async with open_(tmp_path, environ={"STILETTO_CACHING": "dagger-1.0"}) as session:
            seen = host(session, tmp_path / "src").without_file("edited")
            numbers.add(await random_number(session.dag, seen, "again"))
    assert 1 == len(numbers)


async def test_unknown_caching_is_refused(open_: Opener, tmp_path: Path) -> None:
    """The message has the values that it may have."""
    with pytest.raises(UsageError) as raised:
        async with open_(tmp_path, environ={"STILETTO_CACHING": "fine"}):
            pass
    expected = 'STILETTO_CACHING "fine" is none of content, dagger-0.21, dagger-1.0'
    assert expected == raised.value.message
