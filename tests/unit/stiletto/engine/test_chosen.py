"""A session makes its sandbox and its images when something needs them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from stiletto.engine.chosen import ChosenImages, ChosenSandbox
from stiletto.errors import EnvironmentFailed
from stiletto.sandbox.plain import Plain
from stiletto.sandbox.plan import Image, Sandbox

UNCHANGED = {
    "importlib.metadata",
    "stiletto.engine.calls",
    "stiletto.engine.commands",
    "stiletto.engine.keeping",
    "stiletto.engine.workers",
    "stiletto.kept",
    "stiletto.sandbox.bubblewrap",
    "stiletto.sandbox.images",
    "stiletto.sandbox.plain",
    "stiletto.wire.schema",
}
"""What no stored answer needs."""


def test_a_session_imports_nothing_that_only_a_running_step_needs() -> None:
    """Neither a sandbox nor the table of calls is loaded with the engine."""
    source = f"import sys, stiletto.engine.session; print(*{UNCHANGED!r} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}; {source}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ""


class Counted(Plain):
    """Counts how often it was made and ended."""

    made = 0
    ended = 0

    async def end(self) -> None:
        """Count it."""
        Counted.ended += 1


@pytest.fixture(autouse=True)
def _uncounted() -> None:
    Counted.made = Counted.ended = 0


def test_a_sandbox_is_chosen_once_and_only_where_it_is_needed(tmp_path: Path) -> None:
    """Two that need it share one choice, and it is ended with the session."""

    async def choose() -> Sandbox:
        Counted.made += 1
        await asyncio.sleep(0)
        return Counted(tmp_path)

    async def unused() -> tuple[int, int]:
        await ChosenSandbox(choose).end()
        return Counted.made, Counted.ended

    async def used() -> tuple[int, int, str]:
        sandbox = ChosenSandbox(choose)
        await asyncio.gather(sandbox.ready(), sandbox.shared())
        await sandbox.end()
        return Counted.made, Counted.ended, sandbox.name

    assert asyncio.run(unused()) == (0, 0)
    assert asyncio.run(used()) == (1, 1, "plain")


def test_a_sandbox_that_nobody_waits_for_any_more_is_ended(tmp_path: Path) -> None:
    """Whoever asked was cancelled meanwhile: what was started then does not stay."""

    async def choose() -> Sandbox:
        await asyncio.sleep(0)
        return Counted(tmp_path)

    async def cancelled() -> int:
        sandbox = ChosenSandbox(choose)
        asking = asyncio.create_task(sandbox.ready())
        await asyncio.sleep(0)
        asking.cancel()
        for _ in range(3):
            await asyncio.sleep(0)
        await sandbox.end()
        return Counted.ended

    assert asyncio.run(cancelled()) == 1


def test_a_choice_that_failed_is_made_again(tmp_path: Path) -> None:
    """What the machine was short of may be there for the next step."""

    async def choose() -> Sandbox:
        Counted.made += 1
        if Counted.made == 1:
            raise EnvironmentFailed("steps cannot be isolated just now")
        return Counted(tmp_path)

    async def twice() -> str:
        sandbox = ChosenSandbox(choose)
        with pytest.raises(EnvironmentFailed):
            await sandbox.ready()
        await sandbox.ready()
        return sandbox.name

    assert asyncio.run(twice()) == "plain"


def test_images_are_made_for_the_first_address() -> None:
    """The table of images is loaded once, and not before."""
    made: list[str] = []

    class Known:
        async def resolve(self, address: str) -> Image:
            """Return an image of this address."""
            return Image(address, address, "nothing")

    def make() -> Known:
        made.append("images")
        return Known()

    images = ChosenImages(make)
    assert made == []
    addresses = [asyncio.run(images.resolve(each)).address for each in ("a", "b")]
    assert (addresses, made) == (["a", "b"], ["images"])


def test_an_image_is_resolved_once_for_all_that_ask() -> None:
    """What begins early and what the module asks for share it; a failure is tried again."""
    asked: list[str] = []

    class Failing:
        async def resolve(self, address: str) -> Image:
            """Fail the first time."""
            asked.append(address)
            if len(asked) == 1:
                raise EnvironmentFailed("the machine lacks something just now")
            return Image(address, address, "nothing")

    async def resolved() -> list[str]:
        images = ChosenImages(Failing)
        with pytest.raises(EnvironmentFailed):
            await images.resolve("a")
        found = [await images.resolve("a"), *await asyncio.gather(*map(images.resolve, "aab"))]
        return [each.address for each in found]

    assert ["a", "a", "a", "b"] == asyncio.run(resolved())
    assert ["a", "a", "b"] == asked
