"""What GitHub and the index limit: long texts, checks that wait, own tags, older releases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.standins.clock import DAY_S

from .bench import Bench, Ended
from .release_bench import (
    Description,
    Outside,
    ReleaseBench,
    Sample,
    commit,
    make_package,
)

WHEEL = "sample_package-1.2.4-py3-none-any.whl"
SDIST = "sample_package-1.2.4.tar.gz"
CI = """\
name: ci
on:
  pull_request:
  workflow_dispatch:
jobs:
  passed:
    runs-on: ubuntu-24.04
    steps:
      - run: "true"
"""
ENTRY = "Thing {:04} of this release, in one line of text that is somewhat longer than others."


@pytest.fixture
def long(stiletto: Bench, tmp_path: Path, described: Description) -> Iterator[ReleaseBench]:
    """Return a world whose package has a thousand entries, and a workflow for pull requests."""
    sample = Sample(entries=tuple(map(ENTRY.format, range(1_000))))
    with Outside(tmp_path / "outside", described) as outside:
        source = make_package(sample, tmp_path / "source")
        (source / ".github/workflows").mkdir(parents=True)
        (source / ".github/workflows/ci.yml").write_text(CI)
        commit(source, "Check pull requests")
        yield ReleaseBench.start(stiletto, outside, source, sample)


@pytest.mark.slow
def test_changelog_long_and_bot(long: ReleaseBench) -> None:
    """A long text is cut at an entry, and checks that would wait are started on the branch."""
    outside = long.outside
    outside.token.permissions["actions"] = "write"
    url = "https://ci.example.org/runs/777"
    ended = long.succeeds("--log", url)
    (pull,) = outside.github.state.pulls.values()
    (release,) = outside.github.state.releases.values()
    body, notes = pull.body or "", release.body or ""
    page = f"{outside.git.server.url}/{outside.name}"
    hashes = {name: file.sha256 for name, file in outside.index.files.items()}

    assert pull.open
    assert 60_000 < len(body) < 65_536
    link = f"[The rest is in CHANGELOG.md](<{page}/blob/v1.2.4/CHANGELOG.md>)."
    kept, _, rest = body.partition(link)
    assert kept.rstrip().endswith("longer than others.")
    assert all(f"| `{name}` | `{hashes[name]}` |" in rest for name in (WHEEL, SDIST))
    assert f"[tag](<{page}/releases/tag/v1.2.4>), [log](<{url}>)" in rest
    assert all(ENTRY.format(number) in notes for number in range(1_000))
    assert ("ci.yml release/v1.2.4",) == outside.effects.named("dispatch")
    assert "#1 open, its checks were started" in ended.out


@pytest.mark.slow
def test_own_tag_publishes_nothing(released: tuple[ReleaseBench, Ended]) -> None:
    """For the tag that a release made, `publish` builds nothing, and says who released it."""
    at, _ = released
    effects = at.outside.effects.happened
    ended = at.call("publish", "--tag", "v1.2.4", *places(at), *at.token)

    assert 0 == ended.code, str(ended)
    assert "sample-package 1.2.4 was released by `release`: " in ended.out
    assert "uv build" not in ended.said
    assert effects == at.outside.effects.happened


def places(at: ReleaseBench) -> list[str]:
    """Return where the servers are, without the API of GitHub, which `publish` does not take."""
    words = iter(at.places)
    return [each for flag in words for each in (flag, next(words)) if flag != "--github-api"]


@pytest.mark.slow
def test_too_late_a_half_release_stops(at: ReleaseBench) -> None:
    """What was half published 15 days ago is not completed: it is named, and nothing is written."""
    at.outside.clock.advance(-15 * DAY_S)
    killed = at.killed("--run", "job-1", kind="upload", nth=1)
    at.outside.clock.advance(15 * DAY_S)
    effects = at.outside.effects.named("upload")
    refused = at.stops("--run", "job-1")

    assert -9 == killed.code, str(killed)
    assert "the index takes no more files for this version" in refused.error
    assert SDIST in refused.error
    assert "yank it there, and release the next version" in refused.error
    assert effects == at.outside.effects.named("upload")


@pytest.mark.repeated
@pytest.mark.slow
def test_older_line_is_not_the_latest(at: ReleaseBench) -> None:
    """A release of an older line leaves the newer one as GitHub's "Latest"."""
    repository, state = at.outside.repository, at.outside.github.state
    main = repository.ref("refs/heads/main")
    repository.git("update-ref", "refs/heads/1.2", main)
    repository.git("update-ref", "refs/tags/v2.0.0", main)
    at.outside.index.put(at.sample.name, "2.0.0", "sample_package-2.0.0.tar.gz", b"two")
    words = ("release", "--version", "1.2.9", "--base", "1.2", "--allow-lower")
    ended = at.run(*words)

    assert 0 == ended.code, str(ended)
    assert ["v1.2.9"] == [release.tag for release in state.releases.values()]
    assert None is state.latest
