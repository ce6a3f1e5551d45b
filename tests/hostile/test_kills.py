"""Killed with -9 at a random moment: afterwards everything is as if nothing had been killed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kill_bench import SECRET
from processes import command_lines_with

from stiletto.store import Store

BENCH = Path(__file__).with_name("kill_bench.py")
LIMIT_S = 120
"""Nothing here takes that long; a busy machine may."""

FILES = 1500

pytestmark = pytest.mark.skipif(not Path("/proc/self/mountinfo").exists(), reason="needs /proc")


def _start(*words: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(BENCH), *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def _undisturbed(*words: object) -> tuple[str, float]:
    """Run to the end; return what was printed, and how long it took."""
    started = time.monotonic()
    with _start(*words) as process:
        out, err = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, err.decode()
    return out.decode(), time.monotonic() - started


def _killed(after_s: float, *words: object) -> None:
    with _start(*words) as process:
        try:
            process.wait(after_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)


def _nothing_is_left(store: Path) -> None:
    """Check what a kill may leave: processes, mounts, secrets, staged files, damage."""
    end_s = time.monotonic() + LIMIT_S
    while left := command_lines_with(str(store)):
        assert time.monotonic() < end_s, f"still running: {left}"
        time.sleep(0.02)
    assert str(store) not in Path("/proc/self/mountinfo").read_text()
    with Store(store) as opened:
        assert len(list((store / "stage").iterdir())) == 1, "only our own"
        assert opened.verify().damages == ()
    for path in store.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert SECRET.encode() not in path.read_bytes(), path


def _source(at: Path, files: int) -> Path:
    source = at / "work" / "source"
    source.mkdir(parents=True)
    for number in range(files):
        (source / f"{number:04}").write_text(f"{number}\n")
        (source / f"{number:04}").chmod(0o755 if number % 7 == 0 else 0o644)
    return source


def _kill_calls(tmp_path: Path, seeds: range) -> None:
    source = _source(tmp_path, 40)
    right, took_s = _undisturbed("call", tmp_path / "right", source, "w")
    for seed in seeds:
        # Some in an empty store, some where the one before was killed.
        store = tmp_path / f"store-{seed - seed % 4}"
        after_s = random.Random(seed).uniform(0.1, 1.0) * took_s  # noqa: S311 - not for secrets
        sys.stdout.write(f"call: seed {seed}, killed after {after_s:.3f} s\n")
        _killed(after_s, "call", store, source, f"w{seed}")
        assert right == _undisturbed("call", store, source, f"w{seed}")[0]
        _nothing_is_left(store)


def _kill_volumes(tmp_path: Path, seeds: range) -> None:
    source = _source(tmp_path, FILES)
    store = tmp_path / "store"
    _, took_s = _undisturbed("volume", store, source, "right")
    for seed in seeds:
        after_s = random.Random(seed).uniform(0.3, 1.0) * took_s  # noqa: S311 - not for secrets
        sys.stdout.write(f"volume: seed {seed}, killed after {after_s:.3f} s\n")
        _killed(after_s, "volume", store, source, f"v{seed}")
        volume = store / "volumes" / f"v{seed}"
        assert not volume.exists() or len(list(volume.iterdir())) == FILES, "whole or not there"
        assert _undisturbed("volume", store, source, f"v{seed}")[0] == f"{FILES}\n"
        _nothing_is_left(store)


def _facts(at: Path) -> list[tuple[str, int, bytes]]:
    return sorted(
        (
            str(path.relative_to(at)),
            path.lstat().st_mode,
            b"" if path.is_dir() else path.read_bytes(),
        )
        for path in (at, *at.rglob("*"))
    )


def _kill_exports(tmp_path: Path, seeds: range) -> None:
    source = _source(tmp_path, FILES)
    for name in ("a", "b"):
        (source / name).mkdir(mode=0o755)
        (source / name / "file").write_text(name)
    store = tmp_path / "store"
    _, took_s = _undisturbed("export", store, source, tmp_path / "right")
    right = _facts(tmp_path / "right")
    for seed in seeds:
        target = tmp_path / f"target-{seed}"
        after_s = random.Random(seed).uniform(0.3, 1.0) * took_s  # noqa: S311 - not for secrets
        sys.stdout.write(f"export: seed {seed}, killed after {after_s:.3f} s\n")
        _killed(after_s, "export", store, source, target)
        _undisturbed("export", store, source, target)
        assert right == _facts(target)
        _nothing_is_left(store)


def test_killed_call_leaves_the_undisturbed_result(tmp_path: Path) -> None:
    """After a kill, the same call gives the same result, and nothing else is left."""
    _kill_calls(tmp_path, range(2))


def test_killed_volume_is_whole_or_not_there(tmp_path: Path) -> None:
    """After a kill while a volume is filled, it is filled anew, never by half."""
    _kill_volumes(tmp_path, range(2))


def test_killed_export_is_repaired(tmp_path: Path) -> None:
    """After a kill while files are exported, the next export leaves the tree and nothing else."""
    _kill_exports(tmp_path, range(2))


def _some(seeds: int, at_once: int) -> list[object]:
    """Return ranges of seeds: the first for the long suites, the others for `-m repeated`."""
    return [
        pytest.param(
            range(first, first + at_once),
            marks=pytest.mark.repeated if first else pytest.mark.slow,
            id=f"from {first}",
        )
        for first in range(0, seeds, at_once)
    ]


@pytest.mark.parametrize("seeds", _some(80, 20))
def test_many_killed_calls(tmp_path: Path, seeds: range) -> None:
    """The same for 80 seeds."""
    _kill_calls(tmp_path, seeds)


@pytest.mark.parametrize("seeds", _some(40, 10))
def test_many_killed_volumes(tmp_path: Path, seeds: range) -> None:
    """The same for 40 seeds."""
    _kill_volumes(tmp_path, seeds)


@pytest.mark.parametrize("seeds", _some(40, 10))
def test_many_killed_exports(tmp_path: Path, seeds: range) -> None:
    """The same for 40 seeds."""
    _kill_exports(tmp_path, seeds)
