"""A release against servers of its own: killed in the middle, continued, and what there is then.

    uv run python -m tests.e2e.release_demo

It starts an index, git over HTTP and GitHub on loopback, puts a sample package there, shows the
plan, runs `stiletto call release --bump patch`, kills it when the index has the first of two files,
runs it again, merges the pull request, and runs it once more: about a minute. The progress is shown
as it comes, and what is under way where nothing comes for a while. `STILETTO_TEST_CACHE` names a
store to keep from run to run.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Self

from stiletto.layers.remove import remove_tree
from tests.standins.github_pulls import merge
from wheelwright.release.decide.world import Act

from .bench import Bench, Ended, host_environ, stiletto_program
from .release_bench import (
    EPOCH_S,
    Outside,
    ReleaseBench,
    Sample,
    github_description,
    killing,
    make_package,
    shown,
)

TIME = ("--source-date-epoch", str(EPOCH_S))
QUIET_S = 2.0
"""After so long without a line it says what is under way."""

_CHARS = 100
_OUTPUT = re.compile(r"\d+ : (  \||.* (DONE|CACHED) \[)")
"""A line of a step's output, and its end."""
_STEP = re.compile(
    r"(?P<id>\d+) : (?P<name>(?!  \|).+?)(?P<end> (DONE|CACHED|ERROR|CANCELLED) \[.*)?"
)
"""A line that a step begins or ends with."""
_ACT = re.compile(rf"\d+ :   \| ({'|'.join(act.value for act in Act)}|run |  to continue|  its )")
"""What a release prints itself."""


class Progress:
    """Prints what a release does, and of its steps one a second: enough to see that it works.

    Where nothing comes for a while it prints what is under way.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._shown_s = time.monotonic()
        self._under_way: dict[str, tuple[str, float]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def __call__(self, line: str) -> None:
        """Print a line, shortened, or leave it out."""
        with self._guard:
            now_s = time.monotonic()
            if step := _STEP.fullmatch(line):
                if step["end"]:
                    self._under_way.pop(step["id"], None)
                else:
                    self._under_way[step["id"]] = step["name"], now_s
            if _ACT.match(line) or (not _OUTPUT.match(line) and now_s - self._shown_s > 1):
                self._print(f"    {line[:_CHARS]}")

    def say(self, text: str) -> None:
        """Print what is not of a command; what was under way in one is over."""
        with self._guard:
            self._under_way.clear()
            self._print(text)

    def _watch(self) -> None:
        while not self._over.wait(QUIET_S / 4):
            with self._guard:
                now_s = time.monotonic()
                if now_s - self._shown_s < QUIET_S:
                    continue
                # The innermost began last.
                name, since_s = next(reversed(self._under_way.values()), ("", now_s))
                after = f" {name}, {now_s - since_s:.0f} s" if name else ""
                self._print(f"    ...{after[:_CHARS]}")

    def _print(self, text: str) -> None:
        self._shown_s = time.monotonic()
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def demonstrate(directory: Path, cache: Path, progress: Progress) -> Ended:
    """Show everything; return how the second run ended."""
    home = directory / "home"
    home.mkdir()
    sample = Sample()
    bench = Bench(stiletto_program(), host_environ(home, cache), directory)
    progress.say(f"== {sample.name} {sample.version}, on servers of its own")
    with Outside(directory / "outside", github_description()) as outside:
        at = ReleaseBench.start(bench, outside, make_package(sample, directory / "work"), sample)
        progress.say(f"index   {outside.index.simple_url}")
        progress.say(f"git     {outside.git.url}")
        progress.say(f"GitHub  {outside.api_url}")
        progress.say("\n== stiletto call release-plan --bump patch")
        planning = at.begin_call("release-plan", "--bump", "patch", *TIME, *at.places, *at.token)
        planned = planning.watched(progress)
        progress.say(planned.out)
        if planned.code:
            return planned
        progress.say("== stiletto call release --bump patch --run demo")
        running = at.begin("--run", "demo")
        outside.effects.after(killing(running.process.pid), kind="upload", nth=1)
        killed = running.watched(progress)
        outside.effects.unhook()
        if killed.code >= 0:
            progress.say(str(killed))
            return killed
        progress.say(f"killed by signal {-killed.code}")
        progress.say("\n== now there is")
        progress.say(shown(outside).text())
        progress.say("== stiletto call release --bump patch --run demo")
        ended = at.begin("--run", "demo").watched(progress)
        progress.say(ended.out if ended.code == 0 else str(ended))
        if ended.code:
            return ended
        progress.say("== now there is")
        progress.say(shown(outside).text())
        progress.say("== the pull request is merged, and the same command runs again")
        for number in outside.github.state.pulls:
            merge(outside.github.state, number)
        ended = at.begin("--run", "demo").watched(progress)
        progress.say(ended.out if ended.code == 0 else str(ended))
        progress.say("== the commit that was built")
        progress.say(outside.repository.git("show", "--stat", "v1.2.4"))
        progress.say("\n== everything that was written, in order")
        progress.say(
            "\n".join(f"{each.kind:<14}  {each.subject}" for each in outside.effects.happened)
        )
    return ended


def main() -> int:
    """Demonstrate in a directory that is removed; return the exit code."""
    with Progress() as progress, tempfile.TemporaryDirectory(prefix="release-demo-") as scratch:
        directory = Path(scratch)
        cache = Path(os.environ.get("STILETTO_TEST_CACHE") or directory / "cache")
        try:
            return abs(demonstrate(directory, cache, progress).code)
        finally:
            # The store's files are read-only, which a temporary directory does not expect.
            remove_tree(directory / "cache")


if __name__ == "__main__":
    sys.exit(main())
