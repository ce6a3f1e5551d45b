"""Collects what the gates and the matrix found, as lines for GitHub."""

from __future__ import annotations

import anyio
import dagger

from wheelwright.container.loading import LoadedProject
from wheelwright.gates import run
from wheelwright.gates.types import Types
from wheelwright.project.files import join
from wheelwright.testing import matrix
from wheelwright.testing.cells import Selection
from wheelwright.testing.reports.annotations import (
    Annotation,
    of_audit,
    of_lint,
    of_tests,
    of_types,
    render,
)


async def annotate(
    loaded: LoadedProject,
    python: str,
    options: matrix.MatrixOptions,
    audit: dagger.File | None,
    *,
    requested: bool = False,
) -> str:
    """Return the lines of everything that was found; with `requested` the caller named the Python.

    Raises:
        ToolFailed: a tool reached no verdict, so that its lines would be missing.
    """
    where = loaded.project.where
    found: dict[str, list[Annotation]] = {}

    async def lint() -> None:
        found["lint"] = of_lint(await run.lint_issues(loaded, python))

    async def types() -> None:
        result = await run.check(Types(requested=requested), loaded, python)
        found["types"] = of_types(result.details, where)

    async def tests() -> None:
        finished = await matrix.run(loaded, Selection(), options)
        found["tests"] = of_tests(finished.report)

    async with anyio.create_task_group() as group:
        for part in (lint, types, tests):
            group.start_soon(part)
    known = await audit.contents() if audit else ""
    lock = loaded.project.lock
    text, path = (lock.text, lock.path) if lock else ("", join(loaded.project.base, "uv.lock"))
    audited = of_audit(known, text, path) if audit else []
    return render([*found["lint"], *found["types"], *found["tests"], *audited])
