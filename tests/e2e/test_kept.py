"""A module's process that is kept between commands: what passes from call to call, and its end."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from stiletto.kept import place
from stiletto.layers.remove import remove_tree

from .bench import Bench, Ended, host_environ, stiletto_program

CODE = '''
"""Changes whatever a process can keep, and reports what it finds."""

import json, os, pathlib, random, signal, socket, subprocess, sys, tempfile, threading, uuid

import dagger
from dagger import function, object_type

NUMBER = 0
WORDS: list[str] = []
FILES = [pathlib.Path(at) / "left" for at in ("/tmp", "/var/tmp", "/dev/shm", "/scratch", "/opt")]
print("imported")


@object_type
class Residue:
    @function(cache="never")
    def leave(self, word: str) -> str:
        """Change all of it."""
        global NUMBER
        NUMBER += 1
        WORDS.append(word)
        json.left = word
        os.environ["WORD"] = word
        os.umask(0o077)
        os.chdir("/")
        signal.signal(signal.SIGUSR2, signal.SIG_IGN)
        socket.setdefaulttimeout(30)
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        return word

    @function(cache="never")
    async def hold(self, token: dagger.Secret) -> str:
        """Read a secret."""
        WORDS.append(await token.plaintext())
        return "read"

    @function(cache="never")
    def write(self, at: int) -> str:
        """Leave a file, and a process that nothing waits for."""
        FILES[at].write_text("left")
        command = [sys.executable, "-c", "import os, time; os.setsid(); time.sleep(60)"]
        subprocess.Popen(command)
        return str(at)

    @function(cache="never")
    def stay(self, stubborn: bool) -> str:
        """Leave something, begin a process, and wait."""
        pathlib.Path("left").write_text("left")
        if stubborn:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, lambda *_: None)
        command = [sys.executable, "-c", "import os, time; os.setsid(); time.sleep(60)"]
        subprocess.Popen(command)
        print("it stays", flush=True)
        while True:
            time.sleep(60)

    @function(cache="never")
    def look(self) -> str:
        """Report what is left, and what the caller has."""
        running = sum(
            b"time.sleep(60)" in (at / "cmdline").read_bytes()
            for at in pathlib.Path("/proc").glob("[0-9]*")
            if (at / "cmdline").exists()
        )
        found = {
            "number": NUMBER,
            "words": WORDS,
            "json": hasattr(json, "left"),
            "variable": os.environ.get("WORD"),
            "directory": os.listdir("."),
            "signal": signal.getsignal(signal.SIGUSR2) is signal.SIG_DFL,
            "timeout": socket.getdefaulttimeout(),
            "threads": threading.active_count() > 3,
            "files": [str(file) for file in FILES if file.exists()],
            "processes": running,
            "umask": f"{os.umask(0):03o}",
            "proxy": os.environ.get("HTTPS_PROXY"),
        }
        return json.dumps(found)

    @function(cache="never")
    def chance(self) -> str:
        """Report what differs from call to call."""
        with tempfile.NamedTemporaryFile() as file:
            return f"{uuid.uuid4()} {random.random()} {file.name}"

    @function(cache="never")
    def die(self) -> str:
        """End without an answer."""
        os._exit(7)
'''
CLEAN = (
    '{"number": 0, "words": [], "json": false, "variable": null, "directory": [], "signal": true, '
    '"timeout": null, "threads": false, "files": [], "processes": 0, "umask": "022", "proxy": null}'
)
PROJECT = """\
[project]
name = "residue"
version = "1"
requires-python = ">=3.11"
dependencies = ["dagger-io"]
"""
CONFIG = '{"name": "residue", "engineVersion": "v0.21.8", "sdk": {"source": "python"}}'


@dataclass(frozen=True)
class Module:
    """The module, and commands that call it."""

    bench: Bench

    @property
    def store(self) -> Path:
        """Where its results are."""
        return Path(self.bench.env["STILETTO_CACHE"])

    @property
    def sockets(self) -> list[Path]:
        """The sockets of the processes that are kept."""
        return place.sockets(self.store)

    @property
    def process(self) -> int:
        """The id of the only one."""
        [path] = self.sockets
        return int(path.stem.split("-")[-1])

    def with_(self, **variables: str) -> Module:
        """Return the same with more variables."""
        return Module(replace(self.bench, env={**self.bench.env, **variables}))

    def call(self, *words: str) -> Ended:
        """Call functions."""
        return self.bench.run("call", "-m", self.bench.module, *words)

    def gives(self, *words: str) -> str:
        """Return what functions give."""
        ended = self.call(*words)
        assert 0 == ended.code, str(ended)
        return ended.out.strip()

    @property
    def stages(self) -> int:
        """How many processes have a stage in the store."""
        return len(list((self.store / "stage").iterdir()))

    @contextlib.contextmanager
    def begun(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """Call functions in a group of processes of its own; give it once it is in the call."""
        argv = [*self.bench.program, "call", "-m", str(self.bench.module), "--progress=plain"]
        with subprocess.Popen(
            [*argv, *words],
            env=dict(self.bench.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            text=True,
        ) as command:
            assert command.stderr is not None
            seen = []
            for line in command.stderr:
                seen.append(line)
                if "it stays" in line:
                    break
            else:
                raise AssertionError("".join(seen))
            # What it still writes must not stop it.
            threading.Thread(target=command.stderr.read, daemon=True).start()
            yield command

    def settles(self) -> None:
        """Wait until the keeper has looked at what the last command left."""
        for path in self.sockets:
            connection = place.connected(path)
            if connection is not None:
                with connection:
                    place.send(connection, {"lease": 60})
                    place.receive(connection)


@pytest.fixture(scope="module")
def residue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Module]:
    """Return the module with a store of its own, where processes are kept for a minute."""
    root = tmp_path_factory.mktemp("residue")
    code = root / "module"
    (code / "src/residue").mkdir(parents=True)
    (code / "src/residue/__init__.py").write_text(CODE)
    (code / "pyproject.toml").write_text(PROJECT)
    (code / "dagger.json").write_text(CONFIG)
    (root / "home").mkdir()
    env = {**host_environ(root / "home", root / "store"), "STILETTO_IDLE": "60"}
    module = Module(Bench(stiletto_program(), env, root, module=code))
    try:
        module.gives("look")
        if not module.sockets:
            pytest.skip("no process is kept on this machine: steps are not isolated")
        yield module
    finally:
        module.bench.run("stop")
        remove_tree(root / "store")


def test_a_process_serves_the_next_command(residue: Module) -> None:
    """Two commands have one process, and the second sees nothing of the first."""
    before = residue.process
    residue.gives("leave", "--word=first")

    assert (CLEAN, before) == (residue.gives("look"), residue.process)


def test_without_a_kept_process_the_answer_is_the_same(residue: Module) -> None:
    """STILETTO_IDLE=0 neither uses a process nor leaves one."""
    kept = residue.process
    alone = residue.with_(STILETTO_IDLE="0")
    alone.gives("leave", "--word=first")

    assert (CLEAN, kept) == (alone.gives("look"), residue.process)


def test_commands_at_once_have_their_own(residue: Module) -> None:
    """A command that comes while the process is in use sees nothing of the other."""
    commands = [("leave", "--word=w"), ("look",)] * 2
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda words: residue.gives(*words), commands))

    assert ["w", CLEAN, "w", CLEAN] == answers
    late_s = time.monotonic() + 20
    while len(residue.sockets) > 3 and time.monotonic() < late_s:
        time.sleep(0.05)
    assert len(residue.sockets) <= 3
    residue.bench.run("stop")
    residue.gives("look")


def test_a_secret_dies_with_its_call(residue: Module) -> None:
    """It is in no file of the store, and in no variable or memory of what is kept."""
    value = "swordfish-" + "7c1e5a" * 4
    given = residue.with_(TOKEN=value)
    given.gives("hold", "--token=env://TOKEN")
    assert CLEAN == residue.gives("look")
    residue.settles()
    found = [
        path
        for path in residue.store.rglob("*")
        if path.is_file() and not path.is_symlink() and value.encode() in path.read_bytes()
    ]
    for process in family(residue.process):
        environ = Path(f"/proc/{process}/environ").read_bytes()
        found += [Path(f"/proc/{process}")] * (value.encode() in environ + memory(process))

    assert [] == found


def test_calls_differ_by_chance(residue: Module) -> None:
    """Random numbers, identifiers and names of temporary files are new in each call."""
    parts = [residue.gives("chance").split() for _ in range(3)]

    assert 9 == len({part for each in parts for part in each})


@pytest.mark.parametrize("at", range(5))
def test_what_a_call_leaves_is_gone(residue: Module, at: int) -> None:
    """Neither its files nor its processes reach the next command."""
    residue.gives("write", f"--at={at}")

    assert CLEAN == residue.gives("look")


def test_a_call_that_ends_its_process_ends_no_other(residue: Module) -> None:
    """The exit code is named, and the next call works at once."""
    ended = residue.call("die")

    assert (1, True) == (ended.code, "exit code 7" in ended.err)
    assert CLEAN == residue.gives("look")


def test_what_is_printed_at_the_import_is_shown_each_time(residue: Module) -> None:
    """The first command and a later one show the same lines of the import."""
    residue.bench.run("stop")
    shown = ["imported" in residue.call("look").err for _ in range(2)]

    assert [True, True] == shown


def test_the_same_code_elsewhere_has_the_same_process(residue: Module, tmp_path: Path) -> None:
    """Two commands share a process where their modules differ by nothing but their place."""
    before = residue.process
    elsewhere = shutil.copytree(residue.bench.module, tmp_path / "elsewhere")

    assert CLEAN == Module(replace(residue.bench, module=elsewhere)).gives("look")
    assert before == residue.process


def test_edited_code_has_a_new_process(residue: Module) -> None:
    """The answer is that of the new code, and the old process ends."""
    before = residue.process
    code = residue.bench.module / "src/residue/__init__.py"
    code.write_text(CODE.replace("NUMBER = 0", "NUMBER = 5"))
    try:
        answer = residue.gives("look")
    finally:
        code.write_text(CODE)

    assert CLEAN.replace('"number": 0', '"number": 5') == answer
    assert before != residue.process
    assert not is_running(before)


def test_variables_of_the_network_are_those_of_the_caller(residue: Module) -> None:
    """A proxy that is set and unset is seen each time as it is."""
    proxied = residue.with_(HTTPS_PROXY="http://127.0.0.1:9")
    answers = [proxied.gives("look"), residue.gives("look")]

    assert [CLEAN.replace('"proxy": null', '"proxy": "http://127.0.0.1:9"'), CLEAN] == answers


def test_commands_that_go_at_once_end_no_process(residue: Module) -> None:
    """A command that is gone before it was answered leaves the process to the next one."""
    residue.gives("look")
    residue.settles()
    before = residue.process
    for _ in range(20):
        residue.settles()

    assert (CLEAN, before) == (residue.gives("look"), residue.process)


@pytest.mark.parametrize("stubborn", [False, True], ids=["", "stubborn"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_call_dies_with_its_command(
    residue: Module, number: signal.Signals, stubborn: bool
) -> None:
    """The process stays, and the next call finds nothing of a call that a signal has ended."""
    residue.gives("look")
    residue.settles()
    keeper = residue.process
    with residue.begun("stay", f"--stubborn={str(stubborn).lower()}") as command:
        os.killpg(command.pid, number)
        code = command.wait(60)
    residue.settles()
    left = family(keeper)
    expected = {signal.SIGINT: 2, signal.SIGTERM: 143, signal.SIGKILL: -9}[number]

    assert (expected, CLEAN) == (code, residue.gives("look"))
    assert (keeper, []) == (residue.process, [each for each in left if is_call(each)])
    assert 1 == residue.stages, "the keeper's"


@pytest.mark.parametrize("whose", ["keeper", "all"])
def test_killed_processes_need_no_repair(residue: Module, whose: str) -> None:
    """After kill -9 the next command works as ever, and shows nothing of it."""
    residue.gives("look")
    keeper = residue.process
    for process in [keeper, *(family(keeper)[1:] if whose == "all" else [])]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    ended = residue.call("look")

    assert (0, CLEAN, False) == (ended.code, ended.out.strip(), "kept" in ended.err)
    assert keeper != residue.process


def test_nothing_of_the_caller_is_held(residue: Module) -> None:
    """Pipes that the command was given end with it, also such as no program knows of."""
    residue.bench.run("stop")
    read, write = os.pipe()
    argv = [*residue.bench.program, "call", "-m", str(residue.bench.module), "look"]
    subprocess.run(
        argv, env=dict(residue.bench.env), pass_fds=[write], capture_output=True, check=True
    )
    os.close(write)
    os.set_blocking(read, False)

    assert b"" == os.read(read, 1)
    os.close(read)


def test_prune_ends_a_kept_process(residue: Module) -> None:
    """The store is pruned, and the next call works."""
    residue.gives("look")
    ended = residue.bench.run("prune")

    assert (0, []) == (ended.code, residue.sockets)
    assert CLEAN == residue.gives("look")


def test_stop_ends_all(residue: Module) -> None:
    """`stiletto stop` reports how many have ended, and then there are none."""
    residue.gives("look")
    keeper = residue.process
    out = [residue.bench.run("stop").out for _ in range(2)]

    assert ["1 process ended\n", "no processes ended\n"] == out
    assert not is_running(keeper)
    residue.gives("look")


def test_a_process_ends_when_nothing_calls_it(residue: Module) -> None:
    """After the idle time no process is left, nor its socket."""
    residue.with_(STILETTO_IDLE="0.5").gives("look")
    keeper = residue.process
    late_s = time.monotonic() + 20
    while is_running(keeper) and time.monotonic() < late_s:
        time.sleep(0.05)

    assert (False, []) == (is_running(keeper), residue.sockets)
    residue.gives("look")


def test_another_user_cannot_reach_it(residue: Module) -> None:
    """The directory and the socket are the owner's, and the keeper refuses any other user."""
    [path] = residue.sockets
    modes = [oct(at.stat().st_mode & 0o777) for at in (path.parent, path)]
    assert ["0o700", "0o600"] == modes
    if os.geteuid() != 0:
        return
    listed = [path.parent, *path.parent.parents]
    before = {at: at.stat().st_mode for at in listed if at.stat().st_uid == os.geteuid()}
    for at in before:
        at.chmod(0o755)
    path.chmod(0o666)
    try:
        program = (
            "import os, socket, sys; os.setuid(65534); "
            "made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); "
            "os.chdir(os.path.dirname(sys.argv[1])); "
            "made.connect(os.path.basename(sys.argv[1]))\n"
            "try:\n made.send(b'{\"lease\": 60}'); print(made.recv(99) or 'closed')\n"
            "except OSError:\n print('closed')"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False
        )
    finally:
        path.chmod(0o600)
        for at, mode in before.items():
            at.chmod(mode & 0o7777)

    assert done.stdout == "closed\n", done.stderr


def is_running(process: int) -> bool:
    """Whether a process runs; one that has ended may wait for its parent to see that."""
    with contextlib.suppress(OSError):
        return ") Z " not in Path(f"/proc/{process}/stat").read_text(errors="replace")
    return False


def is_call(process: int) -> bool:
    """Whether a process is one that a call has begun."""
    with contextlib.suppress(OSError):
        return b"time.sleep(60)" in Path(f"/proc/{process}/cmdline").read_bytes()
    return False


def family(process: int) -> list[int]:
    """Return a process and all beneath it."""
    parents: dict[int, list[int]] = {}
    for at in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((at / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(at.name))
    found = [process]
    for each in found:
        found += parents.get(each, [])
    return found


def memory(process: int) -> bytes:
    """Return what a process has in memory that it can write to."""
    pieces = []
    with contextlib.suppress(OSError), Path(f"/proc/{process}/mem").open("rb", 0) as mem:
        for line in Path(f"/proc/{process}/maps").read_text().splitlines():
            bounds, access = line.split()[:2]
            if not access.startswith("rw"):
                continue
            start, end = (int(bound, 16) for bound in bounds.split("-"))
            with contextlib.suppress(OSError, ValueError, OverflowError):
                mem.seek(start)
                pieces.append(mem.read(end - start))
    return b"".join(pieces)
