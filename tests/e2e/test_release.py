"""Releases of sample packages, end to end: the real command, servers, git and uv."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from .bench import REPOSITORY, Bench, Ended
from .release_bench import (
    EPOCH_S,
    Description,
    Moment,
    Outside,
    ReleaseBench,
    Sample,
    Token,
    alike,
    files_with,
    make_package,
    run_git,
    shown,
)

WHEEL = "sample_package-1.2.4-py3-none-any.whl"
SDIST = "sample_package-1.2.4.tar.gz"


def test_a_release_publishes_exactly_the_planned_files(
    released: tuple[ReleaseBench, Ended],
) -> None:
    """The index has one wheel and one sdist of the new version, and both say that version."""
    at, _ = released
    files = at.outside.index.files

    assert {WHEEL, SDIST} == set(files)
    with zipfile.ZipFile(BytesIO(files[WHEEL].contents)) as wheel:
        metadata = wheel.read("sample_package-1.2.4.dist-info/METADATA").decode()
    assert "Version: 1.2.4" in metadata.splitlines()
    with tarfile.open(fileobj=BytesIO(files[SDIST].contents)) as sdist:
        assert "sample_package-1.2.4/pyproject.toml" in sdist.getnames()


def test_the_pull_request_brings_the_edits(released: tuple[ReleaseBench, Ended]) -> None:
    """An open pull request to main has version, lock and changelog, comments kept; nothing new."""
    at, _ = released
    repository = at.outside.repository
    changed = repository.git("diff", "--name-only", "main", "release/v1.2.4").splitlines()
    pyproject = repository.git("show", "release/v1.2.4:pyproject.toml")
    changelog = repository.git("show", "release/v1.2.4:CHANGELOG.md")

    assert [("release/v1.2.4", "main", True)] == [pull[:3] for pull in shown(at.outside).pulls]
    assert ["CHANGELOG.md", "pyproject.toml", "uv.lock"] == changed
    assert pyproject.startswith("# A comment that a release must keep.\n")
    assert 'version = "1.2.4"' in pyproject.splitlines()
    assert "## [1.2.4] - 2026-01-01" in changelog.splitlines()


def test_the_tag_is_on_the_commit_that_was_built(released: tuple[ReleaseBench, Ended]) -> None:
    """The tag and the release branch name one commit, made of main as it was; the lock is gone."""
    at, _ = released
    repository = at.outside.repository
    main = repository.ref("refs/heads/main")

    assert repository.commit("refs/tags/v1.2.4") == repository.commit("refs/heads/release/v1.2.4")
    assert main == repository.commit("refs/tags/v1.2.4~1")
    assert [] == [ref for ref in repository.refs() if "lock" in ref]


def test_the_github_release_has_the_same_files(released: tuple[ReleaseBench, Ended]) -> None:
    """One published release has the files of the index, byte for byte, and the changelog's text."""
    at, _ = released
    now = shown(at.outside)

    ((tag, draft, notes, assets),) = now.releases
    assert ("v1.2.4", False) == (tag, draft)
    beside = {"sample-package-1.2.4.cdx.json", "pylock.sample-package.toml"}
    assert now.index == {name: assets[name] for name in assets.keys() - beside}
    assert beside == assets.keys() - now.index.keys()
    assert "Something changed." in notes


def test_github_and_the_report_agree(released: tuple[ReleaseBench, Ended]) -> None:
    """Every request was one that GitHub's description knows, and every step is reported as done."""
    at, ended = released
    # A note of several lines goes on below its step.
    lines = [line for line in ended.out.strip().splitlines()[1:] if not line.startswith("   ")]
    steps = [line.strip().partition("  ")[0] for line in lines]

    assert [] == at.outside.github.violations
    assert ended.out.startswith("sample-package 1.2.4: released\n")
    assert [
        "preflight",
        "edits",
        "checks",
        "build",
        "verify",
        "lock",
        "branch",
        "publish",
        "pull request",
        "tag",
        "release",
        "unlock",
    ] == steps
    assert "failed" not in ended.out
    assert "the checks of its pull request wait for an approval" in lines[0]
    assert "its checks wait for an approval: press" in lines[8]
    assert f"{WHEEL}, {SDIST}" in ended.out


def test_a_second_run_writes_nothing(released: tuple[ReleaseBench, Ended]) -> None:
    """After success the same words change nothing outside, and say that all is done."""
    at, _ = released
    before, effects = shown(at.outside), at.outside.effects.happened
    ended = at.release("--format", "JSON")

    assert ended.code == 0, str(ended)
    report = json.loads(ended.out)
    assert ("1.2.4", "released") == (report["version"], report["end"])
    marks = {step["step"]: step["mark"] for step in report["steps"]}
    assert ("done", "not taken") == (marks.pop("preflight"), marks.pop("lock"))
    assert {"already done"} == set(marks.values())
    assert effects == at.outside.effects.happened
    assert before == shown(at.outside)


@pytest.mark.slow
def test_credentials_are_seen_nowhere(released: tuple[ReleaseBench, Ended]) -> None:
    """No token is in what was printed, in a commit, in a text on GitHub, or in the store."""
    at, ended = released
    secrets = at.outside.secrets
    commits = at.outside.repository.git("log", "--all", "--patch", "--format=raw")
    store = at.bench.env["STILETTO_CACHE"]

    for secret in secrets:
        assert secret not in ended.said
        assert secret not in commits
        assert secret not in shown(at.outside).text()
    # The first file of this world: what is older in the store is not of it.
    began_s = at.outside.authority.bundle.stat().st_ctime
    assert [] == files_with(*secrets, below=store, since_s=began_s)
    assert [] != files_with("Release sample-package 1.2.4", below=store, since_s=began_s)


def test_a_plan_touches_nothing(at: ReleaseBench) -> None:
    """`release-plan --until edits` shows the diff and the steps to come, and writes nothing."""
    before = shown(at.outside)
    ended = at.run("release-plan", "--bump", "minor", "--until", "edits")

    assert ended.code == 0, str(ended)
    assert ended.out.startswith("sample-package 1.3.0: planned\n")
    assert 10 == ended.out.count("to do")
    assert {'+version = "1.3.0"', "tag      v1.3.0, annotated"} <= {*ended.out.splitlines()}
    assert "pytest" not in ended.said, "no check runs"
    assert () == at.outside.effects.happened
    assert before == shown(at.outside)


@pytest.mark.slow
def test_a_plan_has_what_the_release_writes(
    released: tuple[ReleaseBench, Ended], at: ReleaseBench
) -> None:
    """The commit, the files, the texts and the tag of a rehearsal are those of the release."""
    undisturbed, _ = released
    now = ("--source-date-epoch", str(EPOCH_S), "--format", "JSON")
    ended = at.run("release-plan", "--bump", "patch", *now)
    plan = json.loads(ended.out)
    done = shown(undisturbed.outside)

    assert ended.code == 0, str(ended)
    assert () == at.outside.effects.happened
    assert done.index == {each["name"]: each["sha256"] for each in plan["files"]}
    assert done.refs[f"refs/heads/{plan['branch']}"] == plan["commit"]
    ((_, _, _, body),) = done.pulls
    planned = re.sub(r"(?<=127\.0\.0\.1):\d+", "", plan["pull_request"]["body"])
    assert body.strip() == planned.strip()
    assert ["lock", "branch", "publish", "pull request", "tag", "release", "unlock"] == plan["left"]


@pytest.mark.slow
def test_a_plan_is_performed_exactly(
    released: tuple[ReleaseBench, Ended], at: ReleaseBench, tmp_path: Path
) -> None:
    """The branch of the edits comes first; from the plan in JSON the rest, though main moves."""
    undisturbed, _ = released
    now = ("--source-date-epoch", str(EPOCH_S), "--format", "JSON")
    begun = at.run("release", "--bump", "patch", "--until", "edits", *now)
    left = shown(at.outside)
    file = tmp_path / "plan.json"
    file.write_text(begun.out)
    (at.clone / "NEWS").write_text("news\n")
    run_git(at.clone, "add", "NEWS")
    run_git(at.clone, "commit", "--quiet", "-m", "docs: news")
    at.outside.land(at.clone)
    tampered = tmp_path / "other.json"
    tampered.write_text(begun.out.replace(f'"epoch_s": {EPOCH_S}', f'"epoch_s": {EPOCH_S + 1}'))
    stopped = at.run("release", "--plan", str(tampered))
    ended = at.run("release", "--plan", str(file))

    assert begun.code == 0, str(begun)
    report = json.loads(begun.out)
    assert "on its way" == report["end"]
    assert f"--source-date-epoch {EPOCH_S}" in report["status"]["next"]
    assert "release --bump patch" in report["status"]["next"]
    assert report["commit"] == left.refs["refs/heads/release/v1.2.4"]
    assert ({}, ()) == (left.index, left.pulls)
    assert [] == [ref for ref in left.refs if "lock" in ref]
    assert stopped.code == 1, str(stopped)
    assert "what comes out is not what was planned: the release commit is" in stopped.error
    assert ended.code == 0, str(ended)
    done, right = shown(at.outside), shown(undisturbed.outside)
    assert (right.index, right.releases) == (done.index, done.releases)
    assert right.refs["refs/tags/v1.2.4"] == done.refs["refs/tags/v1.2.4"]


def test_everything_that_is_wrong_is_named_at_once(
    stiletto: Bench, tmp_path: Path, described: Description
) -> None:
    """An empty changelog, a file on the index, bad credentials and rules are one stop."""
    sample = Sample(entries=())
    source = make_package(sample, tmp_path / "source", locked=False)
    with Outside(tmp_path / "outside", described) as outside:
        outside.index.put(sample.name, "1.2.4", SDIST, b"of somebody else")
        # A person's, who is known not to bypass a rule.
        weak = Token("ghp_weak", "maintainer", "personal access token")
        weak.permissions["contents"] = "read"
        outside.token = outside.tokens.add(weak)
        outside.git.rules.no_create += ["refs/tags/v*", "refs/heads/release/v*"]
        at = ReleaseBench.start(stiletto, outside, source, sample)
        before = shown(outside)
        ended = at.bench.fails(at.clone, "release", "--bump", "patch", *at.places)

        assert "the changelog has no entry for the release" in ended.error
        assert f"the version is on the index already: sample-package 1.2.4: {SDIST}" in ended.error
        assert "a credential is missing: neither --index-token nor --oidc-url" in ended.error
        assert "a permission is missing: --github-token may not write to" in ended.error
        for ref in ("refs/tags/v", "refs/heads/release/v"):
            forbidden = f'{ref}1.2.4: the ruleset "no {ref}*" restricts creations'
            assert f"a rule of the repository forbids the release: {forbidden}" in ended.error
        assert () == outside.effects.happened
        assert before == shown(outside)


@pytest.mark.slow
def test_a_trusted_job_publishes_the_same(
    released: tuple[ReleaseBench, Ended], at: ReleaseBench
) -> None:
    """A job that the index trusts needs no token of it, and its own are in no output."""
    undisturbed, _ = released
    index = at.outside.index
    index.trust_project(at.sample.name)
    ended = at.release_trusted()

    assert 0 == ended.code, str(ended)
    assert [] != index.issuer.issued
    assert [] == [secret for secret in at.outside.secrets if secret in ended.said]
    # What is in the store is looked at when this world ends, as after each test.
    assert alike(undisturbed.outside) == alike(at.outside)


@pytest.mark.slow
def test_killed_after_the_tag_it_is_taken_over(
    released: tuple[ReleaseBench, Ended], at: ReleaseBench
) -> None:
    """Killed with the tag pushed, another run stops, and with the words it prints goes on."""
    undisturbed, _ = released
    # The refs of a release in order: lock, branch, tag.
    killed = at.killed("--run", "job-1", kind="ref", nth=3)
    assert -9 == killed.code, str(killed)
    assert ("ref", f"refs/tags/v1.2.4 {at.outside.repository.ref('refs/tags/v1.2.4')}") == (
        at.outside.effects.happened[-1].kind,
        at.outside.effects.happened[-1].subject,
    )
    refused = at.release("--run", "job-2")
    ended = at.release("--run", "job-3", "--take-over=job-1")

    assert refused.code == 1, str(refused)
    assert 'another run holds the lock: run "job-1" is releasing 1.2.4' in refused.error
    assert '--take-over="job-1"' in refused.error
    assert ended.code == 0, str(ended)
    assert (WHEEL, SDIST) == at.outside.effects.named("upload")
    assert alike(undisturbed.outside) == alike(at.outside)


@pytest.mark.slow
def test_what_is_built_with_is_recorded_and_bound_by_what_is_published(at: ReleaseBench) -> None:
    """The release commit has versions with hashes; with others, what is half published stops."""
    repository, branch = at.outside.repository, "refs/heads/release/v1.2.4"
    killed = at.killed("--run", "job-1", kind="upload", nth=1)
    assert -9 == killed.code, str(killed)
    message = repository.git("show", "--no-patch", "--format=%B", branch)
    line = "Wheelwright-Build-Requires: hatchling=="
    recorded = re.compile(rf"(?m)^{line}\S+( --hash=sha256:\w{{64}})+$")
    assert 1 == len(recorded.findall(message)), message
    # As somebody who may push branches could write it: an older back end, and no hashes.
    older = recorded.sub(f"{line}1.28.0", message)
    older = "".join(re.findall(r"(?m)^(?!.*--hash).*\n?", older))
    dates = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"{EPOCH_S} +0000")
    tree, parent = f"{branch}^{{tree}}", f"{branch}^"
    honest = repository.commit(branch)
    commit = repository.git("commit-tree", tree, "-p", parent, "-m", older, env=dates)
    repository.update(branch, commit)
    stopped = at.stops("--run", "job-1")
    repository.update(branch, honest)
    ended = at.release("--run", "job-1")

    assert "the index has a file of the same name with other contents" in stopped.error
    assert ended.code == 0, str(ended)
    assert honest == repository.commit("refs/tags/v1.2.4")
    assert {WHEEL, SDIST} == set(at.outside.index.files)


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(Moment.AFTER, marks=pytest.mark.slow),
        pytest.param(Moment.BEFORE, marks=pytest.mark.repeated),
    ],
    ids=lambda moment: moment.value,
)
def test_killed_at_every_effect_it_still_ends_the_same(
    released: tuple[ReleaseBench, Ended], at: ReleaseBench, moment: Moment
) -> None:
    """Killed once before or after each effect, run after run, it leaves what one run would."""
    undisturbed, _ = released
    effects = undisturbed.outside.effects.happened
    kills = 0
    while True:
        # A run that goes on renews its lock first, unless all that is left is to give it back.
        happened = at.outside.effects.happened
        renews = bool(happened) and not at.outside.effects.named("release edit")
        nth = 1 + renews + (moment is Moment.BEFORE and kills > 0)
        ended = at.killed("--run", "job-1", nth=nth, moment=moment)
        if ended.code != -9:
            break
        kills += 1
        assert kills <= len(effects), str(ended)

    assert ended.code == 0, str(ended)
    assert len(effects) == kills
    assert alike(undisturbed.outside) == alike(at.outside)


@pytest.mark.slow
def test_the_demonstration_shows_a_release_that_was_killed(environ: dict[str, str]) -> None:
    """`python -m tests.e2e.release_demo` kills a release, goes on with it, and shows the end.

    It shows something all the time: no five seconds pass without a line.
    """
    lines, times_s = [], [time.monotonic()]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.release_demo"],
        cwd=REPOSITORY,
        env={**environ, "STILETTO_TEST_CACHE": environ["STILETTO_CACHE"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        limit = threading.Timer(240, demo.kill)
        limit.start()
        for line in demo.stdout:
            lines.append(line)
            times_s.append(time.monotonic())
        limit.cancel()
    said = "".join(lines)
    first, _, then = said.partition("killed by signal 9\n")

    assert demo.returncode == 0, said
    silent_s = [after - before for before, after in itertools.pairwise(times_s)]
    assert max(silent_s) < 5, lines[silent_s.index(max(silent_s)) - 1]
    assert "sample-package 1.2.4: planned\n" in first
    assert "sample-package 1.2.4: released\n" not in first
    assert "1.2.4 was released by run demo" in then
    assert "sample-package 1.2.4: released\n" in then
    assert "release/v1.2.4 -> main, open\n" in then
    assert "v1.2.4, published\n" in then
    # On the index, in the report, and in the GitHub release.
    assert then.count(SDIST) >= 3
