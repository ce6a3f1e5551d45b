"""Runs steps as ordinary processes over a working tree: no namespaces, no isolation.

    <base>/trees/r<name>/   R, the working tree: image's files, layers, mounts (see `pool`)

Container paths in the working directory, arguments and environment become paths in R; R in
output becomes `/` again. What changed in R is the step's layer. `uid` and `hostname` have no
effect.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from stiletto.errors import EnvironmentFailed
from stiletto.layers.layer import Layer
from stiletto.layers.paths import relative
from stiletto.sandbox.attach import Attached, attach
from stiletto.sandbox.host_environment import environment, passed_on
from stiletto.sandbox.hosts import addresses_for
from stiletto.sandbox.opening import not_opened
from stiletto.sandbox.paths import HOST_ROOTS, PathMap
from stiletto.sandbox.plan import (
    NOT_STARTED,
    BindMount,
    Image,
    Sandbox,
    SecretMount,
    Sink,
    Step,
    StepOutput,
)
from stiletto.sandbox.pool import TreePool
from stiletto.sandbox.process import Transcript, run_process
from stiletto.sandbox.redirects import redirected, write_private
from stiletto.sandbox.scrub import Patterns, own_patterns
from stiletto.sandbox.secret_files import shown
from stiletto.sandbox.skeleton import image_files, materialise_image
from stiletto.sandbox.spool import Spool, Unspooled
from stiletto.sandbox.step_network import MACHINE, StepNetwork
from stiletto.sandbox.terminate import terminate
from stiletto.sandbox.trees import Snapshot, changes, retarget_links, snapshot
from stiletto.sandbox.watch import end_all
from stiletto.sandbox.watcher import Watched, watched


@dataclass
class _Prepared:
    """A working tree, ready: what it looked like, and what is mounted in it."""

    step: Step
    tree: Path
    before: Snapshot
    attached: Attached
    mapping: PathMap


class Plain(Sandbox):
    """The provider for machines where namespaces are forbidden.

    `base` is a directory of its own; its path is part of every working tree's. Of `host_env` steps
    get the way to the network.
    """

    name = "plain"

    def __init__(self, base: Path, host_env: Mapping[str, str] = os.environ) -> None:
        self._base = base.resolve()
        self._host_env = host_env
        self._pool = TreePool(self._base / "trees")

    async def shared(self) -> str:
        """Return what steps share with the machine, in one line."""
        return "steps share everything with the machine: files, processes, keys, network"

    async def network(self) -> StepNetwork:
        """Return the network that steps are in."""
        return MACHINE

    async def run(self, step: Step, sink: Sink, stop: asyncio.Event | None = None) -> StepOutput:
        """Run the step; see `Sandbox.run`."""
        image = materialise_image(self._base, _image_plan(step.image))
        working = await asyncio.to_thread(self._pool.take, (Layer(image), *step.layers))
        try:
            working.aside.mkdir()
            prepared = await asyncio.to_thread(_prepare, step, working.path, working.aside)
            transcript = Transcript(sink, _patterns(step, prepared), Spool(step.upper.parent))
            step = prepared.step
            with (
                shown(_secrets(prepared)) as secrets,
                watched(prepared.tree, secrets) as watching,
            ):
                exit_code = await _execute(
                    step, prepared, transcript, stop, watching, self._host_env
                )
            transcript.finish()
            output = await asyncio.to_thread(_describe, step, prepared, transcript, exit_code)
            working.aside.rmdir()
        except BaseException:
            await asyncio.to_thread(working.remove)
            raise
        self._pool.give_back(working, output.layer)
        return output

    def close(self) -> None:
        """Remove the working trees that are kept for further steps."""
        self._pool.close()


def _image_plan(image: Image) -> dict[str, bytes | str]:
    """Return the image's own files, and a link for what it shows elsewhere than the host does.

    The host's configuration is left out: programs find it where they look for it.
    """
    links = {
        relative(bind.target): str(bind.host)
        for bind in image.binds
        if str(bind.host) != bind.target and relative(bind.target).split("/")[0] not in HOST_ROOTS
    }
    return image_files(image) | links


def _prepare(step: Step, tree: Path, aside: Path) -> _Prepared:
    retarget_links(tree)
    attached = attach(step, tree, aside)
    step = _opened(step, tree, attached)
    before = snapshot(tree, attached.mounts)
    # Created after the snapshot: a new working directory is part of the step's layer.
    (tree / relative(step.workdir)).mkdir(parents=True, exist_ok=True)
    mapping = PathMap.of(
        str(tree),
        top_level=(entry.name for layer in step.layers for entry in layer.root.iterdir()),
        directories=[step.workdir, *attached.mounts, *(mount.target for mount in step.mounts)],
        host=[bind.target for bind in (*step.image.binds, *step.image.copies)],
        exists=lambda inside: (tree / inside).exists(),
    )
    return _Prepared(step, tree, before, attached, mapping)


def _opened(step: Step, tree: Path, attached: Attached) -> Step:
    """Return the step with its standard input read; its redirections can be opened.

    Raises:
        StepFailed: a file cannot be opened.
    """
    for path, stream in redirected(step):
        here = tree / relative(path)
        if path and not (here.parent.is_dir() and not here.is_dir()):
            reason = "is a directory" if here.is_dir() else "no such file or directory"
            raise not_opened(step, f"redirect{stream.capitalize()}", path, reason)
    path = step.redirect_stdin
    if not path:
        return step
    mount = attached.mounts.get(relative(path))
    if isinstance(mount, SecretMount):
        return replace(step, stdin=mount.contents)
    try:
        return replace(step, stdin=(tree / relative(path)).read_bytes())
    except OSError as error:
        raise not_opened(step, "redirectStdin", path, str(error.strerror).lower()) from error


def _secrets(prepared: _Prepared) -> dict[Path, SecretMount]:
    return {
        prepared.tree / at: mount
        for at, mount in prepared.attached.mounts.items()
        if isinstance(mount, SecretMount)
    }


def _patterns(step: Step, prepared: _Prepared) -> Patterns:
    """Return what output must not show: paths of this machine, then secrets."""
    paths: dict[bytes, bytes] = {}
    for target, mount in prepared.attached.mounts.items():
        if isinstance(mount, BindMount) and mount.writable:
            paths[os.fsencode(mount.source.resolve())] = b"/" + target.encode()
    tree = os.fsencode(prepared.tree)
    paths |= {tree: b"/", tree + b"/": b"/"}
    mounted = [mount.contents for mount in step.mounts if isinstance(mount, SecretMount)]
    secrets = [*step.secret_env.values(), *step.scrub]
    secrets += [addresses_for(value, step.hosts) for value in step.secret_env.values()]
    return Patterns(step.masks, paths | own_patterns([*secrets, *mounted]))


async def _execute(
    step: Step,
    prepared: _Prepared,
    transcript: Transcript,
    stop: asyncio.Event | None,
    watching: Watched,
    host_env: Mapping[str, str],
) -> int:
    tree, mapping = prepared.tree, prepared.mapping
    cwd = tree / relative(step.workdir)
    passed = passed_on(host_env)
    ours = {name for name in passed if name not in step.env} | set(step.secret_env)
    env = {
        name: value if name in ours else mapping.text(value)
        for name, value in environment(step, passed, "/root").items()
    }
    env = {name: addresses_for(value, step.hosts) for name, value in env.items()}
    env = {"TMPDIR": str(tree / "tmp")} | env | {"PWD": str(cwd)}
    argv = [addresses_for(mapping.text(arg), step.hosts) for arg in step.args]
    program = _find(argv[0], env["PATH"], cwd)
    if program is None:
        transcript.say(f"{step.args[0]}: command not found")
        return NOT_STARTED

    def end_tree(pid: int) -> None:
        end_all(pid, os.fsencode(tree))

    try:
        return await run_process(
            argv,
            transcript,
            executable=program,
            env=env,
            stdin=step.stdin,
            link=step.link,
            cwd=cwd,
            end_tree=end_tree,
            started=watching.started,
            stop=stop,
            terminate=terminate,
        )
    except Unspooled:
        raise
    except OSError as error:
        missing = error.errno == errno.ENOENT
        reason = "command not found" if missing else os.strerror(error.errno or 0)
        transcript.say(f"{step.args[0]}: {reason[:1].lower()}{reason[1:]}")
        return NOT_STARTED


def _find(name: str, path: str, cwd: Path) -> Path | None:
    """Find a program as execvp(3) does; one that may not be executed is returned as well."""
    if "/" in name:
        return cwd / name if (cwd / name).exists() else None
    refused: Path | None = None
    for folder in path.split(":"):
        here = cwd / folder / name
        if here.is_file():
            if os.access(here, os.X_OK):
                return here
            refused = refused or here
    return refused


def _describe(
    step: Step, prepared: _Prepared, transcript: Transcript, exit_code: int
) -> StepOutput:
    for path, stream in redirected(step):
        if path:
            file = Path(prepared.mapping.path(path))
            try:
                write_private(file, transcript.printed.chunks(stream))
            except OSError as error:
                raise EnvironmentFailed(f"cannot redirect output to {path}: {error}") from error
    attached = prepared.attached
    attached.take_replaced_files()
    if exit_code == 0:
        attached.refuse_removed_files()
    mount_layers = attached.layers()
    layer = changes(prepared.tree, prepared.before, step.upper, skip=attached.mounts)
    attached.detach()
    return StepOutput(
        exit_code=exit_code,
        printed=transcript.printed,
        layer=layer,
        mount_layers=mount_layers,
    )
