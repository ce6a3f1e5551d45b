"""Marks for overlayfs: written into a layer, and read from what a step wrote."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from stiletto.layers.layer import Layer
from stiletto.layers.marks import OPAQUE, is_opaque, is_whiteout, mark
from stiletto.layers.upper import open_way, removals
from stiletto.layers.view import View


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a directory where marks can be made."""
    made = tmp_path / "root"
    made.mkdir()
    try:
        os.mknod(tmp_path / "whiteout", stat.S_IFCHR, 0)
        os.setxattr(made, OPAQUE, b"n")
    except OSError as error:  # inside another overlay: it keeps whiteouts to itself
        pytest.skip(f"marks cannot be made here: {error.strerror}")
    return made


def test_marks_are_made_once(root: Path) -> None:
    """A removed name is a whiteout, one that is there opaque; marking again changes nothing."""
    (root / "kept").mkdir()
    layer = Layer(root, frozenset({"gone", "kept", "deep/er/gone", "deep/er/too"}))
    mark(layer)
    before = {path: path.lstat() for path in root.rglob("*")}
    mark(layer)
    assert before == {path: path.lstat() for path in root.rglob("*")}
    assert all(is_whiteout(before[root / path]) for path in ("gone", "deep/er/gone", "deep/er/too"))
    assert is_opaque(root / "kept")
    assert not is_opaque(root / "deep")


def test_a_removed_directory_is_one_whiteout(root: Path) -> None:
    """What was removed beneath it as well needs no mark: nothing is seen there."""
    mark(Layer(root, frozenset({"d", "d/x", "d/x/y"})))
    assert [root / "d"] == list(root.iterdir())
    assert is_whiteout((root / "d").lstat())


def test_no_mark_is_made_through_a_link(root: Path, tmp_path: Path) -> None:
    """A link of the layer hides what is below it; what it leads to on the host is left alone."""
    host = tmp_path / "host"
    (host / "d").mkdir(parents=True)
    (root / "link").symlink_to(host)
    (root / "file").touch()
    mark(Layer(root, frozenset({"link", "link/d", "link/new", "link/a/b", "file", "file/below"})))
    assert [host / "d"] == list(host.iterdir())
    assert not is_opaque(host / "d")
    assert {root / "link", root / "file"} == set(root.iterdir())


def test_a_mark_over_nothing_is_taken_away(root: Path, tmp_path: Path) -> None:
    """Overlayfs marks every new directory: only those that hide a directory are opaque."""
    for name in ("new", "over-a-link", "over-a-link/d", "over-a-file", "hides"):
        (root / name).mkdir()
        os.setxattr(root / name, OPAQUE, b"y")
    below, host = tmp_path / "below", tmp_path / "host"
    (below / "hides").mkdir(parents=True)
    (host / "d").mkdir(parents=True)
    (below / "over-a-link").symlink_to(host)
    (below / "over-a-file").touch()
    assert frozenset({"hides"}) == removals(root, View([Layer(below)]))
    assert [root / "hides"] == [path for path in root.rglob("*") if is_opaque(path)]


def test_plain_upper_removes_nothing(tmp_path: Path) -> None:
    """Files, links, pipes and ordinary directories hide nothing as a whole."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").touch()
    (tmp_path / "l").symlink_to("nowhere")
    os.mkfifo(tmp_path / "p")
    assert frozenset() == removals(tmp_path, View([]))


def test_a_way_replaces_whiteouts(root: Path) -> None:
    """Directories above a new file are made with their modes, also where a name was removed."""
    mark(Layer(root, frozenset({"a"})))
    open_way(root, "a/b/file", {"a": 0o700, "a/b": 0o750}.__getitem__)
    assert 0o700 == stat.S_IMODE((root / "a").stat().st_mode)
    assert 0o750 == stat.S_IMODE((root / "a/b").stat().st_mode)
    assert not (root / "a/b/file").exists()
