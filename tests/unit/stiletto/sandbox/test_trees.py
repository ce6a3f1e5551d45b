"""Trees that are copied and compared."""

from __future__ import annotations

import os
from pathlib import Path

from stiletto.layers.layer import Layer
from stiletto.layers.remove import remove_tree
from stiletto.sandbox.relocation import working_tree
from stiletto.sandbox.trees import changes, copy_layer, snapshot


def test_paths_move_between_trees(tmp_path: Path) -> None:
    """Text, binaries and links that name one tree name the next one after the move."""
    one, two = working_tree(tmp_path), working_tree(tmp_path)
    upper = tmp_path / "upper"
    for folder in (one, two, upper):
        folder.mkdir()
    before = snapshot(one)
    (one / "bin").mkdir()
    (one / "bin/tool").write_text(f"#!{one}/bin/python\n")
    (one / "bin/code").write_bytes(b"\x00\xff" + str(one).encode() + b"/x\x00")
    (one / "bin/python").symlink_to(one / "real")
    (one / "plain").write_text("nothing")
    layer = changes(one, before, upper)
    copy_layer(layer, two)

    assert layer.relocatable == {"bin/tool", "bin/code", "bin/python"}
    assert str(one).encode() not in (upper / "bin/code").read_bytes()
    assert (two / "bin/tool").read_text() == f"#!{two}/bin/python\n"
    assert (two / "bin/code").read_bytes() == b"\x00\xff" + str(two).encode() + b"/x\x00"
    assert (two / "bin/python").readlink() == two / "real"
    assert (two / "plain").stat().st_mtime_ns == (one / "plain").stat().st_mtime_ns


def test_touching_without_change_of_size_is_a_change(tmp_path: Path) -> None:
    """A file that is rewritten with the same size and time is found by its other times."""
    tree, upper = working_tree(tmp_path), tmp_path / "upper"
    tree.mkdir()
    upper.mkdir()
    file = tree / "f"
    file.write_text("1")
    before = snapshot(tree)
    when = file.stat()
    file.write_text("2")
    os.utime(file, ns=(when.st_atime_ns, when.st_mtime_ns))
    changes(tree, before, upper)

    assert (upper / "f").read_text() == "2"


def test_read_only_directories_move(tmp_path: Path) -> None:
    """A directory that may not be written keeps its mode, and can be removed again."""
    tree = working_tree(tmp_path)
    tree.mkdir()
    low = tmp_path / "low"
    (low / "d/e").mkdir(parents=True)
    (low / "d/e/f").write_text("")
    (low / "d").chmod(0o555)
    copy_layer(Layer(low), tree)

    assert (tree / "d").stat().st_mode & 0o777 == 0o555
    assert (tree / "d/e/f").exists()
    remove_tree(tree)
    assert not tree.exists()
