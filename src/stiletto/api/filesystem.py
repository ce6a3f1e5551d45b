"""A container's files: what is written to it, mounted in it and read from it.

A call writes where its path lives: into the directory that is mounted there, or into the root.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from dataclasses import replace

from stiletto.api.container import (
    CacheMount,
    Container,
    ContainerDirectory,
    ContainerFile,
    DirectoryMount,
    DirectoryRoot,
    FileMount,
    Mount,
    Root,
    SecretFileMount,
    TempDirMount,
    WrittenRoot,
    beneath,
)
from stiletto.api.files import (
    Directory,
    File,
    MountedDirectory,
    MountedFile,
    NewFile,
    Operation,
    OwnedDirectory,
    OwnedFile,
    Remove,
    WriteDirectory,
    WriteFile,
    WriteLink,
    a_filter,
    written,
)
from stiletto.api.owners import numbers
from stiletto.api.registry import call
from stiletto.api.secrets import CacheVolume, Secret
from stiletto.api.texts import check_link_target, check_permissions
from stiletto.errors import UsageError

# -- written to it ---------------------------------------------------------------------------------


def _owner(self: Container, owner: str) -> tuple[str, Root | None]:
    """Return an owner, and where its names are looked up if it has any."""
    found = numbers(owner) if owner else ""
    return (owner, self.root) if found is None else (found, None)


def _write(self: Container, path: str, make: Callable[[str], Operation]) -> Container:
    """Apply an operation where `path` lives: in a mounted directory, or in the root."""
    mount = self.mount_at(path)
    match mount:
        case None:
            return replace(self, root=write_root(self.root, make(path)), image_ref="")
        case DirectoryMount(target, source):
            inside = posixpath.relpath(path, target)
            changed = replace(mount, source=written(source, make(inside)))
            mounts = tuple(changed if m is mount else m for m in self.mounts)
            return replace(self, mounts=mounts)
        case FileMount(target) if target == path:
            return _write_file(self, mount, make(path))
        case CacheMount():
            raise UsageError(f"{path}: cannot write to a cache volume outside a command")
        case _:
            raise UsageError(f"{path}: cannot write beneath the mount at {mount.target}")


def _write_file(self: Container, mount: FileMount, operation: Operation) -> Container:
    """Put another file in place of a mounted one, or remove it with its mount."""
    match operation:
        case WriteFile(_, source, None):
            mounts = tuple(replace(m, source=source) if m is mount else m for m in self.mounts)
            return replace(self, mounts=mounts)
        case WriteFile(_, NewFile(name, contents), int(permissions)):
            changed = WriteFile(mount.target, NewFile(name, contents, permissions), None)
            return _write_file(self, mount, changed)
        case Remove():
            left = replace(self, mounts=tuple(m for m in self.mounts if m is not mount))
            return replace(left, root=write_root(left.root, operation), image_ref="")
        case _:
            raise UsageError(f"{mount.target}: cannot write beneath the mount at {mount.target}")


def write_root(root: Root, *operations: Operation) -> Root:
    """Apply operations to a root; consecutive ones are kept as one list."""
    if isinstance(root, WrittenRoot):
        return WrittenRoot(root.parent, root.operations + operations)
    return WrittenRoot(root, operations)


@call("Container.withDirectory")
def with_directory(
    self: Container,
    path: str,
    source: Directory,
    exclude: Sequence[str] = (),
    include: Sequence[str] = (),
    gitignore: bool = False,
    owner: str = "",
    expand: bool = False,
    permissions: int | None = None,
) -> Container:
    """Copy a directory onto the one at `path`."""
    check_permissions("Container.withDirectory", "permissions", permissions)
    kept = a_filter(include, exclude, gitignore)
    at, of = self.path(path, expand), _owner(self, owner)
    if not kept and permissions is None and not owner and _shows(self, at, source):
        return replace(self, image_ref="")
    return _write(self, at, lambda at: WriteDirectory(at, source, kept, permissions, *of))


def _shows(self: Container, at: str, source: Directory) -> bool:
    """Whether a directory is what the container has at a path anyway."""
    match mount := self.mount_at(at):
        case None:
            return source == ContainerDirectory(self.root, at)
        case DirectoryMount(target):
            return target == at and source == mount.source
        case _:
            return False


@call("Container.withFile")
def with_file(
    self: Container,
    path: str,
    source: File,
    permissions: int | None = None,
    owner: str = "",
    expand: bool = False,
) -> Container:
    """Put a file at `path`, or inside it where that is a directory."""
    check_permissions("Container.withFile", "permissions", permissions)
    slash = "/" if path.endswith("/") else ""
    of = _owner(self, owner)
    return _write(
        self,
        self.path(path, expand),
        lambda at: WriteFile(at + slash, source, permissions, *of),
    )


@call("Container.withFiles")
def with_files(
    self: Container,
    path: str,
    sources: Sequence[File],
    permissions: int | None = None,
    owner: str = "",
    expand: bool = False,
) -> Container:
    """Put files into the directory at `path`."""
    check_permissions("Container.withFiles", "permissions", permissions)
    for source in sources:
        self = with_file(self, (path or ".") + "/", source, permissions, owner, expand)
    return self


@call("Container.withNewFile")
def with_new_file(
    self: Container,
    path: str,
    contents: str,
    permissions: int = 0o644,
    owner: str = "",
    expand: bool = False,
) -> Container:
    """Write a file."""
    check_permissions("Container.withNewFile", "permissions", permissions)
    at = self.path(path, expand)
    source = NewFile(posixpath.basename(at), contents, permissions)
    of = _owner(self, owner)
    return _write(self, at, lambda p: WriteFile(p, source, permissions, *of))


@call("Container.withSymlink")
def with_symlink(self: Container, target: str, link_name: str, expand: bool = False) -> Container:
    """Make a symbolic link."""
    target = self.expand(target) if expand else target
    check_link_target("Container.withSymlink", target)
    return _write(self, self.path(link_name, expand), lambda at: WriteLink(target, at))


@call("Container.withoutDirectory")
@call("Container.withoutFile")
def without(self: Container, path: str, expand: bool = False) -> Container:
    """Remove a file or directory, and a mount at its very path; an absent one is not an error."""
    where = self.path(path, expand)
    while (mount := self.mount_at(where)) is not None and mount.target == where:
        self = without_mount(self, where)
    return _write(self, where, lambda at: Remove((at,)))


@call("Container.withoutFiles")
def without_files(self: Container, paths: Sequence[str], expand: bool = False) -> Container:
    """Remove files; an absent one is not an error."""
    for path in paths:
        self = without(self, path, expand)
    return self


@call("Container.withRootfs")
def with_rootfs(self: Container, directory: Directory) -> Container:
    """Replace the root."""
    return replace(self, root=DirectoryRoot(directory), image_ref="")


@call("Container.rootfs")
def rootfs(self: Container) -> Directory:
    """Return the root, without mounts."""
    return ContainerDirectory(self.root, "/")


# -- mounts --------------------------------------------------------------------------------------


def _place(self: Container, path: str, expand: bool) -> tuple[str, str]:
    """Return where a mount is, and what is listed: an absolute path as it was given."""
    text = self.expand(path) if expand else path
    at = self.path(text)
    return at, text if text.startswith("/") else at


def _mounted(self: Container, mount: Mount) -> Container:
    """Add a mount in place of those at and beneath its path; secrets stay, and lie on top."""
    secrets = [m for m in self.mounts if isinstance(m, SecretFileMount)]
    others = [m for m in self.mounts if not isinstance(m, SecretFileMount)]
    if isinstance(mount, SecretFileMount):
        secrets = [*(m for m in secrets if m.target != mount.target), mount]
    else:
        others = [*(m for m in others if not beneath(m.target, mount.target)), mount]
    return replace(self, mounts=(*others, *secrets), image_ref="")


@call("Container.withMountedDirectory")
def with_mounted_directory(
    self: Container,
    path: str,
    source: Directory,
    owner: str = "",
    read_only: bool = False,
    expand: bool = False,
) -> Container:
    """Show a directory at `path`; what commands change there stays in the container."""
    if owner:
        source = OwnedDirectory(source, *_owner(self, owner))
    at, given = _place(self, path, expand)
    return _mounted(self, DirectoryMount(at, source, read_only, given=given))


@call("Container.withMountedFile")
def with_mounted_file(
    self: Container,
    path: str,
    source: File,
    owner: str = "",
    expand: bool = False,
) -> Container:
    """Show a file at `path`."""
    if owner:
        source = OwnedFile(source, *_owner(self, owner))
    at, given = _place(self, path, expand)
    return _mounted(self, FileMount(at, source, given=given))


@call("Container.withMountedCache")
def with_mounted_cache(
    self: Container,
    path: str,
    cache: CacheVolume,
    source: Directory | None = None,
    sharing: str = "",
    owner: str = "",
    expand: bool = False,
) -> Container:
    """Show a cache volume at `path`.

    Source, sharing or owner given here make it another volume, as in the real engine.
    """
    if source is not None or sharing or owner:
        cache = CacheVolume(
            cache.key,
            cache.namespace,
            source or cache.source,
            sharing or cache.sharing,
            owner,
            at_mount=True,
        )
    at, given = _place(self, path, expand)
    return _mounted(self, CacheMount(at, cache, given=given))


@call("Container.withMountedSecret")
def with_mounted_secret(
    self: Container,
    path: str,
    source: Secret,
    owner: str = "",
    mode: int = 0o400,
    expand: bool = False,
) -> Container:
    """Show a secret as a file at `path`."""
    check_permissions("Container.withMountedSecret", "mode", mode)
    at, given = _place(self, path, expand)
    return _mounted(self, SecretFileMount(at, source, mode, owner, given=given))


@call("Container.withMountedTemp")
def with_mounted_temp(
    self: Container, path: str, size: int | None = None, expand: bool = False
) -> Container:
    """Show an empty memory-backed directory at `path`; size in bytes."""
    if size is not None and not 0 < size < 2**63:
        raise UsageError(f"Container.withMountedTemp(size:) is {size}: not a number of bytes")
    at, given = _place(self, path, expand)
    return _mounted(self, TempDirMount(at, size, given=given))


@call("Container.withoutMount")
def without_mount(self: Container, path: str, expand: bool = False) -> Container:
    """Remove the mount at `path`."""
    at = self.path(path, expand)
    return replace(self, mounts=tuple(m for m in self.mounts if m.target != at))


@call("Container.mounts")
def get_mounts(self: Container) -> tuple[str, ...]:
    """List the paths of the mounts as they were given; secrets are not among them."""
    return tuple(m.given or m.target for m in self.mounts if not isinstance(m, SecretFileMount))


# -- read from it ----------------------------------------------------------------------------------


def unreadable(mount: Mount, path: str) -> UsageError:
    """Return the error of looking beneath a mount that only commands see."""
    what = {CacheMount: "cache", TempDirMount: "tmpfs", SecretFileMount: "secret"}
    return UsageError(f"{path}: cannot retrieve path from {what.get(type(mount), 'mount')}")


@call("Container.directory")
def directory(self: Container, path: str, expand: bool = False) -> Directory:
    """Return a directory of the container, mounts included."""
    at = self.path(path, expand)
    match mount := self.mount_at(at):
        case None:
            return ContainerDirectory(self.root, at)
        case DirectoryMount(target, source):
            inside = posixpath.relpath(at, target)
            return source if inside == "." else MountedDirectory(source, inside)
        case _:
            raise unreadable(mount, at)


@call("Container.file")
def file(self: Container, path: str, expand: bool = False) -> File:
    """Return a file of the container, mounts included."""
    at = self.path(path, expand)
    match mount := self.mount_at(at):
        case None:
            return ContainerFile(self.root, at)
        case DirectoryMount(target, source):
            return MountedFile(source, posixpath.relpath(at, target))
        case FileMount(target, source) if target == at:
            return source
        case _:
            raise unreadable(mount, at)
