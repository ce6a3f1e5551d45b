"""The command lines of a test run, with what writes the record of each (pure).

The command runs as written. Behind the word `pytest` come the plugin that writes the record and
the option for the JUnit report; `python -m unittest` becomes a program of ours that does the same
and writes both. Any other program is judged by its exit code: its tests are not counted.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wheelwright.project.runners.calling import IGNORED, INVERTED, programs

REPORTS: Final = "/reports"
JUNIT: Final = "junit.xml"

PLUGIN: Final = "wheelwright_reporter"
UNITTEST: Final = "wheelwright_unittest"
PLUGINS: Final = "/opt/wheelwright/plugins"
"""Container path of the directory that both are imported from."""

_RECORDS: Final = "/opt/wheelwright/record"
"""Not among the reports, which are downloaded."""

ERRORS: Final = f"{_RECORDS}/stderr.log"
"""Container path of what the tests print to stderr."""

# Runs what stands behind the first argument, which is how it is printed where it fails.
_RUN: Final = (
    'run() { line=$1; shift; "$@"; code=$?; '
    'if [ "$code" -ne 0 ]; then echo "exit code $code: $line" >&2; exit "$code"; fi; }'
)


@dataclass(frozen=True, slots=True)
class Counted:
    """A command whose tests are counted, with its files; `number` counts from 0."""

    number: int

    @property
    def record(self) -> str:
        """Container path of its record."""
        return f"{_RECORDS}/tests{_suffix(self.number)}.jsonl"

    @property
    def junit(self) -> str:
        """Container path of its report."""
        return f"{REPORTS}/junit{_suffix(self.number)}.xml"


def _suffix(number: int) -> str:
    return f"-{number + 1}" if number else ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What runs, and how many records it leaves."""

    command: tuple[str, ...]
    counted: tuple[Counted, ...]


def recorded(commands: Sequence[tuple[str, ...]]) -> Recorded:
    """Return one command line that runs all of them, each of pytest and unittest with a record.

    On the command line no configuration can take the plugin away; one that tries fails to start.
    """
    lines: list[tuple[str, ...]] = []
    found: list[Counted] = []
    for command in commands:
        files = Counted(len(found))
        line = _of_pytest(command, files) or _of_unittest(command, files)
        if line:
            found.append(files)
        lines.append(line or command)
    if len(lines) == 1:
        return Recorded(lines[0], tuple(found))
    pairs = zip(commands, lines, strict=True)
    runs = (f"run {shlex.join([shlex.join(written), *line])}" for written, line in pairs)
    script = "\n".join([_RUN, *runs])
    return Recorded(("sh", "-c", script), tuple(found))


def _of_pytest(command: tuple[str, ...], files: Counted) -> tuple[str, ...]:
    """Return a command of pytest with the plugin; empty for any other."""
    at = pytest_word(command)
    if at is None:
        return ()
    options = ("-p", PLUGIN, f"--wheelwright-record={files.record}", f"--junit-xml={files.junit}")
    return (*command[: at + 1], *options, *command[at + 1 :])


def reported(commands: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Return the commands with a JUnit report of pytest, and no record."""
    found: list[tuple[str, ...]] = []
    number = 0
    for command in commands:
        at = pytest_word(command)
        if at is None:
            found.append(command)
            continue
        option = f"--junit-xml={Counted(number).junit}"
        found.append((*command[: at + 1], option, *command[at + 1 :]))
        number += 1
    return tuple(found)


def pytest_word(command: Sequence[str]) -> int | None:
    """Return where a command has the word that starts pytest; None where it does not.

    One whose exit code does not count is passed over: its tests may fail.
    """
    if tuple(command[:4]) in (IGNORED, INVERTED) or "pytest" not in programs(command, nested=False):
        return None
    names = [posixpath.basename(word) for word in command]
    return next((at for at, name in enumerate(names) if name in ("pytest", "py.test")), None)


def _of_unittest(command: tuple[str, ...], files: Counted) -> tuple[str, ...]:
    """Return a command of `python -m unittest` with our program; empty for any other."""
    if tuple(command[:4]) in (IGNORED, INVERTED):
        return ()
    for at in range(1, len(command)):
        if command[at - 1 : at + 1] == ("-m", "unittest"):
            options = (f"--wheelwright-record={files.record}", f"--wheelwright-junit={files.junit}")
            return (*command[:at], UNITTEST, *options, *command[at + 1 :])
    return ()


def with_arguments(
    commands: Sequence[tuple[str, ...]], args: Sequence[str]
) -> tuple[tuple[str, ...], ...]:
    """Return the commands with other arguments of pytest, where there are any."""
    if not args:
        return tuple(commands)
    return tuple(
        command if (at := pytest_word(command)) is None else (*command[: at + 1], *args)
        for command in commands
    )
