"""Runs unittest as `python -m unittest` does, and writes down what happens while it happens.

    python -m wheelwright_unittest --wheelwright-record=PATH --wheelwright-junit=PATH [ARG...]

The record is that of `wheelwright_reporter.py`, event by event: `wheelwright.testing.record` reads
it. The report is JUnit's, as pytest writes it. Nothing is installed for it: a library in the
environment of the tests could change what they do. It works from Python 3.7 on.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import time
import traceback
import unittest
import xml.etree.ElementTree as ElementTree
from typing import Any

# Where the record lies in a container; what stands before it is the container's place.
_PLACE = "/opt/wheelwright/record/"
_RECORD = "--wheelwright-record="
_JUNIT = "--wheelwright-junit="
_NAME_LENGTH_MAX = 1000
_MESSAGE_LENGTH_MAX = 1000
_TEXT_LENGTH_MAX = 8000
_FAILURES_WITH_TEXT = 50
_NOTHING = 5  # what pytest ends with, and unittest from Python 3.12 on
_BAD_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH120, PTH100 - as PYTHONPATH has it

# What tests replace, kept where that does not reach.
_open, _write, _getpid = os.open, os.write, os.getpid
_now, _clock = time.time, time.perf_counter
_json = json.JSONEncoder(separators=(",", ":")).encode


class _Record:
    """The file of events."""

    def __init__(self, path: str) -> None:
        self._pid = _getpid()
        self.root = path.partition(_PLACE)[0] if _PLACE in path else ""
        self._fd = _open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o644)
        self._began = _clock()

    def write(self, event: str, **fields: Any) -> None:
        # A test may fork and let its child run on: those are not this run's events.
        if _getpid() != self._pid:
            return
        data = (_json(dict(fields, e=event)) + "\n").encode("ascii")
        while data:
            data = data[_write(self._fd, data) :]

    def seconds(self) -> float:
        return round(_clock() - self._began, 3)


class _Case:
    """One line of the report."""

    def __init__(self, name: str, kind: str, seconds: float, message: str, text: str) -> None:
        self.name, self.kind, self.seconds = name, kind, seconds
        self.message, self.text = message, text


class Result(unittest.TextTestResult):
    """unittest's own result, which prints as always, and writes the record beside it."""

    record: _Record
    cases: list[_Case]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cases = []
        self.began: dict[str, float] = {}
        self._texts = 0

    def startTest(self, test: Any) -> None:  # noqa: N802, D102 - unittest's
        name = _name(test)
        self.began[name] = _clock()
        self.record.write("begin", test=name)
        super().startTest(test)

    def addSuccess(self, test: Any) -> None:  # noqa: N802, D102 - unittest's
        super().addSuccess(test)
        self._result(test, "passed")

    def addSkip(self, test: Any, reason: str) -> None:  # noqa: N802, D102 - unittest's
        super().addSkip(test, reason)
        self._result(test, "skipped", str(reason))

    def addExpectedFailure(self, test: Any, err: Any) -> None:  # noqa: N802, D102 - unittest's
        super().addExpectedFailure(test, err)
        self._result(test, "xfailed", "expected to fail")

    def addUnexpectedSuccess(self, test: Any) -> None:  # noqa: N802, D102 - unittest's
        super().addUnexpectedSuccess(test)
        # A failure for unittest, and for its exit code.
        self._failed(test, "failed", "succeeded, although it was expected to fail", "")

    def addFailure(self, test: Any, err: Any) -> None:  # noqa: N802, D102 - unittest's
        super().addFailure(test, err)
        self._failed(test, "failed", *_described(err))

    def addError(self, test: Any, err: Any) -> None:  # noqa: N802, D102 - unittest's
        super().addError(test, err)
        self._failed(test, "error", *_described(err))

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:  # noqa: N802, D102 - unittest's
        super().addSubTest(test, subtest, err)
        if err is None:
            self._result(subtest, "subtests passed")
            return
        self._failed(subtest, "failed", *_described(err))
        # With a failed part the test itself gets no outcome.
        self.record.write("other", test=_name(test))

    def _result(self, test: Any, kind: str, message: str = "") -> None:
        name, seconds = _name(test), self._seconds(test)
        self.record.write("result", test=name, kind=kind, s=seconds)
        if kind != "subtests passed":
            self.cases.append(_Case(name, kind, seconds, message, ""))

    def _failed(self, test: Any, kind: str, message: str, text: str) -> None:
        name, seconds = _name(test), self._seconds(test)
        self._texts += 1
        kept = _end(text) if self._texts <= _FAILURES_WITH_TEXT else ""
        self.record.write(
            "result", test=name, kind=kind, s=seconds, message=message, text=kept, file="", line=0
        )
        self.cases.append(_Case(name, kind, seconds, message, kept))

    def _seconds(self, test: Any) -> float:
        began = self.began.get(_name(test))
        return round(_clock() - began, 4) if began is not None else 0.0


class Runner(unittest.TextTestRunner):
    """unittest's own runner, with the result above."""

    resultclass = Result
    record: _Record
    junit = ""
    status = 1

    def run(self, test: Any) -> Any:
        """Run the tests, and end the record with the digest of the report."""
        root = os.getcwd()  # noqa: PTH109 - as everything here
        self.record.write("session", root=root, paths=_arguments[:50], files=["test*.py"])
        result: Any = super().run(test)
        # unittest passes over the tests of a class or a module that skips itself, so what it
        # meant to run is not known before.
        self.record.write("collected", tests=len(result.began), deselected=0)
        stopped = result.shouldStop
        ran = len(result.cases)
        passed = result.wasSuccessful() and not stopped
        status = (0 if ran else _NOTHING) if passed else 1
        data = _report(self.junit, result.cases, self.record.seconds())
        # Whoever reads the report outside of plain mode's place sees paths without it.
        seen = re.sub(re.escape(os.fsencode(self.record.root)) + b"/?", b"/", data)
        data = seen if self.record.root else data
        self.record.write(
            "finish",
            status=status,
            s=self.record.seconds(),
            junit=hashlib.sha256(data).hexdigest() if data else "",
            junit_size=len(data),
        )
        type(self).status = status
        return result


def _name(test: Any) -> str:
    """Return `tests.test_a.TestA::test_x`; a part of a test has its own description behind it."""
    whole = str(test.id()) if hasattr(test, "id") else str(test)
    address, space, parameters = whole.partition(" ")
    owner, dot, name = address.rpartition(".")
    named = (owner + "::" + name if dot else address) + space + parameters
    if len(named) <= _NAME_LENGTH_MAX:
        return named
    digest = hashlib.sha256(named.encode("utf-8", "replace")).hexdigest()[:16]
    return named[: _NAME_LENGTH_MAX - 20] + "..." + digest


def _described(err: Any) -> tuple[str, str]:
    """Return an exception in one line, and its traceback without the frames of unittest."""
    kind, value, trace = err
    while trace is not None and "__unittest" in trace.tb_frame.f_globals:
        trace = trace.tb_next
    text = "".join(traceback.format_exception(kind, value, trace))
    lines = traceback.format_exception_only(kind, value)
    message = lines[0].strip() if lines else str(kind)
    return message[:_MESSAGE_LENGTH_MAX], text


def _report(path: str, cases: list[_Case], seconds: float) -> bytes:
    """Write the report and return it; nothing where it cannot be written."""
    kinds = [case.kind for case in cases]
    suite = ElementTree.Element(
        "testsuite",
        name="unittest",
        tests=str(len(cases)),
        failures=str(kinds.count("failed")),
        errors=str(kinds.count("error")),
        skipped=str(kinds.count("skipped") + kinds.count("xfailed")),
        time=str(seconds),
    )
    for case in cases:
        owner, _, name = case.name.rpartition("::")
        element = ElementTree.SubElement(
            suite, "testcase", classname=_xml(owner), name=_xml(name), time=str(case.seconds)
        )
        tag = {"failed": "failure", "error": "error", "skipped": "skipped", "xfailed": "skipped"}
        if case.kind in tag:
            inner = ElementTree.SubElement(element, tag[case.kind], message=_xml(case.message))
            inner.text = _xml(case.text)
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    data: bytes = ElementTree.tostring(suites, encoding="utf-8")
    try:
        fd = _open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
    except OSError:
        return b""
    left = data
    while left:
        left = left[_write(fd, left) :]
    os.close(fd)
    return data


def _end(text: str) -> str:
    """Return the end of a text, from the beginning of a line where it has one."""
    if len(text) <= _TEXT_LENGTH_MAX:
        return text
    kept = text[-_TEXT_LENGTH_MAX:]
    return kept.partition("\n")[2] or kept


def _xml(text: str) -> str:
    return _BAD_XML.sub("?", text)


def _forget_path() -> None:
    """Take the directory of this file out of PYTHONPATH: programs that tests start lack it."""
    kept = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part != _HERE]
    if any(kept):
        os.environ["PYTHONPATH"] = os.pathsep.join(kept)
    else:
        os.environ.pop("PYTHONPATH", None)


_arguments: list[str] = []


def main(arguments: list[str]) -> int:
    """Run the tests that the arguments of unittest name; return the exit code."""
    path = junit = ""
    for argument in arguments:
        if argument.startswith(_RECORD):
            path = argument[len(_RECORD) :]
        elif argument.startswith(_JUNIT):
            junit = argument[len(_JUNIT) :]
        else:
            _arguments.append(argument)
    _forget_path()
    record = _Record(path)
    record.write("loading", at=_now(), pytest="", python=sys.version.split()[0])
    Result.record = Runner.record = record
    Runner.junit = junit
    program = os.path.basename(sys.executable) + " -m unittest"  # noqa: PTH119 - as unittest has it
    unittest.main(module=None, argv=[program, *_arguments], testRunner=Runner, exit=False)
    return Runner.status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
