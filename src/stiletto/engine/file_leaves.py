"""The calls of directories, files and changesets that do work; registered as in `root_leaves`."""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Awaitable, Callable

from stiletto.api import container as c
from stiletto.api import files as f
from stiletto.api.directory import DiffStat, directory
from stiletto.api.patterns import Glob
from stiletto.api.registry import leaf
from stiletto.api.session import Stat
from stiletto.engine.client import Client
from stiletto.engine.contents import refuse_large
from stiletto.engine.linecount import changed_lines
from stiletto.engine.output import decoded
from stiletto.errors import UsageError
from stiletto.graph.changes import Changes, compare, difference, slash
from stiletto.graph.tree import Dir, Entry, File, Link, split

# -- directories ---------------------------------------------------------------------------------


@leaf("Directory.sync")
async def directory_sync(client: Client, self: f.Directory) -> str:
    """Force the directory."""
    await client.core.evaluator.tree(self)
    return client.core.objects.remember(self)


@leaf("Directory.entries")
async def entries(client: Client, self: f.Directory, path: str | None = None) -> list[str]:
    """List names, sorted; directories end with `/`."""
    tree = await client.core.evaluator.tree(directory(self, path) if path else self)
    return sorted(name + slash(entry) for name, entry in tree.entries.items())


@leaf("Directory.glob")
async def glob(client: Client, self: f.Directory, pattern: str) -> list[str]:
    """List the paths that match; directories end with `/`."""
    tree = await client.core.evaluator.tree(self)
    matcher = Glob(pattern)

    def found() -> list[str]:
        return [path + slash(entry) for path, entry in tree.walk() if matcher.matches(path)]

    return await asyncio.to_thread(found)


@leaf("Directory.digest")
async def directory_digest(client: Client, self: f.Directory) -> str:
    """Return a digest of everything in it."""
    return (await client.core.evaluator.tree(self)).digest


@leaf("Directory.name")
async def directory_name(client: Client, self: f.Directory) -> str:
    """Return the base name, with `/`."""
    match self:
        case f.SubDirectory(_, path) | c.ContainerDirectory(_, path) | f.HostDirectory(path):
            return posixpath.basename(path.rstrip("/")) + "/"
        case _:
            return "/"


@leaf("Directory.exists")
async def directory_exists(
    client: Client,
    self: f.Directory,
    path: str,
    expected_type: str | None = None,
    do_not_follow_symlinks: bool = False,
) -> bool:
    """Whether a path exists, and is of a kind."""
    tree = await client.core.evaluator.tree(self)
    if expected_type == "SYMLINK_TYPE":
        do_not_follow_symlinks = True
    entry = tree.get(path, follow=not do_not_follow_symlinks)
    return entry is not None and expected_type in (None, stat_of("", entry).file_type)


@leaf("Directory.stat")
async def directory_stat(
    client: Client, self: f.Directory, path: str, do_not_follow_symlinks: bool = False
) -> Stat:
    """Return what is known of a path."""
    tree = await client.core.evaluator.tree(self)
    entry = tree.get(path, follow=not do_not_follow_symlinks)
    if entry is None:
        raise UsageError(f"{path}: no such file or directory")
    return stat_of(posixpath.basename(path.rstrip("/")), entry)


def stat_of(name: str, entry: Entry) -> Stat:
    """Return what the API shows of an entry of a tree."""
    match entry:
        case File(_, size_bytes, mode):
            return Stat(name, size_bytes, "REGULAR_TYPE", mode)
        case Dir(mode):
            return Stat(name, 0, "DIRECTORY_TYPE", mode)
        case Link(target):
            return Stat(name, len(target), "SYMLINK_TYPE", 0o777)


@leaf("Directory.findUp")
async def find_up(client: Client, self: f.Directory, name: str, start: str) -> str | None:
    """Return the nearest path of that name, from `start` upwards."""
    tree = await client.core.evaluator.tree(self)
    parts = split(start)
    if parts:
        await client.core.evaluator.tree(f.SubDirectory(self, start))
    for count in range(len(parts), -1, -1):
        path = posixpath.join(*parts[:count], name)
        if tree.get(path) is not None:
            return path
    return None


@leaf("Directory.export")
async def export_directory(client: Client, self: f.Directory, path: str, wipe: bool = False) -> str:
    """Write the directory to the host, merged with what is there unless `wipe`."""
    at = client.host_path(path)
    tree = await client.core.evaluator.tree(self)
    await asyncio.to_thread(client.core.store.export, tree, at, wipe=wipe)
    return str(at)


# -- files ---------------------------------------------------------------------------------------


@leaf("File.sync")
async def file_sync(client: Client, self: f.File) -> str:
    """Force the file."""
    await client.core.evaluator.file(self)
    return client.core.objects.remember(self)


@leaf("File.contents")
async def contents(
    client: Client,
    self: f.File,
    offset_lines: int | None = None,
    limit_lines: int | None = None,
) -> str:
    """Return the text, or some lines of it."""
    named = await client.core.evaluator.file(self)
    refuse_large(named.name, named.file.size_bytes)
    data = await client.core.evaluator.contents(self)
    text = decoded(data)
    if offset_lines is None and limit_lines is None:
        return text
    # Only "\n" ends a line here: str.splitlines would also split at form feeds and the like.
    lines = text.split("\n")[offset_lines or 0 :]
    if limit_lines is not None and limit_lines < len(lines):
        lines = [*lines[:limit_lines], ""]
    return "\n".join(lines)


@leaf("File.size")
async def size(client: Client, self: f.File) -> int:
    """Return the size in bytes."""
    return (await client.core.evaluator.file(self)).file.size_bytes


@leaf("File.name")
async def file_name(client: Client, self: f.File) -> str:
    """Return the base name."""
    return (await client.core.evaluator.file(self)).name


@leaf("File.digest")
async def file_digest(client: Client, self: f.File, exclude_metadata: bool = False) -> str:
    """Return a digest of contents and mode, or of contents alone."""
    named = await client.core.evaluator.file(self)
    if exclude_metadata:
        return "sha256:" + named.file.digest
    return Dir(entries={named.name: named.file}).digest


@leaf("File.stat")
async def file_stat(client: Client, self: f.File) -> Stat:
    """Return what is known of the file."""
    named = await client.core.evaluator.file(self)
    return stat_of(named.name, named.file)


@leaf("File.export")
async def export_file(
    client: Client, self: f.File, path: str, allow_parent_dir_path: bool = False
) -> str:
    """Write the file to the host; into a directory only when that is allowed."""
    at = client.host_path(path)
    named = await client.core.evaluator.file(self)
    if at.is_dir():
        if not allow_parent_dir_path:
            raise UsageError(f"destination {at} is a directory", hint="name the file")
        at = at / named.name
    await asyncio.to_thread(client.core.store.export_file, named.file, at)
    return str(at)


# -- changesets ----------------------------------------------------------------------------------


async def _changes(client: Client, self: f.Changeset) -> tuple[Dir, Dir, Changes]:
    before, after = await asyncio.gather(
        client.core.evaluator.tree(self.before), client.core.evaluator.tree(self.after)
    )
    return before, after, compare(before, after)


@leaf("Changeset.sync")
async def changeset_sync(client: Client, self: f.Changeset) -> str:
    """Force both sides."""
    await _changes(client, self)
    return client.core.objects.remember(self)


def _paths(of: Callable[[Changes], tuple[str, ...]]) -> Callable[..., Awaitable[list[str]]]:
    """Return the leaf that lists one group of changed paths."""

    async def paths(client: Client, self: f.Changeset) -> list[str]:
        return list(of((await _changes(client, self))[2]))

    return paths


leaf("Changeset.addedPaths")(_paths(lambda changes: changes.added))
leaf("Changeset.modifiedPaths")(_paths(lambda changes: changes.modified))
leaf("Changeset.removedPaths")(_paths(lambda changes: changes.removed))


@leaf("Changeset.isEmpty")
async def is_empty(client: Client, self: f.Changeset) -> bool:
    """Whether no file changed."""
    return (await _changes(client, self))[2].is_empty


@leaf("Changeset.diffStats")
async def diff_stats(client: Client, self: f.Changeset) -> list[DiffStat]:
    """Count lines per changed file; files that are not text count none."""
    before, after, changed = await _changes(client, self)
    store = client.core.store

    def lines(tree: Dir, path: str) -> list[bytes]:
        entry = tree.get(path)
        data = store.read(entry.digest) if isinstance(entry, File) else b""
        # As git counts: the last line without its newline is another line than with it.
        return [] if b"\0" in data else data.splitlines(keepends=True)

    def count(path: str, kind: str) -> DiffStat:
        old, new = lines(before, path), lines(after, path)
        return DiffStat(path, kind, *changed_lines(old, new))

    groups = (
        ("ADDED", changed.added),
        ("MODIFIED", changed.modified),
        ("REMOVED", changed.all_removed),
    )
    stats = await asyncio.to_thread(
        lambda: [count(path, kind) for kind, paths in groups for path in paths]
    )
    return sorted(stats, key=lambda each: each.path)


@leaf("Changeset.export")
async def export_changeset(client: Client, self: f.Changeset, path: str) -> str:
    """Apply the changes to a host directory: additions written, removals deleted."""
    at = client.host_path(path)
    before, after, changed = await _changes(client, self)
    gone = {
        path: before.get(path)
        for path in (name.rstrip("/") for name in changed.removed)
        if after.get(path) is None  # else replaced by something of another kind
    }
    await asyncio.to_thread(client.core.store.apply, difference(before, after), gone, at)
    return str(at)
