"""What is opened before a command starts: its standard input, its redirections, its program.

It looks at the container's files as they are then, and writes nothing. As in the real engine, the
working directory is made later, so a redirection into a missing one fails.
"""

from __future__ import annotations

import posixpath
import stat
from collections.abc import Iterator, Sequence
from dataclasses import replace

from stiletto.errors import StepFailed, UsageError
from stiletto.layers.view import Node, View
from stiletto.sandbox.plan import BindMount, Mount, SecretMount, Step
from stiletto.sandbox.redirects import redirected

NOT_OPENED = -1
"""The exit code of a command that was not started for want of a file of its own; as the real
engine's."""

NOT_STARTED = 1
"""The exit code of a command that the real engine's runtime could not start."""

_PROGRAM_MARKS = (b"#!", b"\x7fELF")


def not_opened(step: Step, what: str, path: str, reason: str) -> StepFailed:
    """Return the failure of a command whose input or output cannot be opened."""
    hint = f"{what}: cannot open {path}: {reason}"
    return StepFailed(step.args, NOT_OPENED, "", "", hint=hint)


def opened(step: Step, view: View, mounts: Sequence[Mount]) -> Step:
    """Return the step with its standard input read; its redirections can be opened.

    Raises:
        StepFailed: a file cannot be opened, or the working directory is not one.
    """
    workdir = view.lookup(step.workdir)
    if workdir is not None and workdir.kind != "dir":
        hint = f"the working directory {step.workdir} is not a directory"
        raise StepFailed(step.args, NOT_STARTED, "", "", hint=hint)
    for path, stream in redirected(step):
        if not path:
            continue
        reason = _refused(path, view, mounts)
        if reason:
            raise not_opened(step, f"redirect{stream.capitalize()}", path, reason)
    if not step.redirect_stdin:
        return step
    try:
        return replace(step, stdin=_read(step.redirect_stdin, view, mounts))
    except UsageError as error:
        reason = error.message.removeprefix(f"{step.redirect_stdin}: ")
        raise not_opened(step, "redirectStdin", step.redirect_stdin, reason) from error


def _read(path: str, view: View, mounts: Sequence[Mount]) -> bytes:
    at = view.resolve(path)
    for mount in reversed(mounts):
        if isinstance(mount, SecretMount) and mount.target == at:
            return mount.contents
    return view.read(path)


def _refused(path: str, view: View, mounts: Sequence[Mount]) -> str:
    """Return why no file can be written at a path, or ""."""
    at = view.resolve(path)
    parent, there = view.find(posixpath.dirname(at)), view.find(at)
    if parent is None:
        return "no such file or directory"
    if parent.kind != "dir":
        return "not a directory"
    if there is not None and there.kind == "dir":
        return "is a directory"
    point = view.mount_point(at)[0]
    shown = next((mount for mount in reversed(mounts) if mount.target.strip("/") == point), None)
    closed = isinstance(shown, SecretMount) or (isinstance(shown, BindMount) and not shown.writable)
    return "read-only file system" if closed else ""


def no_program(view: View, step: Step, path: str) -> str:
    """Return why the file that a command names is not a program, or "".

    execvp(3) gives a file without `#!` to a shell; the real engine does not start it. Whether
    there is a file at all is found when it is started.
    """
    try:
        node = next(_executables(view, step, path), None)
        if node is None or node.host is None:
            return ""
        with node.host.open("rb") as file:
            marks = file.read(4)
    except (OSError, UsageError):
        return ""
    return "" if marks.startswith(_PROGRAM_MARKS) else "exec format error"


def _executables(view: View, step: Step, path: str) -> Iterator[Node]:
    name = step.args[0]
    for folder in [""] if "/" in name else path.split(":"):
        node = view.lookup(posixpath.join("/", step.workdir, folder, name))
        if node is not None and node.kind == "file" and stat.S_IMODE(node.stat.st_mode) & 0o111:
            yield node
