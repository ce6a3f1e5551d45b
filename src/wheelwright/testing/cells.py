"""The cells of the test matrix: Python x resolution x groups x extras x services.

    arguments  >  [tool.wheelwright.matrix]  >  what the package claims

An argument replaces its axis. `exclude` then removes cells; `include` adds cells that fit the
arguments, or names one that is there already. A cell's name is made of its own values only, so that
it stays the same whichever other cells run beside it:

    3.12                        the default resolution, and nothing else
    3.12-lowest-direct          another resolution
    3.12-tests+docs-postgres16  groups, extras and services, in this order
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from wheelwright.environment.plan import default_resolution
from wheelwright.environment.test_dependencies import find
from wheelwright.errors import ProjectError, RequestError
from wheelwright.gates.table import columns, counted
from wheelwright.project.arguments import argument
from wheelwright.project.matrix import RESOLUTIONS, Entry, split
from wheelwright.project.model import Project
from wheelwright.project.pythons import allowed, choose, claimed
from wheelwright.project.suggestions import unknown

_RUNNER = "ubuntu-latest"
# GitHub's documentation, "Using a matrix": at most this many jobs per workflow run.
_GITHUB_JOBS = 256
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


@dataclass(frozen=True, slots=True)
class Cell:
    """One environment that the tests run in.

    Attributes:
        services: such as `postgres:16`, started fresh for the cell.
        os: labels of the native runners that the cell is for.
        image: that it runs in; empty for that of the package.
    """

    name: str
    python: str
    resolution: str
    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    os: tuple[str, ...] = (_RUNNER,)
    image: str = ""


@dataclass(frozen=True)
class Selection:
    """The requested cells; an empty axis is taken from the package. `+` joins values.

    Attributes:
        os: labels of runners, an argument where cells are listed only.
    """

    python: list[str] = argument(
        "Python versions, such as 3.11,3.12. Default: those that the package claims.", []
    )
    resolution: list[str] = argument(
        "locked, highest, lowest-direct. Default: locked, without uv.lock highest.", []
    )
    group: list[str] = argument(
        "Dependency groups, one cell each; + joins those of one cell: tests,tests+docs.", []
    )
    extra: list[str] = argument(
        "Extras of the package, one cell each; + joins those of one cell.", []
    )
    service: list[str] = argument(
        "Services, one cell each, such as postgres:15,postgres:16; + joins those of one cell.", []
    )
    cell: list[str] = argument(
        "Only the cells of these names, such as 3.12-lowest-direct or 3.12*.", []
    )
    os: list[str] = field(default_factory=list)

    @property
    def axes(self) -> dict[str, tuple[str, ...]]:
        """The given values of each axis, by its name here."""
        names = ("python", "resolution", "group", "extra", "service")
        found = {name: tuple(getattr(self, name)) for name in names}
        return {name: values for name, values in found.items() if values}

    @property
    def narrows(self) -> bool:
        """Whether this may be less than the whole matrix."""
        return any((self.python, self.resolution, self.group, self.extra, self.cell))


def plan(project: Project, selection: Selection) -> list[Cell]:
    """Return the cells, Pythons in their order first.

    Raises:
        RequestError: an unknown resolution, group, extra or cell; a Python outside
            requires-python; nothing left.
        ProjectError: two cells of one name, or a name that no directory can have.
    """
    _check_resolutions(project, selection.resolution)
    settings = project.settings.matrix
    usual = default_resolution(project)
    pythons = selection.python or settings.python or tuple(claimed(project.metadata))
    if not pythons:
        pythons = (choose(project.metadata, "", "", project.text(".python-version")),)
    runners = tuple(selection.os) or settings.os or (_RUNNER,)
    product = itertools.product(
        dict.fromkeys(pythons),
        dict.fromkeys(selection.resolution or settings.resolution or (usual,)),
        dict.fromkeys(map(split, selection.group or settings.groups or ("",))),
        dict.fromkeys(map(split, selection.extra or settings.extras or ("",))),
        dict.fromkeys(map(split, selection.service or settings.services or ("",))),
    )
    all_cells = [
        _named(Cell("", python, resolution, groups, extras, services, runners), usual)
        for python, resolution, groups, extras, services in product
    ]
    cells = [
        cell for cell in all_cells if not any(_matches(cell, entry) for entry in settings.exclude)
    ]
    for entry in settings.include:
        new = _included(entry, usual, tuple(selection.os) or (_RUNNER,))
        cells = _include(cells, new, entry, selection)
    for cell in cells:
        _check(project, cell, selection)
    _check_names(project, cells)
    return _chosen(cells, selection.cell)


def runnable(cells: Iterable[Cell], selection: Selection) -> tuple[list[Cell], str]:
    """Return the cells for this engine, and a line about those only for other runners.

    A cell that --cell names runs in any case: that is how a native runner calls it.
    """
    cells = list(cells)
    if selection.cell:
        return cells, ""
    ours = [cell for cell in cells if any(name.startswith("ubuntu") for name in cell.os)]
    others = [cell for cell in cells if cell not in ours]
    if not others:
        return ours, ""
    labels = ", ".join(dict.fromkeys(label for cell in others for label in cell.os))
    names = ", ".join(cell.name for cell in others)
    if not ours:
        raise RequestError(
            f"every cell is for other runners ({labels}): {names}", "name one with --cell"
        )
    return ours, f"not run here, but on {labels}: {names}"


def table(project: Project, cells: Sequence[Cell]) -> str:
    """Return the plan for people: one line for each cell; what no cell has is left out."""
    places = ["+".join(cell.groups) or find(project, cell.python).place for cell in cells]
    values = {
        "python": [cell.python for cell in cells],
        "resolution": [cell.resolution for cell in cells],
        "extras": ["+".join(cell.extras) or "-" for cell in cells],
        "services": ["+".join(cell.services) or "-" for cell in cells],
        "os": [", ".join(cell.os) for cell in cells],
    }
    shown = [title for title, column in values.items() if not {*column} <= {"-", _RUNNER}]
    # One sentence for all of them is said once.
    same = len({*places}) == 1
    notes = [""] * len(cells) if same else places
    body = zip(
        (cell.name for cell in cells), *(values[title] for title in shown), notes, strict=True
    )
    lines = columns(["cell", *shown, "groups"], body, note=True)
    count = counted(len(cells), "cell")
    last = [f"groups: {places[0]}", count] if same else [count]
    return "\n".join([f"matrix of {project.name}", *lines, "", *last])


def github(cells: Iterable[Cell]) -> str:
    """Return the value of `strategy.matrix` as one line of JSON: a job for each cell and runner.

    `cell` is what `--cell` takes; `name` is unique among the jobs.

    Raises:
        RequestError: more jobs than GitHub accepts.
    """
    rows = [
        {
            "name": cell.name if runner == _RUNNER else f"{cell.name}-{runner}",
            "cell": cell.name,
            "python": cell.python,
            "resolution": cell.resolution,
            "groups": "+".join(cell.groups),
            "extras": "+".join(cell.extras),
            "services": "+".join(cell.services),
            "os": runner,
        }
        for cell in cells
        for runner in cell.os
    ]
    if len(rows) > _GITHUB_JOBS:
        raise RequestError(
            f"the matrix has {len(rows)} jobs, GitHub accepts {_GITHUB_JOBS}",
            "narrow it with --python or --resolution, or exclude cells",
        )
    return json.dumps({"include": rows}, separators=(",", ":"))


def _named(cell: Cell, usual: str) -> Cell:
    parts = [cell.python]
    if cell.resolution != usual:
        parts.append(cell.resolution)
    # A name is also a directory's, and part of a command line.
    parts += [
        "+".join(re.sub(r"[^\w.-]+", "", value) for value in values)
        for values in (cell.groups, cell.extras, cell.services)
        if values
    ]
    return replace(cell, name="-".join(parts))


def _included(entry: Entry, usual: str, runners: tuple[str, ...]) -> Cell:
    assert entry.python is not None, "checked when the settings were read"
    cell = Cell(
        name="",
        python=entry.python,
        resolution=entry.resolution or usual,
        groups=entry.groups or (),
        extras=entry.extras or (),
        services=entry.services or (),
        os=entry.os or runners,
        image=entry.image or "",
    )
    return _named(cell, usual)


def _include(cells: list[Cell], new: Cell, entry: Entry, selection: Selection) -> list[Cell]:
    found = [replace(cell, name=new.name, os=new.os, image=new.image) == new for cell in cells]
    if any(found):
        return [
            replace(
                cell,
                name=entry.name or cell.name,
                os=entry.os or cell.os,
                image=entry.image or cell.image,
            )
            if same
            else cell
            for cell, same in zip(cells, found, strict=True)
        ]
    fits = (
        new.python in (selection.python or (new.python,))
        and new.resolution in (selection.resolution or (new.resolution,))
        and new.groups in (tuple(map(split, selection.group)) or (new.groups,))
        and new.extras in (tuple(map(split, selection.extra)) or (new.extras,))
        and new.services in (tuple(map(split, selection.service)) or (new.services,))
    )
    return [*cells, replace(new, name=entry.name or new.name)] if fits else cells


def _matches(cell: Cell, entry: Entry) -> bool:
    return (
        (entry.name is None or fnmatchcase(cell.name, entry.name))
        and (entry.python is None or cell.python == entry.python)
        and (entry.resolution is None or cell.resolution == entry.resolution)
        and (entry.groups is None or set(cell.groups) == set(entry.groups))
        and (entry.extras is None or set(cell.extras) == set(entry.extras))
        and (entry.services is None or set(cell.services) == set(entry.services))
        and (entry.os is None or set(cell.os) == set(entry.os))
        and (entry.image is None or cell.image == entry.image)
    )


def _check_resolutions(project: Project, resolutions: Iterable[str]) -> None:
    for resolution in resolutions:
        if resolution not in RESOLUTIONS:
            raise RequestError(
                unknown("resolution", resolution, RESOLUTIONS),
                f"choose from {', '.join(RESOLUTIONS)}",
            )
        if resolution == "locked" and not project.lock:
            raise RequestError(
                f"{project.name} has no uv.lock to resolve from",
                "run `uv lock`, or pass --resolution highest",
            )


def _check(project: Project, cell: Cell, selection: Selection) -> None:
    origin = (
        "--python" if cell.python in selection.python else "python in [tool.wheelwright.matrix]"
    )
    allowed(project.metadata, cell.python, origin)
    _check_resolutions(project, [cell.resolution])
    find(project, cell.python, cell.groups, cell.extras)


def _check_names(project: Project, cells: Sequence[Cell]) -> None:
    names: set[str] = set()
    for cell in cells:
        if not _NAME.fullmatch(cell.name):
            raise ProjectError(
                f'{project.package.path}: the cell name "{cell.name}" cannot be a file\'s name',
                "use letters, digits, and . _ + -",
            )
        if cell.name in names:
            raise ProjectError(
                f'{project.package.path}: two cells of the matrix are named "{cell.name}"',
                "give one of them another name in [tool.wheelwright.matrix]",
            )
        names.add(cell.name)


def _chosen(cells: Sequence[Cell], patterns: Sequence[str]) -> list[Cell]:
    names = [cell.name for cell in cells]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise RequestError(
                unknown("cell", pattern, names), "`matrix --plan` lists the cells of this matrix"
            )
    kept = [
        cell
        for cell in cells
        if not patterns or any(fnmatchcase(cell.name, pattern) for pattern in patterns)
    ]
    if not kept:
        raise RequestError(
            "no cell of the matrix is left", "exclude less in [tool.wheelwright.matrix]"
        )
    return kept
