"""Runs pytest in a container and reads its files, passed or failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import dagger
from dagger import dag

from wheelwright.container import limits, steps
from wheelwright.container.output import Output
from wheelwright.errors import GateFailed
from wheelwright.testing import junit, record
from wheelwright.testing.record import Record, RecordInvalid
from wheelwright.testing.run import JUNIT, LOG, PLUGIN, PLUGINS, RECORD, REPORTS
from wheelwright.testing.verdict import Left

_KINDS = {
    dagger.FileType.DIRECTORY_TYPE: "a directory",
    dagger.FileType.SYMLINK_TYPE: "a link",
    dagger.FileType.UNKNOWN: "missing, or not a regular file",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that ended: what judges it, and its files. `junit` is empty where it is broken."""

    left: Left
    output: Output
    reports: dagger.Directory
    junit: str


async def run(
    ready: dagger.Container, command: Sequence[str], name: str, *, narrowed: bool = False
) -> Ended:
    """Run `command`, made by `testing.run.recorded`, and keep what it leaves, passed or failed."""
    plugin = (files("wheelwright.inside") / f"{PLUGIN}.py").read_text(encoding="utf-8")
    # An empty log and record first: then their directories are there, whatever becomes of them.
    log = f"{REPORTS}/{LOG}"
    prepared = (
        ready.with_new_file(f"{PLUGINS}/{PLUGIN}.py", plugin)
        .with_new_file(RECORD, "")
        .with_new_file(log, "")
        .with_env_variable("PYTHONPATH", PLUGINS)
    )
    ran = steps.observe(prepared, command, log=log)
    # Made before, so that what is measured is the run.
    await prepared.sync()
    try:
        output = await steps.output(ran, name)
    except dagger.ExecError as error:
        how = limits.ended(error, error.exit_code, str(error))
        if how is None or limits.met(error.command, error.exit_code, how):
            raise
        # An engine keeps nothing of a step that a signal ended.
        raise GateFailed(f"{name} failed: {how}; no report") from error
    found, invalid = await _record(ran)
    ours = f"--junit-xml={REPORTS}/{JUNIT}"
    elsewhere = any(arg.startswith("--junit") and arg != ours for arg in command)
    text, broken = await _report(ran, found, required=not elsewhere)
    there = await _is_directory(ran, REPORTS)
    return Ended(
        Left(output.exit_code, found, invalid, broken, narrowed),
        output,
        ran.directory(REPORTS) if there else dag.directory(),
        text,
    )


async def _record(ran: dagger.Container) -> tuple[Record | None, str]:
    text, invalid = await _text(ran, RECORD, record.SIZE_MAX)
    if invalid:
        return None, invalid
    try:
        return record.read(text), ""
    except RecordInvalid as error:
        return None, str(error)


async def _report(
    ran: dagger.Container, found: Record | None, *, required: bool
) -> tuple[str, str]:
    """Return the JUnit report, and why it is not the one that pytest wrote."""
    path = f"{REPORTS}/{JUNIT}"
    text, invalid = await _text(ran, path, junit.SIZE_MAX)
    if invalid == "missing" and not required:
        return "", ""
    if invalid:
        return "", f"the report {JUNIT} is {invalid}"
    broken = junit.broken(text, found, JUNIT)
    return ("", f"the report {broken}") if broken else (text, "")


async def _text(ran: dagger.Container, path: str, most: int) -> tuple[str, str]:
    """Return a file's text, or what it is instead; never more than `most` bytes."""
    stat = ran.stat(path, do_not_follow_symlinks=True)
    try:
        kind = await stat.file_type()
    except dagger.QueryError:
        return "", "missing"
    if kind is not dagger.FileType.REGULAR_TYPE:
        return "", _KINDS.get(kind or dagger.FileType.UNKNOWN, "not a regular file")
    if (size := await stat.size()) > most:
        return "", f"{size} bytes large; {most} are read at most"
    try:
        return await ran.file(path).contents(), ""
    except dagger.QueryError:
        return "", "not text"


async def _is_directory(ran: dagger.Container, path: str) -> bool:
    try:
        kind = await ran.stat(path, do_not_follow_symlinks=True).file_type()
    except dagger.QueryError:
        return False
    return kind is dagger.FileType.DIRECTORY_TYPE
