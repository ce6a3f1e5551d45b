"""What is left in plain mode when the engine is killed with -9: no step, no secret."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import stiletto
from stiletto.sandbox.pool import TreePool
from stiletto.sandbox.secret_files import sweep
from stiletto.sandbox.watch import end_all

SOURCES = Path(stiletto.__file__).parent.parent
LIMIT_S = 120
"""Nothing here takes that long; a busy machine may."""

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")

ENGINE = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from stiletto.sandbox.plain import Plain
from stiletto.sandbox.plan import SecretMount, Step
from stiletto.sandbox.userland import userland_image

root = Path(sys.argv[1])
script = '''
readlink run/made > secret
(cd /; exec env -i setsid sleep 1234) &
echo $! > child
echo $$ > step.new
mv step.new step
sleep 1234
'''
for name in ("upper", "work"):
    (root / name).mkdir()
step = Step(("sh", "-c", script), userland_image("debian"), (), root / "upper", root / "work",
            mounts=(SecretMount("/run/made", b"canary-9d2e"),))
asyncio.run(Plain(root / "base").run(step, lambda stream, data: None))
"""


def until(true: Callable[[], bool], what: str) -> None:
    """Wait for something."""
    end_s = time.monotonic() + LIMIT_S
    while not true():
        assert time.monotonic() < end_s, f"{what} did not happen within {LIMIT_S} s"
        time.sleep(0.02)


def state(pid: int) -> str:
    """Return the state of a process as /proc has it, "" for none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def gone(pid: int) -> bool:
    """Whether a process has ended; nobody may take the exit code of an orphan in a container."""
    return state(pid) in ("", "Z", "X")


def ours(pid: int) -> bool:
    """Whether a process is still the test's own."""
    try:
        return b"1234" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


class Engine:
    """An engine in a process of its own whose step sleeps."""

    def __init__(self, root: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", ENGINE, str(root), str(SOURCES)], start_new_session=True
        )
        until(lambda: any(root.glob("base/trees/*/step")), "the start of the step")
        (tree,) = (step.parent for step in root.glob("base/trees/*/step"))
        self.step, self.child = (int((tree / name).read_text()) for name in ("step", "child"))
        self.secret = Path((tree / "secret").read_text().strip())

    def watchers(self) -> list[int]:
        """Return the watcher of this engine."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if parent == self.process.pid and b"watch.py" in words:
                found.append(int(entry.name))
        return found


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Start an engine; whatever the test did, nothing of it is left."""
    made = Engine(tmp_path)
    yield made
    made.process.kill()
    made.process.wait()
    for pid in (made.step, made.child):
        if ours(pid):
            end_all(pid, os.fsencode(tmp_path))


def test_steps_and_secrets_end_with_the_engine(engine: Engine) -> None:
    """The step, a child that left its session, and the secret are gone though nobody calls."""
    assert b"canary-9d2e" == engine.secret.read_bytes()
    os.killpg(engine.process.pid, signal.SIGKILL)
    engine.process.wait()

    until(lambda: gone(engine.step), "the end of the step")
    until(lambda: gone(engine.child), "the end of the step's child")
    until(lambda: not engine.secret.exists(), "the end of the secret")
    assert not engine.secret.parent.exists()


def test_without_a_watcher_the_next_call_removes_the_secret(engine: Engine) -> None:
    """Where the watcher was killed as well, the secret is gone by the next call."""
    (watcher,) = engine.watchers()
    sweep()
    assert engine.secret.exists()
    os.kill(watcher, signal.SIGKILL)
    engine.process.kill()
    engine.process.wait()
    sweep()

    assert not engine.secret.parent.exists()


def test_next_engine_removes_what_a_killed_step_worked_in(engine: Engine, tmp_path: Path) -> None:
    """Its working tree goes, and so does what the step's mounts had covered."""
    trees = tmp_path / "base" / "trees"
    assert list(trees.glob("*.aside"))
    engine.process.kill()
    engine.process.wait()
    until(lambda: gone(engine.step), "the end of the step")
    pool = TreePool(trees)
    taken = pool.take(())
    assert sorted((taken.path, taken.path.with_suffix(".lock"))) == sorted(trees.iterdir())
    taken.remove()
    assert [] == list(trees.iterdir())
