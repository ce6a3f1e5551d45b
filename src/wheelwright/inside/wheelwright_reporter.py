"""A pytest plugin that writes down what happens while it happens.

    pytest -p wheelwright_reporter --wheelwright-record=PATH ...

Each event is one line of JSON, written at once and without a buffer: whatever ends the process,
the file names the test that had begun last. `wheelwright.testing.record` reads it.

| event | when | fields |
|---|---|---|
| loading | before the first conftest.py | at, pytest, dir |
| session | the session starts | root, paths, files |
| collected | all tests are known | tests, deselected |
| error | a file is not collected; pytest breaks | test, part, message, text, captured, place |
| begin | a test begins | test |
| result | an outcome that pytest counts | test, kind, s; of a failure also those of an error |
| other | an outcome that only a plugin knows | test |
| more | a teardown took long | test, s |
| ignored | a module has `load_tests`, which pytest does not call | test |
| finish | the session ends | status, s, junit, junit_size |

The place is `file` and `line`, the test's own, and `frames`, its traceback, in absolute paths.
`part` is what a subtest is called, `captured` what the test printed and logged. It works from
Python 3.7 and pytest 6 on; with pytest-xdist the controller does.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import stat
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

# Where the record lies in a container; what stands before it is the container's place.
_PLACE = "/opt/wheelwright/record/"
_NAME_LENGTH_MAX = 1000
_MESSAGE_LENGTH_MAX = 1000
_TEXT_LENGTH_MAX = 8000
_CAPTURED_LENGTH_MAX = 4000
_FAILURES_WITH_TEXT = 50
_END_LENGTH = 1000
_FRAMES_MAX = 20
_LONG_S = 0.05

_WRITE = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW
_HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH120, PTH100 - as PYTHONPATH has it


class _Real:
    """What tests replace (freezegun, pyfakefs, a patch of json), kept where that does not reach."""

    open = staticmethod(os.open)
    write = staticmethod(os.write)
    read = staticmethod(os.read)
    close = staticmethod(os.close)
    fstat = staticmethod(os.fstat)
    getpid = staticmethod(os.getpid)
    getcwd = staticmethod(os.getcwd)
    now = staticmethod(time.time)
    perf_counter = staticmethod(time.perf_counter)
    json = staticmethod(json.JSONEncoder(separators=(",", ":")).encode)


class _Record:
    """The file of events."""

    def __init__(self, path: str, junit: str) -> None:
        self.path = path
        self.junit = junit
        self.root = path.partition(_PLACE)[0] if _PLACE in path else ""
        self.dir = _Real.getcwd()
        self._pid = _Real.getpid()
        self._open()
        self._failures = 0
        self._started = _Real.perf_counter()

    def _open(self) -> None:
        self._fd = _Real.open(self.path, _WRITE, 0o644)
        self._file = self._identity()

    def _identity(self) -> tuple[int, int]:
        found = _Real.fstat(self._fd)
        return found.st_dev, found.st_ino

    def write(self, event: str, **fields: Any) -> None:
        # A test may fork and let its child run on: those are not this session's events.
        if _Real.getpid() != self._pid:
            return
        try:
            mine = self._identity() == self._file
        except OSError:
            mine = False
        if not mine:
            # A test closed the descriptor; by now it may be another file's.
            self._open()
        line = _Real.json(dict(fields, e=event)) + "\n"
        data = line.encode("ascii")
        while data:
            data = data[_Real.write(self._fd, data) :]

    def failure(self, event: str, report: Any, message: str, **fields: Any) -> None:
        self._failures += 1
        file, line, _ = getattr(report, "location", None) or ("", None, "")
        frames = [[self._whole(path), line] for path, line in _frames(report)]
        # A doctest has its reason in its text alone.
        less = 0 if frames else _END_LENGTH
        length = _TEXT_LENGTH_MAX if self._failures <= _FAILURES_WITH_TEXT else less
        self.write(
            event,
            test=_name(report),
            part=_part(report),
            message=_cut(message, _MESSAGE_LENGTH_MAX),
            text=_end(_text(report), length),
            captured=_end(_captured(report), min(length, _CAPTURED_LENGTH_MAX)),
            file=self._whole(str(file or ""), _root),
            line=line + 1 if isinstance(line, int) else 0,
            frames=frames,
            **fields,
        )

    def _whole(self, path: str, above: str = "") -> str:
        """Return an absolute path; tests may have changed the directory since."""
        if path and not path.startswith("/"):
            path = (above or self.dir) + "/" + path
        return _cut(path, _NAME_LENGTH_MAX)

    def seconds(self) -> float:
        return round(_Real.perf_counter() - self._started, 3)


_record: _Record | None = None
_config: Any = None
_root = ""
_durations: dict[str, float] = {}
_deselected: list[int] = []


def pytest_addoption(parser: Any) -> None:
    """Add the option that names the file."""
    parser.addoption("--wheelwright-record", default="", help="write events to this file")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: Any) -> None:
    """Begin before any code of the project is loaded."""
    global _record, _config, _root
    options = early_config.known_args_namespace
    path = getattr(options, "wheelwright_record", "")
    if not path or "PYTEST_XDIST_WORKER" in os.environ:
        return
    if getattr(options, "trace", False):
        # The debugger reads the end of its input, and pytest takes the test for passed.
        raise pytest.UsageError("--trace asks somebody at each test, and there is nobody here")
    _forget_path()
    _record = _Record(path, getattr(options, "xmlpath", None) or "")
    _record.write(
        "loading",
        at=_Real.now(),
        pytest=pytest.__version__,
        python=sys.version.split()[0],
        dir=_record.dir,
    )
    _config = early_config
    _root = str(getattr(early_config, "rootpath", None) or early_config.rootdir)


def _forget_path() -> None:
    """Take the directory of this file out of PYTHONPATH: programs that tests start lack it."""
    kept = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part != _HERE]
    if any(kept):
        os.environ["PYTHONPATH"] = os.pathsep.join(kept)
    else:
        os.environ.pop("PYTHONPATH", None)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: Any) -> None:
    """Tell where pytest looks for tests."""
    if _record is None or hasattr(session.config, "workerinput"):
        return
    config = session.config
    _record.write(
        "session",
        root=_root,
        paths=[str(path) for path in config.args][:50],
        files=[str(name) for name in config.getini("python_files")][:50],
    )


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: Any) -> Iterator[None]:
    """Name modules whose `load_tests` makes tests that pytest does not see."""
    yield
    module = getattr(collector, "_obj", None)
    if _record is None or not isinstance(collector, pytest.Module):
        return
    if callable(getattr(module, "__dict__", {}).get("load_tests")):
        _record.write("ignored", test=_cut(collector.nodeid, _NAME_LENGTH_MAX))


@pytest.hookimpl(trylast=True)
def pytest_collectreport(report: Any) -> None:
    """Count as pytest does: a file that cannot be collected, or that skips itself."""
    if _record is None:
        return
    if report.failed:
        _record.failure("error", report, "collection failure")
    elif report.skipped:
        _record.write("result", test=_name(report), kind="skipped", s=0)


@pytest.hookimpl(trylast=True)
def pytest_deselected(items: Any) -> None:
    """Count what `-k`, `-m` and plugins leave out."""
    _deselected.append(len(items))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: Any) -> None:
    """Tell how many tests are to run."""
    if _record is not None and not _distributed(session.config):
        tests = len({item.nodeid for item in session.items})
        _record.write("collected", tests=tests, deselected=sum(_deselected))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: Any) -> None:  # noqa: ARG001 - pytest-xdist's own names
    """Tell it where workers collect."""
    if _record is not None:
        _record.write("collected", tests=len(set(ids)), deselected=0)


def _distributed(config: Any) -> bool:
    return bool(config.pluginmanager.hasplugin("dsession"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logstart(nodeid: str) -> None:
    """Name the test before it begins."""
    if _record is not None:
        _record.write("begin", test=_named(nodeid))


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: Any) -> None:
    """Write the outcomes that pytest counts; last, since plugins still change them."""
    if _record is None:
        return
    kind = _kind(report)
    duration = getattr(report, "duration", 0) or 0
    name = _name(report)
    # The time of a subtest is part of its test's.
    took = 0 if _is_subtest(report) or not kind else _taken(name, duration)
    if kind in ("failed", "error"):
        message = _message(report, "failed on " + str(report.when))
        if kind == "error" and report.when in ("setup", "teardown"):
            message = f'failed on {report.when} with "{message}"'
        _record.failure("result", report, message, kind=kind, s=took)
    elif kind:
        _record.write("result", test=name, kind=kind, s=took)
    elif report.outcome not in ("passed", "failed", "skipped") or _is_subtest(report):
        _record.write("other", test=name)
    elif report.when == "teardown":
        _durations.pop(name, None)
        if duration >= _LONG_S:
            _record.write("more", test=name, s=round(duration, 4))
    else:
        _durations[name] = _durations.get(name, 0) + duration


def _taken(name: str, duration: float) -> float:
    return round(_durations.pop(name, 0) + duration, 4)


@pytest.hookimpl(trylast=True)
def pytest_internalerror(excrepr: Any) -> None:
    """Write what broke pytest itself."""
    if _record is not None:
        text = str(excrepr)
        last = (text.strip().splitlines() or ["internal error"])[-1]
        message = _cut(last, _MESSAGE_LENGTH_MAX)
        _record.write("error", test="", message=message, text=text[-_TEXT_LENGTH_MAX:])


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_sessionfinish(session: Any, exitstatus: int) -> Iterator[None]:
    """End the record, behind every other plugin, with the digest of the JUnit report."""
    yield
    if _record is None or hasattr(session.config, "workerinput"):
        return
    digest, size = _junit(_record.junit, _record.root)
    _record.write(
        "finish", status=int(exitstatus), s=_record.seconds(), junit=digest, junit_size=size
    )


def _junit(path: str, root: str) -> tuple[str, int]:
    """Return SHA-256 and size of the report, empty where there is no such file.

    `root` is where `/` of the container lies, in plain mode: whoever reads the report outside sees
    paths without it.
    """
    if not path:
        return "", 0
    digest, size, kept = hashlib.sha256(), 0, []
    try:
        fd = _Real.open(path, _READ)
    except OSError:
        return "", 0
    try:
        if not stat.S_ISREG(_Real.fstat(fd).st_mode):
            return "", 0
        while True:
            block = _Real.read(fd, 1 << 20)
            if not block:
                break
            if root:
                kept.append(block)
            else:
                digest.update(block)
                size += len(block)
    except OSError:
        return "", 0
    finally:
        _Real.close(fd)
    if root:
        seen = re.sub(re.escape(os.fsencode(root)) + b"/?", b"/", b"".join(kept))
        digest.update(seen)
        size = len(seen)
    return digest.hexdigest(), size


def _kind(report: Any) -> str:
    """Return the word under which pytest counts a report; empty for one that it does not."""
    outcome = report.outcome
    if outcome != "failed" and _is_subtest(report):
        if outcome == "passed":
            return "subtests passed"
        # Whether pytest counts others depends on its version, and on how much it prints.
        status = _config.hook.pytest_report_teststatus(report=report, config=_config)
        return status[0] if status and status[0] in ("skipped", "xfailed") else ""
    if hasattr(report, "wasxfail") and outcome == "skipped":
        return "xfailed unrun" if "[NOTRUN]" in str(report.wasxfail) else "xfailed"
    if hasattr(report, "wasxfail") and outcome == "passed":
        return "xpassed"
    if outcome == "failed":
        return "failed" if report.when == "call" else "error"
    if outcome == "skipped":
        return "skipped"
    return "passed" if outcome == "passed" and report.when == "call" else ""


def _is_subtest(report: Any) -> bool:
    return any(kind.__name__.lower() == "subtestreport" for kind in type(report).__mro__)


def _part(report: Any) -> str:
    """Return what tells a subtest from the others of its test, as pytest writes it."""
    for name in ("_sub_test_description", "sub_test_description"):
        if callable(getattr(report, name, None)):
            return _cut(str(getattr(report, name)()), _MESSAGE_LENGTH_MAX)
    return ""


def _name(report: Any) -> str:
    return _named(str(report.nodeid))


def _named(nodeid: str) -> str:
    """Return a test's name; two that are too long stay two."""
    if len(nodeid) <= _NAME_LENGTH_MAX:
        return nodeid
    digest = hashlib.sha256(nodeid.encode("utf-8", "replace")).hexdigest()[:16]
    return f"{nodeid[: _NAME_LENGTH_MAX - 20]}...{digest}"


def _message(report: Any, default: str) -> str:
    longrepr = getattr(report, "longrepr", None)
    message = getattr(getattr(longrepr, "reprcrash", None), "message", None)
    return message or (longrepr if isinstance(longrepr, str) else "") or default


def _frames(report: Any) -> list[tuple[str, int]]:
    """Return the places of a traceback, the deepest last; none where pytest has only text."""
    longrepr = getattr(report, "longrepr", None)
    chain = getattr(longrepr, "chain", None)
    last = chain[-1] if chain else (getattr(longrepr, "reprtraceback", None),)
    entries = getattr(last[0], "reprentries", None) or ()
    found = [*(getattr(entry, "reprfileloc", None) for entry in entries), *last[1:2]]
    known = [(str(each.path), each.lineno) for each in found if each is not None]
    return [each for each in known[-_FRAMES_MAX:] if isinstance(each[1], int) and each[1] >= 0]


def _text(report: Any) -> str:
    try:
        return _indented(report).strip("\n")
    except Exception:
        # A report of any plugin; its failure counts in any case.
        return ""


def _indented(report: Any) -> str:
    """Return the report as pytest prints it; `longreprtext` takes the first line's indentation."""
    made = getattr(sys.modules.get("_pytest._io"), "TerminalWriter", None)
    if made is None:
        # pytest's own, which another version may not have.
        return str(report.longreprtext)
    stream = io.StringIO()
    writer = made(stream)
    writer.hasmarkup = False
    report.toterminal(writer)
    return stream.getvalue()


def _captured(report: Any) -> str:
    """Return what a test printed and logged, each kind under its own line."""
    try:
        sections = [(str(name), str(printed)) for name, printed in report.sections]
    except Exception:
        # As above.
        return ""
    return "".join(f"--- {name} ---\n{printed.rstrip()}\n" for name, printed in sections if printed)


def _end(text: str, length: int) -> str:
    """Return the end of a text, from the beginning of a line where it has one."""
    if len(text) <= length:
        return text
    kept = text[len(text) - length :]
    return kept.partition("\n")[2] or kept


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."
