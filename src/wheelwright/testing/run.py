"""One run of pytest: its command, and its result as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from wheelwright.environment.test_dependencies import TestDependencies
from wheelwright.errors import GateFailed, ToolFailed, WheelwrightError
from wheelwright.project.model import Project
from wheelwright.testing.texts import listed, tail
from wheelwright.testing.verdict import Kind, Left, Verdict, explained, judge

REPORTS = "/reports"
JUNIT = "junit.xml"
LOG = "pytest.log"

PLUGIN = "wheelwright_reporter"
PLUGINS = "/opt/wheelwright/plugins"
"""Container path of the directory that the plugin is imported from."""

RECORD = "/opt/wheelwright/record/pytest.jsonl"
"""Container path of what the plugin writes. Not among the reports, which are downloaded."""

_SIGNS = "no tests/ or test/, no configuration of pytest, pytest in no test dependencies"


@dataclass(frozen=True, slots=True)
class Run:
    """The result of one run; only `verdict` decides whether it passed."""

    name: str
    python: str
    left: Left
    place: str
    notes: tuple[str, ...]
    output: str

    @property
    def verdict(self) -> Verdict:
        """What the run means."""
        return explained(judge(self.left), self.left, self.output)

    @property
    def ran_at(self) -> str:
        """When pytest began, as ISO 8601; empty where it did not."""
        record = self.left.record
        return datetime.fromtimestamp(record.began_at, UTC).isoformat() if record else ""

    def headline(self) -> str:
        """Return the verdict in one line."""
        found = self.verdict
        if found.kind is Kind.EMPTY:
            return found.reason
        head = "passed" if found.passed else "failed"
        return f"{head}: {found.reason}" if found.reason else head

    def counted(self) -> str:
        """Return counts, as pytest's last line has them, and its time; empty where it has none."""
        record, counts = self.left.record, str(self.left.counts)
        took = f" in {record.seconds:.2f} s" if record and record.status is not None else ""
        deselected = f", {record.deselected} deselected" if record and record.deselected else ""
        return f"{counts}{deselected}{took}" if counts else ""

    def summary(self) -> str:
        """Return the result for people: counts, interpreter, where the dependencies came from."""
        found = self.verdict
        # A reason is long enough for a line of its own.
        first = f"{self.headline()} on {self.python}" if not found.reason else self.headline()
        lines = [f"{self.name}: {first}"]
        if counted := self.counted():
            lines.append(f"  {counted}")
        if found.reason:
            lines.append(f"  python: {self.python}")
        lines.append(f"  test dependencies: {self.place}")
        lines += [f"  {note}" for note in self.notes]
        record = self.left.record
        if record and record.ignored:
            names = ", ".join(record.ignored)
            lines.append(f"  pytest does not call load_tests, and did not run its tests: {names}")
        slow = [each for each in (record.slowest[:3] if record else ()) if each[0] >= 0.5]
        if slow and found.passed:
            lines.append("  slowest: " + ", ".join(f"{name} {s:.2f} s" for s, name in slow))
        return "\n".join(lines)

    def error(self) -> WheelwrightError | None:
        """Return the error of a run that did not pass, None for one that did."""
        found = self.verdict
        if found.passed:
            return None
        failures = self.left.record.failures if self.left.record else ()
        lines = listed(failures)
        middle = ["", *lines, ""] if lines else []
        ending = tail(self.output, failures)
        if found.kind is Kind.UNKNOWN:
            head = f"pytest reached no verdict on {self.name}: {found.reason}"
            return ToolFailed("\n".join([head, *middle, ending]).rstrip())
        return GateFailed("\n".join([self.summary(), *(middle or [""]), ending]).rstrip())


def command(project: Project, args: Sequence[str]) -> tuple[str, ...]:
    """Return pytest's command line; the caller's arguments replace the configured ones."""
    chosen = tuple(args) or project.settings.pytest_args
    return ("pytest", f"--junit-xml={REPORTS}/{JUNIT}", *chosen)


def recorded(pytest: Sequence[str]) -> tuple[str, ...]:
    """Return the command with the plugin that writes the record.

    On the command line no configuration can take it away; one that tries fails to start.
    """
    at = pytest.index("pytest") + 1
    return (*pytest[:at], "-p", PLUGIN, f"--wheelwright-record={RECORD}", *pytest[at:])


def configured(project: Project, wanted: TestDependencies) -> str:
    """Return why there is nothing to test, with what was looked for; empty where there is."""
    signs = (
        any(project.has(name) for name in ("tests/", "test/", "testing/", "pytest.ini"))
        or project.configures("tool", "pytest")
        or "[tool:pytest]" in (project.text("setup.cfg") or "")
        or "[pytest]" in (project.text("tox.ini") or "")
        or bool(project.settings.pytest_args)
        or not wanted.added
        or any(name.startswith("test_") and name.endswith(".py") for name in _top(project))
    )
    if signs:
        return ""
    names = ", ".join(sorted(each.name for each in project.members.values()))
    others = f"; its workspace has {names}: pass --package" if names and not project.where else ""
    return f"not configured: {project.name} has no tests ({_SIGNS}){others}"


def _top(project: Project) -> list[str]:
    return [name for name in project.files.under(project.where).names if "/" not in name]
