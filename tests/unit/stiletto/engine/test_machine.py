"""A stored result counts for the sandbox and the images that it was made with."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stiletto.engine.chosen import ChosenSandbox
from stiletto.engine.machine import Machine
from stiletto.errors import EnvironmentFailed
from stiletto.sandbox.plain import Plain
from stiletto.sandbox.plan import Image, Sandbox
from stiletto.store import Store

PYTHON = "python:3.11-slim"


@dataclass
class Given:
    """Images by address, and how often one was looked for; no others are there."""

    known: dict[str, Image]
    looked: list[str] = field(default_factory=list)

    async def resolve(self, address: str) -> Image:
        """Return the image of an address."""
        self.looked.append(address)
        if address not in self.known:
            raise EnvironmentFailed("no such interpreter")
        return self.known[address]


@dataclass
class Provided:
    """The plain sandbox by the name of what was selected, and images."""

    sandbox: Sandbox
    images: Given


def provided(root: Path, version: str = "3.11.7", wanted: str = "auto") -> Provided:
    """Return a machine with one interpreter."""

    async def choose() -> Sandbox:
        return Plain(root, {})

    images = {PYTHON: Image(PYTHON, f"host:{version}", f"the host's python ({version})")}
    return Provided(ChosenSandbox(choose, wanted), Given(images if version else {}))


def stored(tmp_path: Path) -> dict[str, object]:
    """Return the facts of a result that was made on the machine of `provided`."""
    made = provided(tmp_path)
    asyncio.run(made.sandbox.ready())
    with Store(tmp_path / "store") as store:
        return Machine(store, made).facts({PYTHON: "host:3.11.7"})


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


def changed(tmp_path: Path, now: Provided, facts: dict[str, object]) -> str:
    """Return what differs from a stored result's facts."""
    with Store(tmp_path / "store") as store:
        return asyncio.run(Machine(store, now).changed(facts))


def test_no_image_is_looked_for_while_nothing_around_has_changed(tmp_path: Path) -> None:
    """An unchanged call pays for a look at directories only; a step pays for what it ran in."""
    now = provided(tmp_path)
    assert ("", []) == (changed(tmp_path, now, stored(tmp_path)), now.images.looked)
    assert "" == changed(tmp_path, now, {})


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("3.11.7", ""),
        ("3.11.9", f"image {PYTHON}: another one, the host's python (3.11.9)"),
        ("", f"image {PYTHON}: no such interpreter"),
    ],
)
def test_images_are_compared_after_an_installation(
    tmp_path: Path, version: str, expected: str
) -> None:
    """Of any program; one that gives the same images is looked at once."""
    facts = stored(tmp_path)
    (tmp_path / "bin" / "python3.11").touch()
    now = provided(tmp_path, version)
    assert expected == changed(tmp_path, now, facts)
    again = provided(tmp_path, version)
    assert expected == changed(tmp_path, again, facts)
    assert [] == again.images.looked if not expected else [PYTHON] == again.images.looked


@pytest.mark.parametrize(
    ("made_in", "expected"), [("plain", ""), ("bubblewrap", "sandbox: bubblewrap -> plain")]
)
def test_another_sandbox_is_another_result(tmp_path: Path, made_in: str, expected: str) -> None:
    """What was selected may be another word for the same one."""
    facts = {**stored(tmp_path), "sandbox": made_in}
    assert expected == changed(tmp_path, provided(tmp_path, wanted="plain"), facts)
