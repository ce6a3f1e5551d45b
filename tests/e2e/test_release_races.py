"""Pairs of releases at once: of each pair exactly one publishes. Fifty with `-m repeated`."""

from __future__ import annotations

from pathlib import Path

import pytest

from .bench import Bench
from .release_bench import Description, Outside, ReleaseBench, Waiting, shown

PAIRS = 50
# Two versions, and one: the kinds of pairs. A few in each test, so that idle workers can take some.
AT_ONCE = 2
# One of each kind is enough for every change.
FIRSTS = [
    pytest.param(first, marks=pytest.mark.repeated if first else pytest.mark.slow)
    for first in range(0, PAIRS, AT_ONCE)
]

FILES = ("sample_package-{}-py3-none-any.whl", "sample_package-{}.tar.gz")


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("first", FIRSTS, ids=lambda first: f"from pair {first}")
def test_of_two_releases_at_once_one_publishes(
    stiletto: Bench, tmp_path: Path, described: Description, source: Path, first: int
) -> None:
    """Both push their locks together; one is done and its version alone is out, one stops there."""
    for number in range(first, first + AT_ONCE):
        # Every other pair wants two versions, which the lock is to keep apart as well.
        bumps = ("patch", "patch" if number % 2 else "minor")
        with Outside(tmp_path / str(number), described) as outside:
            race(ReleaseBench.start(stiletto, outside, source), bumps)


def race(at: ReleaseBench, bumps: tuple[str, str]) -> None:
    """Let two runs race, and hold what came of it."""
    effects = at.outside.effects
    waiting = Waiting(limit_s=120)
    effects.before(waiting, kind="ref", nth=1)
    effects.before(lambda _: waiting.go_on.set(), kind="ref", nth=2)
    running = [at.begin("--bump", bump, "--run", f"job-{n}") for n, bump in enumerate(bumps)]
    ends = [each.ended() for each in running]
    winner, loser = (0, 1) if ends[0].code == 0 else (1, 0)

    assert (0, 1) == (ends[winner].code, ends[loser].code), f"{ends[0]}\n{ends[1]}"
    assert f'another run holds the lock: run "job-{winner}"' in ends[loser].error
    version = {"patch": "1.2.4", "minor": "1.3.0"}[bumps[winner]]
    now = shown(at.outside)
    assert tuple(name.format(version) for name in FILES) == effects.named("upload")
    assert {f"refs/heads/release/v{version}", f"refs/tags/v{version}"} == {
        ref for ref in now.refs if ref not in ("refs/heads/main", "refs/tags/v1.2.3")
    }
    assert [(f"v{version}", False)] == [release[:2] for release in now.releases]
    assert 1 == len(now.pulls)
