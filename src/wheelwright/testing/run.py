"""One run of the tests, and its result as text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from wheelwright.environment.system import missing
from wheelwright.errors import GateFailed, ToolFailed, WheelwrightError
from wheelwright.testing.again import Again
from wheelwright.testing.texts import shown, tail
from wheelwright.testing.verdict import Kind, Left, Verdict, explained, judge

LOG = "pytest.log"


@dataclass(frozen=True, slots=True)
class Run:
    """The result of one run; only `verdict` decides whether it passed.

    Attributes:
        place: where the test dependencies come from.
        command: what ran and who says so; empty where nobody does.
        again: the command that runs it again.
    """

    name: str
    python: str
    left: Left
    place: str
    notes: tuple[str, ...]
    output: str
    command: str = ""
    again: Again | None = None

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
        if not self.left.counted:
            return "tests not counted: only those of pytest and unittest are"
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
        if self.command:
            lines.append(f"  command: {self.command}")
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
        """Return the error of a run that did not pass, None for one that did.

        The tests that failed come first, each at its place; then the result, and how to run them
        again. The end of the output stands there where no test explains the failure.
        """
        found = self.verdict
        if found.passed:
            return None
        failures = self.left.record.failures if self.left.record else ()
        unexplained = found.reason or not failures
        ending = tail(self.output) if unexplained else ""
        if lacking := missing(self.output):
            ending = f"{ending}\n\n{lacking}".lstrip()
        again = [self.again.line(failures)] if self.again else []
        middle = ["", *shown(failures), *([ending, ""] if ending else [])]
        if found.kind is Kind.UNKNOWN:
            head = f"the tests reached no verdict on {self.name}: {found.reason}"
            return ToolFailed("\n".join([head, *middle, *again]).rstrip())
        head, *rest = self.summary().splitlines()
        return GateFailed("\n".join([head, *middle, *rest, *again]).rstrip())
