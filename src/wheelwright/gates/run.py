"""Carries out the plan of a gate: the one runner of all gates, and the only one here with effects.

A step that failed is run again by the next call that judges: see `attempting`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import dagger
from dagger import dag

from wheelwright.container import attempting, distributions, fetching, steps, toolchain
from wheelwright.container.cut import of_output
from wheelwright.container.history import for_build, for_install
from wheelwright.container.loading import LoadedProject, with_paths
from wheelwright.container.output import Output
from wheelwright.container.privileges import BUILD, INSTALL, PACKAGE
from wheelwright.environment import plan as environment
from wheelwright.environment import test_dependencies
from wheelwright.environment.tools import Tool
from wheelwright.errors import RequestError
from wheelwright.gates import linting
from wheelwright.gates.gate import Gate, Listed, Ran, Step, Tree
from wheelwright.gates.lint import Lint
from wheelwright.gates.linters import Issue
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.project import building, precommit
from wheelwright.project.code_paths import code_paths
from wheelwright.project.interpreters import cpython


@runtime_checkable
class OwnWay(Listed, Protocol):
    """A gate with a way of its own to run, such as the tests."""

    async def run(self, loaded: LoadedProject, python: str) -> GateResult:
        """Run and judge."""


AnyGate: TypeAlias = Gate | OwnWay


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was carried out; `container` is as the step left it."""

    ran: Ran
    container: dagger.Container


async def check(gate: AnyGate, loaded: LoadedProject, python: str) -> GateResult:
    """Run a gate and return its result; `git` is where a version may come from."""
    if not isinstance(gate, OwnWay):
        loaded = await _asked(loaded)
    if why := gate.configured(loaded.project):
        return GateResult(gate.name, Verdict.NOT_CONFIGURED, why)
    if isinstance(gate, OwnWay):
        return await gate.run(loaded, python)
    done = await carried_out(gate, loaded, python)
    return gate.judge(loaded.project, python, [each.ran for each in done])


async def _asked(loaded: LoadedProject) -> LoadedProject:
    """Return the project with its paths, where a gate decides by them."""
    project = loaded.project
    hooks = project.text(precommit.PATH) is not None
    return await with_paths(loaded) if hooks or not code_paths(project) else loaded


async def report(gate: Gate, loaded: LoadedProject, python: str) -> dagger.File:
    """Return the report of a gate's one step, passed or failed.

    Raises:
        ToolFailed: the tool reached no verdict.
    """
    loaded = await _asked(loaded)
    (step,) = gate.plan(loaded.project, python)
    (done,) = await carried_out(gate, loaded, python)
    gate.judge(loaded.project, python, [done.ran])
    return done.container.file(step.report)


async def carried_out(gate: Gate, loaded: LoadedProject, python: str) -> list[Done]:
    """Carry out the steps of a gate, one after the other."""
    plan = gate.plan(loaded.project, python)
    installed = any(step.tree is Tree.INSTALLED for step in plan)
    history = await for_install(loaded) if installed else None
    return [await _carry_out(step, loaded, step.python or python, history) for step in plan]


async def _carry_out(
    step: Step, loaded: LoadedProject, python: str, history: dagger.Directory | None
) -> Done:
    label = str(step.tool or step.name)
    tree = await _tree(step, loaded)
    container, decides = await _ready(step, loaded, tree, python, history)
    version = ""
    if step.version:
        container = await container.sync()
        version = await _installed_version(step, container)
    if step.version and not version:
        ran = steps.observe(container, step.asks or [step.args[0], "--version"])
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
        this = await steps.settled(this, step.name)
        return await steps.left(this), this

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


async def _installed_version(step: Step, container: dagger.Container) -> str:
    """Return what the program would print as its version; empty where it has to be asked."""
    if step.tool:
        # From a container of its own, without foreign code.
        name, home, module = step.tool.name, f"{steps.TOOLS}/{step.tool.name}", ""
    elif step.module:
        name, home, module = step.name, environment.VENV, step.module
    else:
        return ""
    release = await distributions.installed(container, name, home, module)
    version = f"{name} {release}" if release else ""
    return version if step.matches_version(version) else ""


async def _tree(step: Step, loaded: LoadedProject) -> dagger.Directory:
    if step.tree is Tree.DECIDING:
        return await loaded.files.only(environment.inputs(loaded.project))
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
    for path, text in step.files.items():
        container = container.with_new_file(path, text)
    for args in step.before:
        container = steps.run(container, args)
    if step.fresh:
        # The variable makes this step another one each time: no result is cached.
        container = container.with_env_variable("WHEELWRIGHT_ASKED_AT", str(time.time_ns()))
    if step.workdir:
        container = container.with_workdir(step.workdir)
    decides = (*decides, step.workdir, sorted(step.variables.items()))
    return steps.with_variables(container, step.variables), decides


async def _over(
    step: Step, loaded: LoadedProject, tree: dagger.Directory, python: str
) -> dagger.Container:
    if step.tool:
        container = await _tooled(step.tool, python)
    else:
        plain = cpython(python)
        system = environment.system(loaded.project, plain, history=step.history)
        if step.kind is PACKAGE:
            requires = building.build_files(loaded.project)
            container = await fetching.prepared(system, plain, requires)
        else:
            container = await steps.provided(system, plain)
    container = toolchain.over(container, tree)
    repository = await for_build(loaded) if step.history else loaded.repository
    if step.history and repository is not None:
        container = steps.with_git(container, repository)
    elif step.tree is Tree.SOURCE and repository is not None:
        container = container.with_directory(f"{environment.SOURCE}/.git", _empty_repository())
    return container


async def _tooled(tool: Tool, python: str) -> dagger.Container:
    """Return a container with a tool, and first in PATH what is installed beside it."""
    container = toolchain.tooled(python, tool)
    if not tool.beside:
        return container
    try:
        await container.sync()
    except dagger.ExecError as error:
        if not building.needs_build(error.stderr):
            raise
        # Some of it has no wheel: it is built where no secret is.
        container = toolchain.tooled(python, tool, BUILD)
    path = f"{steps.TOOLS}/{tool.name}/bin:${{PATH}}"
    return container.with_env_variable("PATH", path, expand=True)


def _empty_repository() -> dagger.Directory:
    """Return a .git without a commit: linters heed ignore files only where there is one."""
    return (
        dag.directory()
        .with_new_file("HEAD", "ref: refs/heads/main\n")
        .with_new_directory("objects")
        .with_new_directory("refs")
    )


async def _installed(
    step: Step, loaded: LoadedProject, python: str, history: dagger.Directory | None
) -> tuple[dagger.Container, tuple[object, ...]]:
    project = loaded.project
    wanted = step.wanted or test_dependencies.find(project, python)
    plan = environment.plan(
        project, python, wanted, groups=step.groups, history=history is not None
    )
    container = await toolchain.installed(loaded.files, plan, history)
    if step.tool:
        container = toolchain.with_tool(container, step.tool, python)
        # The environment may have the same program, and comes first.
        path = f"{steps.TOOLS}/bin:${{PATH}}"
        container = container.with_env_variable("PATH", path, expand=True)
    return container, (plan, step.tool, history and await history.digest())


async def lint_issues(loaded: LoadedProject, python: str) -> list[Issue]:
    """Return what the linters find; nothing where the project uses none.

    Raises:
        ToolFailed: a linter reached no verdict, so that its findings would be missing.
    """
    gate = Lint()
    loaded = await _asked(loaded)
    if gate.configured(loaded.project):
        return []
    ran = [done.ran for done in await carried_out(gate, loaded, python)]
    gate.judge(loaded.project, python, ran)
    return gate.issues(loaded.project, python, ran)


async def fixes(loaded: LoadedProject, python: str) -> dagger.Changeset:
    """Return what the project's linters and formatters would change, one after the other.

    Raises:
        RequestError: the project uses none that changes files.
    """
    loaded = await _asked(loaded)
    chosen = [linting.choose(loaded.project, gate, python) for gate in ("lint", "format")]
    calls = [call for each in chosen for call in each.calls if call.writing]
    if not calls:
        raise RequestError(
            f"nothing formats {loaded.project.name}: {chosen[1].why}",
            "set format in [tool.wheelwright]",
        )
    source = loaded.source
    for call in calls:
        for args in call.over_files(call.writing):
            container, _ = await _ready(call.steps()[0], loaded, source, python, None)
            container = steps.run(container, args)
            source = of_output(container.directory(environment.SOURCE), exclude=[".git"])
    return (await source.sync()).changes(loaded.source)
