"""Where a test failed and why, in the words of its report (pure).

A path is relative to the source's root, wherever pytest ran and whatever its own root is. A
traceback leads through files that the source does not have: a plugin's, an installed package's,
one that a test generated. So a failure has several places, the deepest first, and whoever knows
the tree chooses.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from wheelwright.project.reading import cut, first_line

PLACES_MAX = 20
"""Places of a failure that are kept: the deepest."""

# Each entry of a traceback ends, or in short style begins, with a line such as
# `tests/test_a.py:12: AssertionError`.
_ENTRY = re.compile(r"^(?P<file>[^\s:][^:\n]*\.py):(?P<line>\d{1,7}):", re.MULTILINE)
# Collection errors and unittest end in Python's own traceback instead.
_FRAME = re.compile(r'File "(?P<file>/[^"\n]+)", line (?P<line>\d{1,7})')
# The end of a doctest's report: `/src/README.md:3: DocTestFailure`.
_DOCTEST = re.compile(
    r"^(?P<file>/[^:\n]+):(?P<line>\d{1,7}|None): (?:DocTestFailure|UnexpectedException)$",
    re.MULTILINE,
)
# What ends a line, or is not shown: a name with it would look like several lines.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Failure:
    """A test that failed, or a file that could not be collected.

    `file` is relative to the source's root, empty where it is not known; `line` 0 is unknown.
    `others` are the places where it may be said to have failed as well. `captured` is what the
    test printed and logged. `argument` selects the test on pytest's command line; empty where
    nothing does.
    """

    test: str
    message: str
    text: str = ""
    file: str = ""
    line: int = 0
    others: tuple[tuple[str, int], ...] = ()
    captured: str = ""
    argument: str = ""

    @property
    def paths(self) -> frozenset[str]:
        """Every path of it."""
        return frozenset(path for path, _ in ((self.file, 0), *self.others) if path)

    @property
    def place(self) -> str:
        """The place as it is written for people: `tests/test_a.py:12`."""
        return f"{self.file}:{self.line}" if self.file and self.line else self.file

    def among(self, held: frozenset[str]) -> Failure:
        """Return it at its first place in one of these files, else without a place."""
        for file, line in ((self.file, self.line), *self.others):
            if file in held:
                return replace(self, file=file, line=line, others=())
        return replace(self, file="", line=0, others=())


def one_line(text: str) -> str:
    """Return a text with escapes for control characters, so that it is one line."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


def inside(file: str, line: int, source: str = "") -> tuple[str, int]:
    """Return a path below the source and its line, both empty where it is anywhere else.

    An absolute path is one only with `source`, the directory that the source lies in.
    """
    path = posixpath.normpath(file) if file else ""
    if source and path.startswith(f"{source}/"):
        path = path.removeprefix(f"{source}/")
    if path.split("/")[0] in ("", ".", "..") or _CONTROL.search(path):
        return "", 0
    return path, max(line, 0)


def places(
    text: str, frames: Sequence[tuple[str, int]], own: tuple[str, int], ran: str, source: str
) -> list[tuple[str, int]]:
    """Return where a test failed, the deepest place first and its own last.

    Args:
        text: the report of the failure.
        frames: the traceback's places, the deepest last; empty where pytest has none.
        own: the test's own place.
        ran: the directory that pytest ran in: paths in its texts start from there.
        source: the directory that the source lies in.
    """
    found = [_doctest_place(text)] if _DOCTEST.search(text) else list(frames[::-1])
    if not found:
        entries = sorted((*_ENTRY.finditer(text), *_FRAME.finditer(text)), key=re.Match.start)
        found = [(match["file"], int(match["line"])) for match in entries[::-1]]
    absolute = ((posixpath.join(ran, file), line) for file, line in found[:PLACES_MAX])
    below = [inside(file, line, source) for file, line in absolute]
    return [each for each in dict.fromkeys([*below, inside(*own, source)]) if each[0]]


def _doctest_place(text: str) -> tuple[str, int]:
    match = _DOCTEST.search(text)
    assert match is not None, "searched before"
    return match["file"], 0 if match["line"] == "None" else int(match["line"])


def reason(message: str, text: str) -> str:
    """Return the reason in one line.

    For a file that was not collected it is the last error, for a doctest what it expected and
    got.
    """
    if _DOCTEST.search(text):
        message = _doctest_reason(text.splitlines()) or message
    elif message.strip() == "collection failure":
        errors = [line[2:] for line in text.splitlines() if line.startswith("E  ")]
        message = (errors or text.strip().splitlines() or [message])[-1]
    return cut(one_line(first_line(message.strip())))


def _doctest_reason(lines: Sequence[str]) -> str:
    """Return the reason of the first doctest that failed.

    Source: `doctest.OutputChecker.output_difference`, and `_pytest.doctest`, which writes
    `UNEXPECTED EXCEPTION: ` in front of an exception.
    """
    for at, line in enumerate(lines):
        if line.startswith("UNEXPECTED EXCEPTION: "):
            return f"unexpected exception: {line.removeprefix('UNEXPECTED EXCEPTION: ')}"
        if line.startswith(("Expected:", "Expected nothing")):
            later = lines[at + 1 :]
            got = next((n for n, each in enumerate(later) if each.startswith("Got")), len(later))
            return f"expected {_quoted(later[:got])}, got {_quoted(later[got + 1 :])}"
        if line.startswith("Differences ("):
            changed = [each[4:] for each in lines[at + 1 :]]
            missing = [each[1:] for each in changed if each[:1] == "-" and each[:3] != "---"]
            added = [each[1:] for each in changed if each[:1] == "+" and each[:3] != "+++"]
            return f"expected {_quoted(missing)}, got {_quoted(added)}"
    return ""


def _quoted(lines: Iterable[str]) -> str:
    """Return the first line of an output, `...` for more; `nothing` for none."""
    shown: list[str] = []
    for line in lines:
        # The output is indented; the place ends it, and so does a blank line of the report.
        if not line.strip() or _DOCTEST.match(line):
            break
        shown.append(line.strip())
    if not shown:
        return "nothing"
    return cut(shown[0], 80) + (" ..." if len(shown) > 1 else "")
