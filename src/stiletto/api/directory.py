"""The calls of `Directory`, `File` and `Changeset` that need no work; see `engine.file_leaves`."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from stiletto.api.container import ContainerDirectory, ContainerFile
from stiletto.api.files import (
    ChangeOwner,
    Changeset,
    Difference,
    Directory,
    DirectoryFile,
    File,
    NewFile,
    OwnedFile,
    Remove,
    RenamedFile,
    ReplacedFile,
    SubDirectory,
    WriteChanges,
    WriteDirectory,
    WriteFile,
    WriteLink,
    WriteNewDirectory,
    a_filter,
    filtered,
    written,
)
from stiletto.api.owners import only_numbers
from stiletto.api.registry import call
from stiletto.api.texts import check_file_name, check_link_target, check_permissions
from stiletto.errors import UsageError
from stiletto.graph.recipe import Recipe


@call("Directory.directory")
def directory(self: Directory, path: str) -> Directory:
    """Return the directory at `path`."""
    inside = posixpath.normpath(path).lstrip("/")
    if inside in ("", "."):
        return self
    match self:
        case ContainerDirectory(root, "/"):  # only what is there is read
            return ContainerDirectory(root, f"/{inside}")
        case _:
            return SubDirectory(self, inside)


@call("Directory.file")
def file(self: Directory, path: str) -> File:
    """Return the file at `path`."""
    match self:
        case ContainerDirectory(root, "/"):
            return ContainerFile(root, posixpath.normpath(posixpath.join("/", path)))
        case _:
            return DirectoryFile(self, path)


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
    return written(self, WriteDirectory(path, source, kept, permissions, of))


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
    return written(self, WriteFile(path, source, permissions, of))


@call("Directory.withFiles")
def with_files(
    self: Directory, path: str, sources: Sequence[File], permissions: int | None = None
) -> Directory:
    """Put files into the directory at `path`."""
    check_permissions("Directory.withFiles", "permissions", permissions)
    return written(self, *(WriteFile(path + "/", source, permissions) for source in sources))


@call("Directory.withNewFile")
def with_new_file(self: Directory, path: str, contents: str, permissions: int = 0o644) -> Directory:
    """Write a file; parents are made 0755."""
    check_permissions("Directory.withNewFile", "permissions", permissions)
    source = NewFile(posixpath.basename(path), contents, permissions)
    return written(self, WriteFile(path, source, permissions))


@call("Directory.withNewDirectory")
def with_new_directory(self: Directory, path: str, permissions: int = 0o644) -> Directory:
    """Make a directory; 0644 by default, as in the real engine."""
    check_permissions("Directory.withNewDirectory", "permissions", permissions)
    return written(self, WriteNewDirectory(path, permissions))


@call("Directory.withSymlink")
def with_symlink(self: Directory, target: str, link_name: str) -> Directory:
    """Make a symbolic link."""
    check_link_target("Directory.withSymlink", target)
    return written(self, WriteLink(target, link_name))


@call("Directory.withoutDirectory")
@call("Directory.withoutFile")
def without(self: Directory, path: str) -> Directory:
    """Remove a file or directory; an absent one is not an error."""
    return written(self, Remove((path,)))


@call("Directory.withoutFiles")
def without_files(self: Directory, paths: Sequence[str]) -> Directory:
    """Remove files; an absent one is not an error."""
    return written(self, Remove(tuple(paths)))


@call("Directory.withChanges")
def with_changes(self: Directory, changes: Changeset) -> Directory:
    """Apply a changeset."""
    return written(self, WriteChanges(changes))


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


@call("Changeset.withChangeset")
def with_changeset(self: Changeset, changes: Changeset, on_conflict: str = "FAIL") -> Changeset:
    """Apply another changeset after this one.

    Conflicts are not merged here: whatever `onConflict` is, the other changeset must start from
    what this one starts from or ends with.
    """
    if on_conflict not in ("FAIL", "FAIL_EARLY"):
        raise UsageError(f"onConflict {on_conflict} is not implemented by stiletto; use dagger")
    if changes.before.digest not in (self.before.digest, self.after.digest):
        raise UsageError("the changesets start from different directories")
    return Changeset(self.before, written(self.after, WriteChanges(changes)))


@dataclass(frozen=True)
class DiffStat(Recipe):
    """How one file changed; lines are counted for text only."""

    TYPE: ClassVar[str] = "DiffStat"

    path: str
    kind: str
    added_lines: int
    removed_lines: int


@call("DiffStat.oldPath")
def diff_stat_old_path(self: DiffStat) -> None:
    """Return nothing: a rename is an addition and a removal here."""
    return
