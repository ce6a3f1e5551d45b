"""The matrix as one page: no network, no script, dark and light, readable on a phone.

Verdicts are shown by a mark and a word, never only by colour. Links lead to the files of the
cells, which lie beside the page among the reports.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape as e

from wheelwright.container.harmless import without_escapes
from wheelwright.gates.result import Verdict
from wheelwright.gates.table import AGAIN, counted
from wheelwright.testing.again import of_cells
from wheelwright.testing.commands import JUNIT
from wheelwright.testing.reports.coverage_page import PAGE
from wheelwright.testing.reports.failures import grouped
from wheelwright.testing.reports.model import (
    HTML,
    CellReport,
    Coverage,
    FileCoverage,
    MatrixReport,
    headline,
    more_failures,
    more_slow,
    percent,
    shortfall,
    slowest,
)
from wheelwright.testing.reports.page import (
    document,
    duration,
    facts,
    figures,
    fill,
    link,
    text,
    time,
)
from wheelwright.testing.run import LOG
from wheelwright.testing.texts import more

_KINDS = {
    Verdict.PASSED: ("passed", "\N{CHECK MARK}"),
    Verdict.FAILED: ("failed", "\N{MULTIPLICATION X}"),
    Verdict.NOT_CONFIGURED: ("idle", "\N{EN DASH}"),
    Verdict.NOT_RUN: ("idle", "\N{EN DASH}"),
}
_OPEN, _MOST = 3, 40
_FILES = {LOG: "log", JUNIT: "JUnit", HTML: "coverage"}


def render(report: MatrixReport) -> str:
    """Return the page."""
    body = [
        *_head(report),
        *_cells(report),
        *_failures(report),
        *_slowest(report),
        *_coverage(report.coverage),
        *_environments(report),
    ]
    return document(f"{report.package}: {headline(report)}", body, report.at)


# -- head and cells -------------------------------------------------------------------------------


def _head(report: MatrixReport) -> Iterable[str]:
    kind, mark = _KINDS[Verdict.PASSED if report.ok else Verdict.FAILED]
    yield "<header>"
    yield f'<p class="over">Test matrix, {time(report.at)}</p>'
    yield f"<h1>{e(report.package)}</h1>"
    line = e(headline(report))
    yield f'<p class="verdict {kind}"><span aria-hidden="true">{mark}</span><span>{line}</span></p>'
    yield from figures(_figures(report))
    yield from facts(_facts(report))
    for note in report.notes:
        yield f'<p class="quiet">{e(note)}</p>'
    yield "</header>"


def _facts(report: MatrixReport) -> Iterable[tuple[str, str]]:
    """Yield what was tested, and how to do it again."""
    if report.version:
        yield "Version", e(report.version)
    if report.commit:
        yield "Commit", f"<code>{e(report.commit)}</code>; files may have changed since"
    if report.again:
        yield "Run what failed", f"<code>{e(report.again.removeprefix(AGAIN))}</code>"
    if report.command:
        yield "Run all of it", f"<code>{e(report.command)}</code>"


def _figures(report: MatrixReport) -> Iterable[tuple[str, str, bool]]:
    """Yield figure, what it counts, and whether it is a reason to fail."""
    passed = sum(cell.verdict is Verdict.PASSED for cell in report.cells)
    yield f"{passed} of {len(report.cells)}", "cells passed", bool(report.failed)
    counts = [cell.counts for cell in report.cells]
    yield str(sum(each.ran for each in counts)), "tests run", False
    failed, errors = sum(each.failed for each in counts), sum(each.errors for each in counts)
    yield str(failed), "tests failed", bool(failed)
    # As pytest and the table count them: a test that breaks in its set-up never ran.
    if errors:
        yield str(errors), "error" if errors == 1 else "errors", True
    if skipped := sum(each.skipped for each in counts):
        yield str(skipped), "tests skipped", False
    if report.coverage:
        least = f", {report.coverage.minimum:g} % required" if report.coverage.minimum else ""
        short = bool(shortfall(report.coverage))
        yield percent(report.coverage.percent), f"coverage{least}", short
    yield duration(report.wall_s), "from start to end", False


def _cells(report: MatrixReport) -> Iterable[str]:
    longest = max((max(cell.wall_s or 0, cell.tests_s) for cell in report.cells), default=0.0)
    measured = report.coverage is not None
    kept = sum(cell.cached for cell in report.cells)
    small = f"<small>{kept} cached from an earlier run</small>" if kept else ""
    yield f"<h2>Cells{small}</h2>"
    yield '<div class="panel"><table>'
    columns = ['<th scope="col">Cell</th>', '<th scope="col" class="tests">Tests</th>']
    if measured:
        columns.append('<th scope="col" class="num covered">Coverage</th>')
    columns.append('<th scope="col" class="num time">Time</th>')
    yield f"<thead><tr>{''.join(columns)}</tr></thead>"
    yield "<tbody>"
    for cell in report.cells:
        yield from _cell(cell, longest, measured=measured)
    yield "</tbody></table></div>"
    yield (
        '<p class="quiet"><span class="key"></span>tests, by pytest\'s clock '
        '<span class="key wait"></span>with installing and waiting</p>'
    )


def _cell(cell: CellReport, longest: float, *, measured: bool) -> Iterable[str]:
    kind, mark = _KINDS[cell.verdict]
    note = cell.verdict is not Verdict.PASSED and not cell.counts.tests and cell.note
    spare = [] if cell.counts.tests or not note else [" with-note"]
    yield f'<tr class="{kind}{"".join(spare)}">'
    about = [cell.version or f"Python {cell.cell.python}", cell.cell.resolution]
    about += ["+".join(part) for part in (cell.cell.groups, cell.cell.extras, cell.cell.services)]
    environment = ", ".join(part for part in about if part)
    kept = ' <span class="chip kept">cached</span>' if cell.cached else ""
    yield (
        f'<td><span class="name"><span class="mark" aria-hidden="true">{mark}</span><span>'
        f"<b>{e(cell.cell.name)}</b>{kept}"
        f'<span class="sr"> {e(cell.verdict.value)}</span>'
        f'<span class="sub">{e(environment)}</span>{_links(cell)}</span></span></td>'
    )
    yield f'<td class="tests">{_counts(cell)}</td>'
    if measured:
        covered = "" if cell.coverage is None else percent(cell.coverage)
        yield f'<td class="num covered">{covered}</td>'
    yield f'<td class="num time">{_bar_of(cell, longest)}</td>'
    yield "</tr>"
    if note:
        line = e(cell.note.partition("\n")[0])
        span = 4 if measured else 3
        yield f'<tr><td class="note text-{kind}" colspan="{span}">{line}</td></tr>'


def _links(cell: CellReport) -> str:
    """Return links to the files of a cell."""
    found = [
        link(f"{cell.directory}/{name}", _FILES[name]) for name in _FILES if name in cell.files
    ]
    return f'<span class="links">{" ".join(found)}</span>' if found else ""


def _counts(cell: CellReport) -> str:
    counts = cell.counts
    if not counts.tests:
        return f'<span class="text-{_KINDS[cell.verdict][0]}">{e(cell.verdict.value)}</span>'
    parts = [f"{counts.passed} passed"] if counts.passed else []
    for number, word in ((counts.failed, "failed"), (counts.errors, "errors")):
        if number:
            shown = word if number > 1 else word.removesuffix("s")
            parts.append(f'<b class="text-failed">{number} {shown}</b>')
    subtests = f"subtest{'s' if counts.subtests > 1 else ''} passed"
    others = (
        (counts.skipped, "skipped"),
        (counts.xfailed, "xfailed"),
        (counts.xpassed, "xpassed"),
        (counts.subtests, subtests),
    )
    parts += [f'<span class="sub">{number} {word}</span>' for number, word in others if number]
    return " ".join(f'<span class="line">{part}</span>' for part in parts)


def _bar_of(cell: CellReport, longest: float) -> str:
    if cell.wall_s is None or not longest:
        return ""
    shown = cell.tests_s if cell.cached else cell.wall_s
    bars = [] if cell.cached else [fill(cell.wall_s / longest, "wait")]
    bars.append(fill(cell.tests_s / longest))
    return f'{duration(shown)}<span class="bar" aria-hidden="true">{"".join(bars)}</span>'


# -- what failed, what is slow --------------------------------------------------------------------


def _failures(report: MatrixReport) -> Iterable[str]:
    if not report.failed:
        return
    logs = {
        cell.cell.name: f"{cell.directory}/{LOG}" for cell in report.failed if LOG in cell.files
    }
    yield "<h2>What failed</h2>"
    yield '<div class="panel">'
    for index, group in enumerate(grouped(report)):
        each, several = group.failure, len(group.cells) > 1
        named = group.cells if each.test or several else ()
        chips = "".join(_chip(logs, name) for name in named)
        cells = counted(len(group.cells), "cell") if several else f"cell {group.cells[0]}"
        title = f"<code>{e(each.test)}</code>" if each.test else f"<span>{e(cells)}</span>"
        yield f"<details{' open' if index < _OPEN else ''}><summary>"
        yield f'<span class="title">{title}</span>'
        yield f'<span class="why">{e(each.message)}</span>'
        if each.place or chips:
            yield f'<span class="where">{e(each.place)} {chips}</span>'
        kind = "" if each.test else ' class="prose"'
        yield f"</summary><pre{kind}>{_traceback(each.text)}</pre>"
        if report.program:
            again = of_cells(report.program, group.cells[:1], report.args).command([each])
            yield f'<p class="again">again: <code>{e(again)}</code></p>'
        if each.captured:
            yield f'<pre class="captured">{text(each.captured)}</pre>'
        yield "</details>"
    yield "</div>"
    for rest, names in more_failures(report):
        chips = "".join(f'<span class="chip">{e(name)}</span>' for name in names)
        yield f'<p class="quiet">{e(rest)} {chips}</p>'


def _chip(logs: Mapping[str, str], cell: str) -> str:
    """Return a cell's name; it leads to the log that the failure is in."""
    if cell in logs:
        return link(logs[cell], cell, "chip")
    return f'<span class="chip">{e(cell)}</span>'


def _traceback(printed: str) -> str:
    lines = []
    for line in without_escapes(printed).rstrip().split("\n"):
        kind = "err" if re.match(r"E\s", line) else "at" if line.startswith(">") else ""
        lines.append(f'<span class="{kind}">{e(line)}</span>' if kind else e(line))
    return "\n".join(lines)


def _slowest(report: MatrixReport) -> Iterable[str]:
    slow = slowest(report.cells)
    if not slow:
        return
    yield "<h2>Slowest tests</h2>"
    yield '<div class="panel"><ul class="rows">'
    for seconds, test, cell in slow:
        yield (
            f"<li><code>{e(test)}</code>"
            f'<span class="num">{duration(seconds)} <span class="chip">{e(cell)}</span></span>'
            f'<span class="bar" aria-hidden="true">{fill(seconds / slow[0][0])}</span></li>'
        )
    yield "</ul></div>"
    if rest := more_slow(report.cells, len(slow)):
        yield f'<p class="quiet">{e(rest)}</p>'


# -- coverage and environments --------------------------------------------------------------------


def _coverage(coverage: Coverage | None) -> Iterable[str]:
    if coverage is None:
        return
    short = shortfall(coverage)
    least = f"of at least {coverage.minimum:g} %" if coverage.minimum else "over all cells"
    yield f"<h2>Coverage<small>{percent(coverage.percent)} {least}</small></h2>"
    if short:
        yield f'<p class="text-failed">{e(short)}</p>'
    ordered = coverage.most_lacking
    if not ordered:
        return
    yield '<div class="panel"><ul class="rows">'
    for file in ordered[:_MOST]:
        yield _file(file, coverage)
    yield "</ul></div>"
    if coverage.with_lines:
        yield f'<p class="quiet">{link(PAGE, "every file with its lines")}</p>'
    if rest := more(len(ordered) - _MOST, "coverage/html"):
        yield f'<p class="quiet">{e(rest)}</p>'


def _file(file: FileCoverage, coverage: Coverage) -> str:
    minimum = coverage.minimum
    name = f"<code>{e(file.path)}</code>"
    if coverage.with_lines:
        name = link(PAGE, file.path, "mono", part=file.path)
    kind = "bad" if minimum and file.percent < minimum else "good"
    missing = f"{file.missing} missing" if file.missing else "complete"
    mark = f'<u style="left:{minimum:.2f}%"></u>' if minimum else ""
    return (
        f"<li>{name}"
        f'<span class="num">{percent(file.percent)} <span class="chip">{missing}</span></span>'
        f'<span class="bar" aria-hidden="true">{fill(file.percent / 100, kind)}{mark}</span></li>'
    )


def _environments(report: MatrixReport) -> Iterable[str]:
    yield "<h2>Where the dependencies came from</h2>"
    yield '<div class="panel"><dl>'
    for cell in report.cells:
        sources = "; ".join(part for part in (cell.place, *cell.notes) if part) or "not installed"
        yield f"<dt>{e(cell.cell.name)}</dt><dd>{e(sources)}</dd>"
    yield "</dl></div>"
