"""What an isolated step reaches of the machine's network where `pasta` is installed."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hostile_bench import environment, opened, stiletto
from processes import command_lines_with, living_with
from test_host import ISOLATION, SOURCES, Bench

from stiletto.api.execution import with_exec
from stiletto.engine.container_leaves import image_container
from stiletto.errors import EnvironmentFailed, StepFailed, UsageError
from stiletto.sandbox import network as networks
from stiletto.sandbox.bubblewrap import Bubblewrap, find_program
from stiletto.sandbox.network import LOOPBACK, Network, network_from
from stiletto.sandbox.select import select

TRIED = """
import json, socket, sys
answers = []
for family, kind, where in json.loads(sys.argv[1]):
    link = socket.socket(family, kind)
    link.settimeout(20)
    try:
        if kind == socket.SOCK_DGRAM:
            link.connect(tuple(where))
            link.send(b"ping")
        else:
            link.connect(where if isinstance(where, str) else tuple(where))
            link.sendall(b"ping")
            link.shutdown(socket.SHUT_WR)
        answers.append(link.recv(9).decode())
    except OSError as error:
        answers.append(type(error).__name__)
print(*answers)
"""
Target = tuple[int, int, object]


class Echo:
    """Answers on a socket of the machine, until it is closed."""

    def __init__(self, family: int, kind: int, at: tuple[str, int] | str) -> None:
        self.socket = socket.socket(family, kind)
        self.socket.bind(at)
        if kind == socket.SOCK_STREAM:
            self.socket.listen()
        self._kind = kind
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def target(self) -> Target:
        """How a step reaches it on this machine's network."""
        at = self.socket.getsockname()
        if isinstance(at, bytes):
            at = at.decode()
        return (self.socket.family, self._kind, at)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.socket.getsockname()[1])

    def _serve(self) -> None:
        while True:
            try:
                if self._kind == socket.SOCK_DGRAM:
                    data, who = self.socket.recvfrom(9)
                    if data == b"end":
                        return
                    self.socket.sendto(b"machine", who)
                    continue
                link, _ = self.socket.accept()
            except OSError:
                return
            with link:
                link.recv(9)
                link.sendall(b"machine")

    def close(self) -> None:
        """Stop."""
        if self._kind == socket.SOCK_DGRAM:
            with socket.socket(self.socket.family, self._kind) as link:
                link.sendto(b"end", self.socket.getsockname())
        else:
            self.socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self.socket.close()


@pytest.fixture
def listeners() -> Iterator[list[Echo]]:
    """Listen on the machine in all the ways that a step might find."""
    name = f"\0stiletto-test-{secrets.token_hex(8)}"
    made = [
        Echo(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
        Echo(socket.AF_INET, socket.SOCK_STREAM, ("127.1.2.3", 0)),
        Echo(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
        Echo(socket.AF_UNIX, socket.SOCK_STREAM, name),
    ]
    if socket.has_ipv6 and Path("/proc/net/if_inet6").exists():
        made.append(Echo(socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0)))
    yield made
    for one in made:
        one.close()


@asynccontextmanager
async def separate(
    root: Path, host_env: Mapping[str, str] | None = None, ports: tuple[int, ...] = ()
) -> AsyncIterator[tuple[Bench, Network]]:
    """Run steps in a network of their own; the test is skipped where there can be none."""
    sandbox = Bubblewrap(root / "base", host_env=host_env or {})
    network = Network(sandbox.program, host_env or {}, ports)
    sandbox.separate(network)
    try:
        if not (await network.ready()).own:
            pytest.skip(f"no network for steps here: {network.why}")
        yield Bench(root, sandbox), network
    finally:
        await sandbox.end()


async def tried(bench: Bench, *targets: Target) -> list[str]:
    """Let a step try to reach them; return what it got from each."""
    words = json.dumps(targets)
    output = await bench.run("python", "-c", TRIED, words, python=True)
    assert output.exit_code == 0, output.interleaved.decode()
    return output.stdout.decode().split()


@ISOLATION
async def test_what_listens_on_the_machine_is_not_reached(
    tmp_path: Path, listeners: list[Echo]
) -> None:
    """Neither loopback, at any address, nor an abstract socket of the machine answers a step."""
    async with separate(tmp_path) as (bench, _):
        answers = await tried(bench, *(each.target for each in listeners))

    assert ["ConnectionRefusedError"] * len(listeners) == answers


@ISOLATION
async def test_with_the_switch_steps_share_the_machines_network(
    tmp_path: Path, listeners: list[Echo]
) -> None:
    """STILETTO_LOOPBACK=all leaves steps in the network of the machine."""
    environ = {"STILETTO_LOOPBACK": "all"}
    sandbox = await select("bubblewrap", tmp_path / "base", print, environ=environ)
    first, *_ = listeners
    try:
        assert ["machine"] == await tried(Bench(tmp_path, sandbox), first.target)
        assert "STILETTO_LOOPBACK=all" in await sandbox.shared()
    finally:
        await sandbox.end()


@ISOLATION
async def test_named_ports_are_reached_and_no_others(tmp_path: Path, listeners: list[Echo]) -> None:
    """A port that the user names is passed on, for both kinds of address; its neighbour is not."""
    first, other, *_ = listeners
    async with separate(tmp_path, ports=(first.port,)) as (bench, _):
        answers = await tried(bench, first.target, other.target)
        said = await bench.sandbox.shared()

    assert ["machine", "ConnectionRefusedError"] == answers
    assert f"but ports {first.port}" in said


@ISOLATION
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1.2.3"])
async def test_a_proxy_on_loopback_is_reached(
    tmp_path: Path, listeners: list[Echo], host: str
) -> None:
    """Where the environment names a proxy on this machine, steps reach it at its address."""
    proxy = listeners[1 if host == "127.1.2.3" else 0]
    async with separate(tmp_path, {"https_proxy": f"http://{host}:{proxy.port}"}) as (bench, _):
        answers = await tried(bench, *(each.target for each in listeners[:2]))

    expected = ["machine" if each is proxy else "ConnectionRefusedError" for each in listeners[:2]]
    assert expected == answers


@ISOLATION
async def test_questions_to_a_name_server_on_loopback_are_passed_on(
    tmp_path: Path, listeners: list[Echo]
) -> None:
    """Datagrams to an address that is opened reach the machine, and their answers the step."""
    server = listeners[2]
    async with separate(tmp_path) as (bench, network):
        own = await network.ready()
        assert isinstance(own, networks.Own)
        assert await own.forwards.datagrams(own.socket, ("127.0.0.1", server.port))
        answers = await tried(bench, server.target, server.target)

    assert ["machine", "machine"] == answers


@ISOLATION
async def test_steps_reach_each_other(tmp_path: Path) -> None:
    """What one step serves on an address of loopback, another and the engine reach."""
    serve = (
        "import socket; s = socket.create_server(('127.9.8.7', 7000)); "
        "[l.recv(9) and l.sendall(b'step') or l.close() for l, _ in (s.accept() for _ in range(2))]"
    )
    async with separate(tmp_path) as (bench, network):
        server = asyncio.ensure_future(bench.run("python", "-c", serve, python=True))
        own = await network.ready()
        while True:
            with own.socket(socket.SOCK_STREAM) as link:
                try:
                    link.connect(("127.9.8.7", 7000))
                    break
                except ConnectionRefusedError:
                    assert not server.done(), (await server).interleaved
                    await asyncio.sleep(0.02)
        target = (socket.AF_INET, socket.SOCK_STREAM, ("127.9.8.7", 7000))
        assert ["step"] == await tried(bench, target)
        assert 0 == (await server).exit_code


@ISOLATION
async def test_a_step_gets_no_descriptor_of_the_network(tmp_path: Path) -> None:
    """The namespaces by which a step joins are closed before its command starts."""
    async with separate(tmp_path) as (bench, _):
        listed = await bench.python("import os; print(sorted(os.listdir('/proc/self/fd')))")

    assert "['0', '1', '2', '3']\n" == listed  # 3 is the listing's own


@ISOLATION
@pytest.mark.parametrize(
    ("pasta", "why"),
    [
        ("echo 'no route to anywhere' >&2; exit 1", "pasta failed: no route to anywhere"),
        ("exit 0", "pasta failed: it ended without a message"),
        ("exec sleep 3600", "pasta did not respond within 0.5 s"),
    ],
)
async def test_where_pasta_fails_the_network_is_shared_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pasta: str, why: str
) -> None:
    """Steps run in the machine's network where theirs cannot be made, and the line says why."""
    if not os.access(networks.TUN, os.R_OK | os.W_OK):
        pytest.skip(f"{networks.TUN} cannot be opened")
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "pasta").write_text(f"#!/bin/sh\n{pasta}\n")
    (programs / "pasta").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    if "sleep" in pasta:
        monkeypatch.setattr(networks, "START_S", 0.5)
    sandbox = Bubblewrap(tmp_path / "base", find_program(), {})
    told: list[str] = []
    sandbox.separate(Network(sandbox.program, {}, say=told.append))
    try:
        assert "0\n" == await Bench(tmp_path, sandbox).sh("true; echo $?")
        assert f"({why})" in await sandbox.shared()
        assert [why] == [why for line in told if why in line]
    finally:
        await sandbox.end()


def holders() -> list[int]:
    """Return the processes that keep a network: supervisors, pasta, holders."""
    return living_with(b"network_holder.py\x00")


def killed(family: set[int]) -> None:
    """Kill the one of them that is a child of this process, and wait for the others' end."""
    for pid in family:
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        if parent == os.getpid():
            os.kill(pid, signal.SIGKILL)
    while family & set(holders()):
        time.sleep(0.02)


async def repeated(bench: Bench) -> None:
    """Run steps until one cannot run."""
    while True:
        await bench.sh("true")


@ISOLATION
async def test_a_step_after_the_networks_end_says_so(tmp_path: Path) -> None:
    """Where pasta was killed a step does not run elsewhere: one error names the next act."""
    before = set(holders())
    async with separate(tmp_path) as (bench, _):
        await asyncio.to_thread(killed, set(holders()) - before)
        with pytest.raises(EnvironmentFailed, match="network of this session") as failed:
            await repeated(bench)

    assert failed.value.hint is not None
    assert "run the same command again" in failed.value.hint


@ISOLATION
async def test_a_network_that_ends_while_it_comes_up_leaves_nothing(tmp_path: Path) -> None:
    """A launcher is killed with what it has forked, which may not yet end with it."""
    program = tmp_path / "bwrap"
    program.symlink_to(find_program())
    for number in range(40):
        network = Network(program, {})
        network.begin()
        await asyncio.sleep(number * 0.0005)
        await network.close()

    end_s = time.monotonic() + 60
    while left := command_lines_with(str(program)):
        assert time.monotonic() < end_s, left
        await asyncio.sleep(0.02)


KILLED = """
import asyncio, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from stiletto.sandbox.bubblewrap import find_program
from stiletto.sandbox.network import Network

async def main():
    network = Network(find_program(), {})
    print((await network.ready()).own, network.why, flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


@ISOLATION
def test_the_network_ends_with_a_killed_engine(tmp_path: Path) -> None:
    """When the engine is killed with -9, nothing of the network is left."""
    before = set(holders())
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path), str(SOURCES)],
        stdout=subprocess.PIPE,
        text=True,
    ) as engine:
        assert engine.stdout is not None
        said = engine.stdout.readline()
        mine = set(holders()) - before
        engine.kill()
    if not said.startswith("True"):
        pytest.skip(f"no network for steps here: {said.removeprefix('False').strip()}")
    assert mine
    end_s = time.monotonic() + 60
    while mine & set(holders()):
        assert time.monotonic() < end_s, "the network goes on"
        time.sleep(0.02)


def test_a_setting_that_is_neither_is_refused(tmp_path: Path) -> None:
    """STILETTO_LOOPBACK takes ports or `all`; anything else ends the call with one line."""
    for value in ("none", "0", "65536", "80;81", "-1", "\u00b2", "80,"):
        with pytest.raises(UsageError, match="neither `all` nor a list of ports"):
            network_from({LOOPBACK: value}, tmp_path, {}, print)
    env = environment(tmp_path, STILETTO_LOOPBACK="none", STILETTO_SANDBOX="auto")
    ended = stiletto(tmp_path, env, "run", "--progress=plain", "true")

    assert 1 == ended.code
    assert "STILETTO_LOOPBACK='none' is neither" in ended.err
    assert "Traceback" not in ended.err


@ISOLATION
async def test_a_refused_step_names_the_setting(tmp_path: Path, listeners: list[Echo]) -> None:
    """A command that fails at a port of this machine's loopback ends with the way to open it."""
    first, *_ = listeners
    url = f"http://127.0.0.1:{first.port}/"
    program = f"print({url!r}); import urllib.request; urllib.request.urlopen({url!r})"
    async with opened(tmp_path / "store", tmp_path) as session:
        network = await session.engine.core.evaluator.sandbox.network()
        if not network.own:
            pytest.skip(await session.engine.shared())
        container = await image_container(session.engine.core, "python:3.11-slim")
        step = with_exec(container, ["python", "-c", program])
        with pytest.raises(StepFailed) as failed:
            await session.engine.dispatch(session.engine.main, step, "stdout", {})

    assert failed.value.hint is not None
    assert failed.value.hint.endswith(f"STILETTO_LOOPBACK={first.port}")
