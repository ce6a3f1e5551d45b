"""Builds the package: for `build`, for the gate of the same name, and for releases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import dagger

from wheelwright.container import fetching, steps, toolchain
from wheelwright.container.cut import of_output
from wheelwright.container.history import for_build
from wheelwright.container.loading import LoadedProject
from wheelwright.distribution import build as dist
from wheelwright.environment import plan as environment
from wheelwright.environment.plan import SOURCE
from wheelwright.errors import ProjectError
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.project import building
from wheelwright.project.compiled import Language, languages
from wheelwright.project.files import join
from wheelwright.project.model import Project


@dataclass(frozen=True, slots=True)
class Build:
    """The gate: an sdist and its wheels can be built."""

    name: str = "build"
    function: str = "build"
    help: str = "Build the source distribution and the wheel: a directory with both."
    in_ci: bool = True

    def configured(self, project: Project) -> str:
        """Return why there is nothing to build; empty where there is."""
        return dist.configured(project)

    async def run(self, loaded: LoadedProject, python: str) -> GateResult:
        """Build, and name what came out."""
        files = await build(loaded, python)
        names = dist.verify(loaded.project, await files.entries())
        return GateResult(self.name, Verdict.PASSED, ", ".join(names))


async def build(loaded: LoadedProject, python: str) -> dagger.Directory:
    """Build sdist and wheel.

    Raises:
        ProjectError: nothing to build, or an unknown version.
    """
    project = loaded.project
    project.require_package()
    if why := dist.configured(project):
        raise ProjectError(why.removeprefix("not configured: "), "add a [build-system] table")
    history = await for_build(loaded)
    dist.require_version(project, history=history is not None, pointer=loaded.pointer)
    base = await prepared(loaded, python, building.build_files(project))
    container = with_source(base, loaded.source, history)
    container = container.with_workdir(join(SOURCE, project.base))
    files = distributions_of(steps.package(container, dist.command(project)))
    dist.verify(project, await files.entries())
    return files


async def prepared(
    loaded: LoadedProject, python: str, requires: Mapping[str, str]
) -> dagger.Container:
    """Return a container to build in, without the source, with what `requires` lists."""
    history = loaded.repository is not None
    system = environment.system(loaded.project, python, history=history)
    container = await fetching.prepared(system, python, requires)
    if Language.RUST in languages(loaded.project):
        container = await toolchain.with_rust(container)
    return container


def with_source(
    container: dagger.Container,
    source: dagger.Directory,
    history: dagger.Directory | None,
    where: str = SOURCE,
) -> dagger.Container:
    """Copy the source to a path, and onto it the history that its version comes from."""
    container = container.with_directory(where, source)
    return container if history is None else steps.with_git(container, history, where)


def distributions_of(container: dagger.Container) -> dagger.Directory:
    """Return only the distributions: uv also writes a .gitignore beside them."""
    return of_output(container.directory(dist.DIST), include=["*.tar.gz", "*.whl"])
