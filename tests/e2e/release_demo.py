"""A release against servers of its own: killed in the middle, continued, and what there is then.

    uv run python -m tests.e2e.release_demo

It starts an index, git over HTTP and GitHub on loopback, puts a sample package there, shows the
plan, runs `stiletto call release --bump patch`, kills it when the index has the first of two files,
runs it again, merges the pull request, and runs it once more: about a minute. The progress is shown
as it comes. `STILETTO_TEST_CACHE` names a store to keep from run to run.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from pathlib import Path

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
_CHARS = 100
_OUTPUT = re.compile(r"\d+ : (  \||.* (DONE|CACHED) \[)")
"""A line of a step's output, and its end."""
_ACT = re.compile(rf"\d+ :   \| ({'|'.join(act.value for act in Act)}|run |  to continue|  its )")
"""What a release prints itself."""


class Progress:
    """Prints what a release does, and of its steps one a second: enough to see that it works."""

    def __init__(self) -> None:
        self._shown_s = 0.0

    def __call__(self, line: str) -> None:
        """Print a line, shortened, or leave it out."""
        now_s = time.monotonic()
        if _ACT.match(line) or (not _OUTPUT.match(line) and now_s - self._shown_s > 1):
            self._shown_s = now_s
            say(f"    {line[:_CHARS]}")


progress = Progress()


def say(text: str) -> None:
    """Print, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def demonstrate(directory: Path, cache: Path) -> Ended:
    """Show everything; return how the second run ended."""
    home = directory / "home"
    home.mkdir()
    sample = Sample()
    bench = Bench(stiletto_program(), host_environ(home, cache), directory)
    with Outside(directory / "outside", github_description()) as outside:
        at = ReleaseBench.start(bench, outside, make_package(sample, directory / "work"), sample)
        say(f"== {sample.name} {sample.version}, on servers of its own")
        say(f"index   {outside.index.simple_url}")
        say(f"git     {outside.git.url}")
        say(f"GitHub  {outside.api_url}")
        say("\n== stiletto call release-plan --bump patch")
        planning = at.begin_call("release-plan", "--bump", "patch", *TIME, *at.places, *at.token)
        planned = planning.watched(progress)
        say(planned.out)
        if planned.code:
            return planned
        say("== stiletto call release --bump patch --run demo")
        running = at.begin("--run", "demo")
        outside.effects.after(killing(running.process.pid), kind="upload", nth=1)
        killed = running.watched(progress)
        outside.effects.unhook()
        if killed.code >= 0:
            say(str(killed))
            return killed
        say(f"killed by signal {-killed.code}")
        say("\n== now there is")
        say(shown(outside).text())
        say("== stiletto call release --bump patch --run demo")
        ended = at.begin("--run", "demo").watched(progress)
        say(ended.out if ended.code == 0 else str(ended))
        if ended.code:
            return ended
        say("== now there is")
        say(shown(outside).text())
        say("== the pull request is merged, and the same command runs again")
        for number in outside.github.state.pulls:
            merge(outside.github.state, number)
        ended = at.begin("--run", "demo").watched(progress)
        say(ended.out if ended.code == 0 else str(ended))
        say("== the commit that was built")
        say(outside.repository.git("show", "--stat", "v1.2.4"))
        say("\n== everything that was written, in order")
        say("\n".join(f"{each.kind:<14}  {each.subject}" for each in outside.effects.happened))
    return ended


def main() -> int:
    """Demonstrate in a directory that is removed; return the exit code."""
    with tempfile.TemporaryDirectory(prefix="release-demo-") as scratch:
        directory = Path(scratch)
        cache = Path(os.environ.get("STILETTO_TEST_CACHE") or directory / "cache")
        try:
            return abs(demonstrate(directory, cache).code)
        finally:
            # The store's files are read-only, which a temporary directory does not expect.
            remove_tree(directory / "cache")


if __name__ == "__main__":
    sys.exit(main())
