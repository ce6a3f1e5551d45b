"""Which steps begin before the module asks for them, and what is left of those it does not want.

The order of events decides: where a step is to begin early, the module's code waits for it.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stiletto.engine.client import Client
from stiletto.engine.core import core_of
from stiletto.engine.gate import SecretGate
from stiletto.engine.ports import ObjectRef
from stiletto.engine.session import Engine
from stiletto.errors import ModuleFailed, StilettoError
from stiletto.history.journal import History
from stiletto.progress import Progress, Renderer, Span
from stiletto.sandbox.images import HostImages
from stiletto.sandbox.plain import Plain
from stiletto.sandbox.plan import Sink, Step, StepOutput
from stiletto.store import Store
from tests.unit.stiletto.engine.test_session import Case, Probe

LIMIT_S = 60
"""More than any step takes: only a test that fails waits so long."""
COMMAND = """cat /src/a
if [ -e /src/red ]; then exit 3; fi
if [ -e "/src/slow-$1" ]; then sleep 600; fi
"""


@dataclass
class Seen:
    """What happened in a session."""

    events: list[str] = field(default_factory=list)
    shown: list[tuple[str, str]] = field(default_factory=list)
    began: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Watched(Plain):
    """Runs steps without isolation, under another name, and notes when they begin and end."""

    name = "apart"

    def __init__(self, base: Path, seen: Seen) -> None:
        super().__init__(base)
        self._seen = seen

    async def run(self, step: Step, sink: Sink, stop: asyncio.Event | None = None) -> StepOutput:
        """Note the step by its last argument."""
        what = step.args[-1]
        self._seen.events.append(f"{what} began")
        self._seen.began.set()
        try:
            done = await super().run(step, sink, stop)
        except asyncio.CancelledError:
            self._seen.events.append(f"{what} cancelled")
            raise
        self._seen.events.append(f"{what} ended")
        self._seen.ended.set()
        return done


class Listed(Renderer):
    """Notes what is shown of steps."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def output(self, span: Span, data: bytes) -> None:
        """Note what a step printed."""
        self._seen.shown.append((span.kind, data.decode()))

    def end(self, span: Span, note: str) -> None:
        """Note how it ended."""
        assert span.outcome is not None
        if span.kind == "step":
            self._seen.shown.append((span.outcome.value, note))


class Told(Probe):
    """The module's code, which does something before it asks for its step."""

    command = COMMAND

    def __init__(self, before: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self._before = before

    async def run(self, client: Client, what: str) -> str:
        """Do it where the function is called."""
        assert client.call is not None
        if client.call.parent_name and client.call.name:
            await self._before()
        return await super().run(client, what)


class Fresh(Told):
    """The same, of a function whose results are not stored."""

    policy = "Never"


async def _yes() -> bool:
    return True


async def _no_way() -> str:
    return ""


class Commands:
    """Calls the same command again and again."""

    def __init__(self, root: Path) -> None:
        self.case = Case(root / "case", random.Random(0))  # noqa: S311 - nothing secret
        self.store = Store(root / "store")
        self.seen = Seen()
        self.plain = False
        self.probe: type[Told] = Told

    async def call(self, before: Callable[[], Awaitable[None]] | None = None) -> str:
        """Return the function's answer, in a session of its own."""
        seen = self.seen = Seen()
        base = self.store.root / "sandbox"

        async def nothing() -> None:
            seen.events.append("asked")

        progress = Progress(Listed(seen))
        core = core_of(
            store=self.store,
            sandbox=Plain(base) if self.plain else Watched(base, seen),
            images=HostImages(servers=base / "servers", memory=self.store),
            progress=progress,
            workdir=self.case.root,
            environ={"PATH": os.environ["PATH"], "HOME": str(self.case.root)},
            gate=SecretGate(isolated=_yes, allowed=True, way_out=_no_way),
            command="stiletto call answer",
        )
        probe = self.probe(before or nothing)
        engine = probe.engine = Engine(core, run=probe.run)
        try:
            await engine.load_module(str(self.case.module))
            made = await engine.construct({})
            host = await engine.select(None, "host", {})
            assert isinstance(host, ObjectRef)
            source = await engine.select(host, "directory", {"path": str(self.case.source)})
            args = {"source": source, **self.case.args}
            return str(await engine.select(made, "answer", args))
        finally:
            await engine.close()

    async def begun(self) -> None:
        """Wait for a step: the module has not asked for any."""
        await asyncio.wait_for(self.seen.began.wait(), LIMIT_S)
        self.seen.events.append("asked")

    def write(self, name: str, text: str = "") -> None:
        """Edit the source."""
        (self.case.source / name).write_text(text)

    def steps(self) -> list[tuple[str, str]]:
        """Return the name's end and the outcome of each step that the last call noted."""
        last = History(self.store, self.case.root).calls()[-1]
        return [(note.name[-1], note.outcome) for note in last.notes if note.kind.value == "step"]

    def guesses(self) -> int:
        """Return how many commands are known."""
        return len(self.store.note_names("early"))


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    """Return a module and a store of its own."""
    made = Commands(tmp_path)
    with made.store:
        yield made


async def test_step_of_the_last_call_begins_before_the_module_asks(commands: Commands) -> None:
    """With the new source; the module's request meets it, and it is shown as one that ran."""
    assert "a\n" == await commands.call()
    assert ["asked", "g began", "g ended"] == commands.seen.events
    commands.write("a", "other\n")
    assert "other\n" == await commands.call(commands.begun)
    assert "g began" == commands.seen.events[0]
    assert {"g began", "asked", "g ended"} == set(commands.seen.events)
    assert 3 == len(commands.seen.events)
    assert [("step", "other\n"), ("done", "")] == commands.seen.shown
    assert [("g", "done")] == commands.steps()


async def test_nothing_runs_where_nothing_was_edited(commands: Commands) -> None:
    """The answer is stored, and no guess is looked at."""
    await commands.call()
    await commands.call()
    assert [] == commands.seen.events


async def test_wrong_guess_leaves_nothing(commands: Commands) -> None:
    """It makes way for what the module asks for, and is neither shown, noted nor stored."""
    await commands.call()
    commands.write("slow-g")
    commands.case.args["given"] = "h"
    assert "a\n" == await commands.call(commands.begun)
    assert ["g began", "asked"] == commands.seen.events[:2]
    assert {"g cancelled", "h began", "h ended"} == set(commands.seen.events[2:])
    assert [("step", "a\n"), ("done", "")] == commands.seen.shown
    assert [("h", "done")] == commands.steps()
    assert 2 == len(list(commands.store.root.glob("records/step/*/*.json")))
    assert 1 == len(list((commands.store.root / "stage").iterdir())), "the store's own"


async def test_guess_that_was_wrong_twice_is_not_repeated(commands: Commands) -> None:
    """Until the command asks for the same again."""
    await commands.call()
    for given in ("h", "i"):
        commands.write("a", given)
        commands.case.args["given"] = given
        await commands.call(commands.begun)
        assert f"{given} ended" in commands.seen.events
    commands.write("a", "same")
    await commands.call()
    assert ["asked", "i began", "i ended"] == commands.seen.events
    commands.write("a", "again")
    await commands.call(commands.begun)
    assert "i began" == commands.seen.events[0]


async def test_red_result_serves_the_call_that_began_it(commands: Commands) -> None:
    """A step that fails early fails for the module, once: it does not run again in this call."""
    await commands.call()
    commands.write("red")

    async def ended() -> None:
        await asyncio.wait_for(commands.seen.ended.wait(), LIMIT_S)
        commands.seen.events.append("asked")

    for _ in range(2):
        with pytest.raises(StilettoError, match="exit code: 3"):
            await commands.call(ended)
        assert ["g began", "g ended", "asked"] == commands.seen.events
        assert [("g", "failed")] == commands.steps()
        assert "failed" == commands.seen.shown[-1][0]


async def test_step_that_nothing_asks_for_ends_with_the_call(commands: Commands) -> None:
    """Its process is ended, and what was known of the command stays."""
    await commands.call()
    commands.write("slow-g")

    async def fail() -> None:
        await commands.begun()
        raise ModuleFailed("it does not matter why")

    for _ in range(2):
        with pytest.raises(ModuleFailed):
            await commands.call(fail)
        assert ["g began", "asked", "g cancelled"] == commands.seen.events
        assert [] == commands.seen.shown
        assert [] == commands.steps()


async def test_steps_of_functions_that_are_not_cached_never_begin_early(
    commands: Commands,
) -> None:
    """Such as those of a release."""
    commands.probe = Fresh
    for text in ("one", "two"):
        commands.write("a", text)
        assert text == await commands.call()
        assert ["asked", "g began", "g ended"] == commands.seen.events
        assert 0 == commands.guesses()


async def test_no_step_begins_early_in_plain_mode(commands: Commands) -> None:
    """There, two steps at once can disturb each other where the module runs one by one."""
    commands.plain = True
    await commands.call()
    assert 1 == commands.guesses()
    commands.write("a", "other")

    async def wait() -> None:
        await asyncio.sleep(0.05)

    await commands.call(wait)
    assert [("g", "done")] == commands.steps()
