"""The calls that do work: everything that has to look at files, run commands or ask the host.

They are registered in the same table as the pure calls; the first argument is the `Engine`, the
second the client that asks (its module, its running function).
"""

from __future__ import annotations

import asyncio
import difflib
import platform
import posixpath
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from stiletto.api import container as c
from stiletto.api import files as f
from stiletto.api.directory import DiffStat
from stiletto.api.filesystem import unreadable
from stiletto.api.patterns import Glob
from stiletto.api.readiness import Port
from stiletto.api.registry import leaf
from stiletto.api.secrets import CacheVolume, Secret, SetSecret, UriSecret
from stiletto.api.session import (
    CurrentModule,
    Error,
    FunctionCall,
    Host,
    Query,
    Stat,
)
from stiletto.errors import NotSupported, UsageError
from stiletto.graph.changes import Changes, compare
from stiletto.graph.recipe import Recipe
from stiletto.graph.tree import Dir, Entry, File, Link, split

if TYPE_CHECKING:
    from stiletto.engine.client import Client

API_VERSION = "v0.21.8"
"""The version of Dagger whose behaviour this engine follows."""


# -- root ----------------------------------------------------------------------------------------


@leaf("Query.version")
async def version(client: Client, self: Query) -> str:
    """Return the version of the API."""
    return API_VERSION


@leaf("Query.defaultPlatform")
async def default_platform(client: Client, self: Query) -> str:
    """Return the platform of this machine."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"linux/{machine}"


@leaf("Query.secret")
async def secret(
    client: Client,
    self: Query,
    uri: str,
    cache_key: str | None = None,
) -> UriSecret:
    """Read a secret from a provider."""
    if client.module is not None:
        raise UsageError("a module's code cannot read secrets of the host; take them as arguments")
    return await client.engine.secrets.from_uri(uri, cache_key)


@leaf("Query.setSecret")
async def set_secret(client: Client, self: Query, name: str, plaintext: str) -> SetSecret:
    """Make a secret from text."""
    made = SetSecret(name, client.scope)
    client.engine.secrets.bind(made, plaintext)
    return made


@leaf("Query.cacheVolume")
async def cache_volume(
    client: Client,
    self: Query,
    key: str,
    source: f.Directory | None = None,
    sharing: str = "SHARED",
    owner: str = "",
) -> CacheVolume:
    """Name a cache volume; names of different modules are different volumes."""
    return CacheVolume(key, client.scope, source, sharing, owner)


@leaf("Query.currentFunctionCall")
async def current_function_call(client: Client, self: Query) -> FunctionCall:
    """Return the call that the client's process answers."""
    if client.call is None:
        raise UsageError("no current function call: the client is not a module's function")
    return client.call


@leaf("Query.currentModule")
async def current_module(client: Client, self: Query) -> CurrentModule:
    """Return the module that the client's process belongs to."""
    if client.module is None:
        raise UsageError("no current module: the client is not a module's function")
    return CurrentModule(client.module.name, f.StoredTree(client.module.tree))


@leaf("FunctionCall.returnValue")
async def return_value(client: Client, self: FunctionCall, value: str) -> None:
    """Take the running function's result."""
    client.returned = value


@leaf("FunctionCall.returnError")
async def return_error(client: Client, self: FunctionCall, error: Error) -> None:
    """Take the running function's error."""
    client.failed = error


# -- host ----------------------------------------------------------------------------------------


def _host_path(client: Client, path: str) -> Path:
    if client.module is not None:
        raise UsageError("a module's code cannot read the host; take directories as arguments")
    # The file system's own view of `..` and links, as the shell that typed the path has it.
    return (client.engine.workdir / Path(path).expanduser()).resolve()


@leaf("Host.directory")
async def host_directory(
    client: Client,
    self: Host,
    path: str,
    exclude: Sequence[str] = (),
    include: Sequence[str] = (),
    no_cache: bool = False,
    gitignore: bool = False,
) -> f.Directory:
    """Return a directory of the host, read once per session: `noCache` could not be fresher."""
    at = _host_path(client, path)
    if not at.is_dir():
        what = "is not a directory" if at.exists() else "no such directory"
        raise UsageError(f"{at}: {what}")
    return f.HostDirectory(str(at), f.a_filter(include, exclude, gitignore))


@leaf("Host.file")
async def host_file(
    client: Client,
    self: Host,
    path: str,
    no_cache: bool = False,
) -> f.File:
    """Return a file of the host."""
    at = _host_path(client, path)
    if not at.is_file():
        what = "is not a file" if at.exists() else "no such file"
        raise UsageError(f"{at}: {what}")
    return f.HostFile(str(at))


@leaf("Host.findUp")
async def host_find_up(
    client: Client,
    self: Host,
    name: str,
    no_cache: bool = False,
) -> str | None:
    """Return the nearest path of that name, relative to the working directory."""
    start = _host_path(client, ".")
    for above, parent in enumerate((start, *start.parents)):
        if (parent / name).exists():
            return posixpath.join(*[".."] * above, name)
    return None


@leaf("Secret.uri")
async def secret_uri(client: Client, self: Secret) -> str:
    """Return the URI; empty for secrets that were set."""
    return client.engine.secrets.uri(self)


@leaf("Secret.plaintext")
async def plaintext(client: Client, self: Secret) -> str:
    """Return the value."""
    return client.engine.secrets.value(self).decode()


# -- containers ----------------------------------------------------------------------------------


@leaf("Container.from")
async def container_from(
    client: Client,
    self: c.Container,
    address: str,
    registry_service: Recipe | None = None,
) -> c.Container:
    """Start from an image: files and configuration are the image's, of variables it wins.

    Other variables, labels, ports and mounts stay (core/util.go, mergeImageConfig).
    """
    if registry_service is not None:
        raise NotSupported("Container.from(registryService:)")
    image = await client.engine.evaluator.image(address)
    env = {**{v.name: v.value for v in self.env}, **image.env}
    ports = tuple(p for p in self.ports if p.port not in image.ports)
    return replace(
        self,
        root=c.ImageRoot(address, image.identity),
        image_ref=address,
        env=tuple(c.Variable(name, value) for name, value in env.items()),
        entrypoint=tuple(image.entrypoint),
        default_args=tuple(image.default_args),
        own_default_args=False,
        workdir=image.workdir,
        user=image.user,
        ports=(*ports, *map(Port, image.ports)),
        last_exec=None,
    )


@leaf("Container.sync")
async def container_sync(client: Client, self: c.Container) -> str:
    """Force everything the container is made of."""
    await client.engine.evaluator.stack(self.root)
    return client.engine.remember(self)


def _last(self: c.Container) -> c.Exec:
    if self.last_exec is None:
        raise UsageError("no command has been set")
    return self.last_exec


@leaf("Container.stdout")
async def stdout(client: Client, self: c.Container) -> str:
    """Return what the last command printed."""
    done = await client.engine.evaluator.commands.finished(_last(self))
    return done.stdout.decode("utf-8", "replace")


@leaf("Container.stderr")
async def stderr(client: Client, self: c.Container) -> str:
    """Return what the last command printed to its error stream."""
    done = await client.engine.evaluator.commands.finished(_last(self))
    return done.stderr.decode("utf-8", "replace")


@leaf("Container.combinedOutput")
async def combined_output(client: Client, self: c.Container) -> str:
    """Return both streams of the last command as they came."""
    done = await client.engine.evaluator.commands.finished(_last(self))
    return done.combined.decode("utf-8", "replace")


@leaf("Container.exitCode")
async def exit_code(client: Client, self: c.Container) -> int:
    """Return the last command's exit code."""
    done = await client.engine.evaluator.commands.finished(_last(self))
    return done.exit_code


@leaf("Container.exists")
async def container_exists(
    client: Client,
    self: c.Container,
    path: str,
    expected_type: str | None = None,
    do_not_follow_symlinks: bool = False,
    expand: bool = False,
) -> bool:
    """Tell whether a path exists, and is of a kind."""
    if expected_type == "SYMLINK_TYPE":
        do_not_follow_symlinks = True
    at = self.path(path, expand)
    found = await container_stat(client, self, at, do_not_follow_symlinks)
    return found is not None and expected_type in (None, found.file_type)


@leaf("Container.stat")
async def container_stat(
    client: Client,
    self: c.Container,
    path: str,
    do_not_follow_symlinks: bool = False,
) -> Stat | None:
    """Return what is known of a path, or nothing where there is nothing."""
    at = self.path(path)
    match mount := self.mount_at(at):
        case None:
            node = await client.engine.evaluator.look(self.root, at, not do_not_follow_symlinks)
            if node is None:
                return None
            size = 0 if node.kind == "dir" else node.stat.st_size
            mode = stat.S_IMODE(node.stat.st_mode)
            return Stat(posixpath.basename(node.path), size, _TYPES[node.kind], mode)
        case c.DirectoryMount(target, source):
            tree = await client.engine.evaluator.tree(source)
            entry = tree.get(posixpath.relpath(at, target), follow=not do_not_follow_symlinks)
            return None if entry is None else _stat(posixpath.basename(at), entry)
        case c.FileMount(target, source):
            named = await client.engine.evaluator.file(source)
            return _stat(posixpath.basename(at), named.file) if at == target else None
        case _:
            raise unreadable(mount, at)


_TYPES = {
    "dir": "DIRECTORY_TYPE",
    "file": "REGULAR_TYPE",
    "link": "SYMLINK_TYPE",
    "other": "UNKNOWN",
}


# -- directories ---------------------------------------------------------------------------------


@leaf("Directory.sync")
async def directory_sync(client: Client, self: f.Directory) -> str:
    """Force the directory."""
    await client.engine.evaluator.tree(self)
    return client.engine.remember(self)


@leaf("Directory.entries")
async def entries(client: Client, self: f.Directory, path: str | None = None) -> list[str]:
    """List names, sorted; directories end with `/`."""
    tree = await client.engine.evaluator.tree(f.SubDirectory(self, path) if path else self)
    return sorted(name + _slash(entry) for name, entry in tree.entries.items())


@leaf("Directory.glob")
async def glob(client: Client, self: f.Directory, pattern: str) -> list[str]:
    """List the paths that match; directories end with `/`."""
    tree = await client.engine.evaluator.tree(self)
    matcher = Glob(pattern)
    return [path + _slash(entry) for path, entry in tree.walk() if matcher.matches(path)]


def _slash(entry: Entry) -> str:
    return "/" if isinstance(entry, Dir) else ""


@leaf("Directory.digest")
async def directory_digest(client: Client, self: f.Directory) -> str:
    """Return a digest of everything in it."""
    return (await client.engine.evaluator.tree(self)).digest


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
    """Tell whether a path exists, and is of a kind."""
    tree = await client.engine.evaluator.tree(self)
    if expected_type == "SYMLINK_TYPE":
        do_not_follow_symlinks = True
    entry = tree.get(path, follow=not do_not_follow_symlinks)
    kinds = {"DIRECTORY_TYPE": Dir, "REGULAR_TYPE": File, "SYMLINK_TYPE": Link}
    return entry is not None and (expected_type is None or isinstance(entry, kinds[expected_type]))


@leaf("Directory.stat")
async def directory_stat(
    client: Client, self: f.Directory, path: str, do_not_follow_symlinks: bool = False
) -> Stat:
    """Return what is known of a path."""
    tree = await client.engine.evaluator.tree(self)
    entry = tree.get(path, follow=not do_not_follow_symlinks)
    if entry is None:
        raise UsageError(f"{path}: no such file or directory")
    return _stat(posixpath.basename(path.rstrip("/")), entry)


def _stat(name: str, entry: Entry) -> Stat:
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
    tree = await client.engine.evaluator.tree(self)
    parts = split(start)
    if parts:
        await client.engine.evaluator.tree(f.SubDirectory(self, start))
    for count in range(len(parts), -1, -1):
        path = posixpath.join(*parts[:count], name)
        if tree.get(path) is not None:
            return path
    return None


@leaf("Directory.export")
async def export_directory(client: Client, self: f.Directory, path: str, wipe: bool = False) -> str:
    """Write the directory to the host, merged with what is there unless `wipe`."""
    at = _host_path(client, path)
    tree = await client.engine.evaluator.tree(self)
    await asyncio.to_thread(client.engine.store.export, tree, at, wipe=wipe)
    return str(at)


# -- files ---------------------------------------------------------------------------------------

MAX_CONTENTS_BYTES = 128 * 1024 * 1024  # as the real engine


@leaf("File.sync")
async def file_sync(client: Client, self: f.File) -> str:
    """Force the file."""
    await client.engine.evaluator.file(self)
    return client.engine.remember(self)


@leaf("File.contents")
async def contents(
    client: Client,
    self: f.File,
    offset_lines: int | None = None,
    limit_lines: int | None = None,
) -> str:
    """Return the text, or some lines of it."""
    named = await client.engine.evaluator.file(self)
    if named.file.size_bytes > MAX_CONTENTS_BYTES:
        raise UsageError(f"{named.name}: {named.file.size_bytes} bytes exceed the limit of 128 MiB")
    data = await client.engine.evaluator.contents(self)
    text = data.decode("utf-8", "replace")
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
    return (await client.engine.evaluator.file(self)).file.size_bytes


@leaf("File.name")
async def file_name(client: Client, self: f.File) -> str:
    """Return the base name."""
    return (await client.engine.evaluator.file(self)).name


@leaf("File.digest")
async def file_digest(client: Client, self: f.File, exclude_metadata: bool = False) -> str:
    """Return a digest of contents and mode, or of contents alone."""
    named = await client.engine.evaluator.file(self)
    if exclude_metadata:
        return "sha256:" + named.file.digest
    return Dir(entries={named.name: named.file}).digest


@leaf("File.stat")
async def file_stat(client: Client, self: f.File) -> Stat:
    """Return what is known of the file."""
    named = await client.engine.evaluator.file(self)
    return _stat(named.name, named.file)


@leaf("File.export")
async def export_file(
    client: Client, self: f.File, path: str, allow_parent_dir_path: bool = False
) -> str:
    """Write the file to the host; into a directory only when that is allowed."""
    at = _host_path(client, path)
    named = await client.engine.evaluator.file(self)
    if at.is_dir():
        if not allow_parent_dir_path:
            raise UsageError(f"destination {at} is a directory", hint="name the file")
        at = at / named.name
    await asyncio.to_thread(client.engine.store.export_file, named.file, at)
    return str(at)


# -- changesets ----------------------------------------------------------------------------------


async def _changes(client: Client, self: f.Changeset) -> tuple[Dir, Dir, Changes]:
    before, after = await asyncio.gather(
        client.engine.evaluator.tree(self.before), client.engine.evaluator.tree(self.after)
    )
    return before, after, compare(before, after)


@leaf("Changeset.sync")
async def changeset_sync(client: Client, self: f.Changeset) -> str:
    """Force both sides."""
    await _changes(client, self)
    return client.engine.remember(self)


@leaf("Changeset.addedPaths")
async def added_paths(client: Client, self: f.Changeset) -> list[str]:
    """List what was added."""
    return list((await _changes(client, self))[2].added)


@leaf("Changeset.modifiedPaths")
async def modified_paths(client: Client, self: f.Changeset) -> list[str]:
    """List what was modified."""
    return list((await _changes(client, self))[2].modified)


@leaf("Changeset.removedPaths")
async def removed_paths(client: Client, self: f.Changeset) -> list[str]:
    """List what was removed."""
    return list((await _changes(client, self))[2].removed)


@leaf("Changeset.isEmpty")
async def is_empty(client: Client, self: f.Changeset) -> bool:
    """Tell whether no file changed."""
    return (await _changes(client, self))[2].is_empty


@leaf("Changeset.diffStats")
async def diff_stats(client: Client, self: f.Changeset) -> list[DiffStat]:
    """Count lines per changed file; files that are not text count none."""
    before, after, changed = await _changes(client, self)
    store = client.engine.store

    def lines(tree: Dir, path: str) -> list[bytes]:
        entry = tree.get(path)
        data = store.read(entry.digest) if isinstance(entry, File) else b""
        # As git counts: the last line without its newline is another line than with it.
        return [] if b"\0" in data else data.splitlines(keepends=True)

    def count(path: str, kind: str) -> DiffStat:
        old, new = lines(before, path), lines(after, path)
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
        plus = minus = 0
        for tag, i1, i2, j1, j2 in matcher.get_opcodes():
            if tag != "equal":
                minus, plus = minus + i2 - i1, plus + j2 - j1
        return DiffStat(path, kind, plus, minus)

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
    at = _host_path(client, path)
    before, after, changed = await _changes(client, self)
    await asyncio.to_thread(client.engine.apply_changes, before, after, changed, at)
    return str(at)
