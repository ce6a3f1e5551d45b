"""Runs the gates: asks the pure modules what to do, has the toolchain do it, has them judge."""

from __future__ import annotations

import shlex
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import anyio
import dagger

from wheelwright import report, running
from wheelwright.container import attempting, toolchain
from wheelwright.container.failures import explain, unwrap
from wheelwright.container.loading import Bench
from wheelwright.container.output import Output, broken
from wheelwright.distribution import build as dist
from wheelwright.environment import plan as environment
from wheelwright.environment import services as serving
from wheelwright.environment import test_dependencies as needs
from wheelwright.environment.tools import Tool, tool
from wheelwright.errors import GateFailed, ProjectError, RequestError, WheelwrightError
from wheelwright.gates import format as formatting
from wheelwright.gates import lint, lock, types
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.pins import full_image
from wheelwright.project import building
from wheelwright.project import pyproject as toml
from wheelwright.project.files import join, literal
from wheelwright.project.pythons import choose
from wheelwright.project.settings import GATES
from wheelwright.project.version import VersionSource, version_source
from wheelwright.testing import coverage, unrun, verdict
from wheelwright.testing import run as testing

__all__ = ["Tested", "build", "ci", "fixes", "judge", "lint_issues", "python_of", "run_tests"]


def python_of(bench: Bench, asked: str) -> str:
    """Return the Python to use; `asked` is empty where the caller named none."""
    project = bench.project
    own = project.text(".python-version")
    return choose(project.package, asked, project.settings.python, own)


def judge(result: GateResult) -> str:
    """Return the result's text.

    Raises:
        GateFailed: the gate says no; the text is the message.
    """
    if result.verdict is Verdict.FAILED:
        raise GateFailed(result.text())
    return result.text()


def _not_configured(gate: str, why: str) -> GateResult:
    return GateResult(gate, Verdict.NOT_CONFIGURED, why)


# -- ruff -----------------------------------------------------------------------------------------


async def check_lint(bench: Bench, python: str) -> GateResult:
    """Run `ruff check`."""
    if why := lint.configured(bench.project):
        return _not_configured("lint", why)
    return lint.judge(*await _linted(bench, python))


async def lint_issues(bench: Bench, python: str) -> list[lint.Issue]:
    """Return what `check_lint` judges, one by one; none where ruff does not apply.

    Raises:
        ToolFailed: ruff reached no verdict.
    """
    if lint.configured(bench.project):
        return []
    output, ruff = await _linted(bench, python)
    lint.judge(output, ruff)
    return lint.issues(output.stdout)


async def _linted(bench: Bench, python: str) -> tuple[Output, str]:
    container, ruff = _ruff(bench, python)
    output = await attempting.observed(
        container, lint.command(), "ruff check", bench.source, python, ruff, bench.project.where
    )
    return output, str(ruff)


async def check_format(bench: Bench, python: str) -> GateResult:
    """Run `ruff format --diff`."""
    if why := formatting.configured(bench.project):
        return _not_configured("format", why)
    container, ruff = _ruff(bench, python)
    command, where = formatting.command(), bench.project.where
    output = await attempting.observed(
        container, command, "ruff format", bench.source, python, ruff, where
    )
    return formatting.judge(output, str(ruff))


async def fixes(bench: Bench, python: str) -> dagger.Changeset:
    """Return what ruff would change: its safe fixes first, then its format."""
    container, _ = _ruff(bench, python)
    for command in (lint.fix_command(), formatting.write_command()):
        container = toolchain.run(container, command)
    after = await container.directory(environment.SOURCE).sync()
    if bench.prefix:
        after = bench.whole.with_directory(bench.prefix, after)
    return after.changes(bench.whole)


def _ruff(bench: Bench, python: str) -> tuple[dagger.Container, Tool]:
    ruff = tool(bench.project, "ruff", python)
    workdir = join(environment.SOURCE, bench.project.where)
    return toolchain.over(toolchain.tooled(python, ruff), bench.source).with_workdir(workdir), ruff


# -- lock and types -------------------------------------------------------------------------------


async def check_lock(bench: Bench, python: str) -> GateResult:
    """Run `uv lock --check`, over the files that decide alone where nothing has to be built."""
    project = bench.project
    if why := lock.configured(project):
        return _not_configured("lock", why)
    files = environment.inputs(project)
    source = bench.source
    if not lock.needs_source(project):
        source = source.filter(include=literal(files))
    image = environment.image(project, python)
    container = toolchain.over(toolchain.base(image, python), source)

    async def run(attempt: str) -> Output:
        return await toolchain.resolve(
            attempting.named(container, attempt),
            lock.command(),
            volume=building.volume(project),
            name="uv lock --check",
            builds=lock.needs_source(project) or bool(building.sdists(project)),
        )

    output = await attempting.settled(
        run,
        lambda: attempting.key_of(source, lock.command(), python),
        python,
        red=lambda output: output.exit_code != 0,
    )
    return lock.judge(output)


async def check_types(
    bench: Bench, python: str, *, asked: bool, git: dagger.Directory
) -> GateResult:
    """Run every type checker that the project configures, over its installed environment."""
    project = bench.project
    if why := types.not_configured(project):
        return _not_configured("types", why)
    bench.require_package()
    wanted = needs.find(project, python)
    history = await _history(bench, python, git)
    results: list[GateResult] = []
    for checker in types.checkers(project):
        lines = coverage.requirements(project, wanted)
        check = types.plan(project, checker, python, asked=asked, brought=(wanted.place, lines))
        groups = [check.group] if check.group else []
        plan = environment.plan(project, python, wanted, groups=groups, history=history is not None)
        container = await toolchain.installed(bench.source, plan, history)
        if check.tool:
            container = toolchain.with_tool(container, check.tool, python)
            # The environment may bring the same program, and stands first.
            path = f"{toolchain.TOOLS}/bin:${{PATH}}"
            container = container.with_env_variable("PATH", path, expand=True)
        asked_for = toolchain.observe(container, [check.args[0], "--version"])
        version = await toolchain.output(asked_for, f"{check.checker.name} --version")
        told = version.stdout
        if version.exit_code == 0 and not types.is_it(check, told):
            results.append(types.impostor(check))
            continue
        name, decides = check.checker.name, (plan, check.tool, history and await history.digest())
        output = await attempting.observed(
            container, check.args, name, bench.source, python, *decides
        )
        results.append(types.judge(types.that_ran(check, told), output, python))
    return types.sum_up(results)


# -- tests ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tested:
    """A run and the directory with its reports; both None where there is nothing to test.

    `unrun` says which tests are there and did not run, and what to do about it; empty for none.
    """

    run: testing.Run | None
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
            return _not_configured("tests", self.text())
        said = self.run.counted() or f"exit code {self.run.exit_code}"
        error = self.error()
        note = f"{self.run.verdict.reason or said}; {self.run.python}"
        verdict = Verdict.FAILED if error else Verdict.PASSED
        return GateResult("tests", verdict, note, str(error) if error else "")


async def run_tests(
    bench: Bench,
    python: str,
    git: dagger.Directory,
    *,
    groups: Sequence[str] = (),
    extras: Sequence[str] = (),
    args: Sequence[str] = (),
    resolution: str = "",
    measured: bool = False,
    services: Sequence[str] = (),
    cell: str = "",
) -> Tested:
    """Run pytest once and keep its exit code and reports, whatever it says.

    An empty `resolution` is the usual one; `measured` leaves coverage data among the reports.
    `services` are images of servers, fresh for this `cell` and migrated before the tests.
    """
    bench.require_package()
    project = bench.project
    servers = serving.servers(services or project.settings.services)
    wanted = needs.find(project, python, groups, extras)
    if why := testing.configured(project, wanted):
        return Tested(None, None, why, unrun=await _unrun(bench))
    command = testing.command(project, args)
    if measured:
        wanted = coverage.with_tool(project, wanted, python)
        command = coverage.command(project, wanted, command)
    command = testing.recorded(command)
    history = await _history(bench, python, git)
    plan = environment.plan(
        project, python, wanted, history=history is not None, resolution=resolution
    )
    ready = await toolchain.installed(bench.source, plan, history)
    if measured:
        ready = ready.with_env_variable(coverage.FILE, f"{testing.REPORTS}/{coverage.DATA}")
    for server in servers:
        ready = toolchain.serving(ready, server, f"{project.name} {cell or python}")
    if servers:
        command = serving.command(project.settings.migrate, command)

    async def attempt(name: str) -> running.Ended:
        this = attempting.named(ready, name)
        return await running.run(this, command, f"pytest on Python {python}", narrowed=bool(args))

    async def key() -> str:
        images = [server.image for server in servers]
        known = history and await history.digest()
        own = cell if servers else ""
        parts = (replace(plan, notes=()), images, own, measured, known)
        return await attempting.key_of(bench.source, command, *parts)

    ended = await attempting.settled(
        attempt,
        key,
        python,
        red=lambda ended: not verdict.judge(ended.left).passed,
        began=lambda ended: ended.left.record.began_at if ended.left.record else None,
    )
    output = ended.output
    if servers and output.exit_code == serving.MIGRATION_FAILED:
        raise broken(f"the migration {shlex.join(project.settings.migrate)}", output)
    made = await toolchain.dependencies(bench.source, plan)
    version = await toolchain.run(made, ["python", "--version"]).stdout()
    from_lock = project.lock and not wanted.lines and resolution in ("", "locked")
    locked = ", locked in uv.lock" if from_lock else ""
    run = testing.Run(
        name=project.name,
        python=version.strip(),
        left=ended.left,
        place=wanted.describe(locked),
        notes=(*(f"service: {server.image}" for server in servers), *plan.notes),
        output="\n".join(part for part in (output.stdout.rstrip(), output.stderr.rstrip()) if part),
    )
    empty = verdict.judge(ended.left).kind is verdict.Kind.EMPTY and not args
    left = await _unrun(bench) if empty else ""
    return Tested(run, ended.reports, junit=ended.junit, unrun=left)


async def _unrun(bench: Bench) -> str:
    """Return which tests are there although none ran; empty where `skip` leaves tests out."""
    project = bench.project
    if "tests" in project.settings.skip:
        return ""
    source = bench.source.directory(project.where) if project.where else bench.source
    paths = {path for pattern in unrun.PATTERNS for path in await source.glob(pattern)}
    texts: dict[str, str] = {}
    for path in sorted(paths)[: unrun.FILES_MAX]:
        try:
            if await source.file(path).size() <= unrun.SIZE_MAX:
                texts[path] = await source.file(path).contents()
        except dagger.QueryError:
            # A directory of that name, or no text: nothing that unittest would load.
            continue
    said = unrun.found(project, texts)
    if not said:
        return ""
    act = unrun.ways_out(texts)
    return f"{project.name}: its tests did not run: {', and '.join(said)}; {act}"


# -- build ----------------------------------------------------------------------------------------


async def build(bench: Bench, python: str, git: dagger.Directory) -> dagger.Directory:
    """Build sdist and wheel.

    Raises:
        ProjectError: nothing to build, or a version that nobody knows.
    """
    bench.require_package()
    project = bench.project
    if why := dist.configured(project):
        raise ProjectError(why.removeprefix("not configured: "), "add a [build-system] table")
    history = await _history(bench, python, git)
    dist.require_version(project, history=history is not None)
    image = environment.image(project, python)
    base = await toolchain.builder(image, python, building.build_files(project))
    container = toolchain.over(base, bench.source)
    if history is not None:
        container = toolchain.with_git(container, history)
    made = toolchain.package(container, dist.command(project)).directory(dist.DIST)
    # uv also writes a .gitignore; what is handed out is the distributions alone.
    kept = made.filter(include=["*.tar.gz", "*.whl"])
    dist.verify(project, await kept.entries())
    return kept


async def check_build(bench: Bench, python: str, git: dagger.Directory) -> GateResult:
    """Build, as a gate."""
    if why := dist.configured(bench.project):
        return _not_configured("build", why)
    made = await build(bench, python, git)
    names = dist.verify(bench.project, await made.entries())
    return GateResult("build", Verdict.PASSED, ", ".join(names))


async def _history(bench: Bench, python: str, git: dagger.Directory) -> dagger.Directory | None:
    """Return the directory with .git where the version needs it and it is this package's own.

    The default of `git` is the repository around the caller, which is another one when --source
    names a package elsewhere: its last commit must hold a pyproject.toml of the same name.
    """
    project = bench.project
    asks = version_source(project.package) is VersionSource.VCS
    if not asks or project.has("PKG-INFO") or bench.prefix:
        return None
    if ".git/" not in await git.entries():
        return None
    container = toolchain.with_git(toolchain.base(full_image(python), python), git)
    shown = ("git", "show", f"HEAD:{project.package.path}")
    output = await toolchain.output(toolchain.observe(container, shown))
    if output.exit_code != 0:
        return None
    try:
        committed = toml.parse("HEAD:pyproject.toml", output.stdout).name
    except ProjectError:
        return None
    return git if committed == project.package.name else None


# -- all of it ------------------------------------------------------------------------------------


async def ci(bench: Bench, asked: str, git: dagger.Directory, *, fail_fast: bool) -> str:
    """Run every gate and return the table.

    With `fail_fast` they run one after the other and stop at the first failure; without, all at
    once, so that each one's seconds include waiting for steps that it shares.

    Raises:
        GateFailed: a gate failed; the message is the table with the details of failures above.
    """
    bench.require_package()
    python = python_of(bench, asked)
    gates: dict[str, Callable[[], Awaitable[GateResult]]] = {
        "lock": lambda: check_lock(bench, python),
        "lint": lambda: check_lint(bench, python),
        "format": lambda: check_format(bench, python),
        "types": lambda: check_types(bench, python, asked=bool(asked), git=git),
        "tests": lambda: _tests(bench, python, git),
        "build": lambda: check_build(bench, python, git),
    }
    rows: dict[str, report.Row] = {}
    for name in bench.project.settings.skip:
        note = "left out by skip in [tool.wheelwright]"
        rows[name] = report.Row(GateResult(name, Verdict.NOT_RUN, note), None)
    chosen = [name for name in GATES if name not in rows]

    async def run(name: str) -> None:
        rows[name] = await _timed(name, gates[name])

    if fail_fast:
        for name in chosen:
            if report.failed(list(rows.values())):
                note = "a gate before it failed"
                rows[name] = report.Row(GateResult(name, Verdict.NOT_RUN, note), None)
            else:
                await run(name)
    else:
        async with anyio.create_task_group() as group:
            for name in chosen:
                group.start_soon(run, name)
    ordered = [rows[name] for name in GATES]
    text = report.render(f"ci of {bench.project.name} on Python {python}", ordered)
    if report.failed(ordered):
        raise GateFailed(f"{report.headline(ordered)}\n\n{text}")
    return text


async def _tests(bench: Bench, python: str, git: dagger.Directory) -> GateResult:
    return (await run_tests(bench, python, git)).result()


async def _timed(name: str, gate: Callable[[], Awaitable[GateResult]]) -> report.Row:
    started_s = time.monotonic()
    try:
        result = await gate()
    except RequestError:
        # What was asked for cannot be done: no table would make that clearer.
        raise
    except Exception as caught:
        error = unwrap(caught)
        if isinstance(error, WheelwrightError):
            text = str(error)
        elif isinstance(error, dagger.QueryError):
            text = explain(error)
        else:
            raise
        result = GateResult(name, Verdict.FAILED, text.splitlines()[0], text)
    return report.Row(result, time.monotonic() - started_s)
