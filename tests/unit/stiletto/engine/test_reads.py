"""A function that is never cached, and declares what it reads, is answered while that is the same.

Its code looks into a volume for the newest attempt at its step. The step prints a number that is
another one whenever it runs.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from stiletto.api.session import Query
from stiletto.engine import reads
from stiletto.engine.client import Client
from stiletto.engine.coarse import Caching
from stiletto.engine.core import core_of
from stiletto.engine.gate import SecretGate
from stiletto.engine.ports import ObjectRef
from stiletto.engine.session import Engine
from stiletto.graph.recipe import Recipe
from stiletto.progress import Progress, Renderer, Span
from stiletto.sandbox.images import HostImages
from stiletto.store import Store
from tests.unit.stiletto.engine.test_session import SHOWN, Apart, Case, Probe

CALLS_MAX = 8


class Reader(Probe):
    """A module that reads: its step has the name of the newest attempt."""

    command = SHOWN + '"$ATTEMPT"; date +%N | tee number'
    policy = "Never"

    def __init__(self, declared: str) -> None:
        super().__init__()
        self._declared = declared
        self.fails = False

    async def run(self, client: Client, _what: str) -> str:
        """Look which attempt is the newest, and answer with it."""
        call = client.call
        if call is None or not call.parent_name or not call.name:
            return await super().run(client, _what)
        self.calls += 1
        client.printed.append(b"it reads\n")
        args = {each.name: json.loads(each.value) for each in call.args}
        volume = await self._made(client, Query(), ("cacheVolume", {"key": "attempts"}))
        base = await self._made(client, Query(), ("container", {}), ("from", {"address": "debian"}))
        looked = await self._made(
            client,
            base,
            ("withMountedCache", {"path": "/kept", "cache": await self._id(client, volume)}),
            ("withLabel", {"name": reads.LABEL, "value": self._declared}),
            ("withEnvVariable", {"name": "NOW", "value": uuid.uuid4().hex}),
            ("withExec", {"args": ["sh", "-c", "cd /kept && cat *.txt; true"]}),
        )
        step = await self._made(
            client,
            base,
            ("withDirectory", {"path": "/src", "source": args["source"]}),
            ("withEnvVariable", {"name": "WORD", "value": args["word"]}),
            (
                "withEnvVariable",
                {"name": "ATTEMPT", "value": str(await self._call(client, looked, "stdout", {}))},
            ),
            ("withExec", {"args": ["sh", "-c", self.command, "sh", args["given"]]}),
        )
        return json.dumps(await self._call(client, step, "stdout", {}))

    async def _id(self, client: Client, value: Recipe) -> str:
        return str(await self._call(client, value, "id", {}))


class Printed(Renderer):
    """Keeps what is shown of functions."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def output(self, span: Span, data: bytes) -> None:
        """Keep it."""
        if span.kind == "function":
            self.lines.append(data.decode())


async def _yes() -> bool:
    return True


async def _no_way() -> str:
    return ""


class Place:
    """A store, and a package whose step is read in it."""

    def __init__(self, root: Path, chance: random.Random) -> None:
        self.case = Case(root / "case", chance)
        self.store = root / "store"
        self.declared = "/kept"
        self.caching = Caching.CONTENT
        self.secret = ""
        self.printed = Printed()

    def read(self) -> tuple[str, bool]:
        """Return the answer, and whether the module ran."""
        return asyncio.run(self._read())

    def ran(self) -> bool:
        """Whether the module runs when the function is called now."""
        return self.read()[1]

    async def _read(self) -> tuple[str, bool]:
        base = self.store / "sandbox"
        self.printed.lines.clear()
        with Store(self.store) as store:
            core = core_of(
                store=store,
                sandbox=Apart(base),
                images=HostImages(servers=base / "servers", memory=store),
                progress=Progress(self.printed),
                workdir=self.case.root,
                environ={"PATH": os.environ["PATH"], "HOME": str(self.case.root)},
                gate=SecretGate(isolated=_yes, allowed=True, way_out=_no_way),
                caching=self.caching,
                command="stiletto call answer",
            )
            if self.secret:
                core.secrets.masks.add(self.secret)
            probe = Reader(self.declared)
            engine = probe.engine = Engine(core, run=probe.run)
            try:
                await engine.load_module(str(self.case.module))
                made = await engine.construct({})
                host = await engine.select(None, "host", {})
                assert isinstance(host, ObjectRef)
                source = await engine.select(host, "directory", {"path": str(self.case.source)})
                found = await engine.select(made, "answer", {"source": source, **self.case.args})
            finally:
                await engine.close()
        return str(found), probe.calls > 0

    def forget(self) -> None:
        """Remove what is kept of functions that read."""
        shutil.rmtree(self.store / "records" / reads.KIND, ignore_errors=True)

    # -- what may happen between two calls ---------------------------------------------------

    def attempt(self) -> None:
        """Another attempt at some step, perhaps at this one."""
        for volume in (self.store / "volumes").glob("*"):
            name = self.case.chance.choice(["a.txt", "b.txt"])
            (volume / name).write_text(self.case.value())

    def forget_attempts(self) -> None:
        """All attempts are removed, or the volume."""
        for path in (self.store / "volumes").glob(self.case.chance.choice(["*", "*/*"])):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def prune(self) -> None:
        """Something that was stored is removed."""
        patterns = ("records/step/*/*.json", "layers/*", "records/call/*/*.json")
        found = sorted(self.store.glob(self.case.chance.choice(patterns)))
        if found:
            path = self.case.chance.choice(found)
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def edit(self) -> None:
        """Another file, argument, variable, or code."""
        self.case.edit()


EVENTS: tuple[Callable[[Place], None], ...] = (
    *(Place.attempt, Place.attempt, Place.forget_attempts, Place.prune, Place.edit),
    *(lambda _: None,) * 3,
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a place in which the function was read until its answer is kept."""
    made = Place(tmp_path, random.Random(0))  # noqa: S311 - nothing secret
    assert made.ran()
    assert made.ran(), "its step had run"
    return made


def test_unchanged_reading_runs_nothing(place: Place) -> None:
    """Neither the module nor a step; what the function printed is shown again."""
    found, ran = place.read()
    assert not ran
    assert ["it reads\n"] == place.printed.lines
    place.forget()
    assert (found, True) == place.read()


def test_first_look_into_a_volume_is_kept(place: Place) -> None:
    """Until a step has used it, a volume does not exist: that is as if it were empty."""
    place.forget()
    for path in (place.store / "volumes").glob("*"):
        path.rmdir()
    assert [True, False] == [place.ran() for _ in range(2)]


def test_newer_attempt_is_found(place: Place) -> None:
    """The volume has another file, so the function looks and answers with that attempt."""
    before, _ = place.read()
    place.attempt()
    after, ran = place.read()
    assert ran
    assert before != after


@pytest.mark.parametrize("pattern", ["records/step/*/*.json", "layers/*", "volumes/*"])
def test_removed_results_are_made_again(place: Place, pattern: str) -> None:
    """An answer whose step, layer or volume is gone is none."""
    place.attempt()
    assert [True, True, False] == [place.ran() for _ in range(3)]
    for path in place.store.glob(pattern):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert place.ran()


def _undeclared(place: Place) -> None:
    place.declared = "/elsewhere"


def _secret(place: Place) -> None:
    place.secret = "a word that is secret"


def _as_dagger(place: Place) -> None:
    place.caching = Caching.DAGGER_1_0


@pytest.mark.parametrize("change", [_undeclared, _secret, _as_dagger])
def test_what_more_may_decide_is_not_kept(place: Place, change: Callable[[Place], None]) -> None:
    """Without a declaration, with a secret in the session, with Dagger's keys: it always runs."""
    place.forget()
    change(place)
    assert [True] * 3 == [place.ran() for _ in range(3)]


def check(root: Path, seeds: range) -> tuple[int, int]:
    """Compare answers of random sequences; return how many there were, and how many were kept."""
    calls = kept = 0
    for seed in seeds:
        place = Place(root / str(seed), random.Random(seed))  # noqa: S311 - nothing secret
        for number in range(CALLS_MAX):
            place.case.chance.choice(EVENTS)(place)
            found, ran = place.read()
            place.forget()
            assert place.read() == (found, True), f"sequence {seed}, call {number}"
            calls, kept = calls + 1, kept + (not ran)
        shutil.rmtree(root / str(seed))
    return calls, kept


def test_kept_answer_is_the_one_that_the_function_gives(tmp_path: Path) -> None:
    """After any attempts, removals and edits, in any order."""
    calls, kept = check(tmp_path, range(6))
    assert 0 < kept < calls


@pytest.mark.slow
@pytest.mark.repeated
def test_many_kept_answers_are_those_that_the_function_gives(tmp_path: Path) -> None:
    """The same, for longer."""
    calls, kept = check(tmp_path, range(6, 206))
    assert 0 < kept < calls
