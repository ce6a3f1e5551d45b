"""Containers: configuration, and a root that grows by operations and commands.

Everything here is lazy: a container says what would be, `stiletto.engine.evaluate` makes it so.
Paths are absolute once they are inside a value; relative ones are resolved against the workdir
when the call is made.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

from stiletto.api.files import (
    Directory,
    DirectoryFile,
    File,
    Operation,
    Remove,
    SubDirectory,
    WriteDirectory,
    WriteFile,
    WriteLink,
    a_filter,
    written,
)
from stiletto.api.files import NewFile as NewFileRecipe
from stiletto.api.registry import call
from stiletto.api.secrets import CacheVolume, Secret
from stiletto.errors import NotSupported, UsageError
from stiletto.graph.recipe import OUTSIDE_KEY, Recipe

if TYPE_CHECKING:
    from stiletto.api.service import Healthcheck, Port, ServiceBinding

__all__ = [
    "CacheMount",
    "Container",
    "ContainerDirectory",
    "ContainerFile",
    "DirectoryMount",
    "Exec",
    "ExecRoot",
    "FileMount",
    "ImageRoot",
    "Mount",
    "MountAfterExec",
    "Root",
    "SecretFileMount",
    "TempDirMount",
    "WrittenRoot",
]

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


# -- roots ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Root(Recipe):
    """What stands at `/`."""


@dataclass(frozen=True)
class EmptyRoot(Root):
    """Nothing: a container before `from`."""


@dataclass(frozen=True)
class ImageRoot(Root):
    """An image, by what was asked for; the identity is what enters keys."""

    address: str = field(metadata=OUTSIDE_KEY)
    identity: str


@dataclass(frozen=True)
class DirectoryRoot(Root):
    """A directory as root."""

    directory: Directory


@dataclass(frozen=True)
class WrittenRoot(Root):
    """A root with operations laid over it, in order."""

    parent: Root
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class ExecRoot(Root):
    """The root after a command."""

    exec: Exec


# -- mounts --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mount(Recipe):
    """Something shown at a path of the container."""

    target: str


@dataclass(frozen=True)
class DirectoryMount(Mount):
    """A directory; changes to it belong to the container unless it is read-only."""

    source: Directory
    read_only: bool = False


@dataclass(frozen=True)
class FileMount(Mount):
    """A file, read-only."""

    source: File


@dataclass(frozen=True)
class CacheMount(Mount):
    """A cache volume: shared, kept, in no key but by its identity."""

    volume: CacheVolume


@dataclass(frozen=True)
class SecretFileMount(Mount):
    """A secret as a file in memory."""

    secret: Secret
    mode: int


@dataclass(frozen=True)
class TempDirMount(Mount):
    """An empty directory in memory."""

    size_bytes: int | None


@dataclass(frozen=True)
class Variable(Recipe):
    """One environment variable."""

    TYPE: ClassVar[str] = "EnvVariable"

    name: str
    value: str


@dataclass(frozen=True)
class VolatileVariable(Recipe):
    """A variable whose value is in no key."""

    name: str
    value: str = field(metadata=OUTSIDE_KEY)


@dataclass(frozen=True)
class SecretVariable(Recipe):
    """A variable whose value is a secret."""

    name: str
    secret: Secret


@dataclass(frozen=True)
class Exec(Recipe):
    """One command and all that it sees."""

    root: Root
    args: tuple[str, ...]
    workdir: str
    user: str
    env: tuple[Variable, ...]
    volatile: tuple[VolatileVariable, ...]
    secrets: tuple[SecretVariable, ...]
    mounts: tuple[Mount, ...]
    stdin: str
    redirect_stdin: str
    redirect_stdout: str
    redirect_stderr: str
    expect: str
    services: tuple[ServiceBinding, ...] = ()


@dataclass(frozen=True)
class MountAfterExec(Directory):
    """A read-write mounted directory as a command left it."""

    exec: Exec
    target: str


@dataclass(frozen=True)
class ContainerDirectory(Directory):
    """A directory of a container's root."""

    root: Root
    path: str


@dataclass(frozen=True)
class ContainerFile(File):
    """A file of a container's root."""

    root: Root
    path: str


@dataclass(frozen=True)
class Label(Recipe):
    """A label of a container."""

    TYPE: ClassVar[str] = "Label"

    name: str
    value: str


@dataclass(frozen=True)
class Container(Recipe):
    """A container: root, mounts and configuration.

    `own_default_args` is set once withDefaultArgs was called: a service then runs them alone.
    """

    TYPE: ClassVar[str] = "Container"

    root: Root = field(default_factory=EmptyRoot)
    image_ref: str = field(default="", metadata=OUTSIDE_KEY)
    env: tuple[Variable, ...] = ()
    volatile: tuple[VolatileVariable, ...] = ()
    secrets: tuple[SecretVariable, ...] = ()
    mounts: tuple[Mount, ...] = ()
    workdir: str = ""
    user: str = ""
    entrypoint: tuple[str, ...] = ()
    default_args: tuple[str, ...] = ()
    own_default_args: bool = False
    labels: tuple[Label, ...] = ()
    last_exec: Exec | None = None
    platform: str = ""
    ports: tuple[Port, ...] = ()
    healthcheck: Healthcheck | None = None
    services: tuple[ServiceBinding, ...] = ()

    def variable(self, name: str) -> str | None:
        """Return a plain variable's value."""
        return next((v.value for v in self.env if v.name == name), None)

    def path(self, path: str, expand: bool = False) -> str:
        """Return an absolute, normalised path."""
        if expand:
            path = self.expand(path)
        return posixpath.normpath(posixpath.join("/", self.workdir, path))

    def expand(self, text: str) -> str:
        """Replace `$NAME` and `${NAME}` from the container's environment."""
        hidden = {v.name for v in self.secrets} | {v.name for v in self.volatile}

        def value(match: re.Match[str]) -> str:
            name = match.group(1) or match.group(2)
            if name in hidden:
                raise UsageError(f"{name} cannot be expanded: it is a secret or volatile variable")
            return self.variable(name) or ""

        return re.sub(r"\$(?:\{(\w+)\}|(\w+))", value, text)

    def mount_at(self, path: str) -> Mount | None:
        """Return the mount that shows `path`, the deepest one."""
        found = [m for m in self.mounts if beneath(path, m.target)]
        return max(found, key=lambda m: len(m.target), default=None)


def beneath(path: str, parent: str) -> bool:
    """Tell whether a path is `parent` or inside it."""
    return path == parent or path.startswith(parent.rstrip("/") + "/")


def _with(items: tuple[Variable, ...], name: str, value: str) -> tuple[Variable, ...]:
    # A replaced variable keeps its place: the order stays what the first writer chose.
    if any(item.name == name for item in items):
        return tuple(Variable(name, value) if item.name == name else item for item in items)
    return (*items, Variable(name, value))


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
        case CacheMount():
            raise UsageError(f"{path}: cannot write to a cache volume outside a command")
        case _:
            raise UsageError(f"{path}: cannot write beneath the mount at {mount.target}")


def write_root(root: Root, *operations: Operation) -> Root:
    """Lay operations over a root; consecutive ones are kept as one list."""
    if isinstance(root, WrittenRoot):
        return WrittenRoot(root.parent, root.operations + operations)
    return WrittenRoot(root, operations)


def _mounted(self: Container, mount: Mount) -> Container:
    kept = tuple(m for m in self.mounts if not beneath(m.target, mount.target))
    return replace(self, mounts=(*kept, mount), image_ref="")


# -- configuration -------------------------------------------------------------------------------


@call("Container.withEnvVariable")
def with_env_variable(self: Container, name: str, value: str, expand: bool = False) -> Container:
    """Set a variable; name and value enter keys."""
    return replace(self, env=_with(self.env, name, self.expand(value) if expand else value))


@call("Container.withoutEnvVariable")
def without_env_variable(self: Container, name: str) -> Container:
    """Unset a variable."""
    return replace(self, env=tuple(v for v in self.env if v.name != name))


@call("Container.withVolatileVariable")
def with_volatile_variable(self: Container, name: str, value: str) -> Container:
    """Set a variable whose value enters no key."""
    kept = tuple(v for v in self.volatile if v.name != name)
    return replace(self, volatile=(*kept, VolatileVariable(name, value)))


@call("Container.withoutVolatileVariable")
def without_volatile_variable(self: Container, name: str) -> Container:
    """Unset a volatile variable."""
    return replace(self, volatile=tuple(v for v in self.volatile if v.name != name))


@call("Container.withSecretVariable")
def with_secret_variable(self: Container, name: str, secret: Secret) -> Container:
    """Set a variable from a secret; the same name replaces."""
    kept = tuple(v for v in self.secrets if v.name != name)
    return replace(self, secrets=(*kept, SecretVariable(name, secret)))


@call("Container.withoutSecretVariable")
def without_secret_variable(self: Container, name: str) -> Container:
    """Unset a secret variable."""
    return replace(self, secrets=tuple(v for v in self.secrets if v.name != name))


@call("Container.withWorkdir")
def with_workdir(self: Container, path: str, expand: bool = False) -> Container:
    """Set the working directory."""
    return replace(self, workdir=self.path(path, expand))


@call("Container.withoutWorkdir")
def without_workdir(self: Container) -> Container:
    """Go back to `/`."""
    return replace(self, workdir="")


@call("Container.withUser")
def with_user(self: Container, name: str) -> Container:
    """Set who commands run as."""
    return replace(self, user=name)


@call("Container.withoutUser")
def without_user(self: Container) -> Container:
    """Go back to root."""
    return replace(self, user="")


@call("Container.withEntrypoint")
def with_entrypoint(
    self: Container, args: Sequence[str], keep_default_args: bool = False
) -> Container:
    """Set the entrypoint; default arguments are cleared unless kept."""
    kept = self.default_args if keep_default_args else ()
    return replace(self, entrypoint=tuple(args), default_args=kept)


@call("Container.withoutEntrypoint")
def without_entrypoint(self: Container, keep_default_args: bool = False) -> Container:
    """Clear the entrypoint."""
    kept = self.default_args if keep_default_args else ()
    return replace(self, entrypoint=(), default_args=kept)


@call("Container.withDefaultArgs")
def with_default_args(self: Container, args: Sequence[str]) -> Container:
    """Set the default command."""
    return replace(self, default_args=tuple(args), own_default_args=True)


@call("Container.withoutDefaultArgs")
def without_default_args(self: Container) -> Container:
    """Clear the default command."""
    return replace(self, default_args=(), own_default_args=False)


@call("Container.withLabel")
def with_label(self: Container, name: str, value: str) -> Container:
    """Set a label."""
    kept = tuple(label for label in self.labels if label.name != name)
    return replace(self, labels=(*kept, Label(name, value)))


@call("Container.withoutLabel")
def without_label(self: Container, name: str) -> Container:
    """Remove a label."""
    return replace(self, labels=tuple(label for label in self.labels if label.name != name))


# -- files ---------------------------------------------------------------------------------------

# `owner` is accepted and changes nothing: a sandbox has one user, who owns every file in it.


@call("Container.withDirectory")
def with_directory(
    self: Container,
    path: str,
    source: Directory,
    exclude: Sequence[str] = (),
    include: Sequence[str] = (),
    gitignore: bool = False,
    owner: str = "",  # noqa: ARG001
    expand: bool = False,
    permissions: int | None = None,
) -> Container:
    """Lay a directory over the one at `path`."""
    kept = a_filter(include, exclude, gitignore)
    return _write(
        self,
        self.path(path, expand),
        lambda at: WriteDirectory(at, source, kept, permissions),
    )


@call("Container.withFile")
def with_file(
    self: Container,
    path: str,
    source: File,
    permissions: int | None = None,
    owner: str = "",  # noqa: ARG001
    expand: bool = False,
) -> Container:
    """Put a file at `path`, or inside it where that is a directory."""
    slash = "/" if path.endswith("/") else ""
    return _write(
        self,
        self.path(path, expand),
        lambda at: WriteFile(at + slash, source, permissions),
    )


@call("Container.withFiles")
def with_files(
    self: Container,
    path: str,
    sources: Sequence[File],
    permissions: int | None = None,
    owner: str = "",  # noqa: ARG001
    expand: bool = False,
) -> Container:
    """Put files into the directory at `path`."""
    for source in sources:
        self = with_file(self, (path or ".") + "/", source, permissions, expand=expand)
    return self


@call("Container.withNewFile")
def with_new_file(
    self: Container,
    path: str,
    contents: str,
    permissions: int = 0o644,
    owner: str = "",  # noqa: ARG001
    expand: bool = False,
) -> Container:
    """Write a file."""
    at = self.path(path, expand)
    source = NewFileRecipe(posixpath.basename(at), contents, permissions)
    return _write(self, at, lambda p: WriteFile(p, source, permissions))


@call("Container.withSymlink")
def with_symlink(self: Container, target: str, link_name: str, expand: bool = False) -> Container:
    """Make a symbolic link."""
    target = self.expand(target) if expand else target
    return _write(self, self.path(link_name, expand), lambda at: WriteLink(target, at))


@call("Container.withoutDirectory")
def without_directory(self: Container, path: str, expand: bool = False) -> Container:
    """Remove a directory; absent is no error."""
    return _write(self, self.path(path, expand), lambda at: Remove((at,)))


@call("Container.withoutFile")
def without_file(self: Container, path: str, expand: bool = False) -> Container:
    """Remove a file; absent is no error."""
    return _write(self, self.path(path, expand), lambda at: Remove((at,)))


@call("Container.withoutFiles")
def without_files(self: Container, paths: Sequence[str], expand: bool = False) -> Container:
    """Remove files; absent is no error."""
    for path in paths:
        self = without_file(self, path, expand)
    return self


@call("Container.withRootfs")
def with_rootfs(self: Container, directory: Directory) -> Container:
    """Replace the root."""
    return replace(self, root=DirectoryRoot(directory), image_ref="")


@call("Container.rootfs")
def rootfs(self: Container) -> Directory:
    """Return the root, without mounts."""
    return ContainerDirectory(self.root, "/")


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
            return source if inside == "." else SubDirectory(source, inside)
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
            return DirectoryFile(source, posixpath.relpath(at, target))
        case FileMount(target, source) if target == at:
            return source
        case _:
            raise unreadable(mount, at)


# -- mounts --------------------------------------------------------------------------------------


@call("Container.withMountedDirectory")
def with_mounted_directory(
    self: Container,
    path: str,
    source: Directory,
    owner: str = "",  # noqa: ARG001
    read_only: bool = False,
    expand: bool = False,
) -> Container:
    """Show a directory at `path`; what commands change there stays in the container."""
    return _mounted(self, DirectoryMount(self.path(path, expand), source, read_only))


@call("Container.withMountedFile")
def with_mounted_file(
    self: Container,
    path: str,
    source: File,
    owner: str = "",  # noqa: ARG001
    expand: bool = False,
) -> Container:
    """Show a file at `path`."""
    return _mounted(self, FileMount(self.path(path, expand), source))


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
            cache.key, cache.namespace, source or cache.source, sharing or cache.sharing, owner
        )
    return _mounted(self, CacheMount(self.path(path, expand), cache))


@call("Container.withMountedSecret")
def with_mounted_secret(
    self: Container,
    path: str,
    source: Secret,
    owner: str = "",  # noqa: ARG001
    mode: int = 0o400,
    expand: bool = False,
) -> Container:
    """Show a secret as a file at `path`."""
    return _mounted(self, SecretFileMount(self.path(path, expand), source, mode))


@call("Container.withMountedTemp")
def with_mounted_temp(
    self: Container, path: str, size: int | None = None, expand: bool = False
) -> Container:
    """Show an empty memory-backed directory at `path`; size in bytes."""
    return _mounted(self, TempDirMount(self.path(path, expand), size))


@call("Container.withoutMount")
def without_mount(self: Container, path: str, expand: bool = False) -> Container:
    """Remove the mount at `path`."""
    at = self.path(path, expand)
    return replace(self, mounts=tuple(m for m in self.mounts if m.target != at))


# -- commands ------------------------------------------------------------------------------------


@call("Container.withExec")
def with_exec(
    self: Container,
    args: Sequence[str],
    use_entrypoint: bool = False,
    stdin: str = "",
    redirect_stdin: str = "",
    redirect_stdout: str = "",
    redirect_stderr: str = "",
    expect: str = "SUCCESS",
    experimental_privileged_nesting: bool = False,
    insecure_root_capabilities: bool = False,
    expand: bool = False,
    no_init: bool = False,
) -> Container:
    """Run a command, lazily; `SUCCESS`, `FAILURE` or `ANY` exit codes are expected."""
    if stdin and redirect_stdin:
        raise UsageError("cannot set both stdin and redirectStdin")
    if insecure_root_capabilities:
        raise NotSupported("Container.withExec(insecureRootCapabilities:)")
    if no_init:
        raise NotSupported("Container.withExec(noInit:)")
    if experimental_privileged_nesting:
        raise NotSupported("Container.withExec(experimentalPrivilegedNesting:)")
    command = tuple(args) or self.default_args
    if use_entrypoint:
        command = self.entrypoint + command
    if not command:
        raise UsageError("no command has been set")
    if expand:
        command = tuple(self.expand(arg) for arg in command)

    def at(path: str) -> str:
        return self.path(path, expand) if path else ""

    exec_ = Exec(
        root=self.root,
        args=command,
        workdir=self.workdir or "/",
        user=self.user,
        env=self.env,
        volatile=self.volatile,
        secrets=self.secrets,
        mounts=self.mounts,
        stdin=stdin,
        redirect_stdin=at(redirect_stdin),
        redirect_stdout=at(redirect_stdout),
        redirect_stderr=at(redirect_stderr),
        expect=expect,
        services=self.services,
    )
    mounts = tuple(
        replace(m, source=MountAfterExec(exec_, m.target))
        if isinstance(m, DirectoryMount) and not m.read_only
        else m
        for m in self.mounts
    )
    return replace(self, root=ExecRoot(exec_), mounts=mounts, last_exec=exec_, image_ref="")


@call("Container.withError")
def with_error(self: Container, err: str) -> Container:
    """Fail with a message; an empty one changes nothing."""
    if err:
        raise UsageError(err)
    return self


# -- getters that need no work -------------------------------------------------------------------


@call("Container.envVariables")
def env_variables(self: Container) -> tuple[Variable, ...]:
    """List the plain variables."""
    return self.env


@call("Container.envVariable")
def env_variable(self: Container, name: str) -> str | None:
    """Return a plain variable."""
    return self.variable(name)


@call("EnvVariable.name")
def env_variable_name(self: Variable) -> str:
    """Return the name."""
    return self.name


@call("EnvVariable.value")
def env_variable_value(self: Variable) -> str:
    """Return the value."""
    return self.value


@call("Container.workdir")
def get_workdir(self: Container) -> str:
    """Return the working directory."""
    return self.workdir


@call("Container.user")
def get_user(self: Container) -> str:
    """Return the user."""
    return self.user


@call("Container.entrypoint")
def get_entrypoint(self: Container) -> tuple[str, ...]:
    """Return the entrypoint."""
    return self.entrypoint


@call("Container.defaultArgs")
def get_default_args(self: Container) -> tuple[str, ...]:
    """Return the default command."""
    return self.default_args


@call("Container.labels")
def get_labels(self: Container) -> tuple[Label, ...]:
    """List the labels."""
    return self.labels


@call("Container.label")
def get_label(self: Container, name: str) -> str | None:
    """Return a label."""
    return next((label.value for label in self.labels if label.name == name), None)


@call("Label.name")
def label_name(self: Label) -> str:
    """Return the name."""
    return self.name


@call("Label.value")
def label_value(self: Label) -> str:
    """Return the value."""
    return self.value


@call("Container.mounts")
def get_mounts(self: Container) -> tuple[str, ...]:
    """List the paths of the mounts."""
    return tuple(m.target for m in self.mounts)


@call("Container.imageRef")
def get_image_ref(self: Container) -> str:
    """Return the image reference, right after `from` only."""
    if not self.image_ref:
        raise UsageError("image reference can only be retrieved immediately after 'from'")
    return self.image_ref


@call("Container.platform")
def get_platform(self: Container) -> str:
    """Return the platform."""
    return self.platform
