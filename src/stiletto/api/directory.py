"""The calls of `Directory`, `File` and `Changeset` that need no work; see `engine.file_leaves`."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from typing import ClassVar

from stiletto.api.container import ContainerDirectory, RootFile
from stiletto.api.files import (
    ApplyPatch,
    ChangeOwner,
    Changeset,
    DatedFile,
    Difference,
    Directory,
    DirectoryFile,
    EmptyDirectory,
    File,
    MergedDirectory,
    NewFile,
    Operation,
    OwnedFile,
    PatchFile,
    Remove,
    RenamedFile,
    ReplacedFile,
    SetTimes,
    SubDirectory,
    WriteChanges,
    WriteDirectory,
    WriteFile,
    WriteLink,
    WriteNewDirectory,
    WriteNewFile,
    WrittenDirectory,
    a_filter,
    filtered,
    written,
)
from stiletto.api.owners import only_numbers
from stiletto.api.registry import call
from stiletto.api.session import Query
from stiletto.api.texts import check_file_name, check_link_target, check_permissions
from stiletto.errors import NotSupported, UsageError
from stiletto.graph.recipe import Recipe, frozen


def rebased(self: Directory, path: str) -> tuple[Directory, str]:
    """Return where the files of a path come from, and its path there.

    A directory inside another one is a view of that: `..` and links lead out of it, and a path
    stays in the outermost one.

    Raises:
        NotSupported: it leads out of a directory that was changed since it was cut out.
    """
    path = path.lstrip("/")
    match self:
        case SubDirectory(parent, inside):
            return rebased(parent, posixpath.normpath(posixpath.join(inside, path)))
        case ContainerDirectory() | WrittenDirectory() if _leads_out(path) and prefix_of(self):
            raise NotSupported(f"a path such as {path!r} out of Directory.directory(path:)")
        case _:
            return self, posixpath.normpath("/" + path).lstrip("/")


def _leads_out(path: str) -> bool:
    return posixpath.normpath(path).split("/", 1)[0] == ".."


def prefix_of(self: Directory) -> str:
    """Return the path of a directory in the one that it is a part of, "" for one of its own."""
    match self:
        case SubDirectory(_, path) | ContainerDirectory(_, path):
            return path.strip("/")
        case WrittenDirectory(parent):
            return prefix_of(parent)
        case _:
            return ""


def _inside(self: Directory, path: str) -> str | None:
    """Return a path to write to, relative to the directory; None for one beside it.

    What is written beside a part of a directory is in the whole, which nobody sees any more.
    """
    prefix = prefix_of(self)
    slash = "/" if path.endswith(("/", "/.")) else ""
    if not prefix or not _leads_out(path.lstrip("/")):
        return path
    whole = posixpath.normpath(posixpath.join("/", prefix, path.lstrip("/"))) + "/"
    inside = whole.removeprefix(f"/{prefix}/")
    return None if inside == whole else inside.rstrip("/") + slash


def _written(self: Directory, path: str, make: Callable[[str], Operation]) -> Directory:
    """Apply the operation of a path, unless that lies beside the directory."""
    at = _inside(self, path)
    return written(self) if at is None else written(self, make(at))


@call("Directory.directory")
def directory(self: Directory, path: str) -> Directory:
    """Return the directory at `path`."""
    at = _in_container(self, path)
    if at is not None:
        return at
    parent, inside = rebased(self, path)
    return SubDirectory(parent, inside) if inside else parent


@call("Directory.file")
def file(self: Directory, path: str) -> File:
    """Return the file at `path`."""
    at = _in_container(self, path)
    if at is not None:
        return RootFile(at.root, at.path)
    parent, inside = rebased(self, path)
    return DirectoryFile(parent, inside)


def _in_container(self: Directory, path: str) -> ContainerDirectory | None:
    """Return what a path leads to in the container itself: only what is there is read."""
    match self:
        case ContainerDirectory(root, at) if at == "/" or _leads_out(path.lstrip("/")):
            return ContainerDirectory(
                root, posixpath.normpath(posixpath.join("/", at, path.lstrip("/")))
            )
        case _:
            return None


@call("Directory.withDirectory")
def with_directory(
    self: Directory,
    path: str,
    source: Directory,
    exclude: Sequence[str] = (),
    include: Sequence[str] = (),
    gitignore: bool = False,
    owner: str = "",
    permissions: int | None = None,
) -> Directory:
    """Copy a directory onto the one at `path`."""
    check_permissions("Directory.withDirectory", "permissions", permissions)
    kept = a_filter(include, exclude, gitignore)
    of = only_numbers("Directory.withDirectory", owner)
    return _written(self, path, lambda at: WriteDirectory(at, source, kept, permissions, of))


@call("Directory.withFile")
def with_file(
    self: Directory,
    path: str,
    source: File,
    permissions: int | None = None,
    owner: str = "",
) -> Directory:
    """Put a file at `path`, or inside it where that is a directory."""
    check_permissions("Directory.withFile", "permissions", permissions)
    of = only_numbers("Directory.withFile", owner)
    return _written(self, path, lambda at: WriteFile(at, source, permissions, of))


@call("Directory.withFiles")
def with_files(
    self: Directory, path: str, sources: Sequence[File], permissions: int | None = None
) -> Directory:
    """Put files into the directory at `path`."""
    check_permissions("Directory.withFiles", "permissions", permissions)
    into = _inside(self, path + "/")
    if into is None:
        return written(self)
    return written(self, *(WriteFile(into, source, permissions) for source in sources))


@call("Directory.withNewFile")
def with_new_file(self: Directory, path: str, contents: str, permissions: int = 0o644) -> Directory:
    """Write a file; parents are made 0755."""
    check_permissions("Directory.withNewFile", "permissions", permissions)
    at = path.rstrip("/")
    source = NewFile(posixpath.basename(at), contents, permissions or 0o644)
    return _written(self, at, lambda path: WriteNewFile(path, source))


@call("Directory.withNewDirectory")
def with_new_directory(self: Directory, path: str, permissions: int = 0o644) -> Directory:
    """Make a directory; 0644 by default, as in the real engine."""
    check_permissions("Directory.withNewDirectory", "permissions", permissions)
    if posixpath.normpath(path).startswith("../"):
        raise UsageError(f"Directory.withNewDirectory(path:) is {path!r}, which leaves it")
    return _written(self, path, lambda at: WriteNewDirectory(at, permissions or 0o755))


@call("Directory.withSymlink")
def with_symlink(self: Directory, target: str, link_name: str) -> Directory:
    """Make a symbolic link."""
    check_link_target("Directory.withSymlink", target)
    return _written(self, link_name, lambda at: WriteLink(target, at))


@call("Directory.withoutDirectory")
@call("Directory.withoutFile")
def without(self: Directory, path: str) -> Directory:
    """Remove a file or directory; an absent one is not an error."""
    return without_files(self, (path,))


@call("Directory.withoutFiles")
def without_files(self: Directory, paths: Sequence[str]) -> Directory:
    """Remove files; an absent one is not an error."""
    inside = tuple(at for path in paths if (at := _inside(self, path)) is not None)
    return written(self, Remove(inside))


@call("Directory.withChanges")
def with_changes(self: Directory, changes: Changeset) -> Directory:
    """Apply a changeset."""
    return written(self, WriteChanges(changes))


@call("Directory.withTimestamps")
def with_timestamps(self: Directory, timestamp: int) -> Directory:
    """Give everything in the directory a time of modification."""
    return written(self, SetTimes(timestamp))


@call("File.withTimestamps")
def file_with_timestamps(self: File, timestamp: int) -> File:
    """Give the file a time of modification."""
    return DatedFile(self, timestamp)


@call("Directory.withPatch")
def with_patch(self: Directory, patch: str) -> Directory:
    """Apply a patch of git."""
    return with_patch_file(self, NewFile("patch", patch))


@call("Directory.withPatchFile")
def with_patch_file(self: Directory, patch: File) -> Directory:
    """Apply a patch of git."""
    return written(self, ApplyPatch(patch))


@call("Directory.filter")
def filter_(
    self: Directory,
    exclude: Sequence[str] = (),
    include: Sequence[str] = (),
    gitignore: bool = False,
) -> Directory:
    """Keep only what the patterns keep."""
    return filtered(self, a_filter(include, exclude, gitignore))


@call("Directory.diff")
def diff(self: Directory, other: Directory) -> Directory:
    """Return what `other` adds or changes."""
    return Difference(self, other)


@call("Directory.changes")
def changes(self: Directory, from_: Directory) -> Changeset:
    """Return what turns `from` into this."""
    return Changeset(from_, self)


@call("Directory.chown")
def chown(self: Directory, path: str, owner: str) -> Directory:
    """Make all that is at `path` another user's."""
    return written(self, ChangeOwner(path, only_numbers("Directory.chown", owner)))


@call("File.withName")
def with_name(self: File, name: str) -> File:
    """Return the file under another name."""
    check_file_name("File.withName", name)
    return RenamedFile(self, name)


@call("File.withReplaced")
def with_replaced(
    self: File,
    search: str,
    replacement: str,
    all: bool = False,
    first_from: int | None = None,
) -> File:
    """Return the file with text replaced."""
    return ReplacedFile(self, search, replacement, all, first_from)


@call("File.chown")
def file_chown(self: File, owner: str) -> File:
    """Return the file as another user's."""
    return OwnedFile(self, only_numbers("File.chown", owner))


@call("Changeset.layer")
def layer(self: Changeset) -> Directory:
    """Return what was added or changed."""
    return Difference(self.before, self.after)


@call("Changeset.asPatch")
def as_patch(self: Changeset) -> File:
    """Return the changes as a patch of git."""
    return PatchFile(self)


@call("Query.changeset")
def changeset(self: Query) -> Changeset:
    """Return a changeset without changes."""
    return Changeset(EmptyDirectory(), EmptyDirectory())


def merged(
    self: Changeset, others: Sequence[Changeset], on_conflict: str
) -> tuple[Changeset, MergedDirectory]:
    """Return the changeset of all of them, and its end, which fails where they conflict."""
    sides = (self, *others)
    whole = (WriteDirectory("", each.before) for each in sides)
    before = written(EmptyDirectory(), *whole, Remove((".git",)))
    after = MergedDirectory(before, sides, on_conflict)
    return Changeset(before, after), after


@frozen
class DiffStat(Recipe):
    """How one file changed; lines are counted for text only."""

    TYPE: ClassVar[str] = "DiffStat"

    path: str
    kind: str
    added_lines: int
    removed_lines: int
    old: str | None = None


@call("DiffStat.oldPath")
def diff_stat_old_path(self: DiffStat) -> str | None:
    """Return what a renamed file was called before."""
    return self.old
