"""A network of their own for the steps of a session, where `pasta` is installed.

    bubblewrap           user and pid namespaces; ends with the engine, and all in it with it
      pasta              in the machine's network; carries what steps send to the internet
        holder           in the network of the steps (`network_holder`)

A step joins through nsenter. In that network loopback is the steps' own: services find each other
there, and what listens on the machine's loopback is out of reach, except for what `forwards` opens.
Sockets of the engine that have to be inside are made by the holder.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stiletto.errors import EnvironmentFailed, UsageError
from stiletto.sandbox import network_holder
from stiletto.sandbox.forwards import Address, Forwards, open_forwards
from stiletto.sandbox.process import kill_group
from stiletto.sandbox.spawn import Child, Starting, start
from stiletto.sandbox.step_network import MACHINE, StepNetwork

LOOPBACK = "STILETTO_LOOPBACK"
TUN = Path("/dev/net/tun")
START_S = 10.0
ANSWER_S = 10.0
SUPERVISOR = (
    *("--unshare-user", "--unshare-pid", "--die-with-parent", "--cap-add", "ALL"),
    *("--dev-bind", "/", "/", "--proc", "/proc", "--"),
)
PASTA = (
    *("--foreground", "--quiet", "--netns-only", "--config-net", "--no-map-gw"),
    *("--tcp-ports", "none", "--udp-ports", "none", "--tcp-ns", "none", "--udp-ns", "none", "--"),
)
NOISE = ("Failed to send", "Couldn't", "Cannot set ping_group_range", "Don't run as root")
"""What pasta prints without failing."""


class NetworkUnavailable(EnvironmentFailed):
    """There can be no network for steps; the message gives the reason."""


@dataclass(frozen=True)
class Joined:
    """How a step gets into the network: what runs before bubblewrap, and descriptors.

    `options` make bubblewrap close them before it starts the command.
    """

    front: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    fds: tuple[int, ...] = ()


class Own(StepNetwork):
    """The network that one holder keeps."""

    own = True

    def __init__(self, link: socket.socket, spaces: tuple[int, int], supervisor: Child) -> None:
        self._link = link
        self._spaces = spaces
        self._supervisor = supervisor
        self.forwards = Forwards()

    def socket(
        self, kind: int, family: int = socket.AF_INET, bound: Address | None = None
    ) -> socket.socket:
        """Return a socket that is in the network; bound by the holder, which may take any port.

        Raises:
            OSError: it cannot be bound there.
            EnvironmentFailed: the network has ended.
        """
        try:
            where = f" {bound[0]} {bound[1]}" if bound else ""
            self._link.send(f"{int(family)} {int(kind)}{where}".encode())
            reply, fds, _, _ = socket.recv_fds(self._link, network_holder.REQUEST_MAX_BYTES, 1)
        except OSError:
            reply, fds = b"", []
        if not reply:
            raise _ended()
        if not fds:
            raise OSError(int(reply), os.strerror(int(reply)))
        return socket.socket(fileno=fds[0])

    def joined(self, nsenter: str, *, as_root: bool = False) -> Joined:
        """Return how a step joins; the machine's root needs no right of the user namespace.

        Raises:
            EnvironmentFailed: the network has ended.
        """
        if self._supervisor.has_ended:
            raise _ended()
        net, user = self._spaces
        if as_root:
            front = (nsenter, f"--net=/proc/self/fd/{net}", "--preserve-credentials", "--")
            return Joined(front, ("--block-fd", str(net)), (net,))
        return Joined(
            (
                nsenter,
                f"--user=/proc/self/fd/{user}",
                f"--net=/proc/self/fd/{net}",
                *("--preserve-credentials", "--"),
            ),
            # bubblewrap waits for a byte from one, which fails at once, and closes both.
            ("--sync-fd", str(net), "--block-fd", str(user)),
            self._spaces,
        )

    async def close(self) -> None:
        """End the network."""
        self.forwards.close()
        self._link.close()
        for fd in self._spaces:
            os.close(fd)
        # With what it has forked, which may not yet die with its parent.
        kill_group(self._supervisor.pid)
        await self._supervisor.wait()


def _ended() -> EnvironmentFailed:
    return EnvironmentFailed(
        "the network of this session's steps has ended: pasta was killed, or has crashed",
        hint=f"run the same command again; with {LOOPBACK}=all steps share the machine's network",
    )


class Network:
    """The network of one session, made when first needed; `why` is the reason if there is none.

    `say` gets a line if there should be one and is none just now: a step may be the cause.
    """

    def __init__(
        self,
        bubblewrap: Path,
        host_env: Mapping[str, str],
        ports: Sequence[int] = (),
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._bubblewrap = bubblewrap
        self._host_env = host_env
        self._nsenter = shutil.which("nsenter") or ""
        self._making: asyncio.Future[Own | None] | None = None
        self._say = say
        self._unreported = ""
        self.ports = tuple(ports)
        self.why = ""

    def begin(self) -> None:
        """Begin to make it, beside what comes before the first step."""
        if self._making is None:
            self._making = asyncio.ensure_future(self._make())

    async def ready(self) -> StepNetwork:
        """Return the network; the machine's where steps cannot have their own."""
        return await self._own() or MACHINE

    async def joined(self, *, as_root: bool = False) -> Joined:
        """Return how a step joins the network; see `Own.joined`."""
        own = await self._own()
        return Joined() if own is None else own.joined(self._nsenter, as_root=as_root)

    async def _own(self) -> Own | None:
        self.begin()
        assert self._making is not None
        # The first caller may be cancelled; the others still need it.
        network = await asyncio.shield(self._making)
        if self._unreported:
            # Only now: where bubblewrap does not work there are no such steps.
            self._say(self._unreported)
            self._unreported = ""
        return network

    async def _make(self) -> Own | None:
        try:
            pasta = self._pasta()
        except NetworkUnavailable as error:
            self.why = str(error)
            return None
        try:
            own = await self._start(pasta)
        except NetworkUnavailable as error:
            self._give_up(error)
            return None
        try:
            await self._try(own)
            await open_forwards(own.forwards, own.socket, self._host_env, self.ports)
        except (EnvironmentFailed, OSError) as error:
            self._give_up(error)
            await own.close()
            return None
        except BaseException:
            await own.close()
            raise
        return own

    def _give_up(self, error: Exception) -> None:
        self.why = str(error)
        self._unreported = (
            "steps share the machine's network, with what listens on its loopback: "
            f"{self.why}; {LOOPBACK}=all does so without this message"
        )

    def _pasta(self) -> str:
        """Return the program.

        Raises:
            NetworkUnavailable: it is missing, or something that it needs is.
        """
        pasta = shutil.which("pasta")
        if pasta is None:
            raise NetworkUnavailable("pasta is not installed")
        if not self._nsenter:
            raise NetworkUnavailable("nsenter is not installed")
        try:
            os.close(os.open(TUN, os.O_RDWR | os.O_CLOEXEC))
        except OSError as error:
            raise NetworkUnavailable(f"pasta cannot open {TUN}: {error.strerror}") from error
        return pasta

    async def _start(self, pasta: str) -> Own:
        """Start it and wait for the holder.

        Raises:
            NetworkUnavailable: it did not come up.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        output = os.memfd_create("pasta")
        holder = [sys.executable, "-I", "-S", network_holder.__file__]
        argv = [str(self._bubblewrap), *SUPERVISOR, pasta, *PASTA, *holder]
        try:
            with theirs:
                supervisor = await _begun(argv, theirs.fileno(), output)
            try:
                spaces = await asyncio.wait_for(spaces_of(ours), START_S)
            except BaseException as error:
                kill_group(supervisor.pid)
                await supervisor.wait()
                if isinstance(error, TimeoutError):
                    raise NetworkUnavailable(
                        f"pasta did not respond within {START_S:g} s"
                    ) from error
                if isinstance(error, OSError):
                    raise NetworkUnavailable(f"pasta failed: {_last_line(output)}") from error
                raise
        except BaseException:
            ours.close()
            raise
        finally:
            os.close(output)
        ours.settimeout(ANSWER_S)
        return Own(ours, spaces, supervisor)

    async def _try(self, own: Own) -> None:
        """Join the network once, as a step does.

        Raises:
            NetworkUnavailable: it cannot be joined.
        """
        joined = own.joined(self._nsenter)
        output = os.memfd_create("nsenter")
        try:
            argv = [*joined.front, "true"]
            child = await _begun(argv, output, output, joined.fds)
            if await child.wait() != 0:
                raise NetworkUnavailable(f"a step cannot join a network: {_last_line(output)}")
        finally:
            os.close(output)

    async def close(self) -> None:
        """End the network; it may still be on its way."""
        if self._making is not None:
            self._making.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                own = await self._making
                if own is not None:
                    await own.close()
            self._making = None


async def _begun(argv: Sequence[str], stdin: int, output: int, fds: tuple[int, ...] = ()) -> Child:
    names = ("PATH", "LD_LIBRARY_PATH")
    env = {name: os.environ[name] for name in names if name in os.environ}
    starting = Starting(argv, argv[0], env, Path("/"), stdin, output, output, fds)
    try:
        return await start(starting, kill_group)
    except OSError as error:
        raise NetworkUnavailable(f"{argv[0]} cannot be run: {error.strerror}") from error


async def spaces_of(link: socket.socket) -> tuple[int, int]:
    """Return the namespaces that the holder sends first.

    Raises:
        OSError: it ended instead.
    """
    loop = asyncio.get_running_loop()
    arrived: asyncio.Future[None] = loop.create_future()

    def readable() -> None:
        loop.remove_reader(link)
        if not arrived.done():  # a session may end before its network has come up
            arrived.set_result(None)

    loop.add_reader(link, readable)
    try:
        await arrived
    finally:
        loop.remove_reader(link)
    message, fds, _, _ = socket.recv_fds(link, network_holder.REQUEST_MAX_BYTES, 2)
    if not message or len(fds) != 2:
        for fd in fds:
            os.close(fd)
        raise ConnectionResetError
    return fds[0], fds[1]


def _last_line(fd: int) -> str:
    lines = os.pread(fd, 1 << 16, 0).decode(errors="replace").splitlines()
    messages = [line.strip() for line in lines if line.strip() and not line.startswith(NOISE)]
    return messages[-1] if messages else "it ended without a message"


def network_from(
    environ: Mapping[str, str],
    bubblewrap: Path,
    host_env: Mapping[str, str],
    say: Callable[[str], None],
) -> Network | None:
    """Return the network that a session's variables request; None: that of the machine.

    Raises:
        UsageError: the variable has another value.
    """
    text = environ.get(LOOPBACK, "").strip()
    if text == "all":
        return None
    ports = [port.strip() for port in text.split(",")] if text else []
    if not all(port.isascii() and port.isdigit() and 0 < int(port) < 65536 for port in ports):
        raise UsageError(
            f"{LOOPBACK}={text!r} is neither `all` nor a list of ports such as `3141,8080`"
        )
    return Network(bubblewrap, host_env, [int(port) for port in ports], say)
