"""Reads the record of one run of pytest: what ran, what failed, and how far it came.

`inside/wheelwright_reporter.py` writes it beside the tests, which may have done anything to it.
So all of it is bounded and checked here, and a line that is not as it should be ends the reading.
"""

from __future__ import annotations

import json
import math
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wheelwright.errors import WheelwrightError
from wheelwright.project.reading import cut, first_line

SIZE_MAX = 64 * 1024 * 1024
"""Bytes of a record that are read at most: enough for a quarter of a million tests."""

_LINE_LENGTH_MAX = 256 * 1024
_TEXTS_MAX = 100
_SLOWEST_MAX = 15
_IGNORED_MAX = 20

# Each entry of a traceback ends, or in short style begins, with a line such as
# `tests/test_a.py:12: AssertionError`.
_PLACE = re.compile(r"^(?P<file>[^\s:/][^:\n]*\.py):(?P<line>\d{1,7}):", re.MULTILINE)
# Collection errors end in Python's own traceback instead.
_FRAME = re.compile(r'File "/src/(?P<file>[^"]+)", line (?P<line>\d{1,7})')
# What ends a line, or is not shown: a name with it would look like several lines.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")

_KINDS = (
    "passed",
    "failed",
    "error",
    "skipped",
    "xfailed",
    "xfailed unrun",
    "xpassed",
    "subtests passed",
)


class RecordInvalid(WheelwrightError):
    """The record is not one; the message ends the sentence `the record is ...`."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A test that failed, or a file that could not be collected.

    `file` is relative to the directory that pytest ran in, in reports to the source; `line` 0 is
    unknown.
    """

    test: str
    message: str
    text: str = ""
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """What pytest counts, by its own names. `unrun` of the xfailed tests were not called."""

    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    xfailed: int = 0
    xpassed: int = 0
    subtests: int = 0
    unrun: int = 0

    @property
    def tests(self) -> int:
        """How many tests there were; subtests belong to theirs."""
        others = self.skipped + self.xfailed + self.xpassed
        return self.passed + self.failed + self.errors + others

    @property
    def ran(self) -> int:
        """How many tests really ran."""
        return self.passed + self.failed + self.xfailed + self.xpassed - self.unrun

    def __str__(self) -> str:
        counted = (
            (self.passed, "passed"),
            (self.failed, "failed"),
            (self.errors, f"error{'s' if self.errors > 1 else ''}"),
            (self.skipped, "skipped"),
            (self.xfailed, "xfailed"),
            (self.xpassed, "xpassed"),
            (self.subtests, f"subtest{'s' if self.subtests > 1 else ''} passed"),
        )
        return ", ".join(f"{count} {word}" for count, word in counted if count)


@dataclass(slots=True)
class Record:
    """One run, as far as it came.

    Attributes:
        began_at: seconds since 1970, by the clock of the container.
        session: whether pytest got as far as to look for tests.
        paths, files: where it looked: its arguments or `testpaths`, and `python_files`.
        selected: how many tests were to run; None where that was never known.
        last: the test that began last.
        failures: in their order; `slowest` has seconds and names.
        ignored: files whose `load_tests` pytest did not call.
        status: the session's own end, None where it has none.
        seen: how many tests began.
        silent: those of them without an outcome.
        junit: SHA-256 of the JUnit report that pytest wrote, empty where it wrote none.
    """

    began_at: float
    pytest: str = ""
    root: str = ""
    session: bool = False
    paths: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    selected: int | None = None
    deselected: int = 0
    last: str = ""
    counts: Counts = field(default_factory=Counts)
    failures: tuple[Failure, ...] = ()
    slowest: tuple[tuple[float, str], ...] = ()
    ignored: tuple[str, ...] = ()
    status: int | None = None
    seconds: float = 0.0
    seen: int = 0
    silent: tuple[str, ...] = ()
    junit: str = ""
    junit_size: int = 0


def read(text: str) -> Record:
    """Read a record.

    Raises:
        RecordInvalid: it is not one, or too large.
    """
    if not text.strip():
        raise RecordInvalid("empty")
    if len(text) > SIZE_MAX:
        raise RecordInvalid(f"larger than {SIZE_MAX} bytes")
    lines = text.split("\n")
    reader = _Reader()
    for number, line in enumerate(lines, 1):
        # A process that is killed may leave half of its last line.
        last = number == len(lines)
        if line and not (last and not text.endswith("\n")):
            reader.take(number, line)
    return reader.record()


class _Reader:
    """Takes the events one by one."""

    def __init__(self) -> None:
        self._record: Record | None = None
        self._kinds = dict.fromkeys(_KINDS, 0)
        self._failures: list[Failure] = []
        self._seen: dict[str, None] = {}
        self._with_outcome: set[str] = set()
        self._seconds: dict[str, float] = {}
        self._ignored: list[str] = []

    def take(self, number: int, line: str) -> None:
        """Take one line."""
        try:
            self._take(_Event(_parsed(line)))
        except (ValueError, RecursionError, OverflowError) as error:
            raise RecordInvalid(f"invalid in line {number}: {str(error)[:80]}") from None

    def _take(self, event: _Event) -> None:
        kind = event.name("e")
        if (kind == "loading") is not (self._record is None):
            raise ValueError("pytest starts once, and first")
        match kind:
            case "loading":
                self._record = Record(began_at=event.number("at"), pytest=event.name("pytest"))
            case "session":
                self._session(event)
            case "collected":
                self._collected(event)
            case "begin":
                self._begin(event)
            case "result":
                self._result(event)
            case "other":
                self._with_outcome.add(event.name("test"))
            case "more":
                self._took(event)
            case "error":
                self._kinds["error"] += 1
                self._failed(event)
            case "ignored":
                if len(self._ignored) < _IGNORED_MAX:
                    self._ignored.append(event.name("test"))
            case "finish":
                self._finish(event)
            case _:
                raise ValueError("an unknown event")

    def record(self) -> Record:
        """Return all that was taken."""
        if self._record is None:
            raise RecordInvalid("empty")
        found, kinds = self._record, self._kinds
        found.counts = Counts(
            passed=kinds["passed"],
            failed=kinds["failed"],
            errors=kinds["error"],
            skipped=kinds["skipped"],
            xfailed=kinds["xfailed"] + kinds["xfailed unrun"],
            xpassed=kinds["xpassed"],
            subtests=kinds["subtests passed"],
            unrun=kinds["xfailed unrun"],
        )
        found.failures = tuple(self._failures)
        slowest = sorted(((s, name) for name, s in self._seconds.items()), reverse=True)
        found.slowest = tuple((s, _address(name)) for s, name in slowest[:_SLOWEST_MAX])
        found.ignored = tuple(dict.fromkeys(self._ignored))
        found.seen = len(self._seen)
        found.silent = tuple(name for name in self._seen if name not in self._with_outcome)
        return found

    def _session(self, event: _Event) -> None:
        record = self._now()
        record.session = True
        record.root = event.name("root")
        record.paths, record.files = event.names("paths"), event.names("files")

    def _collected(self, event: _Event) -> None:
        record = self._now()
        record.selected = max(record.selected or 0, event.count("tests"))
        record.deselected = max(record.deselected, event.count("deselected"))

    def _begin(self, event: _Event) -> None:
        record = self._now()
        record.last = event.name("test")
        self._seen[record.last] = None

    def _result(self, event: _Event) -> None:
        kind = event.name("kind")
        if kind not in self._kinds:
            raise ValueError("an unknown outcome")
        self._kinds[kind] += 1
        self._with_outcome.add(event.name("test"))
        self._took(event)
        if kind in ("failed", "error"):
            self._failed(event)

    def _finish(self, event: _Event) -> None:
        record = self._now()
        record.status = event.count("status")
        record.seconds = event.number("s")
        record.junit, record.junit_size = event.name("junit"), event.count("junit_size")

    def _now(self) -> Record:
        assert self._record is not None, "checked before each event"
        return self._record

    def _took(self, event: _Event) -> None:
        test = event.name("test")
        self._seconds[test] = self._seconds.get(test, 0.0) + event.number("s")

    def _failed(self, event: _Event) -> None:
        test, text = event.name("test"), event.text("text")
        keep = len(self._failures) < _TEXTS_MAX
        file, line = _place(text, event)
        self._failures.append(
            Failure(
                test=_address(test) or "pytest",
                message=_reason(event.text("message"), text),
                text=text if keep else "",
                file=file,
                line=line,
            )
        )


class _Event:
    """One line's fields, each with its type."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data

    def text(self, key: str) -> str:
        value = self._data.get(key, "")
        if not isinstance(value, str):
            raise ValueError(f"{key} is not a string")
        # A lone surrogate, as JSON can have it, is text that cannot be sent on.
        return value.encode("utf-8", "replace").decode("utf-8")

    def name(self, key: str) -> str:
        """Return a text of one line: control characters become escapes."""
        return _CONTROL.sub(_escaped, self.text(key))

    def names(self, key: str) -> tuple[str, ...]:
        value = self._data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise ValueError(f"{key} is not a list of strings")
        texts = (each.encode("utf-8", "replace").decode("utf-8") for each in value)
        return tuple(_CONTROL.sub(_escaped, each) for each in texts)

    def count(self, key: str) -> int:
        value = self._data.get(key, 0)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**12:
            raise ValueError(f"{key} is not a count")
        return value

    def number(self, key: str) -> float:
        value = self._data.get(key, 0)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise ValueError(f"{key} is not a number")
        if not math.isfinite(value) or not 0 <= value < 10**12:
            raise ValueError(f"{key} is not a duration")
        return float(value)


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def _parsed(line: str) -> Mapping[str, Any]:
    if len(line) > _LINE_LENGTH_MAX:
        raise ValueError("too long")
    try:
        data = json.loads(line)
    except ValueError:
        raise ValueError("not JSON") from None
    if not isinstance(data, dict):
        raise ValueError("not an event")
    return data


def _address(nodeid: str) -> str:
    """Return a test's name as JUnit reports have it: `tests.test_a.TestX::test_y[1]`."""
    path, bracket, parameters = nodeid.partition("[")
    names = path.split("::")
    names[0] = re.sub(r"\.py$", "", names[0].replace("/", "."))
    names[-1] += bracket + parameters
    module = ".".join(names[:-1])
    return f"{module}::{names[-1]}" if module else names[-1]


def _reason(message: str, text: str) -> str:
    """Return the reason in one line: for a file that was not collected, its last error."""
    if message.strip() == "collection failure":
        errors = [line[2:] for line in text.splitlines() if line.startswith("E  ")]
        message = errors[-1] if errors else message
    return cut(_CONTROL.sub(_escaped, first_line(message.strip())))


def _place(text: str, event: _Event) -> tuple[str, int]:
    """Return where a test failed: by its traceback, else where the test itself is."""
    for pattern in (_PLACE, _FRAME):
        if found := list(pattern.finditer(text)):
            return inside(found[-1]["file"], int(found[-1]["line"]))
    return inside(event.text("file"), event.count("line"))


def inside(file: str, line: int) -> tuple[str, int]:
    """Return a path below the source and its line, both empty where it is anywhere else."""
    path = posixpath.normpath(file) if file else ""
    if path.split("/")[0] in ("", ".", "..") or _CONTROL.search(path):
        return "", 0
    return path, max(line, 0)
