"""A release that is killed at random moments ends as one that nobody disturbed.

`STILETTO_TEST_KILLS=0:40` takes these seeds in the place of the one that the suite has:

    STILETTO_TEST_KILLS=0:40 uv run pytest -m slow -s tests/hostile/test_release_kills.py
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from release_kills import Kills

from stiletto.layers.remove import remove_tree

FIRST, LAST = (int(word) for word in os.environ.get("STILETTO_TEST_KILLS", "0:1").split(":"))

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/mountinfo").exists(), reason="needs /proc"),
]


def say(line: str) -> None:
    """Print at once: a run of many seeds is watched, and a failed one is made again by its seed."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@pytest.fixture(scope="module")
def kills(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kills]:
    """Return a package that was released undisturbed, with a store of its own."""
    directory = tmp_path_factory.mktemp("release-kills")
    store = directory / "store"
    yield Kills(directory, store, say)
    remove_tree(store)


@pytest.mark.parametrize("seed", range(FIRST, LAST))
def test_killed_release_ends_as_an_undisturbed_one(kills: Kills, seed: int) -> None:
    """All servers show the same; the store is whole; nothing still runs, and no secret stays."""
    before = kills.killed
    kills.release(seed)
    say(f"seed {seed}: as undisturbed, after {kills.killed - before} kills; {kills.killed} so far")
