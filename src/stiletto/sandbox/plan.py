"""One step as data: its command, its files, its environment.

Nothing here touches the machine. A provider (`bubblewrap`, `plain`) turns a `Step` into a process;
both implement the `Sandbox` protocol and pass the same tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from stiletto.layers.layer import Bind, Layer
from stiletto.sandbox.scrub import Masks
from stiletto.sandbox.spool import Spool, Stream

if TYPE_CHECKING:
    import asyncio

    from stiletto.sandbox.step_network import StepNetwork

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""The default of Docker, for an image without one (moby, `oci/defaults.go`)."""

NOT_STARTED = 1
"""The exit code of a command whose program is missing, or is none; as the real engine's."""


@dataclass(frozen=True, slots=True)
class Image:
    """Where a container starts: files, binds and configuration.

    Attributes:
        address: what was requested, such as `python:3.12-slim`.
        identity: enters every key; two images with the same identity are interchangeable.
        provided_by: to be shown, such as `the host's /usr/bin/python3.12 (3.12.1)`.
        binds: host paths that are shown, and stay as they are whatever a step does.
        copies: small files of the host's configuration, and directories of such, to be copied.
        files: small files and links the image brings itself, container path -> contents, or
            `Link` target when the value is a str. Empty directories end with `/`.
        env: environment variables of the image, PATH included.
        user: the user of commands, "" for root.
        ports: the TCP ports that its server listens on.
        volumes: directories of data that belong to no layer while it runs as a service.
        hidden: paths beneath binds that are not shown.
    """

    address: str
    identity: str
    provided_by: str
    binds: tuple[Bind, ...] = ()
    files: Mapping[str, bytes | str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    default_args: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    workdir: str = ""
    user: str = ""
    ports: tuple[int, ...] = ()
    volumes: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    copies: tuple[Bind, ...] = ()

    @property
    def shown(self) -> str:
        """The image for people: what was requested, and what it is here."""
        return f"{self.address}, {self.provided_by}"


@dataclass(frozen=True, slots=True)
class BindMount:
    """A host directory or file at a container path (cache volumes are writable binds).

    A mounted file is a copy, with `original` as it was.
    """

    target: str
    source: Path
    writable: bool = False
    original: Path | None = None


@dataclass(frozen=True, slots=True)
class OverlayMount:
    """A read-write mounted directory: `lower` is never changed, changes go to `upper`.

    `upper` and `work` exist, are empty, and share one file system.
    """

    target: str
    lower: Path
    upper: Path
    work: Path


@dataclass(frozen=True, slots=True)
class TempMount:
    """An empty memory-backed directory; nothing in it survives the step."""

    target: str
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class SecretMount:
    """A secret as a memory-backed file; never on disk, never in argv. The owner is `uid:gid`."""

    target: str
    contents: bytes = field(repr=False)
    mode: int = 0o400
    owner: str = "0:0"


Mount: TypeAlias = BindMount | OverlayMount | TempMount | SecretMount


@dataclass(frozen=True, slots=True)
class Step:
    """A command and everything around it.

    Attributes:
        args: the full argument vector; `args[0]` is looked up on the container's PATH.
        layers: lowest first, the image's own files not among them.
        upper: an existing empty directory: what the command writes to `/` lands here.
        work: an existing empty directory on the same file system, for overlayfs.
        workdir: absolute container path; created if missing.
        env: the whole environment except secrets.
        secret_env: secret variables; their values are replaced by `***` in all output.
        scrub: further secret values to replace in output.
        masks: the secrets of the session, replaced in output as well, those too that come to be
            known while the step runs.
        uid, gid: what the process sees itself as.
        groups: its supplementary groups.
        redirect_stdin: the container path of the file that is standard input instead.
        redirect_stdout, redirect_stderr: absolute container paths that also receive the stream.
        init: whether a process of ours is process 1, or the command itself.
        hosts: names that the process can reach, by address; beside those of its /etc/hosts.
        link: the descriptor of a socket that is standard input instead; -1 for none.
    """

    args: tuple[str, ...]
    image: Image
    layers: tuple[Layer, ...]
    upper: Path
    work: Path
    workdir: str = "/"
    env: Mapping[str, str] = field(default_factory=dict)
    secret_env: Mapping[str, str] = field(default_factory=dict, repr=False)
    scrub: tuple[str, ...] = field(default=(), repr=False)
    masks: Masks = field(default_factory=Masks, repr=False, compare=False)
    mounts: tuple[Mount, ...] = ()
    stdin: bytes = b""
    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    hostname: str = "stiletto"
    redirect_stdin: str = ""
    redirect_stdout: str = ""
    redirect_stderr: str = ""
    init: bool = True
    hosts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    link: int = field(default=-1, compare=False)


Sink: TypeAlias = Callable[[Stream, bytes], None]
"""Receives output as it comes, secrets already replaced."""


@dataclass(frozen=True, slots=True)
class StepOutput:
    """What a step did.

    Attributes:
        exit_code: as a shell shows it; 128+n for a signal.
        printed: everything printed, secrets replaced.
        layer: `step.upper` described; `removed` is filled from what the kernel or the
            comparison found.
        mount_layers: for each OverlayMount, by target, its `upper` described.
        memory_kills: how many of its processes were killed at the limit of its memory.
    """

    exit_code: int
    printed: Spool
    layer: Layer
    mount_layers: Mapping[str, Layer] = field(default_factory=dict)
    memory_kills: int = 0

    @property
    def stdout(self) -> bytes:
        """All of it: only for little output, as the other two."""
        return b"".join(self.printed.chunks("stdout"))

    @property
    def stderr(self) -> bytes:
        """All that was printed to standard error."""
        return b"".join(self.printed.chunks("stderr"))

    @property
    def interleaved(self) -> bytes:
        """Both streams in the order they came."""
        return b"".join(data for _, data in self.printed.runs())


class Sandbox(Protocol):
    """A provider: runs steps, one process tree each."""

    name: str
    """`bubblewrap` or `plain`; enters the key of every step."""

    wanted: str = ""
    """What the user selected: one of these names or `auto`."""

    async def ready(self) -> None:
        """Be the provider that runs the steps: before this, `name` may not be known."""
        return

    async def shared(self) -> str:
        """Return what steps share with the machine, in one line."""
        ...

    async def network(self) -> StepNetwork:
        """Return the network that steps are in."""
        ...

    async def end(self) -> None:
        """End what steps had in common, if anything."""
        return

    async def run(self, step: Step, sink: Sink, stop: asyncio.Event | None = None) -> StepOutput:
        """Run the step; when cancelled, end its whole process tree first.

        Once `stop` is set, the command gets a SIGTERM, and its end is waited for.

        Raises:
            EnvironmentFailed: the sandbox itself could not be set up.
        """
        ...

    def replay(self, step: Step) -> str | None:  # noqa: ARG002 - for providers that can
        """Return one shell line that runs this step again, without secrets; None without one."""
        return None
