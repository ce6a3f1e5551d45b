"""The result as Markdown, for docs/performance.md, and as JSON, with every single run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from .figures import Goal, Measured, Point, Sample, Spread, bends, spread

SLOWER = ("tox", "nox")
"""What has to be slower, in every row."""
HEADINGS = (
    *("row", "pytest", "uv", "tox", "nox", "stiletto", "idle 0", "goal"),
    *("of the goal", *(f"of {name}" for name in SLOWER), "met"),
)
BAR = 40
"""Characters of the longest bar."""
TIMES = ("pytest", "uv", "tox", "nox", "stiletto", "stiletto-idle-0")
BESIDE = {"dagger-empty": "pytest", "dagger": "stiletto"}
"""Columns of rows without those of the table -> where they are shown."""


@dataclass(frozen=True)
class Entry:
    """A row, and the machine of the run that measured it."""

    row: Measured
    facts: Mapping[str, str]


def merged(before: Sequence[Entry], results: Sequence[Entry], names: Sequence[str]) -> list[Entry]:
    """Return the rows of earlier runs with those of this one, which replace the same rows.

    Packages are in the order in which they were measured, rows in the order of `names`.
    """
    found = {(each.row.package, each.row.row): each for each in (*before, *results)}
    packages = [*dict.fromkeys(package for package, _ in found)]
    order = {name: number for number, name in enumerate(names)}

    def place(each: Entry) -> tuple[int, int]:
        return packages.index(each.row.package), order.get(each.row.row, len(order))

    return sorted(found.values(), key=place)


def markdown(entries: Sequence[Entry]) -> str:
    """Return a table for each package, with the machine in front."""
    parts = [_machine([each.facts for each in entries])]
    results = [each.row for each in entries]
    for package in dict.fromkeys(each.package for each in results):
        rows = [each for each in results if each.package == package]
        reference = spread([value for each in rows for value in each.reference_s])
        rounds = sorted({len(each.reference_s) for each in rows})
        number = " to ".join(map(str, dict.fromkeys((rounds[0], rounds[-1]))))
        parts.append(
            f"**{package}**: medians of {number} rounds in seconds, quartiles in brackets; "
            f"R = {reference.median:.3f} s."
        )
        parts.append(_table([HEADINGS, *map(_line, rows)]))
        parts.extend(
            f"- `{each.row}` cannot be compared: {wrong}."
            for each in rows
            if (wrong := each.disagreement())
        )
    return "\n\n".join(parts) + "\n"


def _machine(runs: Sequence[Mapping[str, str]]) -> str:
    """Return what the runs were made on; a fact that differs has the value of each run."""
    names = dict.fromkeys(name for facts in runs for name in facts)
    values = {
        name: [*dict.fromkeys(facts[name] for facts in runs if facts.get(name))] for name in names
    }
    told = (f"{name} {' and '.join(each)}" for name, each in values.items() if each)
    return f"Machine: {'; '.join(told)}."


def drawing(points: Sequence[Point], facts: Mapping[str, str]) -> str:
    """Return the growth as Markdown: a table, and a bar for each size, drawn against the time."""
    parts = [_machine([facts])]
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
    ratios = (row.of_goal(row.judged), *(row.ratios(row.judged, other) for other in SLOWER))
    met = "no" if row.missed(SLOWER) else "yes"
    compared = [_ratio(spread(each)) if each else "" for each in ratios]
    return (f"`{row.row}`", *times, str(row.goal or ""), *compared, met)


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


def as_json(entries: Sequence[Entry], points: Sequence[Point], facts: Mapping[str, str]) -> str:
    """Return every run, with the machine."""
    rows = [
        {**asdict(each.row), "missed": each.row.missed(SLOWER), "machine": dict(each.facts)}
        for each in entries
    ]
    growth = [asdict(each) for each in points]
    return json.dumps({"machine": dict(facts), "rows": rows, "growth": growth}, indent=1) + "\n"


def from_json(text: str) -> list[Entry]:
    """Return the rows of `as_json`.

    Raises:
        ValueError, KeyError, TypeError: it is something else.
    """
    entries = []
    for row in json.loads(text)["rows"]:
        row.pop("missed")
        facts = row.pop("machine")
        goal = row.pop("goal")
        samples = [Sample(**each) for each in row.pop("samples")]
        measured = Measured(goal=Goal(**goal) if goal else None, samples=samples, **row)
        entries.append(Entry(measured, facts))
    return entries


def left_text(taken_s: Sequence[float], rows: int) -> str:
    """Return how long so many rows will take, if they take what those before took."""
    if not rows:
        return "done"
    minutes = rows * sum(taken_s) / len(taken_s) / 60
    return f"rows left: {rows}, about {max(1, round(minutes))} min"
