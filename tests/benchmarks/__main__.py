"""Measures Wheelwright beside pytest, a loop over uv, tox and nox.

    uv run python -m tests.benchmarks
    uv run python -m tests.benchmarks --pairs 3 --package attrs --only edited-test
    uv run python -m tests.benchmarks --growth --only cached-steps,cells
    uv run python -m tests.benchmarks --fill
    uv run python -m tests.benchmarks --check

Its figures mean something only on a machine that does nothing else. Each round runs all columns of
a row, in the opposite order in each second one; ratios are made within a round. The table is
written as Markdown to the standard output, and with every run as JSON to `--json`. Rows that this
file has from an earlier run are shown as well, so a table can be measured in parts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from stiletto.layers.remove import remove_tree
from tests.e2e.bench import REPOSITORY, dagger_answers

from .figures import Measured, Point
from .filling import FILLERS, LAST, LIMIT, Filling, as_text, name_of
from .growth import SERIES
from .growth import measure as growth
from .machine import Machine, facts, made
from .packages import PACKAGES, Package, own, prepared
from .rounds import COLUMNS, Course
from .rows import CACHES, ROWS, Row, Scene
from .table import (
    SLOWER,
    Entry,
    as_json,
    drawing,
    from_json,
    left_text,
    markdown,
    merged,
    with_section,
)

ROW_NAMES = [row.name for row in ROWS]
NAMES = ", ".join(ROW_NAMES + [each.name for each in SERIES])
PAGE = REPOSITORY / "docs" / "performance.md"
PYTHONS = "3.10,3.11,3.12,3.13"


def measure(
    machine: Machine, package: Package, rows: Sequence[Row], columns: Sequence[str], pairs: int
) -> Iterator[Measured]:
    """Yield the rows of one package, those that begin with empty caches first."""
    source = prepared(package, machine.at / f"{package.name}-source", machine.environ(machine.at))
    course = Course(machine, Scene(package, source, machine.pythons), columns)
    try:
        for row in (each for each in rows if each.fresh == CACHES):
            yield course.measured(row, pairs)
        warm = [each for each in rows if each.fresh != CACHES]
        if warm:
            course.warm()
        for row in warm:
            yield course.measured(row, pairs)
    finally:
        course.close()


def grown(machine: Machine, only: Sequence[str], pairs: int) -> Iterator[Point]:
    """Yield the sizes of each series."""
    for series in SERIES:
        if not only or series.name in only:
            for point in growth(machine, series, pairs):
                sys.stderr.write(f"{series.name} {point.size}: {point.of_limit.median:.2f}\n")
                yield point


def rows_of(package: Package, only: Sequence[str], columns: Sequence[str]) -> list[Row]:
    """Return the rows that a package has, those of the command line only."""
    return [
        row
        for row in ROWS
        if row.judged in columns
        if not only or row.name in only
        if not row.packages or package.name in row.packages
    ]


def packages(listed: str) -> list[Package]:
    """Return the packages of the command line; all, if it has none.

    Raises:
        SystemExit: one is unknown.
    """
    if Path(listed).is_dir() and listed:
        return [own(Path(listed).resolve())]
    known = {each.name: each for each in PACKAGES}
    if unknown := {*_names(listed)} - known.keys():
        raise SystemExit(f"unknown package {min(unknown)}: {', '.join(known)}, or a directory")
    return [known[name] for name in _names(listed)] or [*PACKAGES]


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=5, help="rounds of each row (default: 5)")
    parser.add_argument("--only", default="", help=f"rows: {NAMES}")
    parser.add_argument("--package", default="", help="names of packages, or a directory")
    parser.add_argument("--column", default=",".join(COLUMNS), help="names of columns")
    parser.add_argument("--python", default=PYTHONS, help=f"versions (default: {PYTHONS})")
    parser.add_argument("--store", type=Path, help="a store of stiletto, in place of an empty one")
    parser.add_argument("--json", type=Path, help="a file of every run; its rows stay")
    parser.add_argument("--growth", action="store_true", help="measure sizes in place of rows")
    parser.add_argument("--fill", action="store_true", help="fill one store with 26 packages")
    parser.add_argument("--limit", default=LIMIT, help=f"its size with --fill (default: {LIMIT})")
    parser.add_argument("--write", action="store_true", help="the result to docs/performance.md")
    parser.add_argument("--check", action="store_true", help="exit 1 where a goal is missed")
    given = parser.parse_args(argv)
    only = _names(given.only)
    if given.fill:
        return filled(_names(given.python)[-1:], only, given.limit, given.pairs)
    columns = [name for name in COLUMNS if name in _names(given.column)]
    if not dagger_answers():
        columns = [name for name in columns if not name.startswith("dagger")]
    kept = _kept(given.json)
    at = Path(tempfile.mkdtemp(prefix="benchmarks-")).resolve()
    results: list[Measured] = []
    points: list[Point] = []

    def report() -> str:
        """Write what was measured so far: a run that is interrupted is not lost."""
        entries = merged(kept, [Entry(each, before) for each in results], ROW_NAMES)
        text = drawing(points, before) if given.growth else markdown(entries)
        if given.json:
            given.json.write_text(as_json(entries, points, before), encoding="utf-8")
        if given.write:
            name = "growth" if given.growth else "rows"
            page = PAGE.read_text(encoding="utf-8")
            PAGE.write_text(with_section(page, name, text), encoding="utf-8")
        return text

    try:
        peers = bool({"tox", "nox"} & {*columns})
        machine = made(at, _names(given.python), peers, given.store)
        before = facts(machine)
        if given.growth:
            for point in grown(machine, only, given.pairs):
                points.append(point)
                report()
        else:
            wanted = {each: rows_of(each, only, columns) for each in packages(given.package)}
            for found in timed(machine, wanted, columns, given.pairs):
                results.append(found)
                report()
    finally:
        remove_tree(at)
    sys.stdout.write(report())
    missed = [each for each in results if each.missed(SLOWER)]
    slow = [each for each in points if each.of_limit.median > 1]
    return int(given.check and bool(missed or slow))


def filled(pythons: Sequence[str], only: Sequence[str], limit: str, pairs: int) -> int:
    """Fill a store and print it after each package; return 1 where something does not hold."""
    at = Path(tempfile.mkdtemp(prefix="benchmarks-")).resolve()
    wanted = {name: tests for name, tests in FILLERS.items() if not only or name_of(name) in only}
    filling = Filling(made(at, pythons, peers=False, store=None), limit)
    try:
        stores = []
        for found in filling.fill(wanted):
            stores.append(found)
            sys.stderr.write(f"{found.line(filling.limit_bytes)}\n")
        calls = [filling.again(name, pairs) for name in [*wanted][-LAST:]]
        filling.close()
    finally:
        remove_tree(at)
    sys.stdout.write(as_text(stores, calls, filling.limit_bytes))
    return int(any(each.wrong(filling.limit_bytes) for each in stores))


def timed(
    machine: Machine, wanted: Mapping[Package, Sequence[Row]], columns: Sequence[str], pairs: int
) -> Iterator[Measured]:
    """Yield the rows of all packages, and report each with the time that is left."""
    left = sum(map(len, wanted.values()))
    taken_s: list[float] = []
    for package, rows in wanted.items():
        began_s = time.monotonic()
        for found in measure(machine, package, rows, columns, pairs) if rows else ():
            # What a package begins with, such as its environments, counts for its first row.
            now_s = time.monotonic()
            taken_s.append(now_s - began_s)
            began_s = now_s
            left -= 1
            verdict = ", ".join(found.missed(SLOWER)) or "met"
            sys.stderr.write(
                f"{package.name} {found.row}: {verdict} "
                f"({taken_s[-1]:.0f} s; {left_text(taken_s, left)})\n"
            )
            yield found


def _kept(file: Path | None) -> list[Entry]:
    """Return the rows that a file has from earlier runs.

    Raises:
        SystemExit: it has something else.
    """
    if file is None or not file.exists():
        return []
    try:
        return from_json(file.read_text(encoding="utf-8"))
    except (ValueError, KeyError, TypeError) as error:
        raise SystemExit(f"{file} has no rows of a benchmark") from error


def _names(listed: str) -> list[str]:
    return [each for each in listed.split(",") if each]


if __name__ == "__main__":
    sys.exit(main())
