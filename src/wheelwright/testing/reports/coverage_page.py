"""The coverage of a matrix as one page: each file with its lines, those first that lack most.

A line that no test ran has a mark and a ground; a branch that none took is named behind its line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape as e
from itertools import groupby

import cattrs

from wheelwright.container.harmless import without_escapes
from wheelwright.errors import ToolFailed
from wheelwright.gates.table import counted
from wheelwright.project.reading import json_data
from wheelwright.testing.reports.model import HTML, Coverage, MatrixReport, percent, shortfall
from wheelwright.testing.reports.page import document, figures, fill, link, time

PAGE = "coverage.html"
"""Its name among the reports."""

_MISSING, _PARTIAL, _EXCLUDED, _RUN = "miss", "part", "excluded", ""
_MARKS = {_MISSING: "\N{MULTIPLICATION X}", _PARTIAL: "\N{EN DASH}"}
_RANGES = 12


@dataclass(frozen=True, slots=True)
class FileLines:
    """A file's lines, and the numbers of those that are not covered.

    `branches` are pairs of lines, the second below 1 for the end of the function; without `lines`
    its text is not shown.
    """

    path: str
    percent: float
    lines: tuple[str, ...] = ()
    missing: tuple[int, ...] = ()
    excluded: tuple[int, ...] = ()
    branches: tuple[tuple[int, int], ...] = ()

    @property
    def lacking(self) -> int:
        """How many lines were not run, and branches not taken."""
        return len(self.missing) + len(self.branches)


def read(text: str) -> tuple[FileLines, ...]:
    """Read what `inside/coverage_lines.py` wrote.

    Raises:
        ToolFailed: it is something else.
    """
    try:
        return cattrs.structure(json_data(text), tuple[FileLines, ...])
    except (ValueError, TypeError, cattrs.BaseValidationError) as error:
        raise ToolFailed("the lines of coverage are not a list of files") from error


def render(report: MatrixReport, coverage: Coverage, files: Sequence[FileLines]) -> str:
    """Return the page."""
    body = [*_head(report, coverage, files), *_files(files, coverage.minimum)]
    return document(f"{report.package}: coverage {percent(coverage.percent)}", body, report.at)


def _head(report: MatrixReport, coverage: Coverage, files: Sequence[FileLines]) -> Iterable[str]:
    short = shortfall(coverage).partition(";")[0]
    yield "<header>"
    yield f'<p class="over">Coverage over all cells, {time(report.at)}</p>'
    yield f"<h1>{e(report.package)}</h1>"
    if short:
        mark = '<span aria-hidden="true">\N{MULTIPLICATION X}</span>'
        yield f'<p class="verdict failed">{mark}<span>{e(short)}</span></p>'
    yield from figures(_figures(coverage, files, short=bool(short)))
    yield (
        f'<p class="quiet">{link("report.html", "the whole matrix")}, '
        f"{link(HTML, 'pages of coverage itself')}</p>"
    )
    yield "</header>"


def _figures(
    coverage: Coverage, files: Sequence[FileLines], *, short: bool
) -> Iterable[tuple[str, str, bool]]:
    least = f", {coverage.minimum:g} % required" if coverage.minimum else ""
    yield percent(coverage.percent), f"covered{least}", short
    yield str(len(files)), "files" if len(files) != 1 else "file", False
    yield str(sum(len(each.missing) for each in files)), "lines not run", False
    if any(each.branches for each in files):
        yield str(sum(len(each.branches) for each in files)), "branches not taken", False


def _files(files: Sequence[FileLines], minimum: float) -> Iterable[str]:
    yield "<h2>Files</h2>"
    yield '<div class="panel">'
    for each in files:
        yield from _file(each, minimum)
    yield "</div>"
    hidden = sum(not each.lines for each in files)
    if hidden:
        yield (
            f'<p class="quiet">The text of {counted(hidden, "file")} is not on this page: '
            f"{link(HTML, 'pages of coverage itself')}</p>"
        )
    yield (
        '<p class="quiet"><span class="key miss"></span>\N{MULTIPLICATION X} no test ran the line '
        '<span class="key part"></span>\N{EN DASH} a branch was never taken</p>'
    )


def _file(file: FileLines, minimum: float) -> Iterable[str]:
    kind = "bad" if minimum and file.percent < minimum else "good"
    lacking = f"{file.lacking} missing" if file.lacking else "complete"
    yield "<details><summary>"
    yield (
        f'<span class="title"><code>{e(file.path)}</code></span>'
        f'<span class="where">{percent(file.percent)} <span class="chip">{lacking}</span> '
        f"{e(ranges(file.missing))}</span>"
        f'<span class="bar" aria-hidden="true">{fill(file.percent / 100, kind)}</span>'
    )
    yield "</summary>"
    shown = "".join(_lines(file)) if file.lines else "not shown here"
    # The link of another page opens what it is in.
    yield f'<pre class="source" id="{e(file.path)}">{shown}</pre></details>'


def _lines(file: FileLines) -> Iterator[str]:
    """Yield the lines; those of one kind that follow each other are in one element."""
    missing, excluded = set(file.missing), set(file.excluded)
    targets: dict[int, list[int]] = {}
    for line, target in file.branches:
        targets.setdefault(line, []).append(target)
    kinds = dict.fromkeys(excluded, _EXCLUDED)
    kinds |= dict.fromkeys(targets, _PARTIAL)
    kinds |= dict.fromkeys(missing, _MISSING)
    width = len(str(len(file.lines)))
    numbered = enumerate(file.lines, 1)
    for kind, found in groupby(numbered, lambda each: kinds.get(each[0], _RUN)):
        text = "\n".join(_line(number, line, kind, targets, width) for number, line in found)
        yield f'<span class="{kind}">{text}\n</span>' if kind else f"{text}\n"


def _line(
    number: int, line: str, kind: str, targets: Mapping[int, Sequence[int]], width: int
) -> str:
    mark = _MARKS.get(kind, " ")
    named = ", ".join(f"line {to}" if to > 0 else "the end" for to in targets.get(number, ()))
    never = f" <em>never to {named}</em>" if named and kind == _PARTIAL else ""
    return f"<i>{number:>{width}} {mark}</i> {e(without_escapes(line))}{never}"


def ranges(numbers: Sequence[int]) -> str:
    """Return line numbers as ranges, the first of them: `3-5, 9`."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1] = found[-1][0], number
        else:
            found.append((number, number))
    shown = [str(first) if first == last else f"{first}-{last}" for first, last in found[:_RANGES]]
    return ", ".join([*shown, *(["..."] if len(found) > _RANGES else [])])
