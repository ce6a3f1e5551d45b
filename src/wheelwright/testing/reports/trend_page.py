"""Durations and coverage over time as one page: inline SVG, no script, dark and light.

A chart has a point for each run. Positions across are percentages and those along are pixels, so
that a chart has the width of any screen and its points stay round. How a run ended is shown by the
form of its point.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape as e
from itertools import pairwise
from typing import Any, Final

from wheelwright.gates.table import counted
from wheelwright.testing.reports.history import (
    Trend,
    number_of,
    runs,
    seconds_of,
    trends,
)
from wheelwright.testing.reports.model import percent
from wheelwright.testing.reports.page import document, duration, facts, figures, text

RUNS: Final = 200
"""Runs of a step that its chart has: the last ones."""

_ROWS = 30
_HEIGHT, _MARGIN = 120, 10
_PASSED, _FAILED, _OTHER = "passed", "failed", "other"


@dataclass(frozen=True, slots=True)
class _Point:
    """A run in a chart; without a `value` it is a gap."""

    value: float | None
    kind: str
    label: str


def render(history: str, last: int = 5) -> str:
    """Return the page; `last` runs of each step are compared with all before.

    Raises:
        RequestError: not a history.
    """
    found = trends(history, last)
    rows = runs(history)
    at = max((str(row["at"]) for row in rows), default="")
    grown = [each.step for each in found if each.grew]
    kind, mark = ("idle", "\N{NORTH EAST ARROW}") if grown else ("passed", "\N{CHECK MARK}")
    said = f"grew: {', '.join(grown)}" if grown else "no step grew" if found else "no runs yet"
    body = [
        "<header>",
        '<p class="over">Durations and coverage over time</p>',
        "<h1>Trend of the test matrix</h1>",
        f'<p class="verdict {kind}"><span aria-hidden="true">{mark}</span>'
        f"<span>{text(said)}</span></p>",
        *figures(_figures(rows, found)),
        "</header>",
    ]
    for each in found:
        body += _step(each, [row for row in rows if row["step"] == each.step], last)
    body.append(
        '<p class="quiet">\N{BLACK CIRCLE} passed, \N{MULTIPLICATION X} failed, '
        "\N{WHITE CIRCLE} neither. A run that was taken from the cache counts once; the time is "
        "pytest's own.</p>"
    )
    return document(f"Trend: {said}", body, at)


def _figures(
    rows: Sequence[Mapping[str, Any]], found: Sequence[Trend]
) -> Iterable[tuple[str, str, bool]]:
    yield str(len(found)), "step" if len(found) == 1 else "steps", False
    yield str(len(rows)), "run" if len(rows) == 1 else "runs", False
    failed = sum(each.failures for each in found)
    yield str(failed), "failed", bool(failed)


def _step(trend: Trend, rows: Sequence[Mapping[str, Any]], last: int) -> Iterable[str]:
    shown = rows[-RUNS:]
    yield f"<h2>{text(trend.step)}<small>{counted(trend.runs, 'run')}</small></h2>"
    yield '<div class="panel charts">'
    yield from facts(_facts(trend, last))
    seconds = [_point(row, seconds_of(row)) for row in shown]
    most = max((point.value for point in seconds if point.value is not None), default=0.0)
    yield from _chart("Duration", seconds, 0.0, most or 1.0, duration)
    covered = [_point(row, number_of(row, "coverage")) for row in shown]
    if known := [point.value for point in covered if point.value is not None]:
        yield from _chart("Coverage", covered, math.floor(min(*known, 99.0)), 100.0, percent)
    if shown:
        first, final = (text(str(row["at"])[:10]) for row in (shown[0], shown[-1]))
        yield f'<p class="span"><span>{first}</span><span>{final}</span></p>'
    yield from _table(shown[-_ROWS:])
    yield "</div>"


def _facts(trend: Trend, last: int) -> Iterable[tuple[str, str]]:
    if trend.now_s is not None:
        yield f"Median of the last {last}", duration(trend.now_s)
    if trend.before_s is not None:
        growth = f"{(trend.growth - 1) * 100:+.0f} %"
        kind = ' class="text-idle"' if trend.grew else ""
        yield "Median before", f"{duration(trend.before_s)} <b{kind}>{growth}</b>"
    if trend.failures:
        yield "Failed", counted(trend.failures, "run")


def _chart(
    name: str,
    points: Sequence[_Point],
    low: float,
    high: float,
    shown: Callable[[float], str],
) -> Iterable[str]:
    """Yield a chart from `low` at its foot to `high` at its head."""
    span = f"{shown(low) if low else 0} to {shown(high)}"
    label = f"{name}, {span}, {counted(len(points), 'run')}"
    yield f"<figure><figcaption>{e(name)}<span>{e(span)}</span></figcaption>"
    yield f'<svg role="img" aria-label="{e(label)}" width="100%" height="{_HEIGHT}">'
    for at in (_MARGIN, _HEIGHT // 2, _HEIGHT - _MARGIN):
        yield f'<line class="grid" x1="0" x2="100%" y1="{at}" y2="{at}"/>'
    places = [
        (_across(index, len(points)), _up(point.value, low, high), point)
        for index, point in enumerate(points)
        if point.value is not None
    ]
    for (left, top, _), (right, bottom, _) in pairwise(places):
        yield f'<line class="line" x1="{left}" y1="{top}" x2="{right}" y2="{bottom}"/>'
    radius = 3.5 if len(points) <= 60 else 2
    for x, y, point in places:
        yield _mark(x, y, point, radius)
    yield "</svg></figure>"


def _mark(x: str, y: str, point: _Point, radius: float) -> str:
    title = f"<title>{text(point.label)}</title>"
    if point.kind != _FAILED:
        return f'<circle class="{point.kind}" cx="{x}" cy="{y}" r="{radius:g}">{title}</circle>'
    arm = f"{radius + 0.5:g}"
    cross = f"M-{arm}-{arm}L{arm} {arm}M-{arm} {arm}L{arm}-{arm}"
    return (
        f'<svg x="{x}" y="{y}" overflow="visible">'
        f'<path class="failed" d="{cross}">{title}</path></svg>'
    )


def _across(index: int, count: int) -> str:
    """Return where a run is across, away from the edges."""
    return f"{1.5 + 97 * (index / (count - 1) if count > 1 else 0.5):.2f}%"


def _up(value: float | None, low: float, high: float) -> str:
    part = ((value or 0.0) - low) / (high - low)
    return f"{_HEIGHT - _MARGIN - min(max(part, 0.0), 1.0) * (_HEIGHT - 2 * _MARGIN):.1f}"


def _table(rows: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """Yield the runs as a table, the newest first, for those who do not see the chart."""
    with_coverage = any(number_of(row, "coverage") is not None for row in rows)
    heads = ["When", "Commit", "Outcome", "Time", *(["Coverage"] if with_coverage else [])]
    yield "<details><summary>"
    yield f'<span class="title"><span>the last {counted(len(rows), "run")}</span></span></summary>'
    yield '<div class="runs"><table><thead><tr>'
    yield "".join(f'<th scope="col">{head}</th>' for head in heads)
    yield "</tr></thead><tbody>"
    for row in reversed(rows):
        covered, took = number_of(row, "coverage"), seconds_of(row)
        cells = [
            text(str(row["at"])[:16].replace("T", " ")),
            f"<code>{text(str(row.get('commit') or '')[:12])}</code>",
            text(str(row["outcome"])),
            "" if took is None else duration(took),
            *(["" if covered is None else percent(covered)] if with_coverage else []),
        ]
        yield f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    yield "</tbody></table></div></details>"


def _point(row: Mapping[str, Any], value: float | None) -> _Point:
    outcome = str(row["outcome"])
    kind = outcome if outcome in (_PASSED, _FAILED) else _OTHER
    commit = str(row.get("commit") or "")[:12]
    took, covered = seconds_of(row), number_of(row, "coverage")
    parts = [
        str(row["at"])[:16].replace("T", " "),
        commit,
        outcome,
        "" if took is None else duration(took),
        "" if covered is None else f"coverage {percent(covered)}",
    ]
    return _Point(value, kind, ", ".join(part for part in parts if part))
