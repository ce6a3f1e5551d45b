"""Measures what a release costs, and compares it with its limits.

    uv run python -m tests.e2e.release_times --against OTHER_CHECKOUT

The servers are the stand-ins on loopback. Each figure is the median of five runs, this checkout and
the other one in turn, in one run of this program; the range of the single runs is the machine's
noise. The other checkout is the version before this one, with its own `uv sync`. It takes half an
hour on a quiet machine. The exit code is 1 where a limit is exceeded.

    | what                                                      | limit                          |
    |-----------------------------------------------------------|--------------------------------|
    | the release of the sample package                         | 1.00 of the other's            |
    | its plan of the edits                                     | 0.35 of its release            |
    | that plan, after 10,000 commits and 200 tags              | 1.2 of the other's plan        |
    | `release-replay --last 5`                                 | five such plans                |
    | the largest memory of the module's process in a release   | 1.1 of the other's             |
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from stiletto.layers.remove import remove_tree

from .bench import REPOSITORY, Bench, Ended, host_environ, stiletto_program
from .gate_times import Report
from .release_bench import (
    EPOCH_S,
    Outside,
    ReleaseBench,
    Sample,
    commit,
    github_description,
    make_package,
    run_git,
)

TIMES = 5
COMMITS, TAGS = 10_000, 200
PAST = 6
POLL_S = 0.05
PLAN = ("release-plan", "--bump", "patch")
EDITS = ("--until", "edits")
MODULE = b"/opt/venv/bin/python\0-c\0"
"""How the process of a module begins: its command line in /proc."""


@dataclass
class Memory:
    """The largest resident memory of a module's process while this is entered, in MB."""

    most_mb: float = 0.0
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Memory:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(POLL_S):
            for process in Path("/proc").glob("[0-9]*"):
                with suppress(OSError, ValueError, StopIteration):
                    if MODULE in (process / "cmdline").read_bytes():
                        lines = (process / "status").read_text().splitlines()
                        line = next(each for each in lines if each.startswith("VmHWM:"))
                        self.most_mb = max(self.most_mb, int(line.split()[1]) / 1024)


@contextmanager
def world(module: Path, cache: Path, source: Path) -> Iterator[ReleaseBench]:
    """Yield a world with a clone of a repository, and the command of a checkout."""
    program = stiletto_program()
    if module != REPOSITORY:
        program = [str(module / ".venv" / "bin" / "stiletto")]
    with tempfile.TemporaryDirectory(prefix="release-times-") as made:
        at = Path(made)
        (at / "home").mkdir()
        bench = Bench(program, host_environ(at / "home", cache), at, module=module)
        with Outside(at / "outside", github_description()) as outside:
            yield ReleaseBench.start(bench, outside, source)


def passed(ended: Ended) -> float:
    """Return how long a command took that has to succeed."""
    assert ended.code == 0, str(ended)
    return ended.elapsed_s


def many_commits(directory: Path) -> Path:
    """Make the sample's repository after ten thousand commits, every fiftieth tagged."""
    make_package(Sample(), directory)
    head = run_git(directory, "rev-parse", "HEAD")
    lines = []
    for number in range(COMMITS):
        parent = f"from {head}\n" if number == 0 else ""
        lines.append(
            f"commit refs/heads/main\nmark :{number + 1}\n"
            f"committer Past <past@example.org> {EPOCH_S - COMMITS + number} +0000\n"
            f"data 4\nwork\n{parent}\n"
        )
        if number % (COMMITS // TAGS) == 0:
            version = f"0.{number // (COMMITS // TAGS)}.0"
            lines.append(f"reset refs/tags/v{version}\nfrom :{number + 1}\n\n")
    subprocess.run(
        ["git", "fast-import", "--quiet", "--force"],
        cwd=directory,
        input="".join(lines).encode(),
        check=True,
    )
    return directory


def past_releases(directory: Path) -> Path:
    """Make the sample's repository with releases of its own, one after another."""
    make_package(Sample(), directory)
    pyproject, log = directory / "pyproject.toml", directory / "CHANGELOG.md"
    for number in range(PAST):
        before, version = f"1.2.{3 + number}", f"1.2.{4 + number}"
        text = log.read_text()
        heading = f"## [Unreleased]\n\n## [{version}] - 2025-02-{number + 1:02}"
        log.write_text(text.replace("## [Unreleased]", heading, 1))
        pyproject.write_text(pyproject.read_text().replace(before, version))
        commit(directory, f"chore: release {version}")
        run_git(directory, "tag", "-a", f"v{version}", "-m", f"v{version}")
        waiting = "## [Unreleased]\n\n### Changed\n\n- More.\n"
        log.write_text(log.read_text().replace("## [Unreleased]\n", waiting, 1))
        commit(directory, "feat: more")
    return directory


def in_turn(other: Path, number: int) -> Sequence[Path]:
    """Return both checkouts, in the other order each time."""
    return (REPOSITORY, other)[:: 1 if number % 2 else -1]


def sample_release(report: Report, other: Path, caches: dict[Path, Path], at: Path) -> None:
    """Measure whole releases, and plans of the edits beside them."""
    source = make_package(Sample(), at / "sample")
    times: dict[Path, list[float]] = {REPOSITORY: [], other: []}
    memory: dict[Path, list[float]] = {REPOSITORY: [], other: []}
    plans: list[float] = []
    # The first round fills the stores, and is not counted.
    for number in range(TIMES + 1):
        for module in in_turn(other, number):
            with world(module, caches[module], source) as bench:
                if module == REPOSITORY:
                    plans.append(passed(bench.run(*PLAN, *EDITS)))
                with Memory() as used:
                    times[module].append(passed(bench.release()))
                memory[module].append(used.most_mb)
    mine, theirs = times[REPOSITORY][1:], times[other][1:]
    ratios = [one / two for one, two in zip(mine, theirs, strict=True)]
    report.add("release", statistics.median(mine) / statistics.median(theirs), 1.0, "times", ratios)
    share = [one / two for one, two in zip(plans[1:], mine, strict=True)]
    report.add("plan of the edits, by the release", statistics.median(share), 0.35, "times", share)
    used_mb = [one / two for one, two in zip(memory[REPOSITORY], memory[other], strict=True)]
    report.add("memory of the module", statistics.median(used_mb), 1.1, "times", used_mb)


def long_history(report: Report, other: Path, caches: dict[Path, Path], at: Path) -> None:
    """Measure the plan in a repository with a long history."""
    source = many_commits(at / "long")
    ratios = []
    for number in range(TIMES + 1):
        taken = {}
        for module in in_turn(other, number):
            until = EDITS if module == REPOSITORY else ()
            with world(module, caches[module], source) as bench:
                taken[module] = passed(bench.run(*PLAN, *until))
        ratios.append(taken[REPOSITORY] / taken[other])
    what = f"plan of the edits, {COMMITS} commits and {TAGS} tags"
    report.add(what, statistics.median(ratios[1:]), 1.2, "times", ratios[1:])


def replays(report: Report, cache: Path, at: Path) -> None:
    """Measure five releases made again, by a plan of the edits in the same repository."""
    source = past_releases(at / "past")
    ratios = []
    with world(REPOSITORY, cache, source) as bench:
        for _ in range(TIMES + 1):
            plan = passed(bench.run(*PLAN, *EDITS))
            began = time.monotonic()
            ended = bench.call("release-replay", "--last", "5", "--git", str(bench.clone))
            assert ended.code == 0, str(ended)
            ratios.append((time.monotonic() - began) / plan)
    report.add("release-replay --last 5", statistics.median(ratios[1:]), 5, "plans", ratios[1:])


def main() -> int:
    """Measure everything; return 1 where a limit is exceeded."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", required=True)
    other = parser.parse_args().against.resolve()
    report = Report()
    with tempfile.TemporaryDirectory(prefix="release-times-") as made:
        at = Path(made)
        caches = {REPOSITORY: at / "store", other: at / "other-store"}
        try:
            sample_release(report, other, caches, at)
            long_history(report, other, caches, at)
            replays(report, caches[REPOSITORY], at)
        finally:
            # The stores' files are read-only, which a temporary directory does not expect.
            for cache in caches.values():
                remove_tree(cache)
    return int(report.exceeded)


if __name__ == "__main__":
    sys.exit(main())
