"""One run of pytest: its command, and what its reports and exit code mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wheelwright.errors import GateFailed, ToolFailed, WheelwrightError
from wheelwright.project.model import Project
from wheelwright.testing import junit
from wheelwright.testing.dependencies import TestDependencies

__all__ = ["JUNIT", "LOG", "REPORTS", "Failure", "Run", "command", "configured", "read_junit"]

REPORTS = "/reports"
JUNIT = "junit.xml"
LOG = "pytest.log"

# pytest's exit codes, from its reference, "Exit codes".
_PASSED, _FAILED, _INTERRUPTED, _NOTHING = 0, 1, 2, 5
_SIGNS = "no tests/ or test/, no configuration of pytest, pytest in no test dependencies"
_TAIL_LINES = 30


@dataclass(frozen=True, slots=True)
class Failure:
    """A test that failed, or a file that could not be collected."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What JUnit counts; `duration_s` is pytest's own."""

    tests: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    duration_s: float = 0.0
    failures: tuple[Failure, ...] = ()
    slowest: tuple[tuple[float, str], ...] = ()

    @property
    def passed(self) -> int:
        """How many passed."""
        return self.tests - self.failed - self.errors - self.skipped

    def __str__(self) -> str:
        parts = [f"{self.passed} passed"]
        for count, word in (
            (self.failed, "failed"),
            (self.errors, f"error{'s' if self.errors > 1 else ''}"),
            (self.skipped, "skipped"),
        ):
            if count:
                parts.append(f"{count} {word}")
        return f"{', '.join(parts)} in {self.duration_s:.2f} s"


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one run; `counts` is None where pytest wrote no report."""

    name: str
    python: str
    exit_code: int
    counts: Counts | None
    place: str
    notes: tuple[str, ...]
    output: str
    narrowed: bool = False

    def summary(self) -> str:
        """Return the result for people: counts, interpreter, where the dependencies came from."""
        head = {_PASSED: "passed", _NOTHING: "no tests"}.get(self.exit_code, "failed")
        lines = [f"{self.name}: {head} on {self.python}"]
        if self.counts:
            lines.append(f"  {self.counts}")
        lines.append(f"  test dependencies: {self.place}")
        lines += [f"  {note}" for note in self.notes]
        if self.counts and self.counts.slowest and self.exit_code == _PASSED:
            lines.append(
                "  slowest: "
                + ", ".join(f"{name} {seconds:.2f} s" for seconds, name in self.counts.slowest)
            )
        return "\n".join(lines)

    def verdict(self) -> WheelwrightError | None:
        """Return the error of a run that did not pass, None for one that did.

        No test at all is an error only where the caller narrowed the run by arguments.
        """
        if self.exit_code == _PASSED or (self.exit_code == _NOTHING and not self.narrowed):
            return None
        if self.exit_code == _NOTHING:
            return GateFailed(f"{self.summary()}\n  no test matches the pytest arguments")
        if self.exit_code in (_FAILED, _INTERRUPTED) and self.counts and self.counts.failures:
            failures = [f"  {failure.name}: {failure.reason}" for failure in self.counts.failures]
            return GateFailed("\n".join([self.summary(), "", *failures, "", self._tail()]))
        return ToolFailed(
            f"pytest reached no verdict on {self.name}: exit code {self.exit_code}\n{self._tail()}"
        )

    def not_configured(self) -> str:
        """Return the line for a package whose run found no test; empty otherwise."""
        if self.exit_code == _NOTHING and not self.narrowed:
            return f"not configured: pytest collected no test in {self.name}"
        return ""

    def _tail(self) -> str:
        lines = self.output.rstrip().splitlines()
        omitted = len(lines) - _TAIL_LINES
        head = [f"[{omitted} lines above, all of them in `test-run log`]"] if omitted > 0 else []
        return "\n".join([*head, *lines[-_TAIL_LINES:]])


def command(project: Project, args: Sequence[str]) -> tuple[str, ...]:
    """Return pytest's command line; the caller's arguments replace the configured ones."""
    chosen = tuple(args) or project.settings.pytest_args
    return ("pytest", f"--junit-xml={REPORTS}/{JUNIT}", *chosen)


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
    others = f"; its workspace holds {names}: pass --package" if names and not project.where else ""
    return f"not configured: {project.name} has no tests ({_SIGNS}){others}"


def _top(project: Project) -> list[str]:
    return [name for name in project.files.under(project.where).names if "/" not in name]


def read_junit(text: str) -> Counts:
    """Read pytest's JUnit report (xunit2, one or more testsuites).

    Raises:
        ToolFailed: the report is not XML, as after a full disk.
    """
    suite = junit.read(text, JUNIT)
    times = sorted(((case.seconds, case.name) for case in suite.cases), reverse=True)
    return Counts(
        tests=suite.tests,
        failed=suite.failed,
        errors=suite.errors,
        skipped=suite.skipped,
        duration_s=suite.duration_s,
        failures=tuple(
            Failure(case.name, case.message)
            for case in suite.cases
            if case.outcome in ("failed", "error")
        ),
        slowest=tuple(time for time in times[:3] if time[0] >= 0.5),
    )
