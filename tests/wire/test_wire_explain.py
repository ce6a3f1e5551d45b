"""What is noted of a session's steps, and how `stiletto explain` reads it."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shlex
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import dagger
import pytest
from wire_bench import Opener, Session, write

from stiletto.cli.explain import answers_of
from stiletto.history.answer import Answer
from stiletto.history.journal import History
from stiletto.history.page import text
from stiletto.sandbox import images
from stiletto.sandbox.plan import Image
from stiletto.store import Store

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]

Change = Callable[[Session, dagger.Container], dagger.Container]


def answers(cache: Path, workdir: Path) -> list[Answer]:
    """Return what `explain` answers for the last call of a directory."""
    with Store(cache) as store:
        history = History(store, workdir.resolve())
        call = history.calls()[-1]
        return answers_of(history, call, call.notes, time.time())


async def explained(
    open_: Opener, cache: Path, workdir: Path, work: Callable[[Session], Awaitable[object]]
) -> str:
    """Do something in a session of its own; return what `explain` answers then."""
    async with open_(workdir, command="stiletto call x") as session:
        with contextlib.suppress(dagger.QueryError):
            await work(session)
    return text(answers(cache, workdir), every=False)


def secret(name: str) -> Change:
    """Return a change that gives a secret from a variable of the session."""
    return lambda session, base: base.with_secret_variable(
        "TOKEN", session.dag.secret(f"env://{name}")
    )


CHANGES: dict[str, tuple[Change, Change, str]] = {
    "variable": (
        lambda _, base: base,
        lambda _, base: base.with_env_variable("CI", "1"),
        "variable CI: nothing -> 1",
    ),
    "directory": (
        lambda _, base: base.with_workdir("/usr"),
        lambda _, base: base.with_workdir("/opt"),
        "working directory: /usr -> /opt",
    ),
    "user": (lambda _, base: base, lambda _, base: base.with_user("nobody"), 'user: "" -> nobody'),
    "secret": (secret("FIRST"), secret("SECOND"), "secret TOKEN: has another value"),
    "step beneath": (
        lambda _, base: base.with_exec(["sh", "-c", "echo one > /etc/word"]),
        lambda _, base: base.with_exec(["sh", "-c", "echo two > /etc/word"]),
        "command: 'echo one > /etc/word' -> 'echo two > /etc/word'",
    ),
    "copied from a step": (
        lambda _, base: base.with_directory(
            "/made", base.with_exec(["sh", "-c", "mkdir /d; echo 1 > /d/f"]).directory("/d")
        ),
        lambda _, base: base.with_directory(
            "/made", base.with_exec(["sh", "-c", "mkdir /d; echo 2 > /d/f"]).directory("/d")
        ),
        "command: 'mkdir /d; echo 1 > /d/f' -> 'mkdir /d; echo 2 > /d/f'",
    ),
    "file": (
        lambda _, base: base.with_new_file("/etc/word", "one"),
        lambda _, base: base.with_new_file("/etc/word", "two"),
        "files: 1 of 1 changed",
    ),
    "mount": (
        lambda session, base: base.with_mounted_directory(
            "/m", session.dag.directory().with_new_file("a", "1")
        ),
        lambda session, base: base.with_mounted_directory(
            "/m", session.dag.directory().with_new_file("b", "1")
        ),
        "files of /m: 1 of 1 changed",
    ),
    "temporary directory": (
        lambda _, base: base,
        lambda _, base: base.with_mounted_temp("/t"),
        "mount /t: added",
    ),
    "cache volume": (
        lambda session, base: base.with_mounted_cache("/c", session.dag.cache_volume("one")),
        lambda session, base: base.with_mounted_cache("/c", session.dag.cache_volume("two")),
        "cache volume at /c: another one",
    ),
}


async def test_what_differs_is_named(
    open_: Opener, cache: Path, tmp_path: Path, fresh: str
) -> None:
    """One cause for each change of a step, that of the deepest step."""
    values = {"FIRST": "a first value", "SECOND": "a second one"}
    async with open_(tmp_path, environ=values, command="stiletto call x") as session:
        for name, (before, after, _) in CHANGES.items():
            for change in (before, after):
                base = change(session, session.base())
                await base.with_exec(["echo", fresh, name]).stdout()
    found = {
        answer.note.name: [cause.title for cause in answer.causes]
        for answer in answers(cache, tmp_path)
    }
    expected = {name: [cause] for name, (_, _, cause) in CHANGES.items()}
    assert expected == {name: found[shlex.join(["echo", fresh, name])] for name in CHANGES}
    with Store(cache) as store:
        noted = [path.read_text() for path in (store.root / "history").rglob("*.json")]
    assert [] == [each for each in noted if "first value" in each or "second one" in each]


async def test_a_chain_leads_to_its_root(
    open_: Opener, cache: Path, tmp_path: Path, fresh: str
) -> None:
    """Three steps, one on the other: the edited file is named once, at the first that saw it."""

    async def work(session: Session) -> None:
        made = session.base().with_directory("/src", session.dag.host().directory("src"))
        for number in range(3):
            made = made.with_exec(["sh", "-c", f"sleep 0.2; cat /src/* >> /out{number} # {fresh}"])
        await made.stdout()

    write(tmp_path, {"src/a.txt": "one", "src/b.txt": "same"})
    await explained(open_, cache, tmp_path, work)
    write(tmp_path, {"src/a.txt": "two"})
    lines = (await explained(open_, cache, tmp_path, work)).splitlines()
    assert ["    files: 1 of 2 changed", "    for the same reason", "    for the same reason"] == [
        line for line in lines if line.startswith("    ") and line[4] != " "
    ]
    assert ["/src/a.txt"] == [line.split()[0] for line in lines if line.startswith("      ")]


async def test_another_interpreter_is_a_cause(
    open_: Opener, cache: Path, tmp_path: Path, fresh: str
) -> None:
    """With both versions, as the images are described."""

    class Newer:
        def __init__(self, session: Session) -> None:
            self._images = session.engine.core.evaluator.images

        async def resolve(self, address: str) -> Image:
            image = await self._images.resolve(address)
            described = "the host's /opt/python (3.11.99)"
            return replace(image, identity="host:newer", provided_by=described)

    async def work(session: Session) -> None:
        await session.sh(f"true # {fresh}").stdout()

    async def newer(session: Session) -> None:
        session.engine.core.evaluator.images = Newer(session)
        await work(session)

    await explained(open_, cache, tmp_path, work)
    said = await explained(open_, cache, tmp_path, newer)
    assert "    image: python:3.11-slim, the host's " in said
    assert " -> python:3.11-slim, the host's /opt/python (3.11.99)\n" in said


async def test_another_uv_is_a_cause(
    open_: Opener, cache: Path, tmp_path: Path, fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade of the machine's uv runs again what has it, and both versions are named."""
    real = images.find_uv()
    newer = tmp_path / "newer" / "uv"
    newer.parent.mkdir()
    newer.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo "uv 99.1.2" && exit\nexec {real} "$@"\n'
    )
    newer.chmod(0o755)

    async def work(session: Session) -> None:
        program = session.dag.container().from_("ghcr.io/astral-sh/uv:0.9").file("/uv")
        await session.base().with_file("/opt/uv", program).with_exec(["echo", fresh]).stdout()
        base = session.dag.container().from_("ghcr.io/astral-sh/uv:python3.11-trixie-slim")
        await base.with_exec(["echo", fresh]).stdout()

    await explained(open_, cache, tmp_path, work)
    monkeypatch.setattr(images, "find_uv", lambda: newer)
    await explained(open_, cache, tmp_path, work)
    for answer in answers(cache, tmp_path):
        (cause,) = answer.causes
        assert re.fullmatch(r"image: .* uv \d[^>]* -> .* uv 99\.1\.2\b.*", cause.title), cause


def runs(command: str) -> bool:
    """Whether a process of the machine has this in its command line."""
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if command.encode() in process.read_bytes():
                return True
    return False


async def test_failed_and_interrupted_steps_run_again(
    open_: Opener, cache: Path, tmp_path: Path, fresh: str
) -> None:
    """Neither leaves a result; both are noted."""

    async def fail(session: Session) -> None:
        await session.sh(f"exit 3 # {fresh}").stdout()

    async def stop(session: Session) -> None:
        waiting = asyncio.ensure_future(session.sh(f"sleep 30 # {fresh}").stdout())
        while not runs(f"sleep 30 # {fresh}"):  # noqa: ASYNC110 - a process of another program
            await asyncio.sleep(0.02)
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting

    await explained(open_, cache, tmp_path, fail)
    assert ["failed"] == [each.note.outcome for each in answers(cache, tmp_path)]
    said = await explained(open_, cache, tmp_path, fail)
    assert ", failed: a failure runs again" in said
    await explained(open_, cache, tmp_path, stop)
    assert ["cancelled"] == [each.note.outcome for each in answers(cache, tmp_path)]
    said = await explained(open_, cache, tmp_path, stop)
    assert ", was interrupted and left no result" in said


async def test_one_of_two_sessions_waits_for_the_other(
    open_: Opener, cache: Path, tmp_path: Path, fresh: str
) -> None:
    """A step that both need runs once."""

    async def work(session: Session) -> None:
        await session.sh(f"sleep 0.5 # {fresh}").stdout()

    places = [tmp_path / "one", tmp_path / "two"]
    for place in places:
        place.mkdir()
    said = await asyncio.gather(*(explained(open_, cache, place, work) for place in places))
    assert 1 == sum("it waited for another call, which ran it" in each for each in said)


async def test_a_result_that_was_pruned_names_the_prune(
    open_: Opener, tmp_path: Path, fresh: str
) -> None:
    """What was noted stays, so that the reason is known."""
    own = tmp_path / "own"

    given = {"STILETTO_CACHE": str(own)}
    async with open_(tmp_path, environ=given, command="stiletto call x") as session:
        await session.sh(f"true # {fresh}").stdout()
        pruned = await asyncio.to_thread(session.engine.core.store.prune)
        assert 1 <= pruned.removed["records/step"]
    async with open_(tmp_path, environ=given, command="stiletto call x") as session:
        await session.sh(f"true # {fresh}").stdout()
    (answer,) = answers(own, tmp_path)
    assert answer.why.startswith("its result was removed ")
    assert answer.why.endswith(", by `stiletto prune`")
