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
    found: dict[str, Measured] = {}

    async def combine(name: str, parts: Sequence[Data]) -> None:
        found[name] = await _combine(
            loaded, python, parts, 0.0 if name else least, with_lines=not name
        )

    async with anyio.create_task_group() as group:
        group.start_soon(combine, "", measured)
        for each in () if total_only else measured:
            group.start_soon(combine, each.cell, [each])
    return found


async def _combine(
    loaded: LoadedProject, python: str, parts: Sequence[Data], least: float, *, with_lines: bool
) -> Measured:
    project = loaded.project
    container = toolchain.over(
        toolchain.tooled(python, coverage.reporter(project, python)), loaded.source
    ).with_workdir(join(environment.SOURCE, project.where))
    paths: list[str] = []
    for each in parts:
        directory = f"{coverage.COMBINED}/data/{each.cell}"
        container = container.with_directory(
            directory, await cut(each.files, each.names, each.names)
        )
        paths += [f"{directory}/{name}" for name in each.names]
    container = container.with_env_variable(coverage.FILE, f"{coverage.COMBINED}/{coverage.DATA}")
    container = _with_programs(container, coverage.TOTAL, *coverage.HELPERS)
    container = steps.observe(container, coverage.totalling(project.where, paths))
    output = await steps.output(container)
    if output.exit_code != 0:
        printed = (output.stderr.strip() or output.stdout.strip()).partition("\n")[0]
        return Measured(None, None, f"no coverage: coverage failed: {printed}")
    text = await container.file(f"{coverage.COMBINED}/coverage.json").contents()
    total = coverage.read(text, least)
    # Nobody waits for these: they are made when somebody reads them.
    reporting = _with_programs(container, coverage.REPORTS)
    reporting = steps.run(reporting, coverage.reporting(project.where))
    # The cells keep their own data among their reports.
    reports = of_output(reporting.directory(coverage.COMBINED), exclude=["data"])
    if not with_lines:
        return Measured(total, reports)
    lines = coverage_page.read(await container.file(coverage.LINES).contents())
    return Measured(replace(total, with_lines=True), reports, lines=lines)


def _with_programs(container: dagger.Container, *names: str) -> dagger.Container:
    for name in names:
        text = (files("wheelwright.inside") / name).read_text(encoding="utf-8")
        container = container.with_new_file(f"{coverage.PROGRAMS}/{name}", text)
    return container
