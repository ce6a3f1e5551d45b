"""The output of a command, and the errors of a tool that left no verdict in it (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from wheelwright.errors import ToolFailed
from wheelwright.project.untrusted import not_trusted, trust, untrusted

_TAIL_LINES = 40

_CUT_OFF = re.compile(r"\[(\d+) bytes above\]")


@dataclass(frozen=True, slots=True)
class Output:
    """What a command left: its exit code and both streams."""

    exit_code: int
    stdout: str = ""
    stderr: str = ""


def cut_off(size_bytes: int) -> str:
    """Return the first line of an output whose beginning was not read."""
    return f"[{size_bytes} bytes above]"


def bytes_cut_off(line: str) -> int:
    """Return what the first line of an output counts as not read; 0 for any other line."""
    found = _CUT_OFF.fullmatch(line)
    return int(found[1]) if found else 0


def last_lines(stdout: str, stderr: str, most: int = _TAIL_LINES) -> list[str]:
    """Return the last lines of stderr, of stdout where that is empty."""
    return (stderr.strip() or stdout.strip()).splitlines()[-most:]


def broken(tool: str, output: Output) -> ToolFailed:
    """Return the error of a tool that ended with a code other than its verdicts."""
    if address := untrusted(f"{output.stdout}\n{output.stderr}"):
        return ToolFailed(f"{tool} failed: {not_trusted(address)}", trust())
    head = f"{tool} itself failed: exit code {output.exit_code}"
    return ToolFailed("\n".join([head, *last_lines(output.stdout, output.stderr)]))


@contextmanager
def readable(tool: str) -> Iterator[None]:
    """Turn what reading another shape than a tool's report raises into `ToolFailed`."""
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        message = f"the report of {tool} cannot be read: {type(error).__name__}: {error}"[:300]
        raise ToolFailed(message) from error
