"""Directories, files, mounts and changesets over the wire."""

from __future__ import annotations

from pathlib import Path

import dagger
import pytest
from dagger import ExistsType, FileType
from wire_bench import Opener, Session, fails, read, sh, write

pytestmark = pytest.mark.asyncio(loop_scope="session")


def tree(one: Session, *names: str) -> dagger.Directory:
    """Return a directory of files that hold their own names."""
    made = one.dag.directory()
    for name in names:
        made = made.with_new_file(name, name)
    return made


async def paths(directory: dagger.Directory) -> list[str]:
    """List everything in a directory."""
    return await directory.glob("**")


# -- directories ----------------------------------------------------------------------------


async def test_entries(one: Session) -> None:
    """Names are sorted, directories end with a slash, a missing path is an error."""
    made = tree(one, "b", "a/x", "c")

    assert ["a/", "b", "c"] == await made.entries()
    assert ["x"] == await made.entries(path="a")
    assert "no such file or directory" in await fails(made.entries(path="z"))
    assert "is a file, not a directory" in await fails(made.directory("b").entries())


async def test_glob(one: Session) -> None:
    """A pattern matches whole paths; `**` any number of names."""
    made = tree(one, "a.py", "d/b.py", "d/e/c.py", "d/x.txt")

    assert ["a.py"] == await made.glob("*.py")
    assert ["a.py", "d/b.py", "d/e/c.py"] == await made.glob("**/*.py")
    assert ["d/b.py", "d/e/", "d/x.txt"] == await made.glob("d/*")


async def test_file_onto_a_directory_goes_inside(one: Session) -> None:
    """`with_file` onto a directory, or with a slash at the end, keeps the file's name."""
    file = one.dag.file("name.txt", "text")
    made = (
        tree(one, "d/x")
        .with_file("d", file)
        .with_file("new/", file)
        .with_file("plain", file)
        .with_files("many", [file, file.with_name("other")])
    )

    assert [
        "d/",
        "d/name.txt",
        "d/x",
        "many/",
        "many/name.txt",
        "many/other",
        "new/",
        "new/name.txt",
        "plain",
    ] == await paths(made)


async def test_directories_merge(one: Session) -> None:
    """`with_directory` lays files over what is there; filters choose them."""
    source = tree(one, "a.py", "b.txt", "sub/c.py", "sub/d.txt")
    base = tree(one, "to/kept", "to/a.py")

    whole = base.with_directory("to", source)
    assert ["to/a.py", "to/b.txt", "to/kept", "to/sub/"] == await whole.glob("to/*")
    assert "a.py" == await whole.file("to/a.py").contents()
    some = base.with_directory("new", source, include=["**/*.py"], exclude=["a.py"])
    assert ["new/sub/", "new/sub/c.py"] == await some.glob("new/**")


async def test_filter(one: Session) -> None:
    """Include and exclude patterns, later `!` patterns, and .gitignore files choose."""
    made = tree(one, "a.py", "a.pyc", "d/b.py", "d/b.pyc", "e/c.py").with_new_file(
        "d/.gitignore", "*.pyc\n"
    )

    assert ["a.pyc", "d/", "d/b.pyc"] == await paths(made.filter(include=["**/*.pyc"]))
    assert ["a.pyc", "e/", "e/c.py"] == await paths(
        made.filter(exclude=["**/*.py", "d", "!e/c.py"])
    )
    ignored = await paths(made.filter(gitignore=True))
    assert ("a.pyc" in ignored, "d/b.pyc" in ignored) == (True, False)


async def test_removal(one: Session) -> None:
    """Files and directories go away; absent ones are no error."""
    made = tree(one, "a", "b", "d/x", "e/y")
    left = made.without_file("a").without_directory("d").without_files(["b", "absent"])

    assert ["e/", "e/y"] == await paths(left.without_directory("absent"))


async def test_links(one: Session) -> None:
    """A link is followed when a path leads through it, and listed as itself."""
    made = tree(one, "d/x").with_symlink("d", "link").with_symlink("x", "d/alias")

    assert "d/x" == await made.file("link/alias").contents()
    assert ["d/", "d/alias", "d/x", "link"] == await paths(made)
    through = made.with_new_file("link/new", "new").with_file("link", one.dag.file("f", "f"))
    assert ["d/alias", "d/f", "d/new", "d/x"] == await through.glob("d/*")


async def test_exists_and_stat(one: Session) -> None:
    """Kinds are told apart, links followed unless asked not to."""
    made = tree(one, "d/x").with_symlink("d/x", "link")

    assert await made.exists("d/x")
    assert not await made.exists("d/y")
    assert await made.exists("d", expected_type=ExistsType.DIRECTORY_TYPE)
    assert not await made.exists("d", expected_type=ExistsType.REGULAR_TYPE)
    assert await made.exists("link", expected_type=ExistsType.REGULAR_TYPE)
    assert await made.exists("link", expected_type=ExistsType.SYMLINK_TYPE)
    stat = made.stat("d/x")
    assert ("x", 3, 0o644) == (await stat.name(), await stat.size(), await stat.permissions())
    assert FileType.REGULAR == await stat.file_type()
    assert FileType.SYMLINK == await made.stat("link", do_not_follow_symlinks=True).file_type()
    assert "no such file or directory" in await fails(made.stat("d/y").size())


async def test_find_up(one: Session) -> None:
    """The nearest name from a directory upwards, or nothing."""
    made = tree(one, "pyproject.toml", "a/b/x", "a/setup.cfg")

    assert "pyproject.toml" == await made.find_up("pyproject.toml", "a/b")
    assert "a/setup.cfg" == await made.find_up("setup.cfg", "a/b")
    assert await made.find_up("absent", "a/b") is None
    assert await made.find_up("x", "absent") is None


async def test_permissions(each: Session) -> None:
    """Files are 0644 and directories 0644 unless asked otherwise, as in the real engine."""
    made = (
        each.dag.directory()
        .with_new_file("plain", "")
        .with_new_file("tool", "#!/bin/sh\necho ran\n", permissions=0o755)
        .with_file("copy", each.dag.file("f", ""), permissions=0o600)
        .with_new_directory("dir")
        .with_new_directory("open", permissions=0o755)
    )

    stats = [await made.stat(n).permissions() for n in ("plain", "tool", "copy", "dir", "open")]
    assert [0o644, 0o755, 0o600, 0o644, 0o755] == stats
    at = each.base().with_directory("/d", made)
    assert "ran\n" == await at.with_exec(["/d/tool"]).stdout()


async def test_digest_is_of_content(one: Session) -> None:
    """Equal files have equal digests, however they were made."""
    made = tree(one, "a", "b")
    other = tree(one, "b", "c", "a").without_file("c")

    assert await made.digest() == await other.digest()
    assert await made.digest() != await tree(one, "a").digest()


async def test_diff(one: Session) -> None:
    """`diff` has what was added or changed, and nothing that was removed."""
    before = tree(one, "a", "b", "d/x")
    after = before.with_new_file("b", "changed").with_new_file("d/new", "").without_file("a")

    assert ["b", "d/", "d/new"] == await paths(before.diff(after))


# -- files ------------------------------------------------------------------------------------


async def test_file(one: Session) -> None:
    """A file knows its name, size and contents; names have no slash."""
    file = one.dag.file("name.txt", "äöü")

    assert ("name.txt", 6, "äöü") == (await file.name(), await file.size(), await file.contents())
    assert "new" == await file.with_name("new").name()
    assert "must not contain '/'" in await fails(file.with_name("a/b").name())
    assert "is a directory, not a file" in await fails(tree(one, "d/x").file("d").contents())


async def test_some_lines(one: Session) -> None:
    """Contents may be asked for by lines; only a newline ends one."""
    file = one.dag.file("f", "one\n\ftwo\x0b\nthree\n")

    assert "\ftwo\x0b\nthree\n" == await file.contents(offset_lines=1)
    assert "one\n" == await file.contents(limit_lines=1)
    assert "\ftwo\x0b\n" == await file.contents(offset_lines=1, limit_lines=1)
    assert "" == await file.contents(offset_lines=9)


async def test_replacement(one: Session) -> None:
    """Text must be found exactly once, unless all or the first from a line is meant."""
    file = one.dag.file("f", "a b\na b\nc\n")

    assert "a b\na b\nC\n" == await file.with_replaced("c", "C").contents()
    assert "A b\nA b\nc\n" == await file.with_replaced("a", "A", all=True).contents()
    assert "a b\nA b\nc\n" == await file.with_replaced("a", "A", first_from=2).contents()
    assert "a b\nA b\nc\n" == await file.with_replaced("a", "A", all=True, first_from=2).contents()
    assert "multiple times" in await fails(file.with_replaced("a", "A").contents())
    assert "search string not found" in await fails(file.with_replaced("z", "Z").contents())
    assert "a b\na b\nc\n" == await file.with_replaced("z", "Z", all=True).contents()


# -- files of containers ------------------------------------------------------------------------


async def test_files_of_a_container(each: Session) -> None:
    """What a command leaves can be taken out, and what it removed is gone."""
    made = each.base().with_directory("/w", tree(each, "keep", "drop", "d/x")).with_workdir("/w")
    done = sh(made, "rm -r drop d; mkdir -p n/m; echo new > n/m/file; ln -s n link")

    assert ["keep", "link", "n/", "n/m/", "n/m/file"] == await paths(done.directory("."))
    assert "new\n" == await done.file("link/m/file").contents()
    assert "no such file" in await fails(done.file("drop").contents())
    assert "is a file, not a directory" in await fails(done.directory("keep").entries())


async def test_writing_over_what_a_command_left(each: Session) -> None:
    """Operations see what commands did before, links and removals included."""
    made = sh(each.base(), "mkdir -p /w/real /w/gone; echo 1 > /w/gone/x; ln -s real /w/link")
    written = (
        made.with_new_file("/w/link/new", "through")
        .without_directory("/w/gone")
        .with_new_file("/w/gone/y", "again")
    )

    assert "through" == await written.file("/w/real/new").contents()
    assert ["y"] == await written.directory("/w/gone").entries()
    assert "through y\n" == await sh(written, "echo $(cat /w/real/new) $(ls /w/gone)").stdout()


async def test_replacing_kinds(each: Session) -> None:
    """A directory may take the place of a file and a file that of a directory."""
    made = sh(each.base(), "mkdir -p /w/dir/in; echo 1 > /w/file; echo 2 > /w/dir/in/x")
    changed = (
        made.without_directory("/w/dir")
        .with_new_file("/w/dir", "file now")
        .without_file("/w/file")
        .with_directory("/w/file", tree(each, "inside"))
    )

    assert ["dir", "file/", "file/inside"] == await paths(changed.directory("/w"))
    assert "file now inside\n" == await sh(changed, "echo $(cat /w/dir) $(ls /w/file)").stdout()


async def test_files_of_the_image(one: Session) -> None:
    """Files that the image brings itself are there for reading and for links."""
    assert "root" in await one.base().file("/etc/passwd").contents()
    assert await one.base().exists("/home", expected_type=ExistsType.DIRECTORY_TYPE)
    assert not await one.base().exists("/no/such/thing")


async def test_container_stat(one: Session) -> None:
    """What is known of a path of a container; an error where nothing is."""
    at = sh(one.base(), "mkdir /w; echo text > /w/f; chmod 751 /w/f; ln -s f /w/link")
    link = at.stat("/w/link", do_not_follow_symlinks=True)

    assert (5, 0o751) == (await at.stat("/w/f").size(), await at.stat("/w/link").permissions())
    assert [FileType.SYMLINK, FileType.REGULAR] == [
        await link.file_type(),
        await at.stat("/w/link").file_type(),
    ]
    assert "/w/absent: no such file or directory" in await fails(at.stat("/w/absent").size())


async def test_containers_exists_looks_through_mounts(one: Session) -> None:
    """Mounted paths exist as commands see them."""
    at = one.base().with_mounted_directory("/src", tree(one, "a/b"))

    assert await at.exists("/src/a/b", expected_type=ExistsType.REGULAR_TYPE)
    assert await at.with_workdir("/src").exists("a", expected_type=ExistsType.DIRECTORY_TYPE)
    assert not await at.exists("/src/c")


async def test_paths_are_relative_to_the_workdir(one: Session) -> None:
    """Every path of a container starts at its workdir, an empty one is it."""
    at = one.base().with_workdir("/w").with_files("", [one.dag.file("f", "x")])
    at = at.with_new_file("sub/g", "y")

    assert ["/w/f", "/w/sub/g"] == (await sh(at, "find /w -type f | sort").stdout()).split()
    assert "x" == await at.file("f").contents()


async def test_rootfs_of_an_image_is_read_where_it_is_named(one: Session) -> None:
    """A path, a filter or another root takes what it names of an image's root, nothing else."""
    made = one.base().with_exec(["sh", "-c", "mkdir -p /o/p && echo x > /o/f && echo y > /o/p/g"])
    root = made.rootfs()

    assert "x\n" == await root.file("o/f").contents()
    assert ["f", "p/"] == await root.directory("/o").entries()
    assert ["f", "p/"] == await root.entries(path="o")
    assert ["o/", "o/f"] == await paths(root.filter(include=["o/f"]))
    assert ["o/f", "o/p/"] == await root.glob("o/*")
    assert ["o/p/g"] == await root.glob("o/p/**")
    assert ["usr/bin/env"] == await root.glob("usr/bin/env")
    assert await root.exists("usr/bin/env")
    assert not await root.exists("/o/none")
    assert await root.exists("o", expected_type=dagger.ExistsType.DIRECTORY_TYPE)
    assert 2 == await root.stat("/o/p/g").size()
    copied = one.dag.directory().with_directory("/d", root, include=["o/*"], exclude=["**/p"])
    assert ["d/", "d/o/", "d/o/f"] == await paths(copied)
    again = one.dag.container().with_rootfs(root).with_exec(["cat", "/o/p/g"])
    assert "y\n" == await again.stdout()


async def test_rootfs_of_an_image_is_not_copied_whole(one: Session) -> None:
    """What would copy the machine is refused by name."""
    root = one.base().rootfs()

    for whole in (
        root.sync(),
        root.entries(),
        root.glob("**"),
        root.filter(include=["**"]).sync(),
        root.filter(exclude=["usr"]).sync(),
        one.dag.directory().with_directory("/", root).sync(),
    ):
        assert "Container.rootfs without a path" in await fails(whole)


async def test_rootfs_as_root(one: Session) -> None:
    """A container may start from any directory, and gives its root back."""
    made = one.dag.container().with_rootfs(tree(one, "a/b")).with_new_file("/c", "c")

    assert ["a/", "a/b", "c"] == await paths(made.rootfs())


# -- mounts -------------------------------------------------------------------------------------


async def test_changes_to_a_mount_stay_in_the_container(each: Session) -> None:
    """A command may change a mounted directory; its source stays, the container has both."""
    source = tree(each, "a", "d/b")
    at = each.base().with_mounted_directory("/src", source).with_workdir("/src")
    done = sh(at, "echo new > new; rm -r d; echo changed > a")

    assert ["a", "new"] == await paths(done.directory("/src"))
    assert "changed\n" == await done.file("a").contents()
    assert ["a", "d/", "d/b"] == await paths(source)
    again = sh(done, "ls; cat a new; rm new; mkdir -p d; echo back > d/x")
    assert "a\nnew\nchanged\nnew\n" == await again.stdout()
    assert ["a", "d/", "d/x"] == await paths(again.directory("/src"))


async def test_read_only_mounts(one: Session) -> None:
    """A read-only mount cannot be written to."""
    at = one.base().with_mounted_directory("/src", tree(one, "a"), read_only=True)

    assert "a\n" == await sh(at, "ls /src").stdout()
    assert "no\n" == await sh(at, "touch /src/b 2>/dev/null || echo no").stdout()


async def test_mounted_file(each: Session) -> None:
    """A mounted file is seen at its path and can be taken out again."""
    file = each.dag.file("f", "text of a mounted file")
    at = each.base().with_mounted_file("/etc/own.conf", file)

    assert "text of a mounted file" == await at.with_exec(["cat", "/etc/own.conf"]).stdout()
    assert "text of a mounted file" == await at.file("/etc/own.conf").contents()


async def test_temporary_directories_are_emptied(one: Session) -> None:
    """Nothing in a temporary mount survives a command."""
    at = one.base().with_mounted_temp("/scratch")
    done = sh(sh(at, "echo x > /scratch/file"), "ls /scratch; echo listed")

    assert "listed\n" == await done.stdout()


async def test_mounts_hide_and_are_listed(one: Session) -> None:
    """A mount hides the files below it; a new one replaces those at or beneath its path."""
    base = one.base().with_new_file("/m/below", "below")
    at = base.with_mounted_directory("/m/sub", tree(one, "s")).with_mounted_directory(
        "/m", tree(one, "top")
    )

    assert ["/m"] == await at.mounts()
    assert "top\n" == await sh(at, "ls /m").stdout()
    assert ["below"] == await at.without_mount("/m").directory("/m").entries()


async def test_mounts_beneath_mounts(each: Session) -> None:
    """A mount inside a mounted directory shows its own files there."""
    at = each.base().with_mounted_directory("/m", tree(each, "a/x"))
    at = at.with_mounted_directory("/m/a/in", tree(each, "y"))

    assert "in x\ny\n" == await sh(at, "echo $(ls /m/a); ls /m/a/in").stdout()
    assert ["y"] == await at.directory("/m/a/in").entries()


async def test_writing_beneath_a_mount(one: Session) -> None:
    """`with_new_file` beneath a mounted directory writes into the mount, not its source."""
    source = tree(one, "a")
    at = one.base().with_mounted_directory("/m", source).with_new_file("/m/b", "b")

    assert ["a", "b"] == await at.directory("/m").entries()
    assert ["a"] == await source.entries()
    assert "b" == await at.with_exec(["cat", "/m/b"]).stdout()


# -- changesets -----------------------------------------------------------------------------------


async def test_changeset(one: Session) -> None:
    """Added, modified and removed paths; a removed directory stands for its contents."""
    before = tree(one, "same", "edit", "gone", "old/a", "old/b/c").with_new_file("mode", "m")
    after = (
        before.with_new_file("edit", "edit\nmore\n")
        .with_new_file("new/file", "1\n2\n")
        .with_new_directory("empty", permissions=0o755)
        .without_file("mode")
        .with_new_file("mode", "m", permissions=0o755)
        .without_file("gone")
        .without_directory("old")
    )
    changes = after.changes(before)

    assert ["empty/", "new/", "new/file"] == await changes.added_paths()
    assert ["edit", "mode"] == await changes.modified_paths()
    assert ["gone", "old/"] == await changes.removed_paths()
    assert not await changes.is_empty()
    assert ["edit", "empty/", "mode", "new/", "new/file"] == await paths(changes.layer())
    stats = [
        (await s.path(), (await s.kind()).name, await s.added_lines(), await s.removed_lines())
        for s in await changes.diff_stats()
    ]
    assert [
        ("edit", "MODIFIED", 2, 1),
        ("empty/", "ADDED", 0, 0),
        ("gone", "REMOVED", 0, 1),
        ("mode", "MODIFIED", 0, 0),
        ("new/", "ADDED", 0, 0),
        ("new/file", "ADDED", 2, 0),
        ("old/", "REMOVED", 0, 0),
        ("old/a", "REMOVED", 0, 1),
        ("old/b/", "REMOVED", 0, 0),
        ("old/b/c", "REMOVED", 0, 1),
    ] == stats


async def test_empty_changesets(one: Session) -> None:
    """Only files count: directories and permissions other than the execute bit do not."""
    before = tree(one, "a").with_new_directory("e", permissions=0o755)

    assert await before.changes(before).is_empty()
    assert await before.with_new_directory("d").changes(before).is_empty()
    assert await before.without_directory("e").changes(before).is_empty()
    assert await before.with_new_file("a", "a", permissions=0o600).changes(before).is_empty()
    assert not await before.without_file("a").changes(before).is_empty()


async def test_changes_apply_elsewhere(one: Session) -> None:
    """A changeset can be laid over another directory, and over another changeset."""
    before = tree(one, "a", "b")
    changes = before.without_file("a").with_new_file("c", "c").changes(before)
    other = tree(one, "a", "z")

    assert ["c", "z"] == await paths(other.with_changes(changes))
    second = before.with_new_file("d", "d").changes(before)
    assert ["c", "d"] == await changes.with_changeset(second).added_paths()


async def test_changeset_export(one: Session, tmp_path: Path) -> None:
    """Exporting writes additions and removes removals, other files stay."""
    write(tmp_path, {"a": "a", "b": "b", "d/x": "d/x", "d/own": "mine", "e/y": "e/y"})
    before = tree(one, "a", "b", "d/x", "e/y")
    after = before.with_new_file("b", "changed").without_directory("d").without_directory("e")
    at = str(tmp_path)

    assert at == await after.with_new_file("n/f", "n").without_file("a").changes(before).export(at)
    assert {"b": "changed", "d/own": "mine", "n/f": "n"} == read(tmp_path)
    assert not (tmp_path / "e").exists()


async def test_changeset_export_replaces_kinds(one: Session, tmp_path: Path) -> None:
    """A file that became a directory, or the reverse, is replaced on the host."""
    write(tmp_path, {"f": "f", "d/x": "d/x"})
    before = tree(one, "f", "d/x")
    after = tree(one, "f/inside", "d")
    await after.changes(before).export(str(tmp_path))

    assert {"d": "d", "f/inside": "f/inside"} == read(tmp_path)


# -- host -----------------------------------------------------------------------------------------


async def test_host_directory(open_: Opener, tmp_path: Path) -> None:
    """A directory of the host, relative to the working directory, filtered while read."""
    write(tmp_path, {"p/a.py": "", "p/b.txt": "", "p/.git/config": "", "p/sub/c.py": ""})
    async with open_(tmp_path) as session:
        host = session.dag.host()
        assert ["a.py", "sub/", "sub/c.py"] == await paths(host.directory("p", include=["**/*.py"]))
        assert ["a.py", "b.txt", "sub/", "sub/c.py"] == await paths(
            host.directory(str(tmp_path / "p"), exclude=[".git"])
        )
        assert ["a.py", "b.txt", "sub/", "sub/c.py"] == await paths(
            host.directory("p", exclude=[".git", "../x"])
        )
        assert "no such directory" in await fails(host.directory("absent").entries())
        assert "" == await host.file("p/a.py").contents()


async def test_gitignore_of_the_repository(open_: Opener, tmp_path: Path) -> None:
    """With `gitignore`, the files of the whole repository count, those above included."""
    files = {".gitignore": "*.log\n/pkg/out\n", "pkg/.gitignore": "!keep.log\n/build\n"}
    write(tmp_path, {**files, ".git/config": "", "pkg/a.log": "", "pkg/keep.log": ""})
    write(tmp_path, {"pkg/build/x": "", "pkg/out/x": "", "pkg/src/build/x": ""})
    async with open_(tmp_path / "pkg") as session:
        read = session.dag.host().directory(".", gitignore=True)
        assert [".gitignore", "keep.log", "src/", "src/build/", "src/build/x"] == await paths(read)


async def test_host_is_read_once_per_session(open_: Opener, tmp_path: Path) -> None:
    """A session sees one state of a directory; the next session sees the new one."""
    write(tmp_path, {"f": "old"})
    async with open_(tmp_path) as session:
        directory = session.dag.host().directory(".")
        assert "old" == await directory.file("f").contents()
        write(tmp_path, {"f": "new"})
        assert "old" == await session.dag.host().directory(".").file("f").contents()
    async with open_(tmp_path) as session:
        assert "new" == await session.dag.host().directory(".").file("f").contents()


async def test_host_find_up(open_: Opener, tmp_path: Path) -> None:
    """The nearest path of that name, relative to the working directory."""
    write(tmp_path, {"a/marker": "", "a/b/c/x": ""})
    async with open_(tmp_path / "a/b/c") as session:
        assert "../../marker" == await session.dag.host().find_up("marker")
        assert "x" == await session.dag.host().find_up("x")
        assert await session.dag.host().find_up("no-such-name-anywhere") is None


async def test_export(one: Session, tmp_path: Path) -> None:
    """A directory merges into what is there, or replaces it with `wipe`."""
    write(tmp_path, {"out/old": "old", "out/a": "before"})
    at = str(tmp_path / "out")
    made = tree(one, "a", "d/b").with_new_file("tool", "", permissions=0o755)

    assert at == await made.export(at)
    assert {"a": "a", "d/b": "d/b", "old": "old", "tool": ""} == read(tmp_path / "out")
    assert (tmp_path / "out/tool").stat().st_mode & 0o777 == 0o755
    await made.export(at, wipe=True)
    assert not (tmp_path / "out/old").exists()


async def test_export_of_a_file(one: Session, tmp_path: Path) -> None:
    """A file goes to the path given; into a directory only when that is allowed."""
    file = one.dag.file("name", "text")

    assert str(tmp_path / "x/y") == await file.export(str(tmp_path / "x/y"))
    assert "text" == (tmp_path / "x/y").read_text()
    assert "is a directory" in await fails(file.export(str(tmp_path)))
    await file.export(str(tmp_path), allow_parent_dir_path=True)
    assert "text" == (tmp_path / "name").read_text()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("mkdir /o; mkfifo /o/p", "a named pipe at /o/p in Container.directory"),
        (
            "mkdir /o; echo > /o/p; python3 -c \"import os; os.setxattr('/o/p', 'user.x', b'1')\"",
            "an extended attribute at /o/p in Container.directory",
        ),
    ],
)
async def test_what_a_tree_cannot_have_is_refused(one: Session, script: str, message: str) -> None:
    """A named pipe or an extended attribute in a step's directory is refused, never dropped."""
    assert message in await fails(one.sh(script).directory("/o").entries())


async def test_files_keep_their_times(one: Session) -> None:
    """A file that a step dated keeps its time in a copy, and a call sets that of all files."""
    made = one.sh("mkdir /o; touch -d @1234567 /o/p").directory("/o")

    async def time_of(directory: dagger.Directory) -> str:
        mounted = one.base().with_mounted_directory("/m", directory)
        return await sh(mounted, "stat -c %Y /m/p").stdout()

    assert "1234567\n" == await time_of(made)
    assert "1234567\n" == await time_of(one.dag.directory().with_directory("/", made))
    assert "5\n" == await time_of(made.with_timestamps(5))


async def test_directory_onto_a_directory_gives_it_its_owner_and_mode(one: Session) -> None:
    """What is there keeps its files and gets the permissions of what is copied; the root not."""
    source = one.dag.directory().with_new_directory("sub", permissions=0o700)
    look = "stat -c '%a %u:%g' / /tmp /place /place/sub; ls /place"
    base = one.base().with_new_file("/place/kept", "")

    made = base.with_directory("/place", source, owner="1000:1001").with_directory("/", source)
    given = base.with_directory("/place", source, permissions=0o711, owner="7:8")

    first = "755 0:0\n1777 0:0\n"
    assert first + "755 1000:1001\n700 1000:1001\nkept\nsub\n" == await sh(made, look).stdout()
    assert first + "711 7:8\n711 7:8\nkept\nsub\n" == await sh(given, look).stdout()
