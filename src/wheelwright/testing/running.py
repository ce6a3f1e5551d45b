"""Runs the commands of the tests in a container and reads their files, passed or failed."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TypeAlias

import anyio
import dagger
from dagger import dag

from wheelwright.container import limits, printed, steps, users
from wheelwright.container.output import Output
from wheelwright.errors import GateFailed
from wheelwright.testing import junit, merging, record
from wheelwright.testing.commands import ERRORS, PLUGIN, PLUGINS, REPORTS, UNITTEST, Counted
from wheelwright.testing.record import Record, RecordInvalid
from wheelwright.testing.run import LOG
from wheelwright.testing.verdict import Left, judge

_ALSO_MAX = 1024 * 1024
_KINDS = {
    dagger.ExistsType.DIRECTORY_TYPE: "a directory",
    dagger.ExistsType.SYMLINK_TYPE: "a link",
}
_MISSING = "missing, or not a regular file"

Found: TypeAlias = tuple[str, str]
"""A file's text, or what it is instead."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that ended: what judges it, and its files. `junit` is empty where it is broken.

    `output` is the end of what a run printed that did not pass, and empty for one that did.
    `also` is the text of a further file that was asked for; empty where it is not one.
    """

    left: Left
    output: Output
    reports: dagger.Directory
    junit: str
    also: str = ""


async def run(
    ready: dagger.Container,
    command: Sequence[str],
    name: str,
    *,
    counted: Sequence[Counted],
    narrowed: bool = False,
    modules: str = "",
    user: str = "",
    also: str = "",
) -> Ended:
    """Run `command`, made by `testing.commands.recorded`, and keep what it leaves.

    `counted` are the parts of it that write a record and a report; `modules` is the PYTHONPATH
    of the project itself; `user` is that of the settings; `also` a further file that is read.
    """
    log = f"{REPORTS}/{LOG}"
    # An empty log and record first: then their directories are there, whatever becomes of them.
    written = [log, ERRORS, *(each.record for each in counted)]
    prepared = users.with_files(ready, written, user)
    for program in (PLUGIN, UNITTEST):
        text = (files("wheelwright.inside") / f"{program}.py").read_text(encoding="utf-8")
        prepared = prepared.with_new_file(f"{PLUGINS}/{program}.py", text)
    if counted:
        path = f"{PLUGINS}:{modules}" if modules else PLUGINS
        prepared = prepared.with_env_variable("PYTHONPATH", path)
    # Made before, so that what is measured is the run.
    prepared = await users.as_user(prepared, user).sync()
    try:
        running = steps.observe(prepared, command, log=log, errors=ERRORS)
        ran = await steps.settled(running, name)
    except dagger.ExecError as error:
        how = limits.ended(error, error.exit_code, str(error))
        if how is None or limits.met(error.command, error.exit_code, how):
            raise
        # An engine keeps nothing of a step that a signal ended.
        raise GateFailed(f"{name} failed: {how}; no report") from error
    wanted = {also: _ALSO_MAX} if also else {}
    for each in counted:
        wanted |= {each.record: record.SIZE_MAX, each.junit: junit.SIZE_MAX}
    exit_code, there, texts = await _read(ran, wanted)
    reports = ran.directory(REPORTS) if there else dag.directory()
    further = texts[also][0] if also else ""
    left, text = Left(exit_code, counted=False), ""
    if counted:
        left, text = _left(texts, command, exit_code, counted, narrowed=narrowed)
    output = Output(exit_code)
    if not judge(left).passed:
        output = await printed.ends(ran, exit_code, log, ERRORS)
    return Ended(left, output, reports, text, further)


async def _read(
    ran: dagger.Container, wanted: Mapping[str, int]
) -> tuple[int, bool, dict[str, Found]]:
    """Return the exit code, whether there are reports, and the files that are wanted, at once."""
    texts: dict[str, Found] = {}
    async with anyio.create_task_group() as group:

        async def read(path: str, most: int) -> None:
            texts[path] = await _text(ran, path, most)

        for path, most in wanted.items():
            group.start_soon(read, path, most)
        exit_code = await ran.exit_code()
        there = await _is(ran, REPORTS, dagger.ExistsType.DIRECTORY_TYPE)
    return exit_code, there, texts


def _left(
    read: Mapping[str, Found],
    command: Sequence[str],
    exit_code: int,
    counted: Sequence[Counted],
    *,
    narrowed: bool,
) -> tuple[Left, str]:
    """Return what judges the run, and its JUnit report."""
    ours = {f"--junit-xml={each.junit}" for each in counted}
    words = " ".join(command).split()
    elsewhere = any(word.startswith("--junit") and word.strip("'") not in ours for word in words)
    records: list[Record] = []
    texts: list[str] = []
    invalid = broken = ""
    for each in counted:
        found, why = _record(*read[each.record])
        if found is None:
            # Behind a command that failed the next ones do not run.
            if not records or exit_code == 0 or why != "empty":
                invalid = why
            break
        records.append(found)
        text, wrong = _report(*read[each.junit], each, found, required=not elsewhere)
        broken = broken or wrong
        texts += [text] if text else []
    merged = merging.records(records) if records and not invalid else None
    left = Left(exit_code, merged, invalid, broken, narrowed)
    return left, merging.reports(texts) if texts and not broken else ""


def _record(text: str, invalid: str) -> tuple[Record | None, str]:
    if invalid:
        return None, invalid
    try:
        return record.read(text), ""
    except RecordInvalid as error:
        return None, str(error)


def _report(
    text: str, invalid: str, files: Counted, found: Record, *, required: bool
) -> tuple[str, str]:
    """Return the JUnit report, and why it is not the one that was written."""
    name = posixpath.basename(files.junit)
    if invalid == _MISSING and not required:
        return "", ""
    if invalid:
        return "", f"the report {name} is {invalid}"
    broken = junit.broken(text, found, name)
    return ("", f"the report {broken}") if broken else (text, "")


async def _text(ran: dagger.Container, path: str, most: int) -> Found:
    """Return a file's text, or what it is instead; never more than `most` bytes."""
    if not await _is(ran, path, dagger.ExistsType.REGULAR_TYPE):
        for kind, name in _KINDS.items():
            if await _is(ran, path, kind):
                return "", name
        return "", _MISSING
    file = ran.file(path)
    if (size := await file.size()) > most:
        return "", f"{size} bytes large; {most} are read at most"
    try:
        return await file.contents(), ""
    except dagger.QueryError:
        return "", "not text"


async def _is(ran: dagger.Container, path: str, kind: dagger.ExistsType) -> bool:
    """Whether a path is of this kind; `stat` has another form in Dagger 1.0."""
    try:
        return await ran.exists(path, expected_type=kind, do_not_follow_symlinks=True)
    except dagger.QueryError:
        return False
