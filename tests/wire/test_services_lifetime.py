"""Services over the wire: how long they live, how they end, what they are in keys."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import dagger
import pytest
from service_bench import ask, server, user
from wire_bench import Opener, Session, tick

from stiletto.engine import services

pytestmark = pytest.mark.asyncio(loop_scope="session")


def processes(word: str) -> list[int]:
    """Return the processes of this machine that have a word among their arguments."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it ended
        if word.encode() in words:
            found.append(int(entry.name))
    return found


LIMIT_S = 120.0
"""Nothing here takes that long; a busy machine may."""


async def gone(word: str) -> bool:
    """Tell whether such processes end."""
    until_s = time.monotonic() + LIMIT_S
    while processes(word) and time.monotonic() < until_s:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.05)
    return not processes(word)


async def ran(session: Session, word: str) -> None:
    """Wait until a service has counted itself."""
    until_s = time.monotonic() + LIMIT_S
    while not session.runs(word):
        assert time.monotonic() < until_s, f"{word} did not begin"
        await asyncio.sleep(0.02)


async def test_started_by_hand_it_stays_until_stopped(each: Session, fresh: str) -> None:
    """`start` keeps a service for commands to come; `stop` ends it."""
    service = await server(each, fresh).as_service().start()
    assert processes(fresh)

    one = await ask(user(each, "web", service, fresh + "1"), "web").stdout()
    two = await ask(user(each, "web", service, fresh + "2"), "web").stdout()
    assert one == two
    assert processes(fresh)

    await service.stop()
    assert [] == processes(fresh)
    await service.stop()  # nothing runs: no error


async def test_a_stopped_service_starts_anew(one: Session, fresh: str) -> None:
    """After a stop the next user gets a new instance."""
    service = await server(one, fresh).as_service().start()
    before = await ask(user(one, "web", service, fresh + "1"), "web").stdout()
    await service.stop(kill=True)

    assert before != await ask(user(one, "web", service, fresh + "2"), "web").stdout()


async def test_unused_it_ends_after_a_while(
    each: Session, fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some time after its last user has gone, a service is stopped."""
    monkeypatch.setattr(services, "DETACH_S", 0.3)
    await ask(user(each, "web", server(each, fresh).as_service(), fresh), "web").sync()

    assert await gone(fresh)


async def test_the_next_user_in_time_keeps_it(
    one: Session, fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes before that time is over gets the same instance, which stays as long."""
    monkeypatch.setattr(services, "DETACH_S", LIMIT_S)
    running_ones = one.engine.core.evaluator.commands.services._instances
    others = set(running_ones)
    service = server(one, fresh).as_service()
    before = await ask(user(one, "web", service, fresh + "1"), "web").stdout()
    # While nobody uses it a clock runs; the next user stops that.
    (key,) = set(running_ones) - others
    timer = running_ones[key].idle
    wait = f"while [ -e /counts/{fresh} ]; do sleep 0.02; done"
    script = f"{tick(fresh)}; python /app/ask.py $1 7070 hi; {wait}"
    second = one.counting(fresh, user(one, "web", service, fresh + "2"))
    running = asyncio.create_task(second.with_exec(["sh", "-c", script, "sh", "web"]).stdout())
    await ran(one, fresh)
    assert timer is not None
    assert timer.cancelled()
    for counted in (one.engine.core.store.root / "volumes").glob(f"*/{fresh}"):
        counted.unlink()

    assert before == await running


async def test_it_is_asked_to_end_before_it_is_killed(each: Session, fresh: str) -> None:
    """A stop is SIGTERM, and the service may finish what it does."""
    count = f"echo >> /counts/{fresh}"
    script = f"trap '{count}; exit' TERM; {count}; while :; do sleep 0.05; done"
    service = each.counting(fresh).as_service(args=["sh", "-c", script, "sh", fresh])
    await service.start()
    await ran(each, fresh)
    await service.stop()

    assert each.runs(fresh) == 2


async def test_who_does_not_listen_is_killed(
    each: Session, fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that ignores SIGTERM is killed after a while, at once where that was asked."""
    script = f"trap '' TERM; {tick(fresh)}; while :; do sleep 0.05; done"
    stubborn = each.counting(fresh).as_service(args=["sh", "-c", script, "sh", fresh])
    monkeypatch.setattr(services, "TERMINATE_S", 0.5)
    await stubborn.start()
    await ran(each, fresh)
    await stubborn.stop()
    assert await gone(fresh)

    # A stop that waited this long would end with the test's own limit.
    monkeypatch.setattr(services, "TERMINATE_S", 3600.0)
    await stubborn.start()
    await stubborn.stop(kill=True)
    assert await gone(fresh)


@pytest.mark.parametrize("sandbox", ["auto", "plain"])
async def test_the_session_takes_its_services_along(
    open_: Opener, fresh: str, sandbox: str
) -> None:
    """When a session ends, no service of it is left, started by hand or by a binding."""
    async with open_(sandbox=sandbox) as session:
        await server(session, fresh).as_service().start()
        bound = server(session, fresh + "b").as_service()
        await ask(user(session, "web", bound, fresh), "web").sync()
        assert processes(fresh)
        assert processes(fresh + "b")

    assert [] == processes(fresh) + processes(fresh + "b")


# -- keys -------------------------------------------------------------------------------------


async def test_a_services_content_is_in_the_key(each: Session, fresh: str) -> None:
    """The same command with another service behind the name runs again, else it does not."""

    async def count(container: dagger.Container) -> int:
        bound = user(each, "web", container.as_service(), fresh)
        script = f"echo >> /counts/{fresh}"
        await each.counting(fresh, bound).with_exec(["sh", "-c", script]).sync()
        return each.runs(fresh)

    assert await count(server(each, fresh)) == 1
    assert await count(server(each, fresh)) == 1
    assert await count(server(each, fresh).with_new_file("/srv/data", "changed")) == 2
    assert await count(server(each, fresh).with_env_variable("CELL", "2")) == 3


async def test_a_stored_result_starts_no_service(open_: Opener, fresh: str) -> None:
    """A command whose result is stored needs its services no more, in any session."""
    for started in (True, False):
        async with open_() as session:
            bound = user(session, "web", server(session, fresh).as_service(), fresh)
            await ask(bound, "web").sync()
            assert started == bool(processes(fresh))


async def test_names_of_services_stay_out_of_layers(isolated: Session, fresh: str) -> None:
    """A command sees the names in /etc/hosts; what it leaves behind does not have them."""
    service = server(isolated, fresh).as_service()
    done = user(isolated, "web", service, fresh).with_exec(["cat", "/etc/hosts"])

    assert " web " in await done.stdout()
    assert " web " not in await done.file("/etc/hosts").contents()
