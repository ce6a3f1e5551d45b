"""How steps see trees: each path is a file of its own, whatever else has the same contents."""

from __future__ import annotations

import os
from pathlib import Path

import dagger
import pytest
from wire_bench import Opener, Session, sh

pytestmark = pytest.mark.asyncio(loop_scope="session")

PACK = """
import io, sys, tarfile
with tarfile.open(fileobj=io.BytesIO(), mode="w") as archive:
    archive.add(sys.argv[1], ".")
    for member in sorted(archive.getmembers(), key=lambda member: member.name):
        kind = {b"0": "file", b"2": "link", b"5": "dir"}.get(member.type, "hard link")
        facts = format(member.mode & 0o777, "o") if kind == "file" else member.linkname
        print(f"{kind} {member.name} {facts}".strip())
"""
"""Archives a directory as back ends do, and prints the members."""

MEMBERS = """\
dir .
file ./__init__.py 644
dir ./a
file ./a/__init__.py 644
link ./a/link ../__init__.py
dir ./b
file ./b/__init__.py 644
file ./private 600
file ./tool 755
file ./tool2 755
"""


def twins(host: Path) -> Path:
    """Make a directory of files with equal contents."""
    host.mkdir(exist_ok=True)
    for name in ("__init__.py", "a/__init__.py", "b/__init__.py", "private", "tool", "tool2"):
        path = host / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    (host / "a/link").symlink_to("../__init__.py")
    (host / "private").chmod(0o600)
    for name in ("tool", "tool2"):
        (host / name).chmod(0o755)
    for name in ("__init__.py", "a/__init__.py", "b/__init__.py"):
        (host / name).chmod(0o644)
    return host


@pytest.mark.parametrize("how", ["copied", "mounted", "read-only", "root"])
async def test_archive_of_equal_files_has_no_hard_links(
    each: Session, tmp_path: Path, how: str
) -> None:
    """Python's tarfile writes regular files, with modes and links, wherever the tree lies."""
    source = each.dag.host().directory(str(twins(tmp_path)))
    at = {
        "copied": lambda: each.base().with_directory("/src", source),
        "mounted": lambda: each.base().with_mounted_directory("/src", source),
        "read-only": lambda: each.base().with_mounted_directory("/src", source, read_only=True),
        "root": lambda: each.base().with_directory(
            "/", each.dag.directory().with_directory("src", source)
        ),
    }[how]()

    assert MEMBERS == await at.with_exec(["python", "-c", PACK, "/src"]).stdout()


async def test_files_of_several_layers_are_no_hard_links(each: Session) -> None:
    """Equal contents that were written one after the other, and over each other, are apart."""
    empty = each.dag.file("empty", "")
    at = (
        each.base()
        .with_file("/src/d/second", empty)
        .with_file("/src/first", empty)
        .with_exec(["true"])
        .with_file("/src/first", empty)
        .with_file("/src/d/kept", empty)
        .with_exec(["touch", "/src/third"])
        .with_directory("/src/again", each.dag.directory().with_file("x", empty))
        .without_file("/src/d/second")
        .with_file("/src/d/fourth", empty)
        .with_file("/src/first", empty)
    )

    printed = await at.with_exec(["python", "-c", PACK, "/src"]).stdout()
    kinds = [line.split(" ")[:2] for line in printed.splitlines()]
    names = ["./again/x", "./d/fourth", "./d/kept", "./first", "./third"]
    assert [["file", name] for name in names] == [found for found in kinds if found[0] != "dir"]


async def test_setuptools_way_of_linking_still_works(each: Session, tmp_path: Path) -> None:
    """A step may make hard links of its own: they are two names of one file, and no more."""
    source = each.dag.host().directory(str(twins(tmp_path)))
    at = each.base().with_directory("/src", source).with_workdir("/src")
    script = "ln a/__init__.py a/own && echo text > a/own && cat a/__init__.py && wc -c < b/own"

    done = sh(at, f"touch b/own; {script}")
    assert "text\n0\n" == (await done.stdout()).replace(" ", "")
    assert "" == await done.file("b/__init__.py").contents()


async def test_step_that_writes_into_one_of_two_equal_files(each: Session, tmp_path: Path) -> None:
    """The other one, the source and later steps stay what they are."""
    source = each.dag.host().directory(str(twins(tmp_path)))
    for at in (
        each.base().with_directory("/src", source).with_workdir("/src"),
        each.base().with_mounted_directory("/src", source).with_workdir("/src"),
    ):
        done = sh(at, "echo changed >> a/__init__.py; chmod 700 tool; cat __init__.py")
        assert "" == await done.stdout()
        assert "changed\n" == await done.file("a/__init__.py").contents()
        assert 0o755 == await done.stat("tool2").permissions()
        assert (
            "0\n0\n0\n"
            == await sh(
                at, "for f in __init__.py a/__init__.py b/__init__.py; do wc -c < $f; done"
            ).stdout()
        )
    assert "" == await source.file("a/__init__.py").contents()
    assert "" == (tmp_path / "a/__init__.py").read_text()


async def test_exported_files_are_no_hard_links(one: Session, tmp_path: Path) -> None:
    """Equal files leave the engine as files of their own, and a step's hard link as that."""
    source = one.dag.host().directory(str(twins(tmp_path / "from")))
    made = sh(one.base().with_directory("/src", source), "cp -l /src/tool /src/tool3")

    await made.directory("/src").export(str(tmp_path / "to"))

    files = [
        path for path in (tmp_path / "to").rglob("*") if path.is_file() and not path.is_symlink()
    ]
    assert 7 == len(files)
    assert 6 == len({path.lstat().st_ino for path in files})
    assert (tmp_path / "to/tool").samefile(tmp_path / "to/tool3")
    assert "../__init__.py" == os.readlink(tmp_path / "to/a/link")  # noqa: PTH115 - as written


@pytest.fixture
def linked(one: Session) -> dagger.Directory:
    """A directory of a step: a and d/b are one file, c has the same contents."""
    made = sh(one.base(), "mkdir -p /o/d; echo x >/o/a; ln /o/a /o/d/b; echo x >/o/c")
    return made.directory("/o")


async def same(one: Session, tree: dagger.Directory, *paths: str) -> str:
    """Tell which paths of a directory a step sees as the first one's file: 1 or 0 for each."""
    script = "for each; do test $first -ef $each && printf 1 || printf 0; done"
    at = one.base().with_mounted_directory("/m", tree).with_workdir("/m")
    args = ["sh", "-c", f"first={paths[0]}; {script}", "sh", *paths]
    return await at.with_exec(args).stdout()


async def test_hard_links_stay_hard_links_in_copies(one: Session, linked: dagger.Directory) -> None:
    """Whatever a directory is copied with; each copy's are its own, and equal files stay apart."""
    empty = one.dag.directory()

    assert "110" == await same(one, linked, "a", "d/b", "c")
    for tree in (
        empty.with_directory("x", linked),
        empty.with_directory("x", linked, exclude=["c*"]).with_new_file("x/c", "x\n"),
        empty.with_directory("x", linked, owner="33:33"),
        empty.with_directory("x", linked, permissions=0o600),
        empty.with_directory("x", linked.with_timestamps(1_000_000_000)),
        one.base().with_directory("/o/x", linked).directory("/o"),
        sh(one.base().with_directory("/o/x", linked), "touch /o/y").directory("/o"),
        empty.with_changes(empty.with_directory("x", linked).changes(empty)),
    ):
        assert "110" == await same(one, tree, "x/a", "x/d/b", "x/c")
    twice = empty.with_directory("x", linked).with_directory("y", linked)
    assert "1100" == await same(one, twice, "x/a", "x/d/b", "y/a", "y/d/b")


async def test_a_copy_of_one_name_is_a_file_of_its_own(
    one: Session, linked: dagger.Directory
) -> None:
    """`with_file` copies; a name that is written to, or removed, leaves the other as it was."""
    assert "110" == await same(one, linked.with_file("e", linked.file("a")), "a", "d/b", "e")
    assert "10" == await same(one, linked.with_new_file("a", "x\n"), "a", "d/b")
    assert "x\n" == await linked.with_new_file("a", "new").file("d/b").contents()
    assert "x\n" == await linked.without_file("a").file("d/b").contents()
    assert ["c", "d/"] == await linked.without_file("a").entries()


async def test_hard_links_are_in_no_digest(one: Session, linked: dagger.Directory) -> None:
    """A directory's digest is of its contents, as on Dagger; what changed is what was added."""
    apart = sh(one.base(), "mkdir -p /o/d; for f in a d/b c; do echo x >/o/$f; done")

    assert await apart.directory("/o").digest() == await linked.digest()
    assert [] == await linked.changes(apart.directory("/o")).modified_paths()


async def test_step_that_writes_to_one_name_in_a_later_layer(
    each: Session,
) -> None:
    """The other one keeps its contents, as in an overlay; within one step both are changed."""
    made = sh(each.base(), "echo x >/a; ln /a /b; echo y >>/b; cat /a")
    assert "x\ny\n" == await made.stdout()

    assert "x\ny\n" == await sh(made, "echo z >>/a; cat /b").stdout()
    assert "x\ny\n" == await sh(made, "echo z >>/a").file("/b").contents()


async def test_hard_links_of_the_host_reach_a_step(one: Session, tmp_path: Path) -> None:
    """Two names of one file of a host directory are that for a step, and in an export."""
    (tmp_path / "from").mkdir()
    (tmp_path / "from/a").write_text("x")
    (tmp_path / "from/b").hardlink_to(tmp_path / "from/a")
    (tmp_path / "from/outside").hardlink_to(tmp_path / "from/a")
    source = one.dag.host().directory(str(tmp_path / "from"), exclude=["outside"])

    assert "11" == await same(one, source, "a", "b")
    await source.export(str(tmp_path / "to"))
    assert (tmp_path / "to/a").samefile(tmp_path / "to/b")


async def test_changed_tree_shares_what_did_not_change(open_: Opener, tmp_path: Path) -> None:
    """The next version of a source takes no space for the files that are the same."""
    big = os.urandom(1 << 20)
    (tmp_path / "big").write_bytes(big)
    (tmp_path / "big").chmod(0o644)

    async def laid_out(text: str) -> None:
        (tmp_path / "small").write_text(text)
        async with open_(
            tmp_path, environ={"STILETTO_IDLE": "0", "STILETTO_CACHE": str(tmp_path / ".c")}
        ) as session:
            kept: dagger.Directory = session.dag.host().directory(".", exclude=[".c"])
            await sh(session.base().with_directory("/src", kept), "cat /src/small").stdout()

    await laid_out("one")
    await laid_out("two")
    found = list((tmp_path / ".c/checkouts").rglob("big"))
    assert 2 == len(found)
    assert 1 == len({path.stat().st_ino for path in found})
