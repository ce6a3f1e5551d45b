"""The result as Markdown, for docs/performance.md, and as JSON, with every single run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from .figures import Measured, Point, Spread, bends, spread

SLOWER = ("tox", "nox")
"""What has to be slower, in every row."""
HEADINGS = ("row", "pytest", "uv", "tox", "nox", "stiletto", "idle 0", "goal", "of the goal")
BAR = 40
"""Characters of the longest bar."""
TIMES = ("pytest", "uv", "tox", "nox", "stiletto", "stiletto-idle-0")
BESIDE = {"dagger-empty": "pytest", "dagger": "stiletto"}
"""Columns of rows without those of the table -> where they are shown."""


def markdown(results: Sequence[Measured], facts: Mapping[str, str]) -> str:
    """Return a table for each package, with the machine in front."""
    machine = "; ".join(f"{name} {value}" for name, value in facts.items() if value)
    parts = [f"Machine: {machine}."]
    for package in dict.fromkeys(each.package for each in results):
        rows = [each for each in results if each.package == package]
        reference = spread([value for each in rows for value in each.reference_s])
        rounds = max(len(each.reference_s) for each in rows)
        parts.append(
            f"**{package}**: medians of {rounds} rounds in seconds, quartiles in brackets; "
            f"R = {reference.median:.3f} s."
        )
        parts.append(_table([HEADINGS, *map(_line, rows)]))
        parts.extend(
            f"- `{each.row}`: {'; '.join(wrong)}."
            for each in rows
            if (wrong := each.missed(SLOWER))
        )
    return "\n\n".join(parts) + "\n"


def drawing(points: Sequence[Point], facts: Mapping[str, str]) -> str:
    """Return the growth as Markdown: a table, and a bar for each size, drawn against the time."""
    machine = "; ".join(f"{name} {value}" for name, value in facts.items() if value)
    parts = [f"Machine: {machine}."]
    for series in dict.fromkeys(point.series for point in points):
        found = [point for point in points if point.series == series]
        lines = [
            (
                f"{point.size:,}",
                _seconds(spread(point.taken_s)),
                _ratio(point.of_limit),
                f"`{_bar(spread(point.taken_s).median, found)}`",
            )
            for point in found
        ]
        parts.append(f"**{series}**, at most {found[0].goal}")
        parts.append(_table([("size", "seconds", "of the goal", ""), *lines]))
        parts.extend(
            f"- Beyond {size:,}, one more costs {bend:.1f} times as much as before."
            for size, bend in bends(found)
        )
    return "\n\n".join(parts) + "\n"


def _bar(seconds: float, points: Sequence[Point]) -> str:
    longest_s = max(spread(point.taken_s).median for point in points)
    return "#" * max(1, round(BAR * seconds / longest_s))


def _line(row: Measured) -> Sequence[str]:
    shown = {BESIDE.get(name, name): name for name in row.columns()}
    times = [
        _seconds(spread([*row.times(shown[name]).values()])) if name in shown else ""
        for name in TIMES
    ]
    of_goal = row.of_goal(row.judged)
    met = "no" if row.missed(SLOWER) else "yes"
    ratio = f"{_ratio(spread(of_goal))}: {met}" if of_goal else met
    return (f"`{row.row}`", *times, str(row.goal or ""), ratio)


def _seconds(found: Spread) -> str:
    digits = 1 if found.median >= 10 else 2
    return f"{found.median:.{digits}f} ({found.low:.{digits}f}-{found.high:.{digits}f})"


def _ratio(found: Spread) -> str:
    return f"{found.median:.2f} ({found.low:.2f}-{found.high:.2f})"


def _table(lines: Sequence[Sequence[str]]) -> str:
    head, *rows = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([head, "|" + "---|" * len(lines[0]), *rows])


def with_section(page: str, name: str, text: str) -> str:
    """Return a page whose section between two comments is this text.

    Raises:
        ValueError: it has no such section.
    """
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"no section {name}")
    return f"{before}{begin}\n\n{text}\n{end}{after}"


def as_json(results: Sequence[Measured], points: Sequence[Point], facts: Mapping[str, str]) -> str:
    """Return every run, with the machine."""
    rows = [{**asdict(each), "missed": each.missed(SLOWER)} for each in results]
    growth = [asdict(each) for each in points]
    return json.dumps({"machine": dict(facts), "rows": rows, "growth": growth}, indent=1) + "\n"
