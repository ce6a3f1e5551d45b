"""The matrix as Markdown for GitHub's step summary: cells, what failed and why, times, coverage.

Text of tests is data here, whatever it looks like: table cells and titles are escaped, output
is in fences longer than any in it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from wheelwright.container.harmless import markdown, one_line, paragraph
from wheelwright.gates.result import Verdict
from wheelwright.gates.table import AGAIN
from wheelwright.testing.reports.failures import Group, grouped
from wheelwright.testing.reports.model import (
    CellReport,
    MatrixReport,
    headline,
    more_failures,
    more_slow,
    percent,
    shortfall,
    slowest,
)
from wheelwright.testing.reports.table import seconds
from wheelwright.testing.texts import more

LIMIT_BYTES = 1024 * 1024
"""GitHub's documentation, "Workflow commands": a step's summary is dropped when it is larger."""

_FILES, _CELLS = 15, 4
_MARKS = {
    Verdict.PASSED: "\N{WHITE HEAVY CHECK MARK}",
    Verdict.FAILED: "\N{CROSS MARK}",
    Verdict.NOT_CONFIGURED: "\N{HEAVY MINUS SIGN}",
    Verdict.NOT_RUN: "\N{BLACK RIGHT-POINTING DOUBLE TRIANGLE}",
}


def render(report: MatrixReport, limit_bytes: int = LIMIT_BYTES) -> str:
    """Return the summary; where it grows too large, outputs of failures are left out first."""
    kept = len(grouped(report))
    while True:
        text = "\n".join([*_head(report), *_failures(report, kept), *_rest(report)]) + "\n"
        if len(text.encode()) <= limit_bytes or not kept:
            return _cut(text, limit_bytes)
        kept //= 2


def _cut(text: str, limit_bytes: int) -> str:
    """Return what fits, with a line that says so where that is not all."""
    data = text.encode()
    if len(data) <= limit_bytes:
        return text
    last = "\n\nand more, in report.html and junit.xml\n"
    return data[: max(limit_bytes - len(last), 0)].decode(errors="ignore") + last


def _head(report: MatrixReport) -> list[str]:
    measured = report.coverage is not None
    mark = _MARKS[Verdict.PASSED if report.ok else Verdict.FAILED]
    head = ["", "cell", "Python", "tests", *(["coverage"] if measured else []), "seconds", "note"]
    right = {"coverage", "seconds"}
    lines = [
        f"## {mark} {markdown(report.package)}: {markdown(headline(report))}",
        "",
        f"| {' | '.join(head)} |",
        f"|{'|'.join('---:' if word in right else '---' for word in head)}|",
    ]
    lines += [f"| {' | '.join(_row(cell, measured=measured))} |" for cell in report.cells]
    lines.append("")
    lines += [f"{paragraph(note)}\n" for note in report.notes]
    return lines


def _row(cell: CellReport, *, measured: bool) -> list[str]:
    covered = "" if cell.coverage is None else percent(cell.coverage)
    return [
        _MARKS[cell.verdict],
        f"**{markdown(cell.cell.name)}**",
        markdown(cell.version.removeprefix("Python ") or cell.cell.python),
        str(cell.counts),
        *([covered] if measured else []),
        seconds(cell),
        markdown(cell.note.partition("\n")[0]),
    ]


def _failures(report: MatrixReport, kept: int) -> list[str]:
    if not report.failed:
        return []
    lines = ["### What failed", ""]
    omitted = 0
    for number, group in enumerate(grouped(report)):
        each = group.failure
        if not each.text or number >= kept:
            omitted += bool(each.text)
            # An item of a list is Markdown; <summary> is only HTML.
            lines.append(f"- {_title(group, markdown)}")
            continue
        fence = _fence(each.text)
        lines += [
            f"<details><summary>{_title(group, _html)}</summary>",
            "",
            f"{fence}text",
            each.text.rstrip(),
            fence,
            "",
            "</details>",
        ]
    lines += [
        f"- <code>{markdown(', '.join(names))}</code>: {rest}"
        for rest, names in more_failures(report)
    ]
    if omitted:
        lines += ["", f"{omitted} outputs are too long for this summary; the reports have them."]
    return [*lines, ""]


def _rest(report: MatrixReport) -> list[str]:
    lines: list[str] = []
    if slow := slowest(report.cells):
        lines += ["### Slowest tests", "", "| seconds | test | cell |", "|---:|---|---|"]
        lines += [
            f"| {duration:.2f} | {markdown(test)} | {markdown(cell)} |"
            for duration, test, cell in slow
        ]
        rest = more_slow(report.cells, len(slow))
        lines += ["", rest, ""] if rest else [""]
    if report.coverage is not None:
        total = report.coverage
        least = f" (at least {total.minimum:g} % required)" if total.minimum else ""
        lines += [f"### Coverage {percent(total.percent)}{least}", ""]
        if shortfall(total):
            lines += [f"**{markdown(shortfall(total))}**", ""]
        lacking = [file for file in total.most_lacking if file.missing]
        if lacking:
            lines += ["| file | coverage | missing |", "|---|---:|---:|"]
            lines += [
                f"| {markdown(file.path)} | {percent(file.percent)} | {file.missing} |"
                for file in lacking[:_FILES]
            ]
            if rest := more(len(lacking) - _FILES, "coverage.md"):
                lines.append(f"\n{rest}")
            lines.append("")
    return [*lines, *_again(report)]


def _again(report: MatrixReport) -> list[str]:
    """Return the command that runs what failed again, or all of it where nothing did."""
    command = report.again.removeprefix(AGAIN) or report.command
    if not command:
        return []
    fence = _fence(command)
    return ["Run it again:", "", f"{fence}sh", one_line(command), fence]


def _title(group: Group, escaped: Callable[[str], str]) -> str:
    """Return cells, test and message; of many cells the first ones."""
    each, rest = group.failure, len(group.cells) - _CELLS
    cells = ", ".join(group.cells[:_CELLS]) + (f" and {rest} more" if rest > 0 else "")
    title = f"<code>{escaped(cells)}</code>{f' {escaped(each.test)}' * bool(each.test)}"
    return f"{title}: {escaped(each.message)}" if each.message.strip() else title


def _html(text: str) -> str:
    # A blank line would end the block, and Markdown begin.
    return html.escape(one_line(text))


def _fence(text: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(3, longest + 1)
