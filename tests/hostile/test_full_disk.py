"""Disks that are full, read-only or broken: one line with the next act, and right afterwards.

The disks are real: small file systems in memory, mounted where only the test sees them.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stiletto.graph.tree import EMPTY, File
from stiletto.store import Store
from stiletto.store.trouble import error_for, filled

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "hatchling-src"
CALL = f"{sys.executable} -m stiletto --progress plain call --source {FIXTURE} test"
PRUNE = f"{sys.executable} -m stiletto prune"

SMALL = ["size=1m", "size=500m,nr_inodes=100"]
LARGER = ["size=20m", "size=120m", "size=150m", "size=170m", "size=500m,nr_inodes=3000"]
USUAL = [SMALL[0], "size=120m", LARGER[-1]]
"""Full at once, within the call, and of files."""


def _in_mount(tmp_path: Path, options: str, script: str) -> list[str]:
    """Run a shell script with a small disk as the store; return what stands between the marks."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk takes root")
    disk = tmp_path / "disk"
    disk.mkdir()
    text = f"mount -t tmpfs -o {options} none {disk} || exit 99\n{script}"
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", text],
        env={**os.environ, "STILETTO_CACHE": str(disk), "DISK": str(disk)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip(f"no mounts of its own here: {done.stderr.strip()}")
    return done.stdout.split("@@part@@\n")


def _is_one_line(text: str, path: str) -> None:
    """Check an error: its line names the path, the next line the next act, and nothing else."""
    assert "exit 1\n" in text, text
    errors = [line for line in text.splitlines() if line.startswith("Error:")]
    assert len(errors) == 1, text
    assert path in errors[0]
    assert "no space left on device" in errors[0]
    assert "hint: make room, or run stiletto prune" in text
    assert "Traceback" not in text
    assert "[Errno" not in text


@pytest.mark.e2e
@pytest.mark.parametrize("options", SMALL)
def test_full_disk_is_one_line_and_can_be_pruned(tmp_path: Path, options: str) -> None:
    """A call on a disk without room says so once, and `prune` works where nothing else does."""
    call, prune = _in_mount(
        tmp_path, options, f"{CALL} 2>&1; echo exit $?\necho @@part@@\n{PRUNE} 2>&1; echo exit $?"
    )
    _is_one_line(call, str(tmp_path / "disk"))
    assert " freed, " in prune
    assert "exit 0" in prune


@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.parametrize(
    "options",
    [
        pytest.param(each, marks=pytest.mark.slow if each in USUAL else pytest.mark.repeated)
        for each in (*SMALL, *LARGER)
    ],
)
def test_call_is_right_after_room_was_made(tmp_path: Path, options: str) -> None:
    """Wherever in a call the disk became full, the next call on a larger one is right."""
    room = "mount -o remount,size=1g,nr_inodes=0 $DISK"
    full, right = _in_mount(
        tmp_path,
        options,
        f"{CALL} 2>&1; echo exit $?\necho @@part@@\n{room}\n{CALL} 2>&1; echo exit $?",
    )
    _is_one_line(full, str(tmp_path / "disk"))
    assert "passed on Python" in right
    assert "exit 0" in right


FILL = """
import sys
from pathlib import Path
from stiletto.errors import EnvironmentFailed
from stiletto.graph.tree import EMPTY, File
from stiletto.layers.layer import Layer
from stiletto.store import Store

store = Store(Path(sys.argv[1]))
filler = Path(sys.argv[1]) / "filler"
filler.write_bytes(b"")
tree = EMPTY.put("file", File(*store.put_bytes(b"x" * 100)))

def layer():
    with store.stage() as staged:
        upper = staged / "upper"
        upper.mkdir()
        (upper / "file").write_bytes(b"x" * 100_000)
        store.commit_layer("a" * 64, upper, Layer(upper))

with filler.open("wb", buffering=0) as file:
    try:
        while True:
            file.write(b"x" * 4096)
    except OSError:
        pass
acts = {
    "bytes": lambda: store.put_bytes(b"y" * 100_000),
    "tree": lambda: store.save_tree(tree),
    "layer": layer,
    "record": lambda: store.put_record("step", "k", {"x": "y" * 100_000}),
    "script": lambda: store.put_script("line.sh", b"y" * 100_000),
    "volume": lambda: store.volume("v", EMPTY.put("f", File(*store.put_bytes(b"z" * 100_000)))),
    "export": lambda: store.export(tree, Path(sys.argv[1]) / "exported"),
}
for name, act in acts.items():
    try:
        act()
    except EnvironmentFailed as error:
        print(name, error.message, error.hint)
    else:
        print(name, "worked")
filler.unlink()
print("@@part@@")
for name, act in acts.items():
    act()
print(store.record("step", "k") is not None, store.layer("a" * 64) is not None)
print(sorted(path.name for path in store.volume("v").iterdir()))
"""


def test_each_act_of_the_store_says_that_there_is_no_room(tmp_path: Path) -> None:
    """Whatever the store is asked to keep on a full disk, it names the path, and works later."""
    script = tmp_path / "fill.py"
    script.write_text(FILL)
    first, second = _in_mount(tmp_path, "size=1m", f"{sys.executable} {script} $DISK 2>&1")
    lines = first.splitlines()
    assert ["bytes", "tree", "layer", "record", "script", "volume", "export"] == [
        line.split()[0] for line in lines
    ]
    disk = str(tmp_path / "disk")
    for line in lines:
        assert "no space left on device make room" in line, line
        assert disk in line
    assert second == "True True\n['f']\n"


def test_read_only_store_names_the_way_out(tmp_path: Path) -> None:
    """A store on a file system that is mounted read-only is one line."""
    script = f"{PRUNE}; mount -o remount,ro $DISK\necho @@part@@\n{CALL} 2>&1; echo exit $?"
    _, said = _in_mount(tmp_path, "size=20m", script)
    assert "exit 1\n" in said
    assert f"{tmp_path / 'disk'}" in said
    assert "read-only file system" in said
    assert "set STILETTO_CACHE to a directory that can be written to" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("code", "act"),
    [
        (errno.ENOSPC, "make room, or run stiletto prune"),
        (errno.EDQUOT, "make room, or run stiletto prune"),
        (errno.EROFS, "set STILETTO_CACHE"),
        (errno.EACCES, "set STILETTO_CACHE"),
        (errno.EIO, "check the disk"),
        (errno.EFBIG, "ulimit -f"),
        (errno.EMFILE, "ulimit -n"),
        (errno.EAGAIN, "ulimit -u"),
    ],
)
def test_what_a_disk_refuses_is_told_with_its_path(code: int, act: str) -> None:
    """Each refusal names the file, or the store where the error does not, and the next act."""
    root = Path("/cache")
    for error in (OSError(code, "x"), OSError(code, "x", "/cache/blobs/ab")):
        shown = error_for(error, root)
        assert shown is not None
        assert str(error.filename or root) in shown.message
        assert os.strerror(code).lower() in shown.message
        assert act in (shown.hint or "")
    elsewhere = error_for(OSError(code, "x", "name"), root, Path("/home/me/out"))
    assert elsewhere is None if code == errno.EACCES else "/home/me/out" in str(elsewhere)
    assert error_for(FileNotFoundError(errno.ENOENT, "x", "/cache/y"), root) is None


LIMITED = """
import resource, sys
from pathlib import Path
from stiletto.errors import EnvironmentFailed
from stiletto.store import Store

with Store(Path(sys.argv[1])) as store:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, -1))
    for act in (
        lambda: store.put_bytes(b"x" * 100_000),
        lambda: store.put_record("step", "k", {"x": "y" * 100_000}),
    ):
        try:
            act()
        except EnvironmentFailed as error:
            print(error.message, "|", error.hint)
    resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
    store.put_bytes(b"x" * 100_000)
    print(store.verify().damages)
"""


def test_limits_of_a_process_are_named(tmp_path: Path) -> None:
    """A file that may not grow as large as it has to is one line, and right without the limit."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path / "store")],
        capture_output=True,
        text=True,
        check=True,
    )
    *refused, damages = done.stdout.splitlines()
    assert 2 == len(refused)
    for line in refused:
        assert f"cannot use the cache {tmp_path / 'store'}: file too large" in line
        assert "ulimit -f" in line
    assert "()" == damages


BROKEN = """
import sys
from pathlib import Path
from stiletto.errors import EnvironmentFailed
from stiletto.graph.tree import EMPTY, File
from stiletto.store import Store

store = Store(Path(sys.argv[1]))
for number in range(int(sys.argv[2])):
    try:
        tree = EMPTY
        for part in range(20):
            data = str((number, part)).encode() * 20_000
            tree = tree.put(f"f{part}", File(*store.put_bytes(data)))
        store.checkout(tree)
        store.put_record("step", str(number), {"tree": store.save_tree(tree)})
    except EnvironmentFailed as error:
        print(error.message, "|", error.hint)
        store.close()
        break
"""


@pytest.mark.slow
def test_disk_that_loses_blocks_is_named(tmp_path: Path) -> None:
    """A disk that cannot write its blocks is one line; mended, what was kept before is right.

    Which of two errors the kernel hands on depends on which block was lost.
    """
    if not Path("/dev/loop-control").exists():
        pytest.skip("no loop devices")
    script = tmp_path / "broken.py"
    script.write_text(BROKEN)
    run = f"{sys.executable} {script} $DISK/mnt/store 50 2>&1"
    # A file system in a file that has more room on paper than the disk it lies on.
    made = """
mkdir $DISK/mnt
truncate -s 400M $DISK/image
mkfs.ext4 -q -O ^has_journal -m 0 $DISK/image || exit 99
mount -o loop,errors=continue $DISK/image $DISK/mnt || exit 99
"""
    verify = f"STILETTO_CACHE=$DISK/mnt/store {sys.executable} -m stiletto verify --repair 2>&1"
    mended = f"mount -o remount,size=500m $DISK\n{verify}\n{run}\n{verify}; echo exit $?"
    broken, after = _in_mount(tmp_path, "size=24m", f"{made}{run}\necho @@part@@\n{mended}")
    assert 1 == broken.count("\n")
    assert f"{tmp_path / 'disk'}" in broken
    assert any(
        told in broken
        for told in (
            "input/output error | check the disk, then run `stiletto verify --repair`",
            "no space left on device | make room, or run stiletto prune",
        )
    )
    assert after.endswith("nothing damaged\nexit 0\n")
    assert "Traceback" not in after


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace makes calls of the kernel fail")
@pytest.mark.parametrize(
    ("calls", "error", "told"),
    [
        ("write", "EDQUOT:when=1", "disk quota exceeded | make room, or run stiletto prune"),
        ("mkdir", "EDQUOT", "disk quota exceeded | make room, or run stiletto prune"),
        ("link,linkat", "EDQUOT", "disk quota exceeded | make room, or run stiletto prune"),
        ("rename", "EDQUOT", "disk quota exceeded | make room, or run stiletto prune"),
        ("write", "EIO:when=1", "input/output error | check the disk, then run `stiletto verify"),
        ("syncfs", "EIO", "input/output error | check the disk, then run `stiletto verify"),
        ("rename", "EIO", "input/output error | check the disk, then run `stiletto verify"),
    ],
)
def test_what_the_kernel_refuses_is_one_line(
    tmp_path: Path, calls: str, error: str, told: str
) -> None:
    """Whichever call a quota or a broken disk lets fail, the store says so; later it is right."""
    script = tmp_path / "broken.py"
    script.write_text(BROKEN)
    store = tmp_path / "store"
    plain = [sys.executable, "-B", str(script), str(store), "2"]
    Store(store).close()
    done = subprocess.run(
        [
            *("strace", "-f", "-qq", "-o", str(tmp_path / "trace")),
            *("-e", f"trace={calls}", "-e", f"inject={calls}:error={error}"),
            *plain,
        ],
        capture_output=True,
        text=True,
    )
    if "ptrace" in done.stderr.lower():
        pytest.skip(f"no tracing here: {done.stderr.strip()}")
    assert told in done.stdout, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    again = subprocess.run(plain, capture_output=True, text=True, check=True)
    assert ("", "") == (again.stdout, again.stderr)
    with Store(store) as opened:
        assert () == opened.verify().damages


def test_words_alone_do_not_make_a_disk_full(tmp_path: Path) -> None:
    """A test that prints such words on a disk with room has failed for a reason of its own."""
    facts = os.statvfs(tmp_path)
    if facts.f_bavail * facts.f_frsize < 1 << 30:
        pytest.skip("this disk is short of room")
    assert filled(tmp_path, "OSError: [Errno 28] No space left on device") is None
    assert filled(tmp_path, "write: Disk quota exceeded") == "disk quota exceeded"


def test_steps_results_on_a_full_disk_are_not_kept(tmp_path: Path) -> None:
    """A disk that is full when a step ends is reported, whatever the step says."""
    check = "from pathlib import Path; from stiletto.store.trouble import filled; import sys;"
    check += " print(filled(Path(sys.argv[1]), ''))"
    with Store(tmp_path / "other") as store:
        store.export(EMPTY.put("check.py", File(*store.put_bytes(check.encode()))), tmp_path)
    run = f"{sys.executable} {tmp_path / 'check.py'} $DISK 2>&1"
    fill = "dd if=/dev/zero of=$DISK/filler bs=64k 2>/dev/null"
    empty, full = _in_mount(tmp_path, "size=8m", f"{run}\necho @@part@@\n{fill}\n{run}")
    assert (empty, full) == ("None\n", "no space left on device\n")
