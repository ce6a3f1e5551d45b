"""The calls of directories, files and changesets that do work; registered as in `root_leaves`."""

from __future__ import annotations

import asyncio
import os
import posixpath
import stat
from collections.abc import Awaitable, Callable, Sequence

from stiletto.api import container as c
from stiletto.api import files as f
from stiletto.api.directory import DiffStat, directory, merged, rebased
from stiletto.api.patterns import Glob
from stiletto.api.registry import leaf
from stiletto.api.session import Stat
from stiletto.engine.client import Client
from stiletto.engine.contents import refuse_large
from stiletto.engine.linecount import changed_lines
from stiletto.engine.output import decoded, shown
from stiletto.errors import UsageError
from stiletto.graph.changes import Changes, compare, difference, slash
from stiletto.graph.tree import Dir, Entry, File, Link
from stiletto.layers.paths import parents
from stiletto.layers.view import Node, View

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
    # Sorted as the names are, before the slash is added.
    names = sorted(tree.entries, key=os.fsencode)
    return [shown(name + slash(tree.entries[name])) for name in names]


@leaf("Directory.glob")
async def glob(client: Client, self: f.Directory, pattern: str) -> list[str]:
    """List the paths that match; directories end with `/`."""
    evaluator = client.core.evaluator
    matcher = Glob(pattern) if pattern else None
    if matcher is not None and isinstance(self, c.ContainerDirectory) and self.path == "/":
        # Of an image's root only names are read, and only where the pattern leads.
        return await _listed(await evaluator.root_view(self.root, matcher.matches), matcher)
    tree = await evaluator.tree(self)
    if matcher is None:
        raise UsageError("Directory.glob(pattern:) is empty")

    def found() -> list[str]:
        return [shown(path + slash(entry)) for path, entry in tree.walk() if matcher.matches(path)]

    return await asyncio.to_thread(found)


async def _listed(view: View, matcher: Glob) -> list[str]:
    def found() -> list[str]:
        return [
            shown(path + ("/" if node.kind == "dir" else ""))
            for path, node in view.walk(matcher.reaches)
            if matcher.matches(path)
        ]

    return await asyncio.to_thread(found)


@leaf("Directory.digest")
async def directory_digest(client: Client, self: f.Directory) -> str:
    """Return a digest of everything in it."""
    return (await client.core.evaluator.tree(self)).digest


@leaf("Directory.name")
async def directory_name(client: Client, self: f.Directory) -> str:
    """Return the base name, with `/`."""
    match self:
        case f.SubDirectory(_, path) | c.ContainerDirectory(_, path):
            await client.core.evaluator.tree(self)
            return shown(posixpath.basename(path.rstrip("/"))) + "/"
        case f.WrittenDirectory(f.SubDirectory() | c.ContainerDirectory() as parent):
            await client.core.evaluator.tree(self)
            return await directory_name(client, parent)
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
    if expected_type == "SYMLINK_TYPE":
        do_not_follow_symlinks = True
    found = await _look(client, self, path, follow=not do_not_follow_symlinks)
    return found is not None and is_of(found, expected_type)


@leaf("Directory.stat")
async def directory_stat(
    client: Client, self: f.Directory, path: str, do_not_follow_symlinks: bool = False
) -> Stat:
    """Return what is known of a path."""
    found = await _look(client, self, path, follow=not do_not_follow_symlinks)
    found = found if path else None
    if found is None:
        raise UsageError(f"{path}: no such file or directory")
    return found


async def _look(client: Client, self: f.Directory, path: str, *, follow: bool) -> Stat | None:
    """Return what is known of a path; of a container's root nothing else is read."""
    at, inside = rebased(self, path)
    match at:
        case c.ContainerDirectory(root, "/"):
            node = await client.core.evaluator.look(root, f"/{inside}", follow)
            return None if node is None else stat_of_node(node)
        case _:
            return _found(await client.core.evaluator.tree(at), inside, follow=follow)


def _found(tree: Dir, path: str, *, follow: bool) -> Stat | None:
    """Return what is known of a path, or None where nothing is.

    Raises:
        UsageError: a file lies in the way.
    """
    at, entry = tree.find(path, follow=follow)
    if entry is not None:
        return stat_of(posixpath.basename(at), entry)
    if any(isinstance(tree.get(up), File | Link) for up in parents(posixpath.dirname(at))):
        raise UsageError(f"{path}: a file lies in the way")
    return None


def is_of(found: Stat, expected_type: str | None) -> bool:
    """Whether a path is of a kind, as `exists` names the kinds."""
    return expected_type in (None, f"{found.file_type}_TYPE")


def stat_of_node(node: Node) -> Stat:
    """Return what the API shows of a path in layers."""
    size = 0 if node.kind == "dir" else node.stat.st_size
    mode = stat.S_IMODE(node.stat.st_mode)
    return Stat(posixpath.basename(node.path), size, _TYPES[node.kind], mode)


_TYPES = {
    "dir": "DIRECTORY",
    "file": "REGULAR",
    "link": "SYMLINK",
    "other": "UNKNOWN",
}


def stat_of(name: str, entry: Entry) -> Stat:
    """Return what the API shows of an entry of a tree."""
    match entry:
        case File(_, size_bytes, mode):
            return Stat(name, size_bytes, "REGULAR", mode)
        case Dir(mode):
            return Stat(name, 0, "DIRECTORY", mode)
        case Link(target):
            return Stat(name, len(os.fsencode(target)), "SYMLINK", 0o777)


@leaf("Directory.findUp")
async def find_up(client: Client, self: f.Directory, name: str, start: str) -> str | None:
    """Return the nearest path of that name, from `start` upwards."""
    if not name:
        raise UsageError("Directory.findUp(name:) is empty")
    here = posixpath.normpath(start or ".")
    if here.startswith("../"):
        raise UsageError(f"Directory.findUp(start:) is {start!r}, which leaves the directory")
    tree = await client.core.evaluator.tree(self)
    while True:
        inside, entry = tree.find(here, follow=True)
        if isinstance(entry, File):
            raise UsageError(f"path {here} is a file, not a directory")
        if _found(tree, posixpath.join(inside, name), follow=False) is not None:
            return posixpath.normpath(posixpath.join(here, name))
        if here in ("", "/", "."):
            return None
        here = posixpath.dirname(here) or "."


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
    lines = text.split("\n")[max(offset_lines or 0, 0) :]
    if limit_lines is not None and 0 <= limit_lines < len(lines):
        lines = [*lines[:limit_lines], ""]
    return "\n".join(lines)


@leaf("File.size")
async def size(client: Client, self: f.File) -> int:
    """Return the size in bytes; a file of a container need not be stored for that."""
    if isinstance(self, c.ContainerFile):
        node = await client.core.evaluator.look(self.root, self.path, True)
        if node is not None and node.kind == "file":
            return node.stat.st_size
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
    return Dir(entries={"": named.file}).digest


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
        await asyncio.to_thread(client.core.store.export_file, named.file, at / named.name)
    else:
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

    renames = await client.core.evaluator.patches.renames(before, after, changed)
    moved = {path for each in renames for path in (each.old, each.new)}
    groups = (
        ("ADDED", changed.added),
        ("MODIFIED", changed.modified),
        ("REMOVED", changed.all_removed),
    )
    stats = await asyncio.to_thread(
        lambda: [count(path, kind) for kind, paths in groups for path in paths if path not in moved]
    )
    stats += [
        DiffStat(each.new, "RENAMED", each.added_lines, each.removed_lines, each.old)
        for each in renames
    ]
    return sorted(stats, key=lambda each: each.path)


@leaf("Changeset.withChangeset")
async def with_changeset(
    client: Client, self: f.Changeset, changes: f.Changeset, on_conflict: str = "FAIL"
) -> f.Changeset:
    """Merge another changeset into this one."""
    return await _merged(client, self, (changes,), on_conflict)


@leaf("Changeset.withChangesets")
async def with_changesets(
    client: Client,
    self: f.Changeset,
    changes: Sequence[f.Changeset],
    on_conflict: str = "FAIL",
) -> f.Changeset:
    """Merge other changesets into this one."""
    return await _merged(client, self, changes, on_conflict) if changes else self


async def _merged(
    client: Client, self: f.Changeset, others: Sequence[f.Changeset], on_conflict: str
) -> f.Changeset:
    made, end = merged(self, others, on_conflict)
    # Here and not when it is used: conflicts are an error of this call.
    await client.core.evaluator.tree(end)
    return made


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
