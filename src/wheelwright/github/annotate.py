"""Collects what the gates and the matrix found, as lines for GitHub."""

from __future__ import annotations

import anyio
import dagger

from wheelwright.container.loading import Bench
from wheelwright.gates import run
from wheelwright.gates.lint import Lint, issues
from wheelwright.gates.types import Types
from wheelwright.project.files import join
from wheelwright.testing import matrix
from wheelwright.testing.cells import Selection
from wheelwright.testing.reports import annotations as notices
from wheelwright.testing.reports.annotations import Annotation


async def annotate(
    bench: Bench,
    python: str,
    git: dagger.Directory,
    options: matrix.Options,
    audit: dagger.File | None,
) -> str:
    """Return the lines of everything that was found.

    Raises:
        ToolFailed: a tool reached no verdict, so that its lines would be missing.
    """
    where = join(bench.prefix, bench.project.where)
    found: dict[str, list[Annotation]] = {}

    async def lint() -> None:
        gate = Lint()
        found["lint"] = []
        if not gate.configured(bench.project):
            (done,) = await run.carried_out(gate, bench, python)
            gate.judge(bench.project, python, [done.ran])
            found["lint"] = notices.of_lint(issues(done.ran.stdout), bench.prefix)

    async def types() -> None:
        result = await run.check(Types(), bench, python, git)
        found["types"] = notices.of_types(result.details, where)

    async def tests() -> None:
        finished = await matrix.run(bench, git, Selection(), options)
        found["tests"] = notices.of_tests(finished.report)

    async with anyio.create_task_group() as group:
        for part in (lint, types, tests):
            group.start_soon(part)
    known = await audit.contents() if audit else ""
    lock = bench.project.text("uv.lock") or ""
    path = join(bench.prefix, "uv.lock")
    audited = notices.of_audit(known, lock, path) if audit else []
    return notices.render([*found["lint"], *found["types"], *found["tests"], *audited])
