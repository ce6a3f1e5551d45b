"""Carries out the plan of a gate: the one runner of all gates, and the only one here with effects.

A step that failed is run again by the next call that judges: see `attempting`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import dagger

from wheelwright.container import attempting, fetching, steps, toolchain
from wheelwright.container.history import own_history
from wheelwright.container.loading import LoadedProject
from wheelwright.container.output import Output
from wheelwright.container.privileges import INSTALL, PACKAGE
from wheelwright.environment import plan as environment
from wheelwright.environment import test_dependencies
from wheelwright.gates import format as formatting
from wheelwright.gates import lint
from wheelwright.gates.gate import Gate, Listed, Ran, Step, Tree
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.project import building
from wheelwright.project.files import literal


@runtime_checkable
class OwnWay(Listed, Protocol):
    """A gate with a way of its own to run, such as the tests."""

    async def run(
        self, loaded: LoadedProject, python: str, git: dagger.Directory | None
    ) -> GateResult:
        """Run and judge."""


AnyGate: TypeAlias = Gate | OwnWay


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was carried out; `container` is as the step left it."""

    ran: Ran
    container: dagger.Container


async def check(
    gate: AnyGate, loaded: LoadedProject, python: str, git: dagger.Directory | None = None
) -> GateResult:
    """Run a gate and return its result; `git` is where a version may come from."""
    if why := gate.configured(loaded.project):
        return GateResult(gate.name, Verdict.NOT_CONFIGURED, why)
    if isinstance(gate, OwnWay):
        return await gate.run(loaded, python, git)
    done = await carried_out(gate, loaded, python, git)
    return gate.judge(loaded.project, python, [each.ran for each in done])


async def report(gate: Gate, loaded: LoadedProject, python: str) -> dagger.File:
    """Return the report of a gate's one step, passed or failed.

    Raises:
        ToolFailed: the tool reached no verdict.
    """
    (step,) = gate.plan(loaded.project, python)
    (done,) = await carried_out(gate, loaded, python)
    gate.judge(loaded.project, python, [done.ran])
    return done.container.file(step.report)


async def carried_out(
    gate: Gate, loaded: LoadedProject, python: str, git: dagger.Directory | None = None
) -> list[Done]:
    """Carry out the steps of a gate, one after the other."""
    plan = gate.plan(loaded.project, python)
    installed = any(step.tree is Tree.INSTALLED for step in plan)
    history = await own_history(loaded, python, git) if installed else None
    return [await _carry_out(step, loaded, python, history) for step in plan]


async def _carry_out(
    step: Step, loaded: LoadedProject, python: str, history: dagger.Directory | None
) -> Done:
    label = str(step.tool or step.name)
    tree = _tree(step, loaded)
    container, decides = await _ready(step, loaded, tree, python, history)
    version = ""
    if step.version:
        ran = steps.observe(container, [step.args[0], "--version"])
        printed = await steps.output(ran, f"{step.name} --version")
        version = printed.stdout
        if printed.exit_code == 0 and not step.matches_version(version):
            return Done(Ran(0, tool=label, version=version, impostor=True), ran)

    async def attempt(name: str) -> tuple[Output, dagger.Container]:
        this = attempting.named(container, name)
        if step.kind is INSTALL:
            volume = building.volume(loaded.project)
            output = await steps.resolve(
                this, step.args, volume=volume, name=step.name, builds=step.builds
            )
            return output, this
        if step.kind is PACKAGE:
            this = steps.package(this, step.args, may_fail=True)
        else:
            this = steps.observe(this, step.args, kind=step.kind)
        return await steps.output(this, step.name), this

    if step.fresh:
        output, left = await attempt(attempting.FIRST)
    else:
        output, left = await attempting.settled(
            attempt,
            lambda: attempting.key_of(tree, step.name, step.args, python, *decides),
            python,
            red=lambda ended: ended[0].exit_code != 0,
        )
    text = ""
    if step.report and output.exit_code in (0, 1):
        text = await left.file(step.report).contents()
    streams = (output.exit_code, output.stdout, output.stderr)
    return Done(Ran(*streams, tool=label, version=version, report=text), left)


def _tree(step: Step, loaded: LoadedProject) -> dagger.Directory:
    if step.tree is Tree.DECIDING:
        return loaded.source.filter(include=literal(environment.inputs(loaded.project)))
    return loaded.source


async def _ready(
    step: Step,
    loaded: LoadedProject,
    tree: dagger.Directory,
    python: str,
    history: dagger.Directory | None,
) -> tuple[dagger.Container, tuple[object, ...]]:
    """Return the container that a step runs in, and what else makes the step another one."""
    if step.tree is Tree.INSTALLED:
        container, decides = await _installed(step, loaded, python, history)
    else:
        container = await _over(step, loaded, tree, python)
        decides = (step.tool, loaded.project.where)
    if step.report:
        # An empty report first: then the directory is there, and a crash leaves no stale one.
        container = container.with_new_file(step.report, "")
    for args in step.before:
        container = steps.run(container, args)
    if step.fresh:
        # The variable makes this step another one each time: no result is cached.
        container = container.with_env_variable("WHEELWRIGHT_ASKED_AT", str(time.time_ns()))
    return steps.with_variables(container, step.variables), decides


async def _over(
    step: Step, loaded: LoadedProject, tree: dagger.Directory, python: str
) -> dagger.Container:
    if step.tool:
        container = toolchain.tooled(python, step.tool)
    else:
        image = environment.image(loaded.project, python)
        if step.kind is PACKAGE:
            requires = building.build_files(loaded.project)
            container = await fetching.prepared(image, python, requires)
        else:
            container = steps.base(image, python)
    container = toolchain.over(container, tree)
    return container.with_workdir(step.workdir) if step.workdir else container


async def _installed(
    step: Step, loaded: LoadedProject, python: str, history: dagger.Directory | None
) -> tuple[dagger.Container, tuple[object, ...]]:
    project = loaded.project
    wanted = test_dependencies.find(project, python)
    plan = environment.plan(
        project, python, wanted, groups=step.groups, history=history is not None
    )
    container = await toolchain.installed(loaded.source, plan, history)
    if step.tool:
        container = toolchain.with_tool(container, step.tool, python)
        # The environment may have the same program, and comes first.
        path = f"{steps.TOOLS}/bin:${{PATH}}"
        container = container.with_env_variable("PATH", path, expand=True)
    return container, (plan, step.tool, history and await history.digest())


async def fixes(loaded: LoadedProject, python: str) -> dagger.Changeset:
    """Return what ruff would change: its safe fixes first, then its format."""
    (step,) = lint.Lint().plan(loaded.project, python)
    container = await _over(step, loaded, loaded.source, python)
    for command in (lint.FIX, formatting.WRITE):
        container = steps.run(container, command)
    after = await container.directory(environment.SOURCE).sync()
    if loaded.prefix:
        after = loaded.whole.with_directory(loaded.prefix, after)
    return after.changes(loaded.whole)
