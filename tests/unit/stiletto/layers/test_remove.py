"""Directories of any depth, and with any permission bits, are removed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stiletto.layers.remove import remove_tree


def _deep(path: Path, levels: int, name: str = "d", *, mode: int = 0o755) -> None:
    """Make directories within each other, with a file and a link on each level."""
    path.mkdir()
    at = os.open(path, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir(name, dir_fd=at)
        os.symlink("/etc", "link", dir_fd=at)
        inside = os.open(name, os.O_RDONLY, dir_fd=at)
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=inside))
        os.fchmod(at, mode)
        os.close(at)
        at = inside
    os.close(at)


@pytest.mark.parametrize("mode", [0o755, 0o555, 0])
def test_what_lies_deeper_than_a_path_is_long_is_removed(tmp_path: Path, mode: int) -> None:
    """A path may have 4,096 bytes; a program in a step may go deeper, and close the way."""
    _deep(tmp_path / "tree", 25, "d" * 200, mode=mode)
    remove_tree(tmp_path / "tree")
    assert [] == list(tmp_path.iterdir())
    remove_tree(tmp_path / "tree")


REMOVE = """
import os, resource, sys
from pathlib import Path
sys.setrecursionlimit(10_000)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
from stiletto.layers.remove import remove_tree
remove_tree(Path(sys.argv[1]))
"""


def test_few_descriptors_are_enough(tmp_path: Path) -> None:
    """A depth beyond the limit of open files is removed all the same."""
    _deep(tmp_path / "tree", 300)
    subprocess.run([sys.executable, "-c", REMOVE, str(tmp_path / "tree")], check=True)
    assert [] == list(tmp_path.iterdir())


def test_no_link_is_followed(tmp_path: Path) -> None:
    """What links lead to stays as it is, with its mode."""
    kept = tmp_path / "kept"
    kept.mkdir(0o750)
    (kept / "file").touch()
    _deep(tmp_path / "tree", 300)
    (tmp_path / "tree" / "out").symlink_to(kept)
    subprocess.run([sys.executable, "-c", REMOVE, str(tmp_path / "tree")], check=True)
    (tmp_path / "link").symlink_to(kept)
    with pytest.raises(OSError, match="symbolic link"):
        remove_tree(tmp_path / "link")
    assert 0o750 == kept.stat().st_mode & 0o777
    assert (kept / "file").exists()
