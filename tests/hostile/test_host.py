"""What of the host an isolated step can reach: keys, sockets, deep system calls, certificates."""

from __future__ import annotations

import errno
import json
import os
import platform
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import living_with

import stiletto
from stiletto.layers.layer import Bind
from stiletto.sandbox.bubblewrap import Bubblewrap
from stiletto.sandbox.certificates import PLACES, public_binds
from stiletto.sandbox.confine import closes_abstract_sockets
from stiletto.sandbox.images import python_image
from stiletto.sandbox.interpreters import Probes
from stiletto.sandbox.plan import Sandbox, Step, StepOutput
from stiletto.sandbox.spool import Stream
from stiletto.sandbox.userland import userland_image, with_bind

LISTED = platform.machine() in ("x86_64", "aarch64")
CAN_ISOLATE = sys.platform == "linux" and os.environ.get("STILETTO_TEST_SANDBOX") != "plain"
ISOLATION = pytest.mark.skipif(not CAN_ISOLATE, reason="user namespaces are not to be tested")
HERE = [place for place in PLACES if Path(place).exists()]
SOURCES = Path(stiletto.__file__).parent.parent


def silent(_stream: Stream, _data: bytes) -> None:
    """Hear nothing."""


class Bench:
    """Runs Python programs and lines of shell as steps."""

    def __init__(self, root: Path, sandbox: Sandbox) -> None:
        self.root = root
        self.sandbox = sandbox

    async def run(self, *args: str, python: bool = False) -> StepOutput:
        """Run a command to its end."""
        image = userland_image("debian")
        if python:
            found = await Probes().probe(Path(getattr(sys, "_base_executable", sys.executable)))
            assert found is not None
            image = python_image(f"python:{found.series}", found)
        upper, work = (self.root / secrets.token_hex(4) for _ in range(2))
        upper.mkdir()
        work.mkdir()
        return await self.sandbox.run(Step(args, image, (), upper, work), silent)

    async def python(self, program: str) -> str:
        """Run a program that has to succeed; return what it printed."""
        output = await self.run("python", "-c", program, python=True)
        assert output.exit_code == 0, output.interleaved.decode()
        return output.stdout.decode()

    async def sh(self, script: str) -> str:
        """Run a line of shell; return what it printed, whatever its end."""
        return (await self.run("sh", "-c", script)).stdout.decode()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Run steps in bubblewrap."""
    return Bench(tmp_path, Bubblewrap(tmp_path / "base"))


# -- end -----------------------------------------------------------------------------------------

KILLED = """
import asyncio, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from test_host import Bench
from stiletto.sandbox.bubblewrap import Bubblewrap

root = Path(sys.argv[1])
box = Bench(root, Bubblewrap(root / "base"))
asyncio.run(box.run("sh", "-c", "(exec env -i setsid sleep 98765) & sleep 98765"))
"""


def sleepers() -> list[int]:
    """Return the sandboxes and processes of the step that sleeps."""
    return living_with(b"sleep\x0098765\x00")


@ISOLATION
def test_a_step_ends_with_a_killed_engine(tmp_path: Path) -> None:
    """When the engine is killed with -9, the step and all that it started are gone."""
    places = [str(SOURCES), str(Path(__file__).parent)]
    before = set(sleepers())
    engine = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path), *places])
    end_s = time.monotonic() + 120
    while len(set(sleepers()) - before) < 2:
        assert time.monotonic() < end_s, "the step did not start"
        time.sleep(0.02)
    engine.kill()
    engine.wait()
    while set(sleepers()) - before:
        assert time.monotonic() < end_s, "the step goes on"
        time.sleep(0.02)


# -- system calls ----------------------------------------------------------------------------------

CALL = """
import ctypes, errno, json, platform
libc = ctypes.CDLL(None, use_errno=True)
calls = json.loads('''@CALLS@''')[platform.machine()]
answers = {}
for name, (number, *given) in calls.items():
    ctypes.set_errno(0)
    answers[name] = [libc.syscall(number, *given), errno.errorcode.get(ctypes.get_errno(), "")]
print(json.dumps(answers))
"""
CALLS = {
    "x86_64": {
        "bpf": [321, 0, 0, 0],
        "io_uring_setup": [425, 1, 0],
        "perf_event_open": [298, 0, 0, 0, 0, 0],
        "userfaultfd": [323, 0],
        "keyctl": [250, 0, -3, 0],
        "open_by_handle_at": [304, -1, 0, 0],
        "vsock": [41, 40, 1, 0],
        "fsopen": [430, 0, 0],
        "x32": [0x40000027],
    },
    "aarch64": {
        "bpf": [280, 0, 0, 0],
        "io_uring_setup": [425, 1, 0],
        "perf_event_open": [241, 0, 0, 0, 0, 0],
        "userfaultfd": [282, 0],
        "keyctl": [219, 0, -3, 0],
        "open_by_handle_at": [265, -1, 0, 0],
        "vsock": [198, 40, 1, 0],
        "fsopen": [430, 0, 0],
    },
}


@ISOLATION
@pytest.mark.skipif(not LISTED, reason="no filter for this machine")
async def test_deep_system_calls_do_not_reach_the_kernel(bench: Bench) -> None:
    """A filter is in force, no privilege can be gained, and listed calls answer EPERM or ENOSYS."""
    status = await bench.sh("grep -E '^(Seccomp|NoNewPrivs):' /proc/self/status")
    answers = json.loads(await bench.python(CALL.replace("@CALLS@", json.dumps(CALLS))))

    assert ["NoNewPrivs:\t1", "Seccomp:\t2"] == sorted(status.splitlines())
    assert dict.fromkeys(answers, -1) == {name: code for name, (code, _) in answers.items()}
    assert {why for _, why in answers.values()} <= {"EPERM", "ENOSYS"}, answers


@ISOLATION
@pytest.mark.parametrize(
    "script",
    [
        "unshare -Urm sh -c 'mount -t tmpfs none /run'",
        "unshare -Urmpf sh -c true",
        "setarch -R true",
        "setarch $(uname -m) true",
    ],
)
async def test_what_tools_do_still_works(bench: Bench, script: str) -> None:
    """A sandbox inside the step, and a program at fixed addresses, work as before."""
    output = await bench.run("sh", "-c", script)

    assert (output.exit_code, output.interleaved) == (0, b"")


@ISOLATION
async def test_a_debugger_still_works(bench: Bench) -> None:
    """A process traces its child, as debuggers and coverage tools do."""
    said = await bench.python(
        "import ctypes, os\n"
        "libc = ctypes.CDLL(None)\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    libc.ptrace(0, 0, 0, 0)\n"
        "    os.kill(os.getpid(), 19)\n"
        "    os._exit(7)\n"
        "_, status = os.waitpid(child, 0)\n"
        "stopped = os.WIFSTOPPED(status)\n"
        "libc.ptrace(7, child, 0, 0)\n"
        "_, status = os.waitpid(child, 0)\n"
        "print(stopped, os.waitstatus_to_exitcode(status))\n"
    )

    assert "True 7\n" == said


# -- keys ------------------------------------------------------------------------------------------

KEYS = """
import asyncio, ctypes, platform, sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
sys.path.insert(0, str(Path(sys.argv[0]).parent))
from test_host import Bench
from stiletto.sandbox.bubblewrap import Bubblewrap
from stiletto.sandbox.plain import Plain

libc = ctypes.CDLL(None, use_errno=True)
keyctl, add_key = {"x86_64": (250, 248), "aarch64": (219, 217)}[platform.machine()]
# A session keyring as a login makes it, with a key of the caller in it.
assert libc.syscall(keyctl, 1, None, 0, 0, 0) > 0
assert libc.syscall(add_key, b"user", b"canary", b"payload", 7, -3) > 0
find = f"libc.syscall({keyctl}, 10, -3, b'user', b'canary', 0)"
assert eval(find) > 0

program = f'''
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print("found" if {find} > 0 else "not there")
try:
    print("listed" if "canary" in open("/proc/keys").read() else "not listed")
except PermissionError:
    print("not listed")
'''
root, kind = Path(sys.argv[1]), sys.argv[2]
box = Bubblewrap(root / "base") if kind == "bubblewrap" else Plain(root / "base")
print(asyncio.run(Bench(root, box).python(program)), end="")
assert eval(find) > 0
"""


@pytest.mark.skipif(not (LISTED and sys.platform == "linux"), reason="keys are Linux's")
@pytest.mark.parametrize("kind", [pytest.param("bubblewrap", marks=ISOLATION), "plain"])
def test_a_step_has_a_session_keyring_of_its_own(tmp_path: Path, kind: str) -> None:
    """A key of the caller's session is not found by a step, and stays with the caller."""
    done = subprocess.run(
        [sys.executable, "-c", KEYS, str(tmp_path), kind, str(SOURCES), str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "assert libc.syscall(" in done.stderr:
        pytest.skip("this kernel, or a filter around it, has no keys")

    assert done.returncode == 0, done.stderr
    found, listed = done.stdout.splitlines()
    assert "not there" == found
    if kind == "bubblewrap":
        assert "not listed" == listed


# -- sockets ---------------------------------------------------------------------------------------

CONNECT = """
import socket
link = socket.socket(socket.AF_UNIX)
try:
    link.connect("\\0@NAME@")
    print("connected")
except OSError as error:
    print(error.errno)
here = socket.socket(socket.AF_UNIX)
here.bind("\\0@NAME@-inside")
here.listen()
socket.socket(socket.AF_UNIX).connect("\\0@NAME@-inside")
print("own")
"""


@pytest.fixture
def abstract() -> Iterator[str]:
    """Listen on an abstract socket of the host; gives its name."""
    name = f"stiletto-test-{secrets.token_hex(8)}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0{name}")
        listener.listen()
        yield name


@ISOLATION
@pytest.mark.skipif(not closes_abstract_sockets(), reason="this kernel cannot close them")
async def test_abstract_sockets_of_the_host_are_closed(bench: Bench, abstract: str) -> None:
    """A step cannot connect to the host's abstract sockets, but to its own."""
    refused, own = (await bench.python(CONNECT.replace("@NAME@", abstract))).splitlines()

    assert (str(errno.EPERM), "own") == (refused, own)


@pytest.mark.parametrize("inside", ["", ".local"])
def test_an_installation_in_a_home_does_not_show_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    """Programs that somebody installed into the home are shown without what lies beside them."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("bin", "lib/python3.12", ".ssh", "share/keyrings", "share/postgresql"):
        (tmp_path / inside / name).mkdir(parents=True)
    binds: list[Bind] = []
    with_bind(binds, tmp_path / inside)
    with_bind(binds, tmp_path / inside / "bin")

    expected = [str(tmp_path / inside / name) for name in ("bin", "lib", "share/postgresql")]
    assert expected == [bind.target for bind in binds]


def test_an_installation_of_its_own_is_shown_whole(tmp_path: Path) -> None:
    """A directory that holds nothing but an installation is shown as it is."""
    binds: list[Bind] = []
    with_bind(binds, tmp_path)

    assert [Bind(tmp_path, str(tmp_path))] == binds


def test_what_is_shared_is_said() -> None:
    """With -v a call says what steps share of the network, and why."""
    program = str(Path(sys.executable).with_name("stiletto"))
    for flags, loopback, times in ((["-v"], "", 1), (["-v"], "all", 1), ([], "", 0)):
        done = subprocess.run(
            [program, "run", "--progress=plain", *flags, "true"],
            env={**os.environ, "STILETTO_LOOPBACK": loopback},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        said = done.stderr.count("steps share "), done.stderr.count("steps have a network ")
        assert times == sum(said)
        if loopback or not times:
            assert (times, 0) == said


# -- certificates ----------------------------------------------------------------------------------


@ISOLATION
async def test_certificates_are_all_a_step_sees_of_etc_ssl(bench: Bench) -> None:
    """Certificates and OpenSSL's settings are there; directories of keys, and keys, are not."""
    listed = await bench.sh("cd /; find etc/ssl etc/pki etc/ca-certificates 2>/dev/null")
    keys = await bench.sh("grep -rl 'PRIVATE KEY' /etc/ssl /etc/pki 2>/dev/null")

    shown = ["/" + path for path in listed.splitlines()]
    above = {"/etc/ssl", "/etc/pki", *(str(up) for place in PLACES for up in Path(place).parents)}
    strange = [path for path in shown if path not in above and not path.startswith(PLACES)]
    assert [] == strange
    assert "" == keys
    assert [] == [place for place in HERE if place not in shown]


def test_keys_between_certificates_are_left_out(tmp_path: Path) -> None:
    """Of a directory with something private in it each public file is shown alone."""
    place = tmp_path / "certs"
    (place / "more").mkdir(parents=True)
    (place / "closed").mkdir(mode=0o700)
    for name, text, mode in [
        ("authority.pem", "-----BEGIN CERTIFICATE-----", 0o644),
        ("more/other.pem", "-----BEGIN CERTIFICATE-----", 0o644),
        ("named.key", "anything", 0o644),
        ("store.p12", "anything", 0o644),
        ("both.pem", "BEGIN CERTIFICATE\n-----BEGIN EC PRIVATE KEY-----", 0o644),
        ("unreadable.pem", "-----BEGIN CERTIFICATE-----", 0o640),
        ("closed/inside.pem", "-----BEGIN CERTIFICATE-----", 0o644),
    ]:
        (place / name).write_text(text)
        (place / name).chmod(mode)
    (place / "hash.0").symlink_to("authority.pem")
    (place / "back").symlink_to("..")
    shown = {bind.target: bind.host for bind in public_binds(place, "/c")}

    authority = place / "authority.pem"
    assert shown == {
        "/c/authority.pem": authority,
        "/c/hash.0": authority,
        "/c/more": place / "more",
    }


def test_a_directory_of_certificates_alone_is_shown_as_it_is(tmp_path: Path) -> None:
    """Where nothing private lies the directory itself is shown."""
    place = tmp_path / "certs"
    place.mkdir()
    (place / "authority.pem").write_text("-----BEGIN CERTIFICATE-----")
    (place / "hash.0").symlink_to("authority.pem")

    assert [("/c", place)] == [(bind.target, bind.host) for bind in public_binds(place, "/c")]
