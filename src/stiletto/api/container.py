"""Containers and services: configuration, and a root that grows by operations and commands.

    Container   root, mounts, configuration; its calls: `configuration`, `filesystem`, `execution`
    Exec        one command and all that it sees, taken from a container
    Service     a command that goes on running while others use it; its calls: `service`

Everything here is lazy: a container describes what would be, `stiletto.engine.evaluate` makes it.
Paths are absolute once they are inside a value; relative ones are resolved against the workdir when
the call is made.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import field
from typing import ClassVar

from stiletto.api.files import Directory, File, Operation
from stiletto.api.readiness import Healthcheck, Port
from stiletto.api.secrets import CacheVolume, Secret
from stiletto.errors import UsageError
from stiletto.graph.recipe import OUTSIDE_KEY, Recipe, frozen

# -- roots ---------------------------------------------------------------------------------------


@frozen
class Root(Recipe):
    """What is at `/`."""


@frozen
class EmptyRoot(Root):
    """Nothing: a container before `from`."""


@frozen
class ImageRoot(Root):
    """An image: the address requested, and the identity, which enters keys."""

    address: str = field(metadata=OUTSIDE_KEY)
    identity: str


@frozen
class DirectoryRoot(Root):
    """A directory as root."""

    directory: Directory


@frozen
class WrittenRoot(Root):
    """A root with operations applied to it, in order."""

    parent: Root
    operations: tuple[Operation, ...]


@frozen
class ExecRoot(Root):
    """The root after a command."""

    exec: Exec


# -- mounts --------------------------------------------------------------------------------------


@frozen
class Mount(Recipe):
    """Something shown at a path of the container; `given` is that path as a caller wrote it."""

    target: str
    given: str = field(default="", kw_only=True)


@frozen
class DirectoryMount(Mount):
    """A directory; changes to it belong to the container unless it is read-only."""

    source: Directory
    read_only: bool = False


@frozen
class FileMount(Mount):
    """A file; changes to it belong to the container."""

    source: File


@frozen
class CacheMount(Mount):
    """A cache volume: shared, kept, in no key but by its identity."""

    volume: CacheVolume


@frozen
class SecretFileMount(Mount):
    """A secret as a file in memory; "" as owner is root."""

    secret: Secret
    mode: int
    owner: str = ""


@frozen
class TempDirMount(Mount):
    """An empty directory in memory."""

    size_bytes: int | None


# -- environment ---------------------------------------------------------------------------------


@frozen
class Variable(Recipe):
    """One environment variable."""

    TYPE: ClassVar[str] = "EnvVariable"

    name: str
    value: str


@frozen
class VolatileVariable(Recipe):
    """A variable whose value is in no key."""

    name: str
    value: str = field(metadata=OUTSIDE_KEY)


@frozen
class SecretVariable(Recipe):
    """A variable whose value is a secret."""

    name: str
    secret: Secret


# -- commands ------------------------------------------------------------------------------------


@frozen
class Exec(Recipe):
    """One command and all that it sees; `expect` is `SUCCESS`, `FAILURE` or `ANY`.

    It sees no labels: they are here for `engine.coarse`. Without `init` it is process 1.
    """

    root: Root
    args: tuple[str, ...]
    workdir: str
    user: str
    env: tuple[Variable, ...]
    volatile: tuple[VolatileVariable, ...]
    secrets: tuple[SecretVariable, ...]
    mounts: tuple[Mount, ...]
    stdin: str = ""
    redirect_stdin: str = ""
    redirect_stdout: str = ""
    redirect_stderr: str = ""
    expect: str = "SUCCESS"
    services: tuple[ServiceBinding, ...] = ()
    labels: tuple[Label, ...] = ()
    init: bool = True


@frozen
class Service(Recipe):
    """What runs, and how others reach it; `hostname` is "" unless it was chosen."""

    TYPE: ClassVar[str] = "Service"

    exec: Exec
    ports: tuple[Port, ...] = ()
    healthcheck: Healthcheck | None = None
    hostname: str = ""


@frozen
class ServiceBinding(Recipe):
    """A service under a name of the container that uses it."""

    alias: str
    service: Service


@frozen
class MountAfterExec(Directory):
    """A read-write mounted directory as a command left it."""

    exec: Exec
    target: str


@frozen
class FileAfterExec(File):
    """A mounted file as a command left it."""

    exec: Exec
    target: str


@frozen
class ContainerDirectory(Directory):
    """A directory of a container's root."""

    root: Root
    path: str


@frozen
class ContainerFile(File):
    """A file of a container's root."""

    root: Root
    path: str


@frozen
class RootFile(ContainerFile):
    """The same, taken from `rootfs`: as of any directory, its contents are what it is."""


# -- containers ----------------------------------------------------------------------------------


@frozen
class Label(Recipe):
    """A label of a container."""

    TYPE: ClassVar[str] = "Label"

    name: str
    value: str


@frozen
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
        """Replace `$NAME` and `${NAME}` from the container's environment.

        As in the real engine (Go's os.Expand) there are no defaults and no escape: anything in
        braces is a name, and so is one digit or mark, as in `$1` and `$$`; `${` that is not closed
        is left out.

        Raises:
            UsageError: a secret or volatile variable is named, or the text becomes too long.
        """
        hidden = {v.name for v in self.secrets} | {v.name for v in self.volatile}
        remaining = _EXPANDED_CHARS - len(text)

        def value(match: re.Match[str]) -> str:
            nonlocal remaining
            name = next(filter(None, match.groups()), "")
            if name in hidden:
                raise UsageError(f"{name} cannot be expanded: it is a secret or volatile variable")
            found = self.variable(name) or ""
            remaining -= len(found)
            if remaining < 0:
                raise UsageError(f"expanding {name} makes a text of over {_EXPANDED_CHARS} bytes")
            return found

        return _REFERENCE.sub(value, text)

    def command(self, args: Sequence[str]) -> Exec:
        """Return a command that sees what the container has now."""
        return Exec(
            root=self.root,
            args=tuple(args),
            workdir=self.workdir or "/",
            user=self.user,
            env=self.env,
            volatile=self.volatile,
            secrets=self.secrets,
            mounts=self.mounts,
            services=self.services,
            labels=self.labels,
        )

    def mount_at(self, path: str) -> Mount | None:
        """Return the mount that shows `path`, the deepest one."""
        found = [m for m in self.mounts if beneath(path, m.target)]
        return max(found, key=lambda m: len(m.target), default=None)


_REFERENCE = re.compile(r"\$(?:\{([^}]*)\}|\{|([*#$@!?0-9-])|([A-Za-z0-9_]+))")

_EXPANDED_CHARS = 1 << 21
"""What a process can be given, arguments and variables together: two references in each of thirty
variables are a billion."""


def beneath(path: str, parent: str) -> bool:
    """Whether a path is `parent` or inside it."""
    return path == parent or path.startswith(parent.rstrip("/") + "/")
