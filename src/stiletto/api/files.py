"""Directories and files, and what can be done to them.

A directory is a recipe: where its files come from, then the operations applied to it. Nothing is
read here; `stiletto.engine.evaluate` turns these values into trees. The same operations
(`Write...`, `Remove`) describe changes to a container's root, see `container`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import field
from typing import ClassVar

from stiletto.graph.recipe import OUTSIDE_KEY, Recipe, frozen


@frozen
class Directory(Recipe):
    """A directory; subclasses define where its files come from."""

    TYPE: ClassVar[str] = "Directory"


@frozen
class File(Recipe):
    """A file; subclasses define where its contents come from."""

    TYPE: ClassVar[str] = "File"


@frozen
class Filter(Recipe):
    """Which paths of a directory count: `.dockerignore` patterns, `.gitignore` files."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    gitignore: bool = False

    def __bool__(self) -> bool:
        return bool(self.include or self.exclude or self.gitignore)


EVERYTHING = Filter()


# -- where files come from -------------------------------------------------------------------


@frozen
class EmptyDirectory(Directory):
    """No files."""


@frozen
class StoredTree(Directory):
    """A tree in the store, by digest: what a host directory was when it was read.

    `origin` is shown and stays out of the key: the same files are the same directory, wherever they
    were read.
    """

    tree: str
    origin: str = field(default="", metadata=OUTSIDE_KEY)


@frozen
class HostDirectory(Directory):
    """A directory of the client's machine, read when it is first used in a session.

    The path is absolute. Before it becomes part of a key it is replaced by a `StoredTree`.
    """

    path: str
    filter: Filter = field(default_factory=lambda: EVERYTHING)


@frozen
class HostFile(File):
    """A file of the client's machine, read when it is first used in a session."""

    path: str


@frozen
class SubDirectory(Directory):
    """A directory inside another."""

    parent: Directory
    path: str


@frozen
class MountedDirectory(SubDirectory):
    """A directory inside a mounted one, taken from the container."""


@frozen
class FilteredDirectory(Directory):
    """A directory with only the paths that the filter keeps."""

    parent: Directory
    filter: Filter


@frozen
class Difference(Directory):
    """What `other` has that `parent` has not, or has differently."""

    parent: Directory
    other: Directory


@frozen
class WrittenDirectory(Directory):
    """A directory with operations applied to it, in order."""

    parent: Directory
    operations: tuple[Operation, ...]


@frozen
class MergedDirectory(Directory):
    """A directory with changesets merged into it as branches of git are.

    `on_conflict` is a value of the API's ChangesetMergeConflict.
    """

    base: Directory
    changesets: tuple[Changeset, ...]
    on_conflict: str


@frozen
class StoredFile(File):
    """A file in the store, by content digest (hex) and mode."""

    name: str
    content: str
    size_bytes: int
    mode: int
    time_ns: int | None = field(default=None, metadata=OUTSIDE_KEY)


@frozen
class DirectoryFile(File):
    """A file inside a directory."""

    parent: Directory
    path: str


@frozen
class MountedFile(DirectoryFile):
    """A file inside a mounted directory, taken from the container."""


@frozen
class NewFile(File):
    """A file made from text."""

    name: str
    contents: str
    permissions: int = 0o644


@frozen
class RenamedFile(File):
    """A file under another name."""

    parent: File
    name: str


@frozen
class DatedFile(File):
    """A file with another time of modification."""

    parent: File
    seconds: int


@frozen
class ReplacedFile(File):
    """A file with text replaced: the first match (after `first_from` lines), or all."""

    parent: File
    search: str
    replacement: str
    all: bool
    first_from: int | None


@frozen
class OwnedFile(File):
    """A file of another user; the owner as in `WriteFile`."""

    parent: File
    owner: str
    accounts: Recipe | None = None


@frozen
class OwnedDirectory(Directory):
    """A directory with all that is in it as another user's; the owner as in `WriteFile`."""

    parent: Directory
    owner: str
    accounts: Recipe | None = None


@frozen
class PatchFile(File):
    """The patch of a changeset."""

    changes: Changeset


@frozen
class Changeset(Recipe):
    """What turns one directory into another."""

    TYPE: ClassVar[str] = "Changeset"

    before: Directory
    after: Directory


# -- operations --------------------------------------------------------------------------------


@frozen
class Operation(Recipe):
    """One change to a tree of files; paths are absolute or relative to its root."""


@frozen
class WriteFile(Operation):
    """Put a file at `path`; inside it, where `path` is a directory or ends with `/`.

    Names in `owner` are those of a container's root, `accounts`; "" leaves the owner.
    """

    path: str
    file: File
    permissions: int | None = None
    owner: str = ""
    accounts: Recipe | None = None


@frozen
class WriteNewFile(Operation):
    """Write a text at `path`: what a link there leads to, and what a file there is.

    A file that is there keeps its permission bits.
    """

    path: str
    file: NewFile


@frozen
class WriteDirectory(Operation):
    """Copy a directory's kept paths onto the one at `path`; the owner as in `WriteFile`."""

    path: str
    source: Directory
    filter: Filter = EVERYTHING
    permissions: int | None = None
    owner: str = ""
    accounts: Recipe | None = None


@frozen
class WriteNewDirectory(Operation):
    """Make a directory, and its parents with the same permission bits."""

    path: str
    permissions: int


@frozen
class WriteLink(Operation):
    """Make a symbolic link at `path`."""

    target: str
    path: str


@frozen
class ChangeOwner(Operation):
    """Make all that is at `path` another user's."""

    path: str
    owner: str


@frozen
class Remove(Operation):
    """Remove paths; what is absent stays absent. One with a `*` is a pattern, see `wildcards`."""

    paths: tuple[str, ...]


@frozen
class SetTimes(Operation):
    """Give everything in the directory this time of modification, in seconds since the epoch."""

    seconds: int


@frozen
class ApplyPatch(Operation):
    """Apply a patch to the whole directory."""

    patch: File


@frozen
class WriteChanges(Operation):
    """Apply a changeset: its additions and modifications over, its removals away."""

    changes: Changeset


# -- the calls ---------------------------------------------------------------------------------


def written(parent: Directory, *operations: Operation) -> WrittenDirectory:
    """Apply operations to a directory; consecutive ones are kept as one list."""
    if isinstance(parent, WrittenDirectory):
        return WrittenDirectory(parent.parent, parent.operations + operations)
    return WrittenDirectory(parent, operations)


def a_filter(
    include: Sequence[str] = (), exclude: Sequence[str] = (), gitignore: bool = False
) -> Filter:
    """Make a filter from a call's arguments."""
    return Filter(tuple(include), tuple(exclude), gitignore)


def local(patterns: Sequence[str]) -> tuple[str, ...]:
    """Return the patterns that the directory of a host is read with.

    What does not lie in it is left out, an absolute path as well, and `.` means all that is in it.
    """
    kept: list[str] = []
    for pattern in patterns:
        text = pattern.removeprefix("!")
        path = posixpath.normpath(text)
        if text and not text.startswith("/") and path != ".." and not path.startswith("../"):
            kept.append("!" * (text != pattern) + ("*" if path == "." else path))
    return tuple(kept)


def filtered(parent: Directory, kept: Filter) -> Directory:
    """Filter a directory; no patterns change nothing."""
    return FilteredDirectory(parent, kept) if kept else parent


def narrowed(directory: Directory) -> Directory:
    """Return a filtered directory of the host as one of which only what is kept is read."""
    match directory:
        case FilteredDirectory(HostDirectory(path, own), kept) if not own.include:
            plain = all(given == local(given) for given in (kept.include, kept.exclude))
            if plain and not (own.exclude and kept.exclude):
                gitignore = own.gitignore or kept.gitignore
                return HostDirectory(
                    path, Filter(kept.include, own.exclude + kept.exclude, gitignore)
                )
    return directory
