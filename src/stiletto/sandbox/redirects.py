"""Writes a step's output into the files that it was redirected to.

This happens when the command has ended and nothing is mounted any more, so the files go
straight into the layer that the command would have written to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from stiletto.errors import EnvironmentFailed
from stiletto.graph.layer import Layer
from stiletto.sandbox.layers import Stack, View, is_whiteout, lstat, parents, relative, removals
from stiletto.sandbox.plan import BindMount, Mount, OverlayMount, Step, TempMount
from stiletto.sandbox.process import Transcript
from stiletto.sandbox.spool import Stream


def write_redirects(
    step: Step, view: View, mounts: Sequence[Mount], transcript: Transcript
) -> None:
    """Write the redirected streams, 0600, in place of what stood there.

    Raises:
        EnvironmentFailed: the file lies where nothing can be written.
    """
    for path, stream in redirected(step):
        if path:
            try:
                _write(path, transcript.printed.chunks(stream), step, view, mounts)
            except OSError as error:
                raise EnvironmentFailed(f"cannot redirect output to {path}: {error}") from error


def redirected(step: Step) -> tuple[tuple[str, Stream], ...]:
    """Return where each stream goes as well; nowhere is an empty path."""
    return (step.redirect_stdout, "stdout"), (step.redirect_stderr, "stderr")


def write_chunks(file: Path, chunks: Iterable[bytes]) -> None:
    """Write a file piece by piece."""
    with file.open("wb") as opened:
        for chunk in chunks:
            opened.write(chunk)


def _write(
    path: str, contents: Iterable[bytes], step: Step, view: View, mounts: Sequence[Mount]
) -> None:
    """Find the writable directory behind `path` and write there."""
    uppers = {"": step.upper} | {
        relative(mount.target): mount.upper for mount in mounts if isinstance(mount, OverlayMount)
    }
    stacks = dict(view.stacks)
    for point, upper in uppers.items():
        written = Layer(upper, removals(upper, stacks[point]))
        stacks[point] = Stack((written, *stacks[point].layers))
    place = relative(View(stacks).resolve(path))
    point = next((up for up in parents(place) if up in stacks), "")
    inside = place[len(point) :].lstrip("/")
    if point in uppers:
        _open_way(uppers[point], inside, stacks[point])
        _replace(uppers[point] / inside, contents)
        return
    mount = next((m for m in mounts if relative(m.target) == point), None)
    match mount:
        case BindMount(source=source, writable=True):
            (source / inside).parent.mkdir(parents=True, exist_ok=True)
            _replace(source / inside, contents)
        case TempMount():
            return  # it went with the mount
        case _:
            raise PermissionError(f"/{point} is read-only")


def _open_way(upper: Path, inside: str, stack: Stack) -> None:
    """Create the parents of a file in an upper directory, with the modes they have below."""
    for parent in reversed(list(parents(inside))[1:]):
        here = upper / parent
        found = lstat(here)
        if found is not None and is_whiteout(found):
            here.unlink()
        if not here.is_dir():
            under = stack.find(parent)
            mode = under.stat().st_mode & 0o7777 if under is not None and under.is_dir() else 0o755
            here.mkdir()
            here.chmod(mode)


def _replace(file: Path, contents: Iterable[bytes]) -> None:
    found = lstat(file)
    if found is not None and is_whiteout(found):
        file.unlink()
    file.touch(0o600)
    file.chmod(0o600)
    write_chunks(file, contents)
