"""What comes after a release, end to end: again, merged, closed, interrupted, one `.env`.

Each command that a report prints is run as it stands there; a caller adds only what a report
cannot know: the paths of files and directories, and where its secrets are.
"""

from __future__ import annotations

import json
import re
import shlex
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.standins.effects import Effect, cut
from tests.standins.github_pulls import close, merge
from tests.standins.repository import run_git
from tests.standins.serving import Fault, Request, json_answer
from wheelwright.release.decide.world import Act

from .bench import Ended
from .release_bench import Moment, ReleaseBench, Versioned, alike, shown
from .test_release_faults import world_of

LOCK = "refs/wheelwright/lock/sample-package"


def brought_up_to_date(at: ReleaseBench) -> None:
    """Let the clone have what is on the remote's main."""
    run_git(at.clone, "fetch", "--quiet", str(at.outside.repository.path), "main")
    run_git(at.clone, "reset", "--quiet", "--hard", "FETCH_HEAD")


def lands(at: ReleaseBench, entry: str) -> None:
    """Put a new entry of the changelog on the remote's main."""
    path = at.clone / "CHANGELOG.md"
    text = path.read_text()
    waiting = re.compile(r"(?m)^## \[?Unreleased\]?.*\n")
    heading = waiting.search(text)
    if heading is None:
        first = re.search(r"(?m)^## ", text)
        assert first is not None
        text = f"{text[: first.start()]}## [Unreleased]\n\n{entry}\n\n{text[first.start() :]}"
    else:
        text = f"{text[: heading.end()]}\n{entry}\n{text[heading.end() :]}"
    path.write_text(text)
    run_git(at.clone, "commit", "--quiet", "--all", "-m", "fix: another thing")
    at.outside.land(at.clone)


def next_command(ended: Ended) -> str:
    """Return the last line of what a stop says: what to do next."""
    (line,) = re.findall(r"(?m)^next: (.+)$", ended.said)
    return str(line)


def follow(at: ReleaseBench, command: str) -> Ended:
    """Run a command that a message names."""
    before = ["stiletto", "call", *at.bench.flags, "-m", str(at.bench.module)]
    before += ["--source", str(at.clone)]
    typed = shlex.split(command)
    assert before == typed[: len(before)]
    words = typed[len(before) :]
    given = ["--git", str(at.clone), "--github-token", "env://GITHUB_TOKEN"]
    given += ["--ca", str(at.outside.authority.bundle)]
    token = [] if words[0] == "release-status" else at.token
    return at.call(*words, *given, *token)


def posts_releases(request: Request) -> bool:
    """Whether a request makes a GitHub release."""
    return request.method == "POST" and request.path.endswith("/releases")


@pytest.mark.slow
def test_refused_then_merged_and_the_same_run_again(at: ReleaseBench) -> None:
    """A refused GitHub release is finished by the command that is printed, then nothing is left."""
    refusal = {"message": "Resource not accessible by integration", "status": "403"}
    at.outside.github.server.fail(Fault(json_answer(403, refusal)), posts_releases)
    refused = at.stops("--run", "777")
    (number,) = at.outside.github.state.pulls
    merge(at.outside.github.state, number)
    brought_up_to_date(at)
    lands(at, "- Another thing.")
    other = at.stops("--bump", "minor", "--run", "778")
    finished = follow(at, next_command(other))
    before, effects = shown(at.outside), at.outside.effects.happened
    again = at.release("--run", "777", "--format", "JSON")
    status = at.call("release-status", *at.places)

    assert "missing: GitHub release\nheld: nothing\nnext: stiletto call " in refused.error
    assert " release --version 1.2.4 " in next_command(refused)
    assert "another release is unfinished: 1.2.4" in other.error
    assert finished.code == 0, str(finished)
    assert [("v1.2.4", False)] == [release[:2] for release in before.releases]
    assert again.code == 0, str(again)
    assert "1.2.4 was released by run 777" == json.loads(again.out)["steps"][0]["note"]
    assert (before, effects) == (shown(at.outside), at.outside.effects.happened)
    public, held, following = status.out.splitlines()
    assert public.startswith("public: sample-package 1.2.4: 2 files on the index, tag v1.2.4, ")
    assert public.endswith(" merged, GitHub release")
    assert "held: nothing" == held
    assert following.startswith("next: stiletto call ")


@pytest.mark.repeated
@pytest.mark.slow
def test_nothing_new(at: ReleaseBench) -> None:
    """Another run, with no entry since the release, has nothing to release."""
    at.succeeds("--run", "777")
    (number,) = at.outside.github.state.pulls
    merge(at.outside.github.state, number)
    brought_up_to_date(at)
    effects = at.outside.effects.happened
    stopped = at.stops("--run", "778")

    assert "nothing to release: 1.2.4 is released, main has no entry since" in stopped.error
    assert effects == at.outside.effects.happened


@pytest.mark.slow
def test_closed_pull_request(at: ReleaseBench) -> None:
    """The next version counts on from the one that was closed, until it is open again."""
    at.killed("--run", "777", kind="pull", nth=1)
    (number,) = at.outside.github.state.pulls
    close(at.outside.github.state, number)
    # What a killed run leaves is given back by the stop.
    stopped = at.stops("--run", "777")
    tagged = [ref for ref in at.outside.repository.refs() if ref.endswith("/v1.2.4")]
    versions = [
        at.call("next-version", "--bump", bump, *at.places).out.strip()
        for bump in ("patch", "minor")
    ]
    planned = at.run("release-plan", "--bump", "patch", "--until", "edits")
    at.outside.github.state.pulls[number].open = True
    finished = at.run("release", "--version", "1.2.4")

    assert "the pull request was closed without merging" in stopped.error
    assert f"/pull/{number}" in stopped.error
    assert ["refs/heads/release/v1.2.4"] == tagged
    assert ["1.2.5", "1.3.0"] == versions
    assert "1.2.4 is on the index and its pull request was closed without merging" in planned.said
    assert finished.code == 0, str(finished)
    assert [("v1.2.4", False)] == [release[:2] for release in shown(at.outside).releases]


def sending(number: signal.Signals, process: int) -> Callable[[Effect], None]:
    """Return what sends a signal to a command."""

    def act(_: Effect) -> None:
        import os

        os.kill(process, number)

    return act


def interrupted(at: ReleaseBench, number: signal.Signals, kind: str, nth: int = 1) -> Ended:
    """Release, and send a signal at the nth effect of a kind."""
    running = at.begin()
    at.outside.effects.after(sending(number, running.process.pid), kind=kind, nth=nth)
    ended = running.ended()
    at.outside.effects.unhook()
    return ended


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code", "kind"),
    [
        (signal.SIGTERM, 143, "upload"),
        pytest.param(signal.SIGINT, 2, "ref", marks=pytest.mark.repeated),
        pytest.param(signal.SIGINT, 2, "upload", marks=pytest.mark.repeated),
        pytest.param(signal.SIGTERM, 143, "pull", marks=pytest.mark.repeated),
    ],
)
def test_interrupted(at: ReleaseBench, number: signal.Signals, code: int, kind: str) -> None:
    """A signal gives the lock back, and the report is that of every stop; its command continues."""
    ended = interrupted(at, number, kind)
    locked = LOCK in at.outside.repository.refs()
    command = next_command(ended)
    finished = follow(at, command)

    assert code == ended.code, str(ended)
    assert "the release was interrupted" in ended.said
    assert "a second signal ends at once" in ended.said
    assert re.search(r"(?m)^public: .*\nheld: nothing", ended.said), str(ended)
    assert not locked
    # It had the commands before it wrote anything.
    assert re.search(r'to continue it: stiletto call .* release .* --take-over="run-', ended.err)
    assert finished.code == 0, str(finished)
    assert [("v1.2.4", False)] == [release[:2] for release in shown(at.outside).releases]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 2), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.repeated)],
)
def test_interrupted_in_the_checks(at: ReleaseBench, number: signal.Signals, code: int) -> None:
    """Before the lock there is nothing to give back: nothing was written, the command continues."""
    running = at.begin()

    def at_the_checks(line: str) -> None:
        if f"| {Act.RUN_GATES.value}" in line:
            running.process.send_signal(number)

    ended = running.watched(at_the_checks)
    finished = follow(at, next_command(ended))

    assert code == ended.code, str(ended)
    assert f"interrupted: {Act.RUN_GATES.value}; a second signal ends at once" in ended.said
    assert re.search(r"(?m)^public: nothing.*\nheld: nothing", ended.said), str(ended)
    assert "the lock" not in ended.error
    assert finished.code == 0, str(finished)


@pytest.mark.repeated
def test_second_signal_ends_at_once(at: ReleaseBench) -> None:
    """Twice Ctrl-C leaves the lock; what the run printed before its first write continues it."""
    running = at.begin()
    effects = at.outside.effects

    def again(effect: Effect) -> None:
        # While the lock is given back: the lock and the branch were the first two refs.
        running.process.send_signal(signal.SIGINT)
        running.process.wait()
        cut(effect)

    effects.after(sending(signal.SIGINT, running.process.pid), kind="upload", nth=1)
    effects.before(again, kind="ref", nth=3)
    ended = running.ended()
    at.outside.effects.unhook()
    before_lock, _, _ = ended.err.partition(f"| {Act.LOCK.value} ")
    (command,) = re.findall(r"(?m)to continue it: (stiletto call .+)$", before_lock)
    (asking,) = re.findall(r"(?m)its status: (stiletto call .+)$", before_lock)
    left = LOCK in at.outside.repository.refs()
    status = follow(at, asking)
    finished = follow(at, command)

    assert 2 == ended.code, str(ended)
    assert left
    assert re.search(r"(?m)^held: the lock .*by run", status.out), str(status)
    assert finished.code == 0, str(finished)
    assert LOCK not in at.outside.repository.refs()


@pytest.mark.slow
def test_one_env(at: ReleaseBench, tmp_path: Path) -> None:
    """Two lines serve all functions about releases, and a new token runs no check again."""
    (at.clone / ".env").write_text(
        "WHEELWRIGHT_GITHUBTOKEN=env://GITHUB_TOKEN?cacheKey=github\n"
        "WHEELWRIGHT_INDEXTOKEN=env://INDEX_TOKEN?cacheKey=index\n"
    )
    places = [*at.places[:8], *at.places[10:]]
    assert "--github-token" not in places

    def call(*words: str, **variables: str) -> Ended:
        bench = replace(at.bench, env={**at.bench.env, **variables})
        return bench.call(at.clone, *words, cwd=at.clone)

    checked = call("lock-check")
    again = call("lock-check", GITHUB_TOKEN="another", INDEX_TOKEN="another")
    planned = call("release-plan", "--bump", "patch", "--until", "edits", *places)
    version = call("next-version", "--bump", "patch", *places)
    changes = call("changelog", *places)
    status = call("release-status", *places)
    released = call("release", "--bump", "patch", *places)
    published = call("publish", "--tag", "v1.2.4", *[*places[:2], *places[4:]])

    ended = (checked, again, planned, version, changes, status, released, published)
    assert [0] * len(ended) == [each.code for each in ended], "\n".join(map(str, ended))
    assert [] == again.ran
    assert "NO_CREDENTIALS" not in planned.said
    assert "a credential is missing" not in planned.said
    assert "1.2.4" == version.out.strip()


@pytest.mark.repeated
@pytest.mark.slow
def test_squashed(at: ReleaseBench, tmp_path: Path) -> None:
    """A package whose version comes from tags is shown that a squash left the tag out of main."""
    sample = replace(at.sample, versioned=Versioned.VCS)
    at = world_of(at, sample, tmp_path / "vcs")
    at.succeeds()
    (number,) = at.outside.github.state.pulls
    merge(at.outside.github.state, number, "squash")
    ended = at.call("release-status", *at.places)

    assert ended.code == 0, str(ended)
    note = "note: the pull request of 1.2.4 was not merged by a merge commit: v1.2.4 is not in the"
    assert note in ended.out


@pytest.mark.slow
def test_misspelt(at: ReleaseBench) -> None:
    """A bump that does not exist is one line with what was meant, and no table."""
    ended = at.stops("--bump", "mayor")

    assert 'unknown --bump "mayor" (did you mean "major"?)' in ended.error
    assert 1 == len(ended.error.splitlines())


@pytest.mark.repeated
@pytest.mark.parametrize("moment", list(Moment), ids=lambda moment: moment.value)
def test_killed_run_is_continued_by_what_it_printed(
    released: tuple[ReleaseBench, Ended], at: ReleaseBench, moment: Moment
) -> None:
    """A run that ends at once has printed the command that takes its lock over."""
    killed = at.killed(kind="upload", moment=moment)
    (command,) = re.findall(r"(?m)to continue it: (stiletto call .+)$", killed.err)
    ended = follow(at, command)

    assert ended.code == 0, str(ended)
    assert alike(released[0].outside).index == alike(at.outside).index
