"""Results written into directories of the user."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from stiletto.errors import EnvironmentFailed, UsageError
from stiletto.graph.tree import EMPTY, Dir, File, Link
from stiletto.store import Store


@pytest.fixture
def tree(store: Store) -> Dir:
    """Make a tree of a file, a program, a link and directories."""
    new, tool = store.put_bytes(b"new"), store.put_bytes(b"tool")
    return (
        EMPTY.put("file", File(*new, 0o640))
        .put("bin", Dir(0o750))
        .put("bin/tool", File(*tool, 0o755))
        .put("link", Link("bin/tool"))
        .put("empty", Dir(0o700))
    )


def test_export_writes_the_tree(store: Store, tree: Dir, tmp_path: Path) -> None:
    """A missing destination becomes exactly the tree, whatever the umask."""
    before = os.umask(0o077)
    try:
        store.export(tree, tmp_path / "a" / "out")
    finally:
        os.umask(before)
    assert tree == store.ingest(tmp_path / "a" / "out")


def test_exported_files_are_copies(store: Store, tree: Dir, tmp_path: Path) -> None:
    """Changing an exported file does not change the store."""
    store.export(tree, tmp_path / "out")
    (tmp_path / "out/bin/tool").write_text("changed")
    assert store.read(store.put_bytes(b"tool")[0]) == b"tool"


def test_exported_files_are_no_hard_links(store: Store, tmp_path: Path) -> None:
    """Equal files are files of their own, in a new directory and in one that is there."""
    same = File(*store.put_bytes(b""))
    tree = EMPTY.put("a", same).put("b", same).put("d/c", same)
    (tmp_path / "there").mkdir()
    for name in ("new", "there"):
        store.export(tree, tmp_path / name)
        facts = [(tmp_path / name / path).stat() for path in ("a", "b", "d/c")]
        assert [1, 1, 1] == [found.st_nlink for found in facts]


def test_hard_links_of_a_tree_are_exported(store: Store, tmp_path: Path) -> None:
    """Names of one file stay that, also over files that are there; equal files stay apart."""
    (tmp_path / "from/d").mkdir(parents=True)
    (tmp_path / "from/a").write_text("x")
    (tmp_path / "from/d/b").hardlink_to(tmp_path / "from/a")
    (tmp_path / "from/c").write_text("x")
    tree = store.ingest(tmp_path / "from")
    (tmp_path / "there/d").mkdir(parents=True)
    (tmp_path / "there/d/b").write_text("old")
    for name in ("new", "there", "there"):
        store.export(tree, tmp_path / name, wipe=True)
        facts = [(tmp_path / name / path).stat() for path in ("a", "d/b", "c")]
        assert [2, 2, 1] == [found.st_nlink for found in facts]
        assert facts[0].st_ino == facts[1].st_ino
        assert ["a", "c", "d"] == sorted(path.name for path in (tmp_path / name).iterdir())


def test_hard_links_that_cannot_be_made_are_copies(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a file system without them an export has the files."""
    (tmp_path / "from").mkdir()
    (tmp_path / "from/a").write_text("x")
    (tmp_path / "from/b").hardlink_to(tmp_path / "from/a")
    tree = store.ingest(tmp_path / "from")

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "no hard links")

    monkeypatch.setattr(os, "link", refused)
    store.export(tree, tmp_path / "out")
    assert ["x", "x"] == [(tmp_path / "out" / name).read_text() for name in "ab"]


def test_export_merges(store: Store, tree: Dir, tmp_path: Path) -> None:
    """Other files stay, same names are replaced, existing directories keep their mode."""
    out = tmp_path / "out"
    (out / "bin").mkdir(parents=True)
    (out / "bin").chmod(0o700)
    (out / "bin/other").write_text("mine")
    (out / "file").write_text("old")
    store.export(tree, out)
    assert (out / "file").read_text() == "new"
    assert (out / "bin/other").read_text() == "mine"
    assert stat.S_IMODE((out / "bin").stat().st_mode) == 0o700
    assert stat.S_IMODE((out / "file").stat().st_mode) == 0o640


def test_wipe_leaves_nothing_else(store: Store, tree: Dir, tmp_path: Path) -> None:
    """With `wipe` the destination holds the tree alone; links are removed, not followed."""
    out, outside = tmp_path / "out", tmp_path / "outside"
    (out / "old").mkdir(parents=True)
    (out / "bin").mkdir()
    (out / "bin/old").touch()
    outside.mkdir()
    (outside / "precious").touch()
    (out / "to-outside").symlink_to(outside)
    store.export(tree, out, wipe=True)
    assert {path for path, _ in tree.walk()} == {path for path, _ in store.ingest(out).walk()}
    assert (outside / "precious").exists()


def test_replaced_file_appears_whole(store: Store, tree: Dir, tmp_path: Path) -> None:
    """A file is replaced by rename: whoever has the old one open keeps reading it."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "file").write_text("old")
    with (out / "file").open() as reading:
        store.export(tree, out)
        assert reading.read() == "old"
    assert sorted(tree.entries) == sorted(path.name for path in out.iterdir())


def test_links_in_the_destination_are_not_followed(store: Store, tree: Dir, tmp_path: Path) -> None:
    """A link where the tree has a file or directory is replaced, its target untouched."""
    out, outside = tmp_path / "out", tmp_path / "outside"
    out.mkdir()
    outside.mkdir()
    (outside / "precious").write_text("mine")
    (out / "bin").symlink_to(outside)
    (out / "file").symlink_to(outside / "precious")
    store.export(tree, out)
    assert [outside / "precious"] == list(outside.iterdir())
    assert (outside / "precious").read_text() == "mine"
    assert tree.entries.keys() == store.ingest(out).entries.keys()
    assert not (out / "bin").is_symlink()


def test_destination_itself_may_be_a_link(store: Store, tree: Dir, tmp_path: Path) -> None:
    """The directory that the user names is used even if it is a link."""
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to("real")
    store.export(tree, tmp_path / "out")
    assert (tmp_path / "real/file").read_text() == "new"


def test_kinds_change_places(store: Store, tree: Dir, tmp_path: Path) -> None:
    """A directory gives way to a file or link, and a file to a directory."""
    out = tmp_path / "out"
    for name in ("file", "link"):
        (out / name / "sub").mkdir(parents=True)
    (out / "bin").touch()
    store.export(tree, out)
    assert tree.entries.keys() == store.ingest(out).entries.keys()
    assert (out / "link").is_symlink()


def test_destination_that_is_a_file_is_refused(store: Store, tree: Dir, tmp_path: Path) -> None:
    """A tree cannot be exported over a file that the user named."""
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UsageError, match=f"cannot export to {tmp_path}/out"):
        store.export(tree, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


def test_unwritable_destination_is_refused(ordinary: Path) -> None:
    """A destination that may not be written to is named."""
    (ordinary / "out").mkdir(mode=0o555)
    with Store(ordinary / "cache") as store:
        tree = EMPTY.put("a", File(*store.put_bytes(b"x")))
        with pytest.raises(UsageError, match=f"cannot export to {ordinary}/out: permission denied"):
            store.export(tree, ordinary / "out")


def test_what_may_be_written_within_a_read_only_directory_is_written(ordinary: Path) -> None:
    """Where nothing can be staged at the top, an entry is staged where it goes."""
    out = ordinary / "out"
    (out / "inside").mkdir(parents=True)
    out.chmod(0o555)
    with Store(ordinary / "cache") as store:
        file = File(*store.put_bytes(b"x"))
        store.export(EMPTY.put("inside/a", file).put("inside/d/b", file), out)
    assert (out / "inside/a").read_text() == "x"
    assert ["a", "d"] == sorted(path.name for path in (out / "inside").iterdir())
    out.chmod(0o755)


def test_a_closed_directory_is_exported_by_an_ordinary_user(ordinary: Path) -> None:
    """A directory without write permission gets its mode once it has its place."""
    with Store(ordinary / "cache") as store:
        tree = EMPTY.put("closed", Dir(0o555)).put("closed/a", File(*store.put_bytes(b"x")))
        store.export(tree, ordinary / "out")
    assert stat.S_IMODE((ordinary / "out/closed").stat().st_mode) == 0o555
    (ordinary / "out/closed").chmod(0o755)


def test_failed_export_leaves_no_temporary_file(store: Store, tmp_path: Path) -> None:
    """When contents turn out damaged, nothing half-written stays in the user's directory."""
    file = File(*store.put_bytes(b"xyz"))
    store.blob(file.digest).write_bytes(b"x")
    with pytest.raises(EnvironmentFailed, match="was damaged"):
        store.export(EMPTY.put("a", file), tmp_path / "out")
    assert not list(tmp_path.glob("**/.stiletto-*"))
    assert not list(tmp_path.glob("out/*"))


def test_file_is_exported_to_exactly_its_path(store: Store, tmp_path: Path) -> None:
    """A single file is written with its mode, parents made, an older one replaced."""
    target = tmp_path / "a" / "b"
    store.export_file(File(*store.put_bytes(b"one"), 0o600), target)
    store.export_file(File(*store.put_bytes(b"two"), 0o755), target)
    assert target.read_text() == "two"
    assert stat.S_IMODE(target.stat().st_mode) == 0o755


def test_file_does_not_replace_a_directory(store: Store, tmp_path: Path) -> None:
    """A file exported to a directory's path is refused, with the way to say it right."""
    with pytest.raises(UsageError, match="it is a directory") as caught:
        store.export_file(File(*store.put_bytes(b"x")), tmp_path)
    assert caught.value.hint
