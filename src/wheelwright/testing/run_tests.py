"""Runs the plan of a test run, passed or failed."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace

import dagger

from wheelwright.container import attempting, steps, toolchain
from wheelwright.container.calling import program
from wheelwright.container.history import for_install
from wheelwright.container.loading import LoadedProject, with_test_modules
from wheelwright.container.output import broken
from wheelwright.container.packaged import Builds
from wheelwright.environment import services
from wheelwright.errors import GateFailed, WheelwrightError
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.project.model import Project
from wheelwright.testing import running, unrun, verdict
from wheelwright.testing.again import Again, of_test
from wheelwright.testing.cells import Cell
from wheelwright.testing.plan import TestOptions, TestPlan, make, nothing_to_test
from wheelwright.testing.record import Record
from wheelwright.testing.run import Run


@dataclass(frozen=True, slots=True)
class Tested:
    """A run and the directory with its reports; both None where there is nothing to test.

    `unrun` names tests that exist and did not run, with a hint; empty for none.
    """

    run: Run | None
    reports: dagger.Directory | None
    why_not: str = ""
    junit: str = ""
    unrun: str = ""

    def text(self) -> str:
        """Return the summary for people, or why there is nothing to test."""
        return self.run.summary() if self.run else self.why_not

    def error(self) -> WheelwrightError | None:
        """Return the error where the tests did not pass, or are there and did not run."""
        error = self.run.error() if self.run else None
        if not self.unrun:
            return error
        return GateFailed(f"{self.unrun}\n\n{error}" if error else self.unrun)

    def result(self) -> GateResult:
        """Return the gate's result."""
        if self.run is None:
            if self.unrun:
                return GateResult("tests", Verdict.FAILED, self.unrun.split(";")[0], self.unrun)
            return GateResult("tests", Verdict.NOT_CONFIGURED, self.text())
        counts = self.run.counted() or f"exit code {self.run.left.exit_code}"
        error = self.error()
        note = f"{self.run.verdict.reason or counts}; {self.run.python}"
        verdict = Verdict.FAILED if error else Verdict.PASSED
        return GateResult("tests", verdict, note, str(error) if error else "")


@dataclass(frozen=True, slots=True)
class Tests:
    """The gate of the tests: one run of all of them."""

    __test__ = False

    name: str = "tests"
    function: str = "test"
    help: str = "Run the tests on one Python, and fail if they fail."
    in_ci: bool = True

    def configured(self, project: Project) -> str:
        """Return nothing: the run reports it, because tests that pytest does not run fail."""
        return ""

    async def run(self, loaded: LoadedProject, python: str) -> GateResult:
        """Run the tests of the source."""
        return (await test(loaded, Cell("", python, ""), TestOptions())).result()


async def test(loaded: LoadedProject, cell: Cell, options: TestOptions) -> Tested:
    """Plan a run of the source in a cell and carry it out."""
    return await in_cell(loaded, cell, options, Builds((cell.python,)))


async def in_cell(
    loaded: LoadedProject, cell: Cell, options: TestOptions, builds: Builds
) -> Tested:
    """Do the same in one of several cells, which share the builds of the package."""
    loaded.project.require_package()
    if why := nothing_to_test(loaded.project, cell):
        return Tested(None, None, why, unrun=_unrun((await with_test_modules(loaded)).project))
    history = await for_install(loaded)
    plan = make(loaded.project, cell, options, history=history is not None)
    package = loaded.project.name if loaded.project.is_member else ""
    again = of_test(program(package), cell, args=options.args, env=options.variables)
    return await run_tests(loaded, plan, history, again, builds)


async def run_tests(
    loaded: LoadedProject,
    plan: TestPlan,
    git: dagger.Directory | None,
    again: Again | None = None,
    builds: Builds | None = None,
) -> Tested:
    """Run pytest once and keep its exit code and reports, passed or failed.

    Args:
        loaded: the package.
        plan: the run.
        git: the directory with .git where the plan has a history.
        again: the command that runs it again, where there is one.
        builds: those of the package that cells share.
    """
    project, cell, recorded = loaded.project, plan.cell, plan.recorded
    command, user = recorded.command, project.settings.user
    ready = await toolchain.installed(loaded.files, plan.environment, git, user, builds)
    ready = steps.without_settings(ready)
    ready = steps.with_variables(ready, plan.variables).with_workdir(plan.workdir)
    for server in plan.servers:
        ready = toolchain.serving(ready, server, f"{project.name} {cell.name or cell.python}")

    async def attempt(name: str) -> running.Ended:
        this = attempting.named(ready, name)
        return await running.run(
            this,
            command,
            plan.name,
            counted=recorded.counted,
            narrowed=plan.narrowed,
            modules=plan.variables.get("PYTHONPATH", ""),
            user=user,
        )

    async def key() -> str:
        images = [server.image for server in plan.servers]
        known = git and await git.digest()
        own = cell.name if plan.servers else ""
        variables = sorted(plan.variables.items())
        environment = replace(plan.environment, notes=())
        parts = (environment, images, own, variables, plan.workdir, known, user)
        return await attempting.key_of(loaded.source, command, *parts)

    ended = await attempting.settled(
        attempt,
        key,
        cell.python,
        red=lambda ended: not verdict.judge(ended.left).passed,
        began=lambda ended: ended.left.record.began_at if ended.left.record else None,
    )
    output = ended.output
    if plan.servers and output.exit_code == services.MIGRATION_FAILED:
        raise broken(f"the migration {shlex.join(plan.migrate)}", output)
    run = Run(
        name=loaded.title,
        python=_interpreter(ended.left.record, cell),
        left=ended.left,
        place=plan.place,
        command=plan.says,
        again=again,
        notes=(*plan.notes, *loaded.notes),
        output="\n".join(part for part in (output.stdout.rstrip(), output.stderr.rstrip()) if part),
    )
    empty = verdict.judge(ended.left).kind is verdict.Kind.EMPTY and not plan.narrowed
    left = _unrun((await with_test_modules(loaded)).project) if empty else ""
    if empty and not left and not ended.left.counts.tests:
        left = f"{project.name}: no test ran; {unrun.hint_for(project)}"
    return Tested(run, ended.reports, junit=ended.junit, unrun=left)


def _interpreter(record: Record | None, cell: Cell) -> str:
    """Return which Python ran the tests; a command of the project's own does not say the patch."""
    version = record.python if record else ""
    pypy = cell.python.startswith("pypy")
    return f"Python {version or cell.python.removeprefix('pypy')}{' (PyPy)' if pypy else ''}"


def _unrun(project: Project) -> str:
    """Return which tests are there although none ran; empty where `skip` leaves tests out."""
    if "tests" in project.settings.skip or not (listed := unrun.found(project)):
        return ""
    hint = unrun.hint_for(project)
    return f"{project.name}: its tests did not run: {', and '.join(listed)}; {hint}"
