"""Measures what the gates cost, and compares it with its limits.

    uv run python -m tests.e2e.gate_times
    uv run python -m tests.e2e.gate_times --against OTHER_CHECKOUT

It takes a few minutes on a quiet machine. Each line has the figure, its limit, and the machine's
noise as the range of the single runs. With `--against`, the first `ci` of sample packages is run
with this checkout and another one in turn; the other one needs its own `uv sync`. The exit code is
1 where a limit is exceeded.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .bench import FIXTURES, REPOSITORY, Bench, host_environ, stiletto_program
from .repositories import HATCHLING, PYTEST, commit, git, repository, write

SAMPLES = ("hatchling-src", "setuptools-flat", "tiny-plain", "matrix-demo", "workspace")
PYTHON = ("--python", "3.11")
JUDGING = ("ruff", "mypy", "pytest", "python")
FILES = 10_000
IGNORED_MB = 400
PACKAGE = {
    "pyproject.toml": HATCHLING.format(name="tide") + PYTEST + "\n[tool.ruff]\n[tool.mypy]\n",
    "src/tide/__init__.py": '"""Tides."""\n',
    "src/tide/py.typed": "",
    "tests/test_tide.py": "def test_tide() -> None:\n    assert True\n",
    ".gitignore": "target/\n",
}


class Report:
    """Writes each figure beside its limit, and remembers whether one was too large."""

    exceeded = False

    def add(self, what: str, value: float, limit: float, unit: str, runs: Sequence[float]) -> None:
        """Write a line; `runs` are the single figures behind the value."""
        self.exceeded |= value > limit
        spread = f"{min(runs):.2f} to {max(runs):.2f}, {len(runs)} runs"
        verdict = "more than" if value > limit else "limit"
        sys.stdout.write(f"{what}: {value:.2f} {unit} ({verdict} {limit:g} {unit}; {spread})\n")
        sys.stdout.flush()


def seconds(act: Callable[[], object], times: int) -> list[float]:
    """Run something several times; return how long each run took."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return taken


@contextmanager
def fresh(module: Path = REPOSITORY) -> Iterator[tuple[Bench, Path]]:
    """Yield a bench with a store of its own, and a directory for its packages."""
    with tempfile.TemporaryDirectory(prefix="gates-") as made:
        at = Path(made)
        (at / "home").mkdir()
        program = stiletto_program()
        if module != REPOSITORY:
            program = [str(module / ".venv" / "bin" / "stiletto")]
        environ = host_environ(at / "home", at / "store")
        yield Bench(program, environ, at, module=module), at


def store_mb(at: Path) -> float:
    """Return the size of the store in MB."""
    found = [path.lstat() for path in (at / "store").rglob("*") if not path.is_symlink()]
    return sum(each.st_blocks * 512 for each in found) / 1e6


def unchanged(report: Report) -> None:
    """Measure a `ci` that has nothing to do, and what is only read and decided."""
    with fresh() as (bench, at):
        source = repository(at / "tide", PACKAGE)
        bench.passes(source, "ci", *PYTHON)
        python = statistics.median(
            seconds(lambda: subprocess.run([sys.executable, "-c", ""], check=True), 25)
        )
        runs = [each - python for each in seconds(lambda: bench.passes(source, "ci", *PYTHON), 25)]
        report.add("unchanged ci, beyond the interpreter", statistics.median(runs), 1.0, "s", runs)

        git(source, "commit", "--allow-empty", "-qm", "the same tree")
        again = bench.passes(source, "ci", *PYTHON).ran
        judging = [name for name in again if name.split()[0] in JUDGING]
        report.add("gates after a new commit of the same tree", len(judging), 0, "steps", [0])

        # The package changes each time, so that neither answers from the store.
        pairs = []
        for number in range(9):
            write(source, {"src/tide/__init__.py": f'"""Tides, {number}."""\n'})
            bench.passes(source, "versions")
            (versions,) = seconds(lambda: bench.passes(source, "versions"), 1)
            (describe,) = seconds(lambda: bench.passes(source, "describe", *PYTHON), 1)
            pairs.append(describe - versions)
        report.add("describe less versions", statistics.median(pairs), 0.3, "s", pairs)


def many_files(report: Report) -> None:
    """Measure the step in which git says which files count."""
    with fresh() as (bench, at):
        files = {f"src/tide/m{number // 100}/f{number}.py": "" for number in range(FILES)}
        source = repository(at / "tide", {**PACKAGE, **files})
        git(source, "status", "--porcelain")
        status = seconds(lambda: git(source, "status", "--porcelain"), 9)
        bench.passes(source, "versions")
        runs = []
        for number in range(9):
            write(source, {f"src/tide/new{number}.py": ""})
            printed = bench.passes(source, "versions").err
            lines = [line for line in printed.splitlines() if "list-files.sh" in line]
            runs.append(sum(map(_took, lines)))
        ratio = statistics.median(runs) / statistics.median(status)
        each = [run / statistics.median(status) for run in runs]
        report.add(f"the git step over {FILES} files, by git status", ratio, 5, "times", each)


def _took(line: str) -> float:
    """Return the seconds at the end of a line of progress, as in `DONE [0.1s]`."""
    _, found, rest = line.rpartition(" DONE [")
    return float(rest.rstrip("s]")) if found else 0.0


def ignored(report: Report) -> None:
    """Measure what ignored files leave in the store."""
    with fresh() as (bench, at):
        source = repository(at / "tide", PACKAGE)
        bench.passes(source, "lint")
        before = store_mb(at)
        (source / "target").mkdir()
        for number in range(IGNORED_MB // 50):
            (source / "target" / f"{number}.bin").write_bytes(os.urandom(50_000_000))
        bench.passes(source, "lint")
        more = store_mb(at) - before
        report.add(f"{IGNORED_MB} MB of ignored files in the store", more, 10, "MB", [more])


def first_call(report: Report, other: Path) -> None:
    """Compare the first `ci` of samples with another checkout's, in turn."""
    for name in SAMPLES:
        ratios = []
        for number in range(3):
            taken = {}
            for module in (REPOSITORY, other)[:: 1 if number % 2 else -1]:
                with fresh(module) as (bench, at):
                    source = commit(write(at / name, _texts(FIXTURES / name)))
                    taken[module] = bench.call(source, "ci", *PYTHON).elapsed_s
            ratios.append(taken[REPOSITORY] / taken[other])
        report.add(f"first ci of {name}", statistics.median(ratios), 1.05, "times", ratios)


def _texts(at: Path) -> dict[str, str]:
    found = [path for path in at.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {str(path.relative_to(at)): path.read_text(encoding="utf-8") for path in found}


def main() -> int:
    """Measure everything; return 1 where a limit is exceeded."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="for the first ci")
    options = parser.parse_args()
    report = Report()
    unchanged(report)
    many_files(report)
    ignored(report)
    if options.against:
        first_call(report, options.against.resolve())
    return int(report.exceeded)


if __name__ == "__main__":
    sys.exit(main())
