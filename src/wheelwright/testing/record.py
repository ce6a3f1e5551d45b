"""Reads the record of one run of pytest: what ran, what failed, and how far it came.

`inside/wheelwright_reporter.py` writes it beside the tests, which may have done anything to it.
So all of it is bounded and checked here, and a line that is not as it should be ends the reading.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wheelwright.environment.plan import SOURCE
from wheelwright.errors import WheelwrightError
from wheelwright.testing.again import argument_of
from wheelwright.testing.failed import PLACES_MAX, Failure, one_line, places, reason

SIZE_MAX = 64 * 1024 * 1024
"""Bytes of a record that are read at most: enough for a quarter of a million tests."""

_LINE_LENGTH_MAX = 256 * 1024
_TEXTS_MAX = 100
_SLOWEST_MAX = 15
_IGNORED_MAX = 20
_NAME_LENGTH_CUT = 996  # the plugin cuts longer names

_VERSION = re.compile(r"[0-9]+\.[0-9]+[0-9a-z.+]{0,20}")

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

    @property
    def named(self) -> dict[str, int]:
        """The numbers by the names that reports give them."""
        names = ("tests", "passed", "failed", "errors", "skipped", "xfailed", "xpassed", "subtests")
        return {name: getattr(self, name) for name in names}

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
        python: the version of the interpreter, such as 3.12.4; empty where it is not known.
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
    python: str = ""
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


def read(text: str, source: str = SOURCE) -> Record:
    """Read a record; `source` is the directory that the source lay in.

    Raises:
        RecordInvalid: it is not one, or too large.
    """
    if not text.strip():
        raise RecordInvalid("empty")
    if len(text) > SIZE_MAX:
        raise RecordInvalid(f"larger than {SIZE_MAX} bytes")
    lines = text.split("\n")
    reader = _Reader(source)
    for number, line in enumerate(lines, 1):
        # A process that is killed may leave half of its last line.
        last = number == len(lines)
        if line and not (last and not text.endswith("\n")):
            reader.take(number, line)
    return reader.record()


class _Reader:
    """Takes the events one by one."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._ran = source
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
                python = event.name("python")
                self._record = Record(
                    began_at=event.number("at"),
                    pytest=event.name("pytest"),
                    python=python if _VERSION.fullmatch(python) else "",
                )
                self._ran = event.text("dir") or self._source
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
        part = event.name("part")
        own = event.text("file"), event.count("line")
        found = places(text, event.frames(), own, self._ran, self._source)
        file, line = found[0] if found else ("", 0)
        self._failures.append(
            Failure(
                test=(_address(test) or "pytest") + (f" {part}" if part else ""),
                message=reason(event.text("message"), text),
                text=text if keep else "",
                captured=event.text("captured") if keep else "",
                file=file,
                line=line,
                others=tuple(found[1:]),
                argument=self._argument(event),
            )
        )

    def _argument(self, event: _Event) -> str:
        """Return what selects the test; empty where its name is cut, or is not pytest's."""
        record, named = self._now(), event.text("test")
        if not record.pytest or named != event.name("test") or len(named) >= _NAME_LENGTH_CUT:
            return ""
        return argument_of(named, record.root, self._ran)


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
        return one_line(self.text(key))

    def names(self, key: str) -> tuple[str, ...]:
        value = self._data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise ValueError(f"{key} is not a list of strings")
        texts = (each.encode("utf-8", "replace").decode("utf-8") for each in value)
        return tuple(one_line(each) for each in texts)

    def frames(self) -> list[tuple[str, int]]:
        """Return the traceback: paths and lines."""
        value = self._data.get("frames", [])
        if not isinstance(value, list):
            raise ValueError("frames is not a list")
        found: list[tuple[str, int]] = []
        for each in value[-PLACES_MAX:]:
            if not isinstance(each, list) or len(each) != 2 or not isinstance(each[0], str):
                raise ValueError("frames is not a list of places")
            event = _Event({"file": each[0], "line": each[1]})
            found.append((event.text("file"), event.count("line")))
        return found

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
