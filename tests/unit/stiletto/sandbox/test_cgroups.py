"""Where groups for steps can be made, read from what the kernel says of a process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stiletto.errors import EnvironmentFailed
from stiletto.sandbox.cgroups import Group, Groups, Limits, find_groups, write_limits

SECOND = "30 24 0:26 / @TOP@ rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
FIRST = """\
31 24 0:27 / @TOP@/memory rw shared:5 - cgroup cgroup rw,memory
32 24 0:28 /box @TOP@/pids rw shared:6 - cgroup cgroup rw,pids
33 24 0:29 / @TOP@/unified rw shared:7 - cgroup2 cgroup2 rw
"""


def process(root: Path, mountinfo: str, groups: str) -> Path:
    """Write what /proc says of a process; return the directory."""
    proc = root / "proc"
    proc.mkdir()
    (proc / "mountinfo").write_text(mountinfo.replace("@TOP@", str(root / "top")))
    (proc / "cgroup").write_text(groups)
    return proc


def second_version(directory: Path, controllers: str, divided: str, procs: str = "") -> None:
    """Make a directory as a group of version 2 looks."""
    directory.mkdir(parents=True)
    for name, text in [
        ("cgroup.controllers", controllers),
        ("cgroup.subtree_control", divided),
        ("cgroup.procs", procs),
    ]:
        (directory / name).write_text(text + "\n")


def test_a_delegated_group_is_divided(tmp_path: Path) -> None:
    """In a group of its own the engine steps aside, and asks for both limits."""
    own = tmp_path / "top/user/app.scope"
    second_version(own, "cpu memory pids", "", str(os.getpid()))
    found = find_groups(process(tmp_path, SECOND, "0::/user/app.scope\n"))

    assert Groups(own, own) == found
    assert str(os.getpid()) == (own / "stiletto-engine/cgroup.procs").read_text()
    assert "+memory +pids" == (own / "cgroup.subtree_control").read_text()


def test_version_one_has_a_tree_for_each_limit(tmp_path: Path) -> None:
    """Each controller's own tree is taken, and paths are relative to what is mounted."""
    memory, pids = tmp_path / "top/memory/a", tmp_path / "top/pids/b"
    for directory in (memory, pids):
        directory.mkdir(parents=True)
    groups = "4:memory:/a\n3:pids:/box/b\n0::/\n"

    assert Groups(memory, pids) == find_groups(process(tmp_path, FIRST, groups))


def test_where_none_can_be_made_the_hint_names_a_way(tmp_path: Path) -> None:
    """A group without the controllers is no place; the error says how to get one."""
    second_version(tmp_path / "top/user", "cpu", "")
    second_version(tmp_path / "top/other", "cpu", "")
    (tmp_path / "top/cgroup.controllers").write_text("cpu\n")

    with pytest.raises(EnvironmentFailed, match="memory and pids") as caught:
        find_groups(process(tmp_path, SECOND, "0::/user\n"))
    assert "systemd-run" in str(caught.value.hint)


def test_limits_of_version_two(tmp_path: Path) -> None:
    """Memory is limited without a way out to swap, and what memory killed is counted."""
    for name in ("memory.max", "memory.swap.max", "pids.max"):
        (tmp_path / name).touch()
    (tmp_path / "memory.events").write_text("low 0\noom 1\noom_kill 2\n")
    group = Group((tmp_path,), write_limits(tmp_path, tmp_path, Limits(1 << 30, 50)))

    written = [(tmp_path / n).read_text() for n in ("memory.max", "memory.swap.max", "pids.max")]
    assert [str(1 << 30), "0", "50"] == written
    assert 2 == group.memory_kills()
    words = group.enter(["bwrap", "x"])
    assert ["sh", str(tmp_path / "cgroup.procs"), "--", "bwrap", "x"] == words[3:]
