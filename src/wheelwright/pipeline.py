"""Runs the gates: asks the pure modules what to do, has the toolchain do it, has them judge."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

import anyio
import dagger

from wheelwright import report
from wheelwright.container import attempting, toolchain
from wheelwright.container.failures import expected
from wheelwright.container.history import own_history
from wheelwright.container.loading import Bench
from wheelwright.container.output import Output
from wheelwright.distribution import build as dist
from wheelwright.environment import plan as environment
from wheelwright.environment import test_dependencies as needs
from wheelwright.environment.tools import Tool, tool
from wheelwright.errors import GateFailed, ProjectError, RequestError
from wheelwright.gates import format as formatting
from wheelwright.gates import lint, lock, types
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.project import building
from wheelwright.project.files import join, literal
from wheelwright.project.pythons import choose
from wheelwright.project.settings import GATES
from wheelwright.testing import coverage, run_tests
from wheelwright.testing.cells import Cell
from wheelwright.testing.plan import TestOptions


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
    history = await own_history(bench, python, git)
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
    history = await own_history(bench, python, git)
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
    tested = await run_tests.test(bench, git, Cell("", python, ""), TestOptions())
    return tested.result()


async def _timed(name: str, gate: Callable[[], Awaitable[GateResult]]) -> report.Row:
    started_s = time.monotonic()
    try:
        result = await gate()
    except RequestError:
        # What was asked for cannot be done: no table would make that clearer.
        raise
    except Exception as caught:
        text = expected(caught)
        result = GateResult(name, Verdict.FAILED, text.splitlines()[0], text)
    return report.Row(result, time.monotonic() - started_s)
