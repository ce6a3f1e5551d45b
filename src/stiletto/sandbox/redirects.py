"""Writes a step's output into the files that it was redirected to.

This happens when the command has ended and nothing is mounted any more, so the files go
straight into the layer that the command would have written to.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from stiletto.errors import EnvironmentFailed
from stiletto.graph.links import TreeError
from stiletto.layers.layer import Layer
from stiletto.layers.paths import relative
from stiletto.layers.upper import open_way, removals, uncover
from stiletto.layers.view import View
from stiletto.sandbox.plan import BindMount, Mount, OverlayMount, Step, TempMount
from stiletto.sandbox.process import Transcript
from stiletto.sandbox.spool import Spool, Stream
from stiletto.sandbox.writable_binds import WritableBind


def write_redirects(
    step: Step,
    view: View,
    mounts: Sequence[Mount],
    transcript: Transcript,
    uppers: Mapping[str, Path],
) -> None:
    """Write the redirected streams, 0600, in place of what was there; `uppers` as `uppers_of` does.

    Raises:
        EnvironmentFailed: the file lies where nothing can be written.
    """
    for path, stream in redirected(step):
        if path:
            try:
                _write(path, transcript.printed, stream, view, mounts, uppers)
            except (OSError, TreeError) as error:
                raise EnvironmentFailed(f"cannot redirect output to {path}: {error}") from error


def redirected(step: Step) -> tuple[tuple[str, Stream], ...]:
    """Return where each stream goes as well; nowhere is an empty path."""
    return (step.redirect_stdout, "stdout"), (step.redirect_stderr, "stderr")


def uppers_of(
    step: Step, mounts: Sequence[Mount], binds: Sequence[WritableBind]
) -> dict[str, Path]:
    """Return where changes are written, by relative mount point; "" is the root."""
    overlays = [mount for mount in mounts if isinstance(mount, OverlayMount)]
    return (
        {"": step.upper}
        | {bind.point: bind.upper for bind in binds}
        | {relative(mount.target): mount.upper for mount in overlays}
    )


def write_private(file: Path, chunks: Iterable[bytes]) -> None:
    """Write a file piece by piece, which only its owner may read."""
    file.touch(0o600)
    file.chmod(0o600)
    with file.open("wb") as opened:
        for chunk in chunks:
            opened.write(chunk)


def _write(
    path: str,
    printed: Spool,
    stream: Stream,
    view: View,
    mounts: Sequence[Mount],
    uppers: Mapping[str, Path],
) -> None:
    """Find the writable directory behind `path` and write there."""
    written = {
        point: Layer(upper, removals(upper, View(view.mounts[point])))
        for point, upper in uppers.items()
    }
    view = view.mounted({at: (*view.mounts[at], layer) for at, layer in written.items()})
    point, inside = view.mount_point(view.resolve(path))
    if point in uppers:
        below = View(view.mounts[point])
        open_way(uppers[point], inside, lambda parent: _mode(below, parent))
        file = uppers[point] / inside
        printed.keep_from(file)
        uncover(file)
        # What the step made there keeps its owner and its links.
        if point == "" and stream in printed.apart and not os.path.lexists(file):
            printed.give(stream, file)
            file.chmod(0o600)
        else:
            write_private(file, printed.chunks(stream))
        return
    mount = next((m for m in mounts if relative(m.target) == point), None)
    match mount:
        case BindMount(source=source, writable=True):
            (source / inside).parent.mkdir(parents=True, exist_ok=True)
            _replace(source / inside, printed.chunks(stream))
        case TempMount():
            return  # it was removed with the mount
        case _:
            raise PermissionError(f"/{point} is read-only")


def _mode(view: View, path: str) -> int:
    node = view.find(path)
    return stat.S_IMODE(node.stat.st_mode) if node is not None and node.kind == "dir" else 0o755


def _replace(file: Path, contents: Iterable[bytes]) -> None:
    uncover(file)
    write_private(file, contents)
