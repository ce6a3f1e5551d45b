"""What a release survives: each fault against the real servers, git and uv, by the real command.

Every test ends with `at`'s own look for credentials: in output, commits, texts and the store.
"""

from __future__ import annotations

import ssl
import textwrap
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.standins.clock import DAY_S
from tests.standins.github_pulls import close, merge
from tests.standins.packages import Changelog, Versioned
from tests.standins.repository import run_git
from tests.standins.serving import Fault, Request, json_answer

from .bench import Ended
from .release_bench import (
    Effect,
    Moment,
    ReleaseBench,
    Sample,
    Waiting,
    alike,
    make_package,
    shown,
)

pytestmark = pytest.mark.slow

# Another variant of a fault that a test of the long suites has.
REPEATED = partial(pytest.param, marks=pytest.mark.repeated)

WHEEL = "sample_package-1.2.4-py3-none-any.whl"
SDIST = "sample_package-1.2.4.tar.gz"
TAG = "refs/tags/v1.2.4"
BRANCH = "refs/heads/release/v1.2.4"
LOCK = "refs/wheelwright/lock/sample-package"

Released = tuple[ReleaseBench, Ended]


# -- how a test changes the world ------------------------------------------------------------------


def edit(at: ReleaseBench, **texts: str) -> None:
    """Put files on the remote's main, past every rule; `__` in a name is a slash."""
    for name, text in texts.items():
        path = at.clone / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        run_git(at.clone, "add", "--force", str(path))
    run_git(at.clone, "commit", "--quiet", "-m", "fix: something else")
    at.outside.land(at.clone)


def rewrite(at: ReleaseBench, path: str, change: Callable[[str], str]) -> None:
    """Change a file on the remote's main."""
    before = (at.clone / path).read_text()
    after = change(before)
    assert before != after, f"{path} is unchanged"
    (at.clone / path).write_text(after)
    run_git(at.clone, "commit", "--quiet", "--all", "-m", f"fix: {path}")
    at.outside.land(at.clone)


def world_of(
    at: ReleaseBench, sample: Sample, directory: Path, *, locked: bool = True
) -> ReleaseBench:
    """Put another package on the remote of a world in which nothing has happened."""
    source = make_package(sample, directory, locked=locked)
    at.outside.repository.git("update-ref", "-d", "refs/tags/v1.2.3")
    other = at.outside.directory / "other"
    other.mkdir()
    at.outside.land(source)
    run_git(other, "clone", "--quiet", str(source), "clone")
    run_git(other / "clone", "remote", "set-url", "origin", at.outside.git.url)
    return replace(at, clone=other / "clone", sample=sample)


def nothing_published(at: ReleaseBench) -> bool:
    """Whether there is no file, pull request, tag or release of the new version."""
    now = shown(at.outside)
    return not (now.index or now.pulls or now.releases or TAG in now.refs)


def is_locked(at: ReleaseBench) -> bool:
    """Whether the lock is held."""
    return LOCK in at.outside.repository.refs()


def ends_like(released: Released, at: ReleaseBench) -> bool:
    """Whether the outside shows what an undisturbed release leaves, each file uploaded once."""
    undisturbed, _ = released
    assert alike(undisturbed.outside) == alike(at.outside)
    return at.outside.effects.named("upload") == (WHEEL, SDIST)


# -- before the lock -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changelog",
    [
        REPEATED("# Changelog\n\n## [1.2.3] - 2025-01-02\n\n- Everything.\n"),
        REPEATED("# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2025-01-02\n\n- Everything.\n"),
        "# Changelog\n\n## [Unreleased]\n\n### Added\n\n### Fixed\n\n## [1.2.3] - 2025-01-02\n",
    ],
    ids=["no section", "an empty section", "only headings"],
)
def test_01_changelog_with_nothing_to_say(at: ReleaseBench, changelog: str) -> None:
    """It stops before the lock, and nothing is written."""
    edit(at, **{"CHANGELOG.md": changelog})
    ended = at.stops()

    assert "the changelog has no entry for the release" in ended.error
    assert () == at.outside.effects.happened


def test_01_changelog_that_is_missing(at: ReleaseBench) -> None:
    """The message says what to write, and nothing is written here."""
    run_git(at.clone, "rm", "--quiet", "CHANGELOG.md")
    run_git(at.clone, "commit", "--quiet", "-m", "fix: no changelog")
    at.outside.land(at.clone)
    ended = at.stops()

    assert "no changelog, and no GitHub release with notes is known" in ended.error
    assert () == at.outside.effects.happened


@pytest.mark.parametrize(
    ("version", "yanked"), [REPEATED("1.2.4", False), ("1.2.4", True), REPEATED("1.2.4.0", False)]
)
def test_02_version_on_the_index(at: ReleaseBench, version: str, yanked: bool) -> None:
    """A version that is there is named before anything is written: yanked, or spelt otherwise."""
    name = f"sample_package-{version}.tar.gz"
    at.outside.index.put(at.sample.name, version, name, b"an earlier one")
    if yanked:
        at.outside.index.yank(name, "broken")
    ended = at.stops()

    assert "the version is on the index already" in ended.error
    assert f"{name} (yanked)" if yanked else name in ended.error
    assert () == at.outside.effects.happened


def test_03_lower_version(at: ReleaseBench) -> None:
    """A version below the latest is refused, but for a person who says that it is meant."""
    refused = at.run("release", "--version", "1.2.2")
    planned = at.run("release-plan", "--version", "1.2.2", "--allow-lower", "--until=edits")

    assert "the version is not higher than what is released" in refused.error
    assert "--allow-lower" in refused.error
    assert (1, 0) == (refused.code, planned.code), f"{refused}\n{planned}"
    assert planned.out.startswith("sample-package 1.2.2: planned\n")
    assert () == at.outside.effects.happened


# -- two runs --------------------------------------------------------------------------------------


# The races of test_release_races.py begin with this pair, and the next.
@pytest.mark.repeated
def test_04_two_runs_of_the_same_words(released: Released, at: ReleaseBench) -> None:
    """One publishes; the other stops at the lock and names its owner."""
    effects = at.outside.effects
    first = Waiting(limit_s=120)
    effects.before(first, kind="ref", nth=1)
    effects.before(lambda _: first.go_on.set(), kind="ref", nth=2)
    running = [at.begin("--run", run) for run in ("job-1", "job-2")]
    done, stopped = sorted((each.ended() for each in running), key=lambda each: each.code)
    owner = "job-1" if "job-1" in done.words else "job-2"

    assert (0, 1) == (done.code, stopped.code), f"{done}\n{stopped}"
    assert f'another run holds the lock: run "{owner}" is releasing 1.2.4' in stopped.error
    assert ends_like(released, at)


@pytest.mark.repeated
def test_05_a_patch_and_a_minor_release(at: ReleaseBench) -> None:
    """They share one lock: one of the versions is out whole, of the other there is nothing."""
    effects = at.outside.effects
    first = Waiting(limit_s=120)
    effects.before(first, kind="ref", nth=1)
    effects.before(lambda _: first.go_on.set(), kind="ref", nth=2)
    running = [at.begin("--bump", bump, "--run", f"job-{bump}") for bump in ("patch", "minor")]
    patch, minor = (each.ended() for each in running)
    done, stopped, version = (patch, minor, "1.2.4")
    if minor.code == 0:
        done, stopped, version = (minor, patch, "1.3.0")

    assert (0, 1) == (done.code, stopped.code), f"{done}\n{stopped}"
    assert "another run holds the lock" in stopped.error
    names = tuple(name.replace("1.2.4", version) for name in (WHEEL, SDIST))
    now = shown(at.outside)
    assert names == effects.named("upload")
    assert {f"refs/heads/release/v{version}", f"refs/tags/v{version}"} == {
        ref for ref in now.refs if ref not in ("refs/heads/main", "refs/tags/v1.2.3")
    }
    assert [(f"v{version}", False)] == [release[:2] for release in now.releases]


@pytest.mark.repeated
def test_06_killed_while_it_holds_the_lock(released: Released, at: ReleaseBench) -> None:
    """Days later another run still stops at the lock; the same run goes on with the release."""
    killed = at.killed("--run", "job-1", kind="ref", nth=1)
    at.outside.clock.advance(3 * DAY_S)
    refused = at.stops("--run", "job-2")
    at.succeeds("--run", "job-1")

    assert -9 == killed.code, str(killed)
    assert 'run "job-1" is releasing 1.2.4' in refused.error
    assert ends_like(released, at)


def test_07_a_run_that_was_taken_over(released: Released, at: ReleaseBench) -> None:
    """A run thought dead that wakes up stops, and does not give back the lock of the other."""
    effects = at.outside.effects
    asleep, awake = Waiting(limit_s=200), Waiting(limit_s=200)
    effects.before(asleep, kind="upload", nth=1)
    first = at.begin("--run", "job-1")
    assert asleep.arrived.wait(120)
    effects.before(awake, kind="upload", nth=1)
    second = at.begin("--run", "job-2", "--take-over=job-1")
    assert awake.arrived.wait(120)
    asleep.go_on.set()
    stopped = first.ended()

    assert 1 == stopped.code, str(stopped)
    assert "this run lost the lock: " in stopped.error
    assert 'run "job-2" took it over' in stopped.error
    assert is_locked(at)
    awake.go_on.set()
    ended = second.ended()
    assert 0 == ended.code, str(ended)
    assert ends_like(released, at)


# -- between the lock and the index ----------------------------------------------------------------


@pytest.mark.repeated
def test_08_killed_before_the_branch(released: Released, at: ReleaseBench) -> None:
    """Nothing but the lock is there, and the next run makes the same version of the same commit."""
    killed = at.killed("--run", "job-1", kind="ref", nth=2, moment=Moment.BEFORE)
    assert -9 == killed.code, str(killed)
    assert [LOCK] == [each.split(" ")[0] for each in at.outside.effects.named("ref")]
    at.succeeds("--run", "job-1")

    assert ends_like(released, at)


def test_09_main_moves(released: Released, at: ReleaseBench) -> None:
    """What was locked is published, and the pull request is from it to main as it is now."""
    before = at.outside.repository.ref("refs/heads/main")

    def move(_: Effect) -> None:
        edit(at, **{"src__sample_package__more.py": "MORE = 1\n"})

    at.outside.effects.after(move, kind="ref", nth=1)
    at.succeeds()
    undisturbed, _ = released

    assert before != at.outside.repository.ref("refs/heads/main")
    assert before == at.outside.repository.commit(f"{TAG}~1")
    assert shown(undisturbed.outside).index == shown(at.outside).index
    assert [("release/v1.2.4", "main", True)] == [pull[:3] for pull in shown(at.outside).pulls]


def test_10_checks_fail(at: ReleaseBench) -> None:
    """The failed test is named; nothing was locked, pushed or uploaded."""
    rewrite(at, "tests/test_sample.py", lambda text: text.replace("== 42", "== 43"))
    ended = at.stops()

    assert "the checks failed" in ended.error
    assert "test_the_answer" in ended.said
    assert () == at.outside.effects.happened


def test_11_builds_differ(at: ReleaseBench) -> None:
    """The members that differ are named, and nothing is uploaded."""
    rewrite(
        at,
        "pyproject.toml",
        lambda text: f"{text}\n[tool.hatch.build.hooks.custom]\n",
    )
    hook = """
        import uuid
        from pathlib import Path

        from hatchling.builders.hooks.plugin.interface import BuildHookInterface

        class Hook(BuildHookInterface):
            def initialize(self, version, build_data):
                Path(self.root, "src/sample_package/build_id.txt").write_text(uuid.uuid4().hex)
    """
    edit(at, **{"hatch_build.py": textwrap.dedent(hook)})
    ended = at.stops()

    assert "two builds differ" in ended.error
    assert "sample_package/build_id.txt" in ended.error
    assert () == at.outside.effects.happened


def test_12_stale_files(released: Released, at: ReleaseBench) -> None:
    """Files in dist/, committed or lying about, attestations among them, are not uploaded."""
    for where in (at.clone / "dist", at.outside.directory / "dist"):
        where.mkdir()
        (where / "sample_package-1.2.3.tar.gz").write_bytes(b"old")
        (where / f"{WHEEL}.publish.attestation").write_bytes(b"{}")
    run_git(at.clone, "add", "--force", "dist")
    run_git(at.clone, "commit", "--quiet", "-m", "fix: what nobody should commit")
    at.outside.land(at.clone)
    at.succeeds()

    assert {WHEEL, SDIST} == set(at.outside.index.files)
    assert [(), ()] == [file.attestations for file in at.outside.index.files.values()]


def test_13_metadata_says_another_version(at: ReleaseBench, tmp_path: Path) -> None:
    """A build that makes another version than was planned stops before the index."""
    at = world_of(at, replace(at.sample, versioned=Versioned.PATH), tmp_path / "dynamic")
    rewrite(
        at,
        "pyproject.toml",
        lambda text: text.replace(
            "[tool.hatch.version]\n",
            '[tool.hatch.version]\nsource = "code"\nexpression = "__version__ + \'.post7\'"\n',
        ),
    )
    ended = at.stops()

    assert "1.2.4.post7" in ended.error
    assert () == at.outside.effects.happened


# -- the index -------------------------------------------------------------------------------------


@pytest.mark.parametrize("upload", [1, REPEATED(2)], ids=["wheel", "sdist"])
@pytest.mark.parametrize(
    "fault",
    ["cut_after_store", REPEATED("bad_gateway_after_store"), REPEATED("unavailable_before_store")],
)
def test_14_15_an_upload_without_an_answer(
    released: Released, at: ReleaseBench, fault: str, upload: int
) -> None:
    """Stored or not, the same run ends with each file uploaded once."""
    getattr(at.outside.index, fault)(upload)
    at.succeeds()

    assert ends_like(released, at)


@pytest.mark.repeated
def test_14_killed_after_the_wheel(released: Released, at: ReleaseBench) -> None:
    """The next run uploads the sdist alone."""
    killed = at.killed("--run", "job-1", kind="upload", nth=1)
    assert -9 == killed.code, str(killed)
    assert [WHEEL] == list(at.outside.index.files)
    sent = len(at.outside.index.uploads)
    at.succeeds("--run", "job-1")

    assert [SDIST] == at.outside.index.uploads[sent:]
    assert ends_like(released, at)


def test_14_23_29_30_31_what_one_run_gets_over(released: Released, at: ReleaseBench) -> None:
    """Lost answers, half an asset, busy servers and a late listing: one run ends as undisturbed."""
    outside, github = at.outside, at.outside.github
    outside.index.cut_after_store(1)
    github.lose_answer("POST", "/pulls")
    github.state.leave_starter()
    github.limit(2)
    outside.effects.before(lambda _: outside.index.lag(3), kind="upload", nth=2)
    outside.effects.after(lambda _: github.limit(3, times=2, creating=True), kind="pull", nth=1)
    ended = at.succeeds()

    assert "wait 2 s: " in ended.said
    assert "wait 3 s: " in ended.said
    assert "the index's listing" in ended.said
    assert 1 == len(outside.effects.named("asset deleted"))
    assert ends_like(released, at)


def test_16_the_index_hangs(released: Released, at: ReleaseBench) -> None:
    """An upload is given up after its time limit, and the next try goes through."""
    at.outside.index.hang(1)
    ended = at.succeeds("--upload-timeout", "8")

    assert "timed out" in ended.said
    assert ends_like(released, at)


def test_17_other_bytes_of_the_same_name(at: ReleaseBench) -> None:
    """A file that somebody else put there is a hard stop: no pull request, no tag, no release."""

    def put(_: Effect) -> None:
        at.outside.index.put(at.sample.name, "1.2.4", WHEEL, b"of somebody else")

    at.outside.effects.after(put, kind="ref", nth=2)
    ended = at.stops()
    now = shown(at.outside)

    assert "the index has a file of the same name with other contents" in ended.error
    assert WHEEL in ended.error
    assert ([WHEEL], (), ()) == (list(now.index), now.pulls, now.releases)
    assert TAG not in now.refs
    assert not is_locked(at)


def test_18_a_file_name_that_was_used(at: ReleaseBench) -> None:
    """A burned file name stops it, with the advice to release the next version."""
    at.outside.index.put(at.sample.name, "1.2.4", WHEEL, b"a mistake")
    at.outside.index.delete(WHEEL)
    ended = at.stops()

    assert "the index does not accept this file name again" in ended.error
    assert "release the next version" in ended.error
    assert nothing_published(at)


def test_19_a_publisher_that_is_not_known(released: Released, at: ReleaseBench) -> None:
    """It says what the index says of the publisher; when that is set right, a new run is done."""
    refused = at.release_trusted()
    assert 1 == refused.code, str(refused)
    assert "the index did not accept the credentials" in refused.error
    assert "publisher" in refused.error
    assert nothing_published(at)
    at.outside.index.trust_project(at.sample.name)
    ended = at.release_trusted()

    assert 0 == ended.code, str(ended)
    assert ends_like(released, at)


@pytest.mark.repeated
def test_19_an_identity_used_twice(released: Released, at: ReleaseBench) -> None:
    """A token of the job that was used before is refused, and the next run asks for a new one."""
    index = at.outside.index
    index.trust_project(at.sample.name)
    jwt = index.issuer.jwt("pypi")
    context = ssl.create_default_context(cafile=at.outside.authority.bundle)
    url = f"{index.server.url}/_/oidc/mint-token"
    assert 200 == httpx.post(url, json={"token": jwt}, verify=context).status_code
    index.issuer.reuse(jwt)
    refused = at.release_trusted()
    untouched = nothing_published(at)
    index.issuer.reuse("")
    ended = at.release_trusted()

    assert 1 == refused.code, str(refused)
    assert "the index did not accept the credentials" in refused.error
    assert "already used" in refused.error
    assert untouched
    assert 0 == ended.code, str(ended)
    assert ends_like(released, at)


def test_19_a_token_that_expires_between_two_uploads(released: Released, at: ReleaseBench) -> None:
    """The second file is refused, nothing is tagged, and the next run gets a token of its own."""
    at.outside.index.trust_project(at.sample.name)
    at.outside.effects.after(lambda _: at.outside.clock.advance(16 * 60), kind="upload", nth=1)
    refused = at.release_trusted()
    tagged = TAG in at.outside.repository.refs()
    ended = at.release_trusted()

    assert 1 == refused.code, str(refused)
    assert "the index did not accept the credentials" in refused.error
    assert "expired" in refused.error
    assert not tagged
    assert 0 == ended.code, str(ended)
    assert ends_like(released, at)


def test_20_an_attestation_that_cannot_be_made(at: ReleaseBench) -> None:
    """Without a signature nothing is uploaded: an index takes no attestation later."""
    at.outside.index.trust_project(at.sample.name)
    ended = at.release_trusted("--attest")

    assert 1 == ended.code, str(ended)
    assert "the attestation was not accepted" in ended.error
    assert "--attest=false" in ended.error
    assert [] == at.outside.index.uploads
    assert nothing_published(at)


# -- the pull request ------------------------------------------------------------------------------


@pytest.mark.repeated
def test_22_killed_before_the_pull_request(released: Released, at: ReleaseBench) -> None:
    """The next run sends nothing to the index, and opens exactly one pull request."""
    at.killed("--run", "job-1", kind="pull", nth=1, moment=Moment.BEFORE)
    sent = list(at.outside.index.uploads)
    at.succeeds("--run", "job-1")

    assert sent == at.outside.index.uploads
    assert ends_like(released, at)
    assert 1 == len(at.outside.effects.named("pull"))


@pytest.mark.repeated
def test_23_the_answer_to_the_pull_request_is_lost(released: Released, at: ReleaseBench) -> None:
    """It is found by its branch, and there is no second one."""
    at.outside.github.lose_answer("POST", "/pulls")
    at.succeeds()

    assert ends_like(released, at)


# With what comes after it: test_closed_pull_request.
@pytest.mark.repeated
def test_24_a_pull_request_that_a_person_closed(released: Released, at: ReleaseBench) -> None:
    """It stops, and tags nothing, until the pull request is open again."""
    at.killed("--run", "job-1", kind="pull", nth=1)
    (number,) = at.outside.github.state.pulls
    close(at.outside.github.state, number)
    stopped = at.stops("--run", "job-1")
    tagged = TAG in at.outside.repository.refs()
    at.outside.github.state.pulls[number].open = True
    at.succeeds("--run", "job-1")

    assert "the pull request was closed without merging" in stopped.error
    assert f"/pull/{number}" in stopped.error
    assert not tagged
    assert ends_like(released, at)


def test_25_main_conflicts(at: ReleaseBench) -> None:
    """A conflict is in the report, and nothing is published again."""

    def move(_: Effect) -> None:
        rewrite(at, "pyproject.toml", lambda text: text.replace('"1.2.3"', '"1.3.0.dev0"'))

    at.outside.effects.after(move, kind="pull", nth=1)
    ended = at.succeeds()

    assert "conflicts with the base" in ended.out
    assert (WHEEL, SDIST) == at.outside.effects.named("upload")


@pytest.mark.parametrize("method", ["squash", REPEATED("rebase"), REPEATED("merge")])
def test_26_how_it_is_merged(at: ReleaseBench, method: str, tmp_path: Path) -> None:
    """The next release says what came after, whichever way the last one was merged."""
    sample = replace(at.sample, changelog=Changelog.GIT_CLIFF, entries=("The first thing.",))
    at = world_of(at, sample, tmp_path / "cliff")
    at.succeeds()
    (number,) = at.outside.github.state.pulls
    merge(at.outside.github.state, number, method)
    run_git(at.clone, "fetch", "--quiet", str(at.outside.repository.path), "main")
    run_git(at.clone, "reset", "--quiet", "--hard", "FETCH_HEAD")
    run_git(at.clone, "commit", "--quiet", "--allow-empty", "-m", "feat: The second thing.")
    at.outside.land(at.clone)
    places = [*at.places[: at.places.index("--github-api")], "--github-token", "env://GITHUB_TOKEN"]
    version = at.call("next-version", "--bump", "patch", *places)
    said = at.call("changelog", "--bump", "patch", *places)

    assert (0, 0) == (version.code, said.code), f"{version}\n{said}"
    assert version.out.startswith("1.2.5")
    assert "second thing" in said.out
    assert "first thing" not in said.out


# -- the tag and the GitHub release ----------------------------------------------------------------


@pytest.mark.repeated
def test_27_a_tag_at_the_right_commit(released: Released, at: ReleaseBench) -> None:
    """A tag that a person pushed there is taken for done."""
    at.killed("--run", "job-1", kind="pull", nth=1)
    repository = at.outside.repository
    assert repository.update(TAG, repository.commit(BRANCH))
    at.succeeds("--run", "job-1")

    assert [] == [ref for ref in at.outside.effects.named("ref") if ref.startswith(TAG)]
    assert ends_like(released, at)


def test_27_a_tag_at_another_commit(at: ReleaseBench) -> None:
    """It is a hard stop, and the tag stays where it is."""
    repository = at.outside.repository
    main = repository.commit("refs/heads/main")

    def push(_: Effect) -> None:
        repository.update(TAG, main)

    at.outside.effects.after(push, kind="pull", nth=1)
    ended = at.stops()

    assert "the tag exists at another commit" in ended.error
    assert main == repository.commit(TAG)
    assert () == shown(at.outside).releases


@pytest.mark.parametrize("how", ["forbidden", REPEATED("burned")])
def test_28_a_tag_that_may_not_be_made(at: ReleaseBench, how: str) -> None:
    """The remote's rule is quoted, and the report says what is published by then."""
    rules = at.outside.git.rules
    if how == "forbidden":
        rules.no_create.append(TAG)
    else:
        rules.burned.add(TAG)
    ended = at.stops()

    assert "the remote refused the push" in ended.error
    assert "creations are restricted" in ended.error
    assert f"{WHEEL}, {SDIST}" in ended.said
    assert TAG not in at.outside.repository.refs()
    assert () == shown(at.outside).releases


@pytest.mark.repeated
@pytest.mark.parametrize(
    ("kind", "nth"),
    [("ref", 3), ("release", 1), ("asset", 1)],
    ids=["tag", "draft", "half a draft"],
)
def test_29_killed_within_the_release(
    released: Released, at: ReleaseBench, kind: str, nth: int
) -> None:
    """The draft is found and filled, and published when it is whole."""
    killed = at.killed("--run", "job-1", kind=kind, nth=nth)
    assert -9 == killed.code, str(killed)
    at.succeeds("--run", "job-1")

    assert ends_like(released, at)
    assert 1 == len(at.outside.effects.named("release"))


@pytest.mark.repeated
def test_29_an_asset_whose_upload_broke_off(released: Released, at: ReleaseBench) -> None:
    """What is left of it is deleted, and it is uploaded again."""
    at.outside.github.state.leave_starter()
    at.succeeds()

    assert 1 == len(at.outside.effects.named("asset deleted"))
    assert ends_like(released, at)


# With what comes after it: test_refused_then_merged_and_the_same_run_again.
@pytest.mark.repeated
@pytest.mark.parametrize("status", [403, 404])
def test_30_a_release_that_is_refused(released: Released, at: ReleaseBench, status: int) -> None:
    """It says what GitHub said and what is published; run again, it is done."""

    def creates(request: Request) -> bool:
        return request.method == "POST" and request.path.endswith("/releases")

    words = {"message": "Resource not accessible by integration", "status": str(status)}
    at.outside.github.server.fail(Fault(json_answer(status, words)), creates)
    refused = at.stops()
    at.succeeds()

    assert "the GitHub release cannot be made" in refused.error
    assert "Resource not accessible by integration" in refused.error
    assert ends_like(released, at)


@pytest.mark.repeated
def test_30_a_rate_limit(released: Released, at: ReleaseBench) -> None:
    """It waits as long as GitHub asks, before the release and in the middle, and goes on."""
    github = at.outside.github
    github.limit(2)
    at.outside.effects.after(
        lambda _: github.limit(3, times=2, creating=True), kind="upload", nth=2
    )
    ended = at.succeeds()

    assert "wait 2 s: " in ended.said
    assert "wait 3 s: " in ended.said
    assert ends_like(released, at)


@pytest.mark.repeated
def test_31_a_listing_that_lags(released: Released, at: ReleaseBench) -> None:
    """It waits for the index to show the files, and does not upload them again."""
    at.outside.effects.before(lambda _: at.outside.index.lag(3), kind="upload", nth=2)
    ended = at.succeeds()

    assert "the index's listing" in ended.said
    assert [WHEEL, SDIST] == at.outside.index.uploads
    assert ends_like(released, at)
