"""Collects what the gates and the matrix found, as lines for GitHub."""

from __future__ import annotations

from typing import Final

import anyio
import dagger

from wheelwright.container.loading import LoadedProject
from wheelwright.errors import RequestError
from wheelwright.gates import run
from wheelwright.gates.types import Types
from wheelwright.project.files import join
from wheelwright.project.suggestions import unknown
from wheelwright.testing import matrix
from wheelwright.testing.cells import Selection
from wheelwright.testing.matrix_options import MatrixOptions
from wheelwright.testing.reports.annotations import (
    Annotation,
    of_audit,
    of_lint,
    of_tests,
    of_types,
    render,
)

_GATES: Final = ("lint", "typecheck", "test")


async def annotate(
    loaded: LoadedProject,
    python: str,
    options: MatrixOptions,
    audit: dagger.File | None,
    *,
    gate: str = "",
    requested: bool = False,
) -> str:
    """Return the lines of everything that was found; with `requested` the caller named the Python.

    `gate` has those of one gate alone: GitHub shows ten annotations of a step.

    Raises:
        RequestError: no gate of that name has annotations.
        ToolFailed: a tool reached no verdict, so that its lines would be missing.
    """
    if gate and gate not in _GATES:
        raise RequestError(unknown("--gate", gate, _GATES), "leave it out for all of them")
    where = loaded.project.where
    found: dict[str, list[Annotation]] = {name: [] for name in _GATES}

    async def lint() -> None:
        found["lint"] = of_lint(await run.lint_issues(loaded, python))

    async def types() -> None:
        result = await run.check(Types(requested=requested), loaded, python)
        found["typecheck"] = of_types(result.details, where)

    async def tests() -> None:
        finished = await matrix.run(loaded, Selection(), options)
        found["test"] = of_tests(finished.report)

    async with anyio.create_task_group() as group:
        for name, part in zip(_GATES, (lint, types, tests), strict=True):
            if gate in ("", name):
                group.start_soon(part)
    known = await audit.contents() if audit else ""
    lock = loaded.project.lock
    text, path = (lock.text, lock.path) if lock else ("", join(loaded.project.base, "uv.lock"))
    audited = of_audit(known, text, path) if audit else []
    return render([*found["test"], *found["typecheck"], *found["lint"], *audited])
