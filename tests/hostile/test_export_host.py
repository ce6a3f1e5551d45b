"""What is written to the user's directories: no foreign rights, no links followed, no leftovers."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from hostile_bench import Session, fails, opened

from stiletto.errors import EnvironmentFailed, UsageError
from stiletto.graph.tree import EMPTY, Dir, Entry, File, Link
from stiletto.store.store import Store

session_wide = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def one(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Session]:
    """One session for the steps of this module."""
    cache, work = tmp_path_factory.mktemp("cache"), tmp_path_factory.mktemp("work")
    async with opened(cache, work) as session:
        yield session


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store of its own."""
    with Store(tmp_path / "store") as made:
        yield made


def modes(root: Path) -> dict[str, str]:
    """Return the permission bits of everything beneath a directory."""
    return {
        path.relative_to(root).as_posix(): f"{stat.S_IMODE(path.lstat().st_mode):04o}"
        for path in sorted(root.rglob("*"))
        if not path.is_symlink()
    }


def leftovers(root: Path) -> list[Path]:
    """Return what exports stage in, where it stands."""
    return [path for path in root.rglob("*") if path.name.startswith(".stiletto-")]


# -- rights ----------------------------------------------------------------------------------------


@session_wide
async def test_a_step_makes_no_program_that_runs_as_somebody_else(
    one: Session, tmp_path: Path
) -> None:
    """setuid, setgid and sticky bits of files are left behind, whichever way they are saved."""
    script = "mkdir -p /o/d && cd /o && for f in u g s d/all; do echo x > $f; done"
    script += " && chmod 4755 u && chmod 2750 g && chmod 1644 s && chmod 6755 d/all && chmod 3770 d"
    made = one.sh(script)
    out, changed = tmp_path / "out", tmp_path / "changed"
    await made.directory("/o").export(str(out))
    await made.file("/o/d/all").export(str(tmp_path / "one"))
    changed.mkdir()
    changes = made.directory("/o").changes(one.dag.directory())
    await changes.export(str(changed))

    expected = {"d": "1770", "d/all": "0755", "g": "0750", "s": "0644", "u": "0755"}
    assert expected == modes(out)
    assert expected == modes(changed)
    assert 0o755 == stat.S_IMODE((tmp_path / "one").stat().st_mode)


# -- links -----------------------------------------------------------------------------------------


@session_wide
@pytest.mark.parametrize("whole", [False, True], ids=["a file", "a directory"])
async def test_a_changeset_removes_nothing_through_a_link(
    one: Session, tmp_path: Path, whole: bool
) -> None:
    """Where a directory has become a link, the changeset stops before it changes anything."""
    before = (
        one.dag.directory()
        .with_new_file("a/b/keep.txt", "x")
        .with_new_file("a/b/more.txt", "y")
        .with_new_file("first.txt", "z")
    )
    after = before.without_file("first.txt").with_new_file("new.txt", "n")
    after = after.without_directory("a") if whole else after.without_file("a/b/keep.txt")
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    (out / "a").mkdir(parents=True)
    elsewhere.mkdir()
    (elsewhere / "keep.txt").write_text("precious")
    (out / "a" / "b").symlink_to(elsewhere)
    (out / "first.txt").write_text("z")
    told = await fails(after.changes(before).export(str(out)))

    assert f"{out}/a/b" in told
    assert "is a link" in told
    assert "precious" == (elsewhere / "keep.txt").read_text()
    assert ["a", "first.txt"] == sorted(path.name for path in list(out.iterdir()))


def test_a_removal_ends_at_what_is_no_directory(store: Store, tmp_path: Path) -> None:
    """What is gone already, or is of another kind, is left alone; a link itself is removed."""
    file = File(*store.put_bytes(b"x"))
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "f").write_text("precious")
    out.mkdir()
    (out / "file").write_text("was a directory")
    (out / "link").symlink_to(elsewhere / "f")
    (out / "dir").mkdir()
    gone: dict[str, Entry | None] = {
        "absent/deep": file,
        "file/inside": file,
        "link": Link("x"),
        "dir": file,
        "file": Dir(entries={"inside": file}),
    }
    store.apply(EMPTY, gone, out)

    assert ["dir", "file"] == sorted(path.name for path in out.iterdir())
    assert "precious" == (elsewhere / "f").read_text()


def test_a_link_that_comes_and_goes_leads_nowhere(store: Store, tmp_path: Path) -> None:
    """Another process swaps a directory and a link all the time: nothing is written elsewhere."""
    file = File(*store.put_bytes(b"x"))
    tree = EMPTY.put("d/e/a", file).put("d/e/b", file)
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    (elsewhere / "e").mkdir(parents=True)
    (elsewhere / "e" / "precious").write_text("mine")
    out.mkdir()
    ended = threading.Event()

    def swap() -> None:
        link, aside = tmp_path / "link", tmp_path / "aside"
        while not ended.is_set():
            with contextlib.suppress(OSError):
                link.symlink_to(elsewhere)
            with contextlib.suppress(OSError):
                (out / "d").rename(aside)
            with contextlib.suppress(OSError):
                link.rename(out / "d")
            with contextlib.suppress(OSError):
                (out / "d").unlink()
            with contextlib.suppress(OSError):
                aside.rename(out / "d")

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(150):
            with contextlib.suppress(UsageError, EnvironmentFailed):
                store.export(tree, out)
            with contextlib.suppress(UsageError, EnvironmentFailed):
                store.export(tree, out, wipe=True)
            with contextlib.suppress(UsageError, EnvironmentFailed):
                store.apply(EMPTY, {"d/e/precious": file, "d/e/a": file}, out)
    finally:
        ended.set()
        thread.join()

    assert ["e"] == [path.name for path in elsewhere.iterdir()]
    assert ["precious"] == [path.name for path in (elsewhere / "e").iterdir()]
    assert "mine" == (elsewhere / "e" / "precious").read_text()


# -- what a kill leaves ----------------------------------------------------------------------------

EXPORT = """
import sys
from pathlib import Path
from stiletto.store.store import Store
with Store(Path(sys.argv[1])) as store:
    tree = store.load_tree(sys.argv[2])
    print("begun", flush=True)
    store.export(tree, Path(sys.argv[3]))
    print("ended", flush=True)
"""
FILES = 6000


def many(store: Store) -> Dir:
    """Return a tree of many files, in directories with modes of their own."""
    contents = [store.put_bytes(f"contents {number}\n".encode()) for number in range(40)]
    tree = EMPTY
    for group in range(60):
        mode = 0o555 if group % 7 == 0 else 0o750
        entries = {
            f"f{number:03}": File(*contents[number % 40], 0o640 if number % 2 else 0o755)
            for number in range(FILES // 60)
        }
        tree = tree.put(f"g{group:02}", Dir(mode, entries))
    return tree.put("link", Link("g00/f000"))


@pytest.mark.parametrize(("after", "is_new"), [(1, True), (2500, False), (5000, True)])
def test_an_export_after_a_kill_is_whole(
    store: Store, tmp_path: Path, after: int, is_new: bool
) -> None:
    """Kill -9 during an export of 6,000 files: the next has the files, the modes, and no more."""
    tree = many(store)
    digest = store.save_tree(tree)
    place = tmp_path / "place"
    out = place / "out"
    place.mkdir()
    if not is_new:
        out.mkdir()
        (out / "mine").write_text("mine")
    words = [sys.executable, "-c", EXPORT, str(tmp_path / "store"), digest, str(out)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert b"begun\n" == process.stdout.readline()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if sum(len(names) for _, _, names in os.walk(place)) >= after:
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    store.export(tree, out)

    assert [] == leftovers(place)
    if not is_new:
        (out / "mine").unlink()
    assert tree.entries == store.ingest(out).entries


def test_a_running_export_is_no_leftover(store: Store, tmp_path: Path) -> None:
    """Two exports to the same place at once do not take each other's staging away."""
    tree = EMPTY
    for number in range(200):
        tree = tree.put(f"d{number % 5}/f{number}", File(*store.put_bytes(f"{number}".encode())))
    out = tmp_path / "out"
    out.mkdir()
    problems: list[BaseException] = []

    def export() -> None:
        try:
            for _ in range(5):
                store.export(tree, out)
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=export) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [] == problems
    assert [] == leftovers(out)
    assert tree.entries == store.ingest(out).entries


def test_what_only_looks_like_a_leftover_stays(store: Store, tmp_path: Path) -> None:
    """A file of such a name, or another name, is the user's."""
    out = tmp_path / "out"
    (out / ".stiletto-cache").mkdir(parents=True)
    (out / ".stiletto-0123456789abcdef").write_text("mine")
    store.export(EMPTY.put("a", File(*store.put_bytes(b"x"))), out)

    assert {"a", ".stiletto-cache", ".stiletto-0123456789abcdef"} == {p.name for p in out.iterdir()}
