"""Runs steps as ordinary processes over a working tree: no namespaces, no isolation.

    <base>/trees/r<name>/       R, the working tree: image's files, layers, mounts
    <base>/trees/r<name>.lock   held while R is in use; a tree without a holder is garbage

Container paths in the working directory, arguments and environment become paths in R; R in
output becomes `/` again. What changed in R is the step's layer. Writable mounts are links to
their source; read-only ones are copies, so that a step cannot change the store through them.
`uid` and `hostname` have no effect.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from stiletto.errors import EnvironmentFailed
from stiletto.sandbox.layers import relative
from stiletto.sandbox.paths import PathMap
from stiletto.sandbox.plan import (
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
from stiletto.sandbox.process import Transcript, kill_group, run_process
from stiletto.sandbox.relocation import copy_file, placeholder, working_tree
from stiletto.sandbox.scrub import secret_patterns
from stiletto.sandbox.skeleton import image_files, materialise_image
from stiletto.sandbox.surroundings import environment, passed_on
from stiletto.sandbox.trees import (
    Snapshot,
    aim_links,
    changes,
    lay,
    remove_entry,
    remove_tree,
    snapshot,
)

__all__ = ["Plain"]

MEMORY = Path("/dev/shm")  # noqa: S108 - the one place that is memory on every Linux


@dataclass
class _Prepared:
    """A working tree, ready: what it looked like, and what is mounted in it."""

    tree: Path
    before: Snapshot
    mounts: dict[str, Mount] = field(default_factory=dict)
    mounted_before: dict[str, Snapshot] = field(default_factory=dict)
    opened: dict[Path, Path] = field(default_factory=dict)
    top_level: frozenset[str] = frozenset()


class Plain:
    """The provider for machines where namespaces are forbidden.

    `base` is a directory of its own; its path is part of every working tree's.
    """

    name = "plain"

    def __init__(self, base: Path) -> None:
        self._base = base.resolve()

    async def run(self, step: Step, sink: Sink) -> StepOutput:
        """Run the step; see `Sandbox.run`."""
        async with self._tree() as tree:
            transcript, prepared, mapping, exit_code = await self._perform(step, sink, tree)
            return await asyncio.to_thread(
                _describe, step, prepared, mapping, transcript, exit_code
            )

    async def _perform(
        self, step: Step, sink: Sink, tree: Path
    ) -> tuple[Transcript, _Prepared, PathMap, int]:
        """Prepare the tree and run the command; secret files are gone on return."""
        with _secret_directory(step) as secrets:
            prepared = await asyncio.to_thread(self._prepare, step, tree, secrets)
            mapping = _path_map(step, prepared)
            transcript = Transcript(sink, _patterns(step, prepared))
            exit_code = await _execute(step, prepared, mapping, transcript)
            transcript.finish()
            return transcript, prepared, mapping, exit_code

    def replay(self, step: Step) -> str | None:  # noqa: ARG002 - its tree is gone
        """Return None: there is nothing left to run in."""
        return None

    @asynccontextmanager
    async def _tree(self) -> AsyncIterator[Path]:
        """Yield a new working tree's path, locked; the tree is removed in the end."""
        trees = self._base / "trees"
        trees.mkdir(parents=True, exist_ok=True)
        _sweep(trees)
        tree = working_tree(trees)
        lock = tree.with_suffix(".lock")
        with lock.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            tree.mkdir()
            try:
                yield tree
            finally:
                await asyncio.to_thread(remove_tree, tree)
                lock.unlink()

    def _prepare(self, step: Step, tree: Path, secrets: Path) -> _Prepared:
        image = materialise_image(self._base, image_files(step.image))
        layers = (Layer(image), *step.layers)
        for layer in layers:
            lay(layer, tree)
        aim_links(tree)
        prepared = _Prepared(tree, {})
        prepared.top_level = frozenset(
            entry.name for layer in step.layers for entry in layer.root.iterdir()
        )
        for number, mount in enumerate(sorted(step.mounts, key=lambda m: m.target.count("/"))):
            _mount(mount, prepared, secrets / str(number))
        prepared.before = snapshot(tree, prepared.mounts)
        # Created after the snapshot: a new working directory is part of the step's layer.
        (tree / relative(step.workdir)).mkdir(parents=True, exist_ok=True)
        return prepared


def _mount(mount: Mount, prepared: _Prepared, secret: Path) -> None:
    asked = prepared.tree / relative(mount.target)
    _open_volumes(asked.parent, prepared)
    asked.parent.mkdir(parents=True, exist_ok=True)
    here = asked.parent.resolve() / asked.name
    target = str(here.relative_to(prepared.tree))
    remove_entry(here)
    prepared.mounts[target] = mount
    match mount:
        case BindMount(source=source, writable=True):
            here.symlink_to(source.resolve())
        case BindMount(source=source):
            if source.is_dir():
                here.mkdir()
                lay(Layer(source), prepared.tree, target)
            else:
                copy_file(source, here, placeholder(prepared.tree), os.fsencode(prepared.tree))
        case OverlayMount(lower=lower):
            here.mkdir()
            lay(Layer(lower), prepared.tree, target)
            prepared.mounted_before[target] = snapshot(here)
        case TempMount():
            here.mkdir()
            here.chmod(0o1777)
        case SecretMount(contents=contents, mode=mode):
            secret.touch(0o600)
            secret.write_bytes(contents)
            secret.chmod(mode)
            here.symlink_to(secret)


def _open_volumes(parent: Path, prepared: _Prepared) -> None:
    """Make a mount point possible beneath a writable mount, without writing to its source.

    The link to the source becomes a directory of links to what the source holds.
    """
    volumes = [
        mount.source.resolve()
        for mount in prepared.mounts.values()
        if isinstance(mount, BindMount) and mount.writable
    ]
    for path in reversed([parent, *parent.parents]):
        if path.is_relative_to(prepared.tree) and path.is_symlink():
            source = path.resolve()
            if any(source.is_relative_to(volume) for volume in volumes):
                path.unlink()
                path.mkdir()
                for entry in source.iterdir():
                    (path / entry.name).symlink_to(entry)
                prepared.opened[path] = source


def _close_volumes(prepared: _Prepared) -> None:
    """Bring into a volume what the step did at the top of a directory of links to it."""
    for path, source in prepared.opened.items():
        left = {entry.name: entry for entry in path.iterdir()}
        for entry in list(source.iterdir()):
            if entry.name not in left:
                remove_entry(entry)
        for name, entry in left.items():
            inside = str(entry.relative_to(prepared.tree))
            ours = inside in prepared.mounts or entry in prepared.opened
            link = entry.is_symlink() and entry.readlink() == source / name
            if not ours and not link:
                remove_entry(source / name)
                shutil.move(entry, source / name)


def _sweep(trees: Path) -> None:
    """Remove the trees of processes that died; their locks are free."""
    for lock in trees.glob("*.lock"):
        try:
            with lock.open("r+") as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                tree = lock.with_suffix("")
                if tree.is_dir():
                    remove_tree(tree)
                lock.unlink(missing_ok=True)
        except (BlockingIOError, FileNotFoundError):
            continue


@contextmanager
def _secret_directory(step: Step) -> Iterator[Path]:
    """Yield a private directory for secret files, in memory where the machine has that."""
    if not any(isinstance(mount, SecretMount) for mount in step.mounts):
        yield Path("/nonexistent")
        return
    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    directory = Path(tempfile.mkdtemp(prefix="stiletto-", dir=place))
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


def _path_map(step: Step, prepared: _Prepared) -> PathMap:
    tree = prepared.tree

    def exists(inside: str) -> bool:
        return (tree / inside).exists()

    return PathMap.of(
        str(tree),
        top_level=prepared.top_level,
        directories=[step.workdir, *prepared.mounts, *(mount.target for mount in step.mounts)],
        host=[bind.target for bind in step.image.binds],
        exists=exists,
    )


def _patterns(step: Step, prepared: _Prepared) -> Mapping[bytes, bytes]:
    """Return what output must not show: paths of this machine, then secrets."""
    paths: dict[bytes, bytes] = {}
    for target, mount in prepared.mounts.items():
        if isinstance(mount, BindMount) and mount.writable:
            paths[os.fsencode(mount.source.resolve())] = b"/" + target.encode()
    tree = os.fsencode(prepared.tree)
    paths |= {tree: b"/", tree + b"/": b"/"}
    mounted = [mount.contents for mount in step.mounts if isinstance(mount, SecretMount)]
    return paths | secret_patterns([*step.secret_env.values(), *step.scrub, *mounted])


async def _execute(
    step: Step, prepared: _Prepared, mapping: PathMap, transcript: Transcript
) -> int:
    tree = prepared.tree
    cwd = tree / relative(step.workdir)
    words = environment(step, passed_on(os.environ), "/root")
    env = {
        name: value if name in step.secret_env else mapping.text(value)
        for name, value in words.items()
    }
    env = {"TMPDIR": str(tree / "tmp")} | env | {"PWD": str(cwd)}
    argv = [mapping.text(word) for word in step.args]
    program = _find(argv[0], env["PATH"], cwd)
    if program is None:
        transcript.say(f"{step.args[0]}: command not found")
        return 127

    def end_tree(pid: int) -> None:
        kill_group(pid)
        _kill_strays(os.fsencode(tree))

    for executable, words_of_it in (
        (program, argv),
        (Path("/bin/sh"), ["sh", str(program), *argv[1:]]),
    ):
        try:
            return await run_process(
                words_of_it,
                transcript,
                executable=executable,
                env=env,
                stdin=step.stdin,
                cwd=cwd,
                end_tree=end_tree,
            )
        except OSError as error:
            # A script without a first line is for the shell, as execvp(3) has it.
            if error.errno != errno.ENOEXEC:
                reason = os.strerror(error.errno or 0)
                missing = error.errno == errno.ENOENT
                transcript.say(f"{step.args[0]}: {reason[:1].lower()}{reason[1:]}")
                return 127 if missing else 126
    raise EnvironmentFailed(f"{program} is neither a program nor a script for /bin/sh")


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


def _kill_strays(tree: bytes) -> None:
    """Kill processes that left the group but still work in this tree (where /proc tells).

    The tree's path is unlike any other and stands in every process's environment (TMPDIR).
    """
    proc = Path("/proc")
    if not (proc / "self" / "environ").exists():
        return
    for entry in proc.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if tree + b"/" in (entry / "environ").read_bytes():
                os.kill(int(entry.name), signal.SIGKILL)
        except (OSError, ValueError):
            continue


def _describe(
    step: Step, prepared: _Prepared, mapping: PathMap, transcript: Transcript, exit_code: int
) -> StepOutput:
    tree = prepared.tree
    for path, contents in (
        (step.redirect_stdout, transcript.stdout),
        (step.redirect_stderr, transcript.stderr),
    ):
        if path:
            file = Path(mapping.path(path))
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.touch(0o600)
                file.chmod(0o600)
                file.write_bytes(contents)
            except OSError as error:
                raise EnvironmentFailed(f"cannot redirect output to {path}: {error}") from error
    _close_volumes(prepared)
    mount_layers: dict[str, Layer] = {}
    for target, mount in prepared.mounts.items():
        if isinstance(mount, OverlayMount):
            inner = {
                other[len(target) + 1 :]
                for other in prepared.mounts
                if other.startswith(target + "/")
            }
            mount_layers[mount.target] = changes(
                tree, prepared.mounted_before[target], mount.upper, at=target, skip=inner
            )
    return StepOutput(
        exit_code=exit_code,
        stdout=bytes(transcript.stdout),
        stderr=bytes(transcript.stderr),
        interleaved=bytes(transcript.interleaved),
        layer=changes(tree, prepared.before, step.upper, skip=prepared.mounts),
        mount_layers=mount_layers,
    )
