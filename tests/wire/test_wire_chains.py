"""Chains of steps of which some write nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from wire_bench import Opener, Session

from stiletto.engine.evaluate import MAX_LAYERS
from stiletto.store.opened import WIDE_ENTRIES

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]

RANDOM = ["python", "-c", "import random; print(random.random())"]


async def test_a_step_that_only_reads_leaves_no_layer(open_: Opener, tmp_path: Path) -> None:
    """Its record is all that the store has of it, and the next session finds that."""
    environ = {"STILETTO_CACHE": str(tmp_path / "cache")}
    printed: set[str] = set()
    for _ in range(2):
        async with open_(environ=environ) as session:
            made = session.base().with_exec(["touch", "/written"]).with_exec(RANDOM)
            printed.add(await made.stdout())

    assert 1 == len(printed)
    layers = (tmp_path / "cache" / "layers").iterdir()
    assert [["written"]] == [[each.name for each in (layer / "fs").iterdir()] for layer in layers]


async def test_a_step_that_only_reads_is_run_each_time_that_it_is_asked_for(
    each: Session, fresh: str
) -> None:
    """The same command once more in a chain has an answer of its own."""
    first = each.base().with_env_variable("FRESH", fresh).with_exec(RANDOM)

    assert await first.stdout() != await first.with_exec(RANDOM).stdout()


async def test_files_pass_a_step_that_only_reads(each: Session, fresh: str) -> None:
    """What was written and removed before it is what the next step sees."""
    made = (
        each.base()
        .with_exec(["sh", "-c", f"mkdir /d; echo {fresh} > /d/kept; touch /d/gone"])
        .with_exec(["rm", "/d/gone"])
        .with_exec(["true"])
        .with_new_file("/d/new", fresh)
        .with_exec(["true"])
        .with_exec(["sh", "-c", "ls /d; cat /d/kept"])
    )

    assert f"kept\nnew\n{fresh}\n" == await made.stdout()


async def test_permission_bits_of_the_root_are_no_nothing(isolated: Session, fresh: str) -> None:
    """A step that changes those of `/` alone has a layer that shows them."""
    # Never in plain mode, where `/` is the machine's own.
    made = isolated.base().with_exec(["sh", "-c", f"chmod 711 /; : {fresh}"])

    assert 0o711 == await made.stat("/").permissions()


@pytest.mark.parametrize(("sandbox", "layers"), [("auto", MAX_LAYERS), ("plain", 1)])
async def test_what_went_from_a_large_source_is_not_seen(
    open_: Opener, tmp_path: Path, sandbox: str, layers: int
) -> None:
    """A removed and a renamed file, in the next session and after many more layers."""
    source = tmp_path / "source"
    for number in range(WIDE_ENTRIES):
        at = source / f"d{number % 10}" / str(number)
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(str(number))
    environ = {"STILETTO_CACHE": str(tmp_path / "cache")}
    for number in range(2):
        if number:
            (source / "d3/3").unlink()
            (source / "d3/13").rename(source / "d3/renamed")
        names = sorted(path.name for path in (source / "d3").iterdir())
        async with open_(environ=environ, sandbox=sandbox) as session:
            copied = session.base().with_directory(
                "/src", session.dag.host().directory(str(source))
            )
            seen = copied.with_exec(["sh", "-c", f"ls /src/d3; : {number}"])
            assert sorted((await seen.stdout()).split()) == names
            for step in range(layers):
                seen = seen.with_exec(["touch", f"/{step}"])
            seen = seen.with_exec(["ls", "/src/d3"])
            assert sorted((await seen.stdout()).split()) == names
            assert sorted(await seen.directory("/src/d3").entries()) == names
