"""A bubblewrap sandbox as a list of operations: comparable, printable, without side effects.

An operation is data; `options` returns bubblewrap's options. Contents that must not be on a command
line (secrets) are given to `put`, which returns a file descriptor or whatever else can be read; so
the same list serves to run a step and to print how to run it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from stiletto.sandbox.plan import BindMount, TempMount

OPTIONS_MAX_BYTES = 4095
"""mount(2) takes at most a page of options, its end mark included."""

SHARED_MEMORY = "/dev/shm"  # noqa: S108 - where glibc looks for POSIX shared memory

CAPABILITIES = (
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
)
"""What Docker gives root (moby, `oci/caps/defaults.go`), without what a user namespace cannot
grant anyway: MKNOD, NET_RAW, AUDIT_WRITE."""


@dataclass(frozen=True, slots=True)
class Namespaces:
    """Own user, pid, ipc, uts and mount namespaces; nothing survives the parent.

    With `init` process 1 is bubblewrap's own, else it is the command.

    Capabilities are those of a container's root, and none for another user: started by the
    machine's root, bubblewrap would keep all of them, and with them `mount` and more. `ranged`: the
    user namespace is entered, and bubblewrap already runs as the user (`user_spaces`).
    """

    uid: int
    gid: int
    hostname: str
    ranged: bool = False
    init: bool = True


@dataclass(frozen=True, slots=True)
class Overlay:
    """Directories on top of each other, lowest first; read-only without `upper` and `work`.

    The kernel requires two lower directories where there is no upper one.
    """

    lowers: tuple[Path, ...]
    target: str
    upper: Path | None = None
    work: Path | None = None


@dataclass(frozen=True, slots=True)
class Kernel:
    """/proc and a minimal /dev.

    /proc/sys is covered: a process of the machine's root is the real root to it, whatever its user
    namespace is, and could change settings of the whole machine. `hidden` files of /proc are
    covered by one that cannot be opened.
    """

    sysctl: Path = Path("/proc/sys")
    nothing: Path = Path("/dev/null")
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Data:
    """A memory-backed file; one that is not a secret is left out when the step is run again."""

    target: str
    contents: bytes = field(repr=False)
    mode: int = 0o400
    secret: bool = True


@dataclass(frozen=True, slots=True)
class Filter:
    """A seccomp program that the command, and all that it starts, runs under."""

    contents: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class MakeDirectory:
    """A directory that is created where it is missing."""

    target: str


@dataclass(frozen=True, slots=True)
class SetEnvironment:
    """One variable; a secret one is not shown."""

    name: str
    value: str = field(repr=False)
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Chdir:
    """The working directory."""

    target: str


Operation: TypeAlias = (
    Namespaces
    | Overlay
    | BindMount
    | Kernel
    | TempMount
    | Data
    | Filter
    | MakeDirectory
    | SetEnvironment
    | Chdir
)
Put: TypeAlias = Callable[[Data | Filter], str]


def options(operation: Operation, put: Put) -> list[str]:
    """Return bubblewrap's options for one operation."""
    match operation:
        case Namespaces(uid, gid, hostname, ranged, init):
            kept = CAPABILITIES if uid == 0 else ()
            mapped = ["--unshare-user", "--uid", str(uid), "--gid", str(gid)]
            return [
                *([] if ranged else mapped),
                *([] if init else ["--as-pid-1"]),
                *("--unshare-pid", "--unshare-ipc", "--unshare-uts"),
                *("--die-with-parent", "--new-session", "--clearenv", "--hostname", hostname),
                *("--cap-drop", "ALL"),
                *(option for name in kept for option in ("--cap-add", f"CAP_{name}")),
            ]
        case Overlay(lowers, target, upper, work):
            sources = [option for lower in lowers for option in ("--overlay-src", str(lower))]
            if upper is None or work is None:
                return [*sources, "--ro-overlay", target]
            return [*sources, "--overlay", str(upper), str(work), target]
        case BindMount(target, source, writable):
            return ["--bind" if writable else "--ro-bind", str(source), target]
        case Kernel(sysctl, nothing, hidden):
            cover = ["--ro-bind", str(sysctl), "/proc/sys"]
            cover += [option for path in hidden for option in ("--ro-bind", str(nothing), path)]
            return ["--proc", "/proc", *cover, "--dev", "/dev", "--chmod", "1777", SHARED_MEMORY]
        case TempMount(target, size_bytes):
            size = [] if size_bytes is None else ["--size", str(size_bytes)]
            return [*size, "--perms", "1777", "--tmpfs", target]
        case Data(target, _, mode):
            return ["--perms", f"{mode:04o}", "--ro-bind-data", put(operation), target]
        case Filter():
            return ["--seccomp", put(operation)]
        case MakeDirectory(target):
            return ["--perms", "0755", "--dir", target]
        case SetEnvironment(name, value):
            return ["--setenv", name, value]
        case Chdir(target):
            return ["--chdir", target]


def arguments(operations: Iterable[Operation], put: Put) -> list[str]:
    """Return bubblewrap's options for these operations, in order."""
    return [option for operation in operations for option in options(operation, put)]


def moved(operation: Operation, move: Callable[[Path], Path]) -> Operation:
    """Return the operation with its host paths seen from elsewhere."""
    match operation:
        case Overlay(lowers, _, upper, work):
            return replace(
                operation,
                lowers=tuple(map(move, lowers)),
                upper=upper and move(upper),
                work=work and move(work),
            )
        case BindMount(_, source):
            return replace(operation, source=move(source))
        case Kernel(sysctl, nothing):
            return replace(operation, sysctl=move(sysctl), nothing=move(nothing))
        case _:
            return operation


def options_size(overlay: Overlay) -> int:
    """Return the size in bytes of the options bubblewrap passes to mount(2) for this overlay."""

    def size(path: Path) -> int:
        raw = str(path).encode("utf-8", "surrogateescape")
        # bubblewrap (utils.c, strappend_escape_for_mount_options) escapes these three.
        return len("/oldroot") + len(raw) + sum(raw.count(mark) for mark in (b"\\", b",", b":"))

    total = len("lowerdir=") + sum(size(lower) + 1 for lower in overlay.lowers) + len("userxattr")
    if overlay.upper is not None and overlay.work is not None:
        total += len("upperdir=,workdir=,") + size(overlay.upper) + size(overlay.work)
    return total


def nested(operations: Sequence[Operation]) -> tuple[list[str], list[Operation]]:
    """Return options for an outer bubblewrap, and the operations to do inside it.

    With a range of users the outer one stays in the machine's user namespace.

    For stacks whose paths do not fit into the options of one mount: the outer sandbox shows
    the host at /h and every lower directory at a short path, /0, /1, ...; the inner one mounts
    from there. bubblewrap itself needs /tmp, /proc and /dev, and its libraries.
    """
    short: dict[Path, Path] = {}
    for operation in operations:
        if isinstance(operation, Overlay):
            for lower in operation.lowers:
                short.setdefault(lower, Path(f"/{len(short)}"))
    host = Path("/h")
    binds = [option for lower, at in short.items() for option in ("--bind", str(lower), str(at))]
    links = [
        option
        for name in ("usr", "lib", "lib64", "lib32", "etc")
        for option in ("--symlink", f"h/{name}", f"/{name}")
    ]
    kernel = [*("--dev-bind", "/proc", "/proc"), *("--dev-bind", "/dev", "/dev")]
    kernel += ["--dir", "/tmp"]  # noqa: S108 - the sandbox's own
    ranged = any(isinstance(each, Namespaces) and each.ranged for each in operations)
    user = [] if ranged else ["--unshare-user"]
    outer = [*user, "--die-with-parent", "--dev-bind", "/", str(host)]

    def move(path: Path) -> Path:
        return short.get(path) or host / str(path).lstrip("/")

    return [*outer, *binds, *links, *kernel], [moved(operation, move) for operation in operations]
