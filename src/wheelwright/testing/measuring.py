"""Combines the coverage of cells, and reports it with paths from the root of the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

import anyio
import dagger

from wheelwright.container import steps, toolchain
from wheelwright.container.cut import cut, of_output
from wheelwright.container.loading import LoadedProject
from wheelwright.environment import plan as environment
from wheelwright.project.files import join
from wheelwright.project.pythons import minor_key
from wheelwright.testing import coverage
from wheelwright.testing.reports import coverage_page
from wheelwright.testing.reports.coverage_page import FileLines
from wheelwright.testing.reports.model import Coverage


@dataclass(frozen=True, slots=True)
class Data:
    """A cell that measured: its reports, and the names of the data files among them."""

    cell: str
    python: str
    files: dagger.Directory
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """The coverage of cells, and the files with it; `why_not` where there is none.

    `lines` are those of the source files, for all cells together.
    """

    coverage: Coverage | None
    files: dagger.Directory | None
    why_not: str = ""
    lines: tuple[FileLines, ...] = ()


async def measure(
    loaded: LoadedProject, measured: Sequence[Data], least: float, *, total_only: bool = False
) -> dict[str, Measured]:
    """Report the coverage of each cell, and under the empty name that of all together.

    With `total_only`, only the latter: the cells have theirs already.
    """
    if not measured:
        return {}
    # Newer Pythons read the sources of older ones; older ones may not read those of newer ones.
    python = max((each.python for each in measured), key=minor_key)
    cells = () if total_only else [each.cell for each in measured]
    # One step for all of them: the start of one takes longer than the coverage of a cell.
    container = await _combined(loaded, python, measured, cells)
    output = await steps.output(container)
    if output.exit_code != 0:
        printed = (output.stderr.strip() or output.stdout.strip()).partition("\n")[0]
        return {"": Measured(None, None, f"no coverage: coverage failed: {printed}")}
    at = {cell: f"{coverage.CELLS}/{cell}" for cell in cells}
    if at:
        made = await container.directory(coverage.CELLS).glob("**/coverage.json")
        at = {cell: path for cell, path in at.items() if f"{cell}/coverage.json" in made}
    found: dict[str, Measured] = {}

    async def read(cell: str, place: str) -> None:
        text = await container.file(f"{place}/coverage.json").contents()
        found[cell] = Measured(
            coverage.read(text, 0.0 if cell else least), _reports(loaded, container, place)
        )

    async with anyio.create_task_group() as group:
        for cell, place in {"": coverage.COMBINED, **at}.items():
            group.start_soon(read, cell, place)
        lines = coverage_page.read(await container.file(coverage.LINES).contents())
    total = found[""].coverage
    assert total is not None
    return {**found, "": replace(found[""], coverage=replace(total, with_lines=True), lines=lines)}


async def _combined(
    loaded: LoadedProject, python: str, measured: Sequence[Data], cells: Sequence[str]
) -> dagger.Container:
    """Return the container with the coverage of all cells together, and that of each of `cells`."""
    project = loaded.project
    container = toolchain.over(
        toolchain.tooled(python, coverage.reporter(project, python)), loaded.source
    ).with_workdir(join(environment.SOURCE, project.where))
    paths: list[str] = []
    for each in measured:
        directory = f"{coverage.COMBINED}/data/{each.cell}"
        container = container.with_directory(
            directory, await cut(each.files, each.names, each.names)
        )
        paths += [f"{directory}/{name}" for name in each.names]
    container = _with_programs(container, coverage.TOTAL, *coverage.HELPERS)
    return steps.observe(container, coverage.totalling(project.where, cells, paths))


def _reports(loaded: LoadedProject, container: dagger.Container, place: str) -> dagger.Directory:
    """Return all reports of the data at a place; they are made when somebody reads them."""
    container = container.with_env_variable(coverage.FILE, f"{place}/{coverage.DATA}")
    container = _with_programs(container, coverage.REPORTS)
    container = steps.run(container, coverage.reporting(loaded.project.where, place))
    # The cells keep their own data among their reports.
    return of_output(container.directory(place), exclude=["data", "cells"])


def _with_programs(container: dagger.Container, *names: str) -> dagger.Container:
    for name in names:
        text = (files("wheelwright.inside") / name).read_text(encoding="utf-8")
        container = container.with_new_file(f"{coverage.PROGRAMS}/{name}", text)
    return container
