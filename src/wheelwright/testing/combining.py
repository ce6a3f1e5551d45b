"""Combines the parts of a matrix that ran on several machines into one matrix."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from functools import partial

import dagger
from dagger import dag

from wheelwright.container.commit import commit_of
from wheelwright.container.loading import LoadedProject
from wheelwright.container.together import together
from wheelwright.errors import ToolFailed
from wheelwright.gates.result import Verdict
from wheelwright.testing import coverage, junit, matrix_parts, merging
from wheelwright.testing.cells import Selection, plan, runnable
from wheelwright.testing.finishing import Begun, Finished, Ran, finish
from wheelwright.testing.matrix_options import MatrixOptions
from wheelwright.testing.matrix_parts import REPORT, SIZE_MAX, Part
from wheelwright.testing.reports.model import CellReport


async def combine(
    loaded: LoadedProject, parts: dagger.Directory, usual: Selection, options: MatrixOptions
) -> Finished:
    """Judge the cells of all parts as one matrix, and write every report about them.

    `usual` are the cells where no part says which the matrix has.

    Raises:
        RequestError: invalid arguments, or parts that are not of one matrix.
    """
    loaded.project.require_package()
    begun = Begun.now()
    commit = await commit_of(loaded.repository)
    known = matrix_parts.checked(await _read(parts), loaded.project.name, commit)
    options = matrix_parts.options_of(known, options)
    options.check()
    selection = matrix_parts.selection_of(known, usual)
    cells, elsewhere = runnable(plan(loaded.project, selection), selection)
    found = matrix_parts.placed(cells, known)
    reports = [matrix_parts.report_of(cell, found, known) for cell in cells]
    taken = await together(
        {
            report.cell.name: partial(_taken, parts, found[report.cell.name], report)
            for report in reports
            if report.cell.name in found
        }
    )
    ran = [taken.get(report.cell.name) or Ran(report, dag.directory()) for report in reports]
    return await finish(
        loaded,
        ran,
        begun.after(*matrix_parts.began(known)),
        selection,
        options,
        notes=[elsewhere, *matrix_parts.notes(known)],
        measured_each=True,
    )


async def _read(parts: dagger.Directory) -> list[Part]:
    """Return every part: each directory in `parts`, or `parts` itself where it is one."""
    entries = await parts.entries()
    if REPORT in entries:
        return [await _part(parts, "")]
    names = [entry.rstrip("/") for entry in entries if entry.endswith("/")]
    found = await together({name: partial(_part, parts, name) for name in sorted(names)})
    return [found[name] for name in sorted(names)]


async def _part(parts: dagger.Directory, name: str) -> Part:
    try:
        return matrix_parts.read(name, await _text(parts, posixpath.join(name, REPORT), SIZE_MAX))
    except ToolFailed as error:
        return matrix_parts.unread(name, str(error))


async def _taken(parts: dagger.Directory, part: Part, report: CellReport) -> Ran:
    """Return a cell of a part; one whose files are not those of its report failed."""
    at = posixpath.join(part.name, report.directory)
    names = await _names(parts, at)
    files = parts.directory(at) if names else dag.directory()
    data = tuple(each for each in names if each.startswith(coverage.DATA))
    try:
        if report.documents != junit.documents(report.documents):
            raise ToolFailed(f"{REPORT} names other files than reports")
        texts = [
            await _text(parts, posixpath.join(at, each), junit.SIZE_MAX)
            for each in report.documents
        ]
        for each, text in zip(report.documents, texts, strict=True):
            junit.read(text, each)
        if report.coverage is not None and not data:
            raise ToolFailed(f"{coverage.DATA} is missing")
    except ToolFailed as error:
        return Ran(replace(report, verdict=Verdict.FAILED, note=f"its part: {error}"), files)
    return Ran(report, files, merging.reports(texts) if texts else "", data)


async def _names(parts: dagger.Directory, at: str) -> list[str]:
    kind = dagger.ExistsType.DIRECTORY_TYPE
    if not await parts.exists(at, expected_type=kind, do_not_follow_symlinks=True):
        return []
    return await parts.directory(at).entries()


async def _text(parts: dagger.Directory, path: str, most: int) -> str:
    """Return a file's text.

    Raises:
        ToolFailed: it is not a text file, or larger than `most` bytes.
    """
    name = posixpath.basename(path)
    kind = dagger.ExistsType.REGULAR_TYPE
    if not await parts.exists(path, expected_type=kind, do_not_follow_symlinks=True):
        raise ToolFailed(f"{name} is missing, or not a regular file")
    file = parts.file(path)
    if (size := await file.size()) > most:
        raise ToolFailed(f"{name} is {size} bytes large; {most} are read at most")
    try:
        return await file.contents()
    except dagger.QueryError as error:
        raise ToolFailed(f"{name} is not text") from error
