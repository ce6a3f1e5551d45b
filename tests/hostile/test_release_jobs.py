"""The generated release: jobs that see one thing each, and hand on plain data that is checked."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jobs_bench import Jobs, workflow
from ruamel.yaml import YAML
from tests.e2e.bench import Bench, Ended, stiletto_program
from tests.e2e.release_bench import (
    Description,
    Outside,
    ReleaseBench,
    Sample,
    alike,
    make_package,
    shown,
)
from tests.e2e.test_release_changelog import start
from tests.standins.github_pulls import merge
from tests.standins.github_state import Pull, Release
from tests.standins.repository import run_git

from wheelwright.distribution.file import File
from wheelwright.errors import RequestError
from wheelwright.github.calls import Engine, caller
from wheelwright.github.options import Choices
from wheelwright.github.plan import workflows
from wheelwright.project.files import Snapshot
from wheelwright.project.model import describe
from wheelwright.release.act.handing import Handed, read, write
from wheelwright.release.decide import materials
from wheelwright.release.decide.commit import Edit, ReleaseCommit
from wheelwright.release.decide.refs import journal_message
from wheelwright.release.decide.urls import IndexUrls
from wheelwright.release.decide.world import Plan

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PYPROJECT = """\
[project]
name = "quay"
version = "1.0"

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[[tool.uv.index]]
name = "quayside"
url = "https://index.example/quay/simple"
publish-url = "https://index.example/quay/"
"""
PACKAGE = describe(Snapshot({"pyproject.toml": PYPROJECT}))
PINNED = json.dumps(
    {"toolchains": [{"name": "ww", "source": "github.com/OWNER/wheelwright@v1", "pin": COMMIT}]}
)
HERE = json.dumps({"toolchains": [{"name": "ww", "source": "tools/wheelwright"}]})
OWN = '{"name": "wheelwright", "sdk": {"source": "python"}}'
MODULE = f"github.com/OWNER/wheelwright@{COMMIT}"
FORMS = {
    "pinned": (PINNED, ""),
    "here": (HERE, ""),
    "own": (OWN, ""),
    "module": (None, MODULE),
}
SHIPPING = ("release", "publish")


# -- what the files say ---------------------------------------------------------------------------


def parsed(text: str) -> Any:
    """Read YAML 1.2."""
    return YAML(typ="safe", pure=True).load(text)


def planned(form: str, engine: Engine, options: Choices | None = None) -> dict[str, Any]:
    """Return the parsed workflows of a form by name, with either publisher."""
    said, module = FORMS[form]
    who, choices = caller(said, engine, module, ""), options or Choices()
    files = workflows(PACKAGE, who, replace(choices, publish="tag"))
    files |= workflows(PACKAGE, who, choices)
    return {Path(path).stem: parsed(text) for path, text in files.items()}


def every() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each job of each workflow in each form, with a name."""
    for form in FORMS:
        for engine in Engine:
            for name, body in planned(form, engine).items():
                for job, steps in body.get("jobs", {}).items():
                    yield f"{form}-{engine.value}:{name}:{job}", steps


EVERY = dict(every())


def scripts(job: dict[str, Any]) -> str:
    """Return what a job runs."""
    return "\n".join(step.get("run", "") for step in job.get("steps", ()))


def checks_out(job: dict[str, Any]) -> bool:
    """Whether a job has the repository's files."""
    return any("actions/checkout" in step.get("uses", "") for step in job.get("steps", ()))


@pytest.mark.parametrize("job", EVERY.values(), ids=EVERY)
def test_rights_and_repository_code_are_apart(job: dict[str, Any]) -> None:
    """No job with an identity or a right to write has the repository, and none has both rights."""
    rights = job["permissions"]
    writes = {key for key, value in rights.items() if value == "write"}

    identities = ({"id-token"}, {"id-token", "attestations"})
    assert "id-token" not in writes or (writes in identities and writes == set(rights))
    if "attestations" in writes:
        # It calls nothing: the files' digests go to GitHub's own action.
        assert not re.search(r"\bcall\b|checkout|git ", scripts(job))
    elif writes:
        assert not checks_out(job)
        assert not re.search(r"--source|uv run|\bwheelwright (call|ci)\b", scripts(job))
        called = re.findall(r'call -m "\$RUNNER_TEMP/wheelwright[^"]*" ([\w-]+)', scripts(job))
        assert len(called) == 1 == len(re.findall(r"\b(?:dagger|stiletto) call\b", scripts(job)))
        assert called[0] in ("release-propose", "release-publish", "release-finish")


@pytest.mark.parametrize("job", EVERY.values(), ids=EVERY)
def test_job_with_the_repository_sees_no_secret(job: dict[str, Any]) -> None:
    """Where the repository's code runs there is no secret, no identity and no environment."""
    if checks_out(job):
        assert {"contents": "read"} == job["permissions"]
        assert "environment" not in job
        assert not re.search(r"secrets\.|github\.token|GITHUB_TOKEN|OIDC|ID_TOKEN", json.dumps(job))


@pytest.mark.parametrize("job", EVERY.values(), ids=EVERY)
def test_secret_stands_in_a_job_with_an_environment(job: dict[str, Any]) -> None:
    """A secret of the repository is given to jobs of an environment alone."""
    if "secrets." in json.dumps(job):
        assert "release" == job["environment"]


@pytest.mark.parametrize("name", SHIPPING)
@pytest.mark.parametrize("form", FORMS)
def test_roles_of_a_release(form: str, name: str) -> None:
    """Jobs, rights and order are those of the three roles."""
    jobs = dict(planned(form, Engine.STILETTO)[name]["jobs"])
    writing = {"contents": "write", "pull-requests": "write"}
    expected = {
        "build": {"contents": "read"},
        "propose": writing,
        "publish": {"id-token": "write"},
        "finish": {**writing, "actions": "write"},
    }
    if name == "publish":
        expected = {key: expected[key] for key in ("build", "publish")}
    else:
        # It is instead of all others, and writes nothing.
        assert {"contents": "read"} == jobs.pop("plan")["permissions"]
        attest = jobs.pop("attest")
        assert {"id-token": "write", "attestations": "write"} == attest["permissions"]
        assert ["build", "publish"] == attest["needs"]
        assert "environment" not in attest

    assert expected == {job: body["permissions"] for job, body in jobs.items()}
    before = [[], *([*expected][:number] for number in range(1, len(expected)))]
    needs = [body.get("needs", []) for body in jobs.values()]
    assert before == [[each] if isinstance(each, str) else each for each in needs]


def test_whole_history_is_checked_out_for_a_release() -> None:
    """The build sees all branches and tags in the checkout, and leaves no credential there."""
    for name in SHIPPING:
        (checkout, *_) = planned("pinned", Engine.DAGGER)[name]["jobs"]["build"]["steps"]
        assert {"persist-credentials": False, "fetch-depth": 0} == checkout["with"]


@pytest.mark.parametrize("form", FORMS)
def test_module_is_fetched_at_a_commit_where_a_secret_is(form: str) -> None:
    """Jobs with a secret fetch the module: at its pin, or at the commit of the workflow itself."""
    for job in planned(form, Engine.DAGGER)["release"]["jobs"].values():
        fetch = [step for step in job["steps"] if step["name"].startswith("Fetch the module")]
        if checks_out(job) or "attestations" in job["permissions"]:
            continue
        (step,) = fetch
        local = form in ("here", "own")
        assert ("${{ github.sha }}" if local else COMMIT) == step["env"]["COMMIT"]


def test_index_is_named_in_every_job() -> None:
    """--index goes to the build by name, and to those without the repository by its addresses."""
    jobs = planned("pinned", Engine.DAGGER, Choices(index="quayside"))["release"]["jobs"]
    flags = (
        "--publish-url https://index.example/quay/ --check-url https://index.example/quay/simple"
    )

    assert "--index quayside" in scripts(jobs["build"])
    for name in ("propose", "publish", "finish"):
        assert flags in scripts(jobs[name])


def test_unknown_index_is_refused() -> None:
    """An index that pyproject.toml does not have is named."""
    with pytest.raises(RequestError, match="--index 'quai'"):
        planned("pinned", Engine.DAGGER, Choices(index="quai"))


# -- what the jobs do -----------------------------------------------------------------------------


@pytest.fixture
def jobs(at: ReleaseBench, tmp_path: Path) -> Jobs:
    """Return a run of the release workflow of this repository, over the sample package."""
    directory = tmp_path / "run"
    directory.mkdir()
    return Jobs(at, directory)


@pytest.mark.slow
def test_jobs_end_as_release_does(jobs: Jobs, released: tuple[ReleaseBench, Ended]) -> None:
    """Job by job it ends as one call does: nothing written by `build`, no credential shown."""
    before = shown(jobs.at.outside)
    assert jobs.job("build"), jobs.said["build"]
    assert before == shown(jobs.at.outside)

    for job in ("propose", "publish", "finish", "attest"):
        assert jobs.job(job), jobs.said[job]

    assert alike(released[0].outside) == alike(jobs.at.outside)
    ((_, _, _, assets),) = shown(jobs.at.outside).releases
    assert assets == jobs.attested
    assert len(assets) > 2
    assert "sample-package 1.2.4: released" in jobs.said["finish"]
    texts = [*jobs.said.values(), (jobs.artifact / "release.json").read_text()]
    assert [] == [one for one in jobs.at.outside.secrets if any(one in text for text in texts)]


@pytest.mark.slow
def test_notes_of_github_come_by_the_jobs_with_a_token(
    stiletto: Bench, described: Description, tmp_path: Path
) -> None:
    """Without a changelog the notes are those of `release`, of what came since the last tag."""
    with Outside(tmp_path / "outside", described) as outside:
        at = start(stiletto, outside, tmp_path / "source", {})
        state, head = outside.github.state, outside.repository.commit("main")
        state.releases[1] = Release(1, "v1.2.3", "main", "", "- By hand.", False, False, 1.0, 1.0)
        old = outside.repository.commit("refs/tags/v1.2.3")
        for number, title, merged in ((6, "feat: old", old), (7, "feat: new", head)):
            about = (title, None, f"pull-{number}", "main", merged, 1.0, "octocat")
            state.pulls[number] = Pull(number, *about, open=False, merge_commit=merged)
        planned = at.run("release-plan", "--bump", "patch", "--until", "edits", "--format", "JSON")
        directory = tmp_path / "run"
        directory.mkdir()
        jobs = Jobs(at, directory)
        jobs.all()
        (body,) = (each.body or "" for each in state.releases.values() if each.tag == "v1.2.4")

    assert planned.code == 0, str(planned)
    assert body == json.loads(planned.out)["notes"]
    assert "* feat: new by @octocat in " in body
    assert "feat: old" not in body
    assert "/compare/v1.2.3...v1.2.4" in body


@pytest.mark.slow
@pytest.mark.parametrize("last", ["propose", pytest.param("publish", marks=pytest.mark.repeated)])
def test_killed_between_two_jobs(
    last: str, jobs: Jobs, released: tuple[ReleaseBench, Ended]
) -> None:
    """After a kill between two jobs, all jobs again end in the state of an undisturbed release."""
    for job in jobs.jobs:
        assert jobs.job(job), jobs.said[job]
        if job == last:
            break

    jobs.again().all()

    assert alike(released[0].outside) == alike(jobs.at.outside)


@pytest.mark.repeated
@pytest.mark.slow
def test_all_jobs_again_after_the_merge_release_nothing(jobs: Jobs) -> None:
    """A run that is over is over: main has moved, and the run writes nothing of a next version."""
    jobs.all()
    outside, clone = jobs.at.outside, jobs.at.clone
    (number,) = outside.github.state.pulls
    merge(outside.github.state, number)
    run_git(clone, "fetch", "--quiet", str(outside.repository.path), "main")
    run_git(clone, "reset", "--quiet", "--hard", "FETCH_HEAD")
    changelog = clone / "CHANGELOG.md"
    text = changelog.read_text()
    at = text.index("## ")
    changelog.write_text(f"{text[:at]}## [Unreleased]\n\n- Another thing.\n\n{text[at:]}")
    run_git(clone, "commit", "--quiet", "--all", "-m", "fix: another thing")
    outside.land(clone)
    before, effects = shown(outside), outside.effects.happened
    again = jobs.again()
    again.all()

    assert before == shown(outside)
    assert effects == outside.effects.happened
    assert "sample-package 1.2.4: released" in again.said["finish"]


@pytest.mark.slow
def test_failed_publishing_gives_the_lock_back(
    jobs: Jobs, released: tuple[ReleaseBench, Ended], tmp_path: Path
) -> None:
    """`finish` unlocks where nothing was published; the job alone is refused, a new run goes on."""
    assert jobs.job("build")
    assert jobs.job("propose")
    held = [ref for ref in jobs.at.outside.repository.refs() if "lock" in ref]

    assert not jobs.job("finish")

    assert 1 == len(held)
    assert [] == [ref for ref in jobs.at.outside.repository.refs() if "lock" in ref]
    assert "an earlier job of the release did not finish" in jobs.said["finish"]
    jobs.attempt = 2
    assert not jobs.job("publish")
    assert "run all jobs again" in jobs.said["publish"]
    other = tmp_path / "other"
    other.mkdir()
    Jobs(jobs.at, other, run="4712").all()
    assert alike(released[0].outside) == alike(jobs.at.outside)


@pytest.mark.slow
def test_tag_is_published_in_two_jobs(at: ReleaseBench, tmp_path: Path) -> None:
    """What a person has tagged on the branch is built without a secret, and published apart."""
    at.outside.repository.git("tag", "--force", "v1.2.3", "main")
    directory = tmp_path / "run"
    directory.mkdir()
    jobs = Jobs(at, directory, "publish", ref_name="v1.2.3")

    jobs.all()

    names = {"sample_package-1.2.3-py3-none-any.whl", "sample_package-1.2.3.tar.gz"}
    assert names == set(at.outside.index.files)


@pytest.mark.slow
def test_tag_of_no_branch_is_not_even_built(at: ReleaseBench, tmp_path: Path) -> None:
    """A tag on a commit that is on no branch ends the first job, before any code of it runs."""
    repository = at.outside.repository
    tree = repository.git("rev-parse", "main^{tree}").strip()
    alone = repository.git("commit-tree", tree, "-m", "on no branch").strip()
    repository.git("tag", "--force", "v1.2.3", alone)
    directory = tmp_path / "run"
    directory.mkdir()
    jobs = Jobs(at, directory, "publish", ref_name="v1.2.3")

    assert not jobs.job("build")
    assert "v1.2.3 is commit" in jobs.said["build"]
    assert not jobs.artifact.exists()


# -- what is handed over is foreign input ---------------------------------------------------------


def other_bytes(artifact: Path) -> None:
    """Put other bytes into the wheel."""
    next((artifact / "dist").glob("*.whl")).write_bytes(b"another")


def other_bytes_with_their_hash(artifact: Path) -> None:
    """Put other bytes into the wheel, and their digest into the record."""
    wheel = next((artifact / "dist").glob("*.whl"))
    wheel.write_bytes(b"another")
    path = artifact / "release.json"
    data = json.loads(path.read_text())
    for each in data["files"]:
        if each["name"] == wheel.name:
            each["sha256"] = hashlib.sha256(b"another").hexdigest()
    path.write_text(json.dumps(data))


def a_link(artifact: Path) -> None:
    """Put a link into the place of the wheel."""
    wheel = next((artifact / "dist").glob("*.whl"))
    wheel.unlink()
    wheel.symlink_to("/etc/hostname")


def one_more(artifact: Path) -> None:
    """Put a file beside the distributions."""
    (artifact / "dist" / "evil-1.0.tar.gz").write_bytes(b"more")


FILES = {
    "other bytes": (other_bytes, "does not have the sha256"),
    "a link": (a_link, "is not a regular file"),
    "one more file": (one_more, "'dist/evil-1.0.tar.gz' is unexpected"),
    "no record": (lambda artifact: (artifact / "release.json").unlink(), "not a regular file"),
    "deep": (
        lambda artifact: (artifact / "release.json").write_text("[" * 99999),
        "nested too deeply",
    ),
}


def handed() -> Handed:
    """Return a release on its way."""
    message = journal_message("sample-package", "1.2.4", ("hatchling==1.27.0",))
    edits = (Edit("CHANGELOG.md", "## 1.2.4\n"), Edit("conf.py", "# \xe9\n", "latin-1"))
    plan = Plan(
        package="sample-package",
        version="1.2.4",
        base="main",
        base_commit=COMMIT,
        branch="release/v1.2.4",
        tag="v1.2.4",
        lock_ref="refs/wheelwright/lock/sample-package",
        run="",
        epoch_s=1_767_225_600,
        known=frozenset({"1.2.3"}),
    )
    return Handed(
        plan=plan,
        commit="f" * 40,
        epoch_s=plan.epoch_s,
        described=ReleaseCommit(COMMIT, plan.epoch_s, message, edits),
        files=(
            File("sample_package-1.2.4-py3-none-any.whl", "a" * 64),
            File("sample_package-1.2.4.tar.gz", "b" * 64),
        ),
        notes="Something changed.",
        urls=IndexUrls("https://upload.pypi.org/legacy/", "https://pypi.org/simple/"),
    )


def edited(path: str, text: object) -> dict[str, Any]:
    """Return one more edit, with its digest."""
    return {"path": path, "sha256": hashlib.sha256(str(text).encode()).hexdigest(), "text": text}


RECORDS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another package": (lambda data: data.update(package="other"), "not a distribution of other"),
    "no package": (lambda data: data.update(package=""), "is not a package and its version"),
    "another version": (lambda data: data.update(version="1.2.5"), "not a distribution of version"),
    "no version": (lambda data: data.update(version="x/y"), "is not a package and its version"),
    "one more key": (lambda data: data.update(more="main"), "does not have the keys"),
    "a branch of its own": (
        lambda data: data.update(branch="main"),
        "the branch 'main' does not name a release of 1.2.4",
    ),
    "a branch of a deployment": (
        lambda data: data.update(branch="deploy/1.2.4"),
        "the branch 'deploy/1.2.4' does not name",
    ),
    "a branch that is an option": (
        lambda data: data.update(branch="--release-1.2.4"),
        "the branch '--release-1.2.4' does not name",
    ),
    "no branch": (lambda data: data.update(branch=""), "the branch '' does not name"),
    "a tag of a deployment": (
        lambda data: data["tag_form"].update(prefix="deploy-"),
        "the tag 'deploy-1.2.4' does not name a version of sample-package",
    ),
    "a tag of another package": (
        lambda data: data["tag_form"].update(prefix="sample-package-core-v"),
        "does not name a version of sample-package",
    ),
    "a tag with an end of its own": (
        lambda data: data["tag_form"].update(suffix="-evil"),
        "does not name a version",
    ),
    "numbers of a thousand digits": (
        lambda data: data["tag_form"].update(digits=[4, 1000]),
        "tag_form has no digits of a version",
    ),
    "numbers that are none": (
        lambda data: data["tag_form"].update(digits=["1; x"]),
        "tag_form has no digits of a version",
    ),
    "marks of a pre-release that are none": (
        lambda data: data["tag_form"].update(marks={"rc": "-rc/x."}),
        "tag_form has no marks of a pre-release",
    ),
    "releases that are none": (
        lambda data: data.update(yanked=[1]),
        "yanked is not a text",
    ),
    "a form that is a list": (lambda data: data.update(tag_form=[]), "is not of the kind dict"),
    "a title of two lines": (
        lambda data: data.update(title="Release 1.2.4\n\nX: y"),
        "title cannot be",
    ),
    "a title that skips the checks": (
        lambda data: data.update(title="Release 1.2.4 [skip ci]"),
        "title cannot be",
    ),
    "a title of another version": (lambda data: data.update(title="Bump"), "title cannot be"),
    "a name out of order": (
        lambda data: data.update(release_name="\u202e1.2.4"),
        "release_name cannot be",
    ),
    "a base of options": (lambda data: data.update(base="--upload-pack=x"), "base cannot be"),
    "a base above": (lambda data: data.update(base="a/../../b"), "base cannot be"),
    "a commit of options": (lambda data: data.update(commit="--x"), "commit cannot be"),
    "half a commit": (lambda data: data.update(base_commit="f" * 12), "base_commit cannot be"),
    "a time before": (lambda data: data.update(epoch_s=-1), "epoch_s is not a time"),
    "a time as text": (lambda data: data.update(epoch_s="1"), "epoch_s is not of the kind"),
    "a time as truth": (lambda data: data.update(epoch_s=True), "epoch_s is not of the kind"),
    "another format": (lambda data: data.update(format=2), "both jobs need one module"),
    "no files": (lambda data: data.update(files=[]), "files: none"),
    "one file twice": (lambda data: data["files"].append(data["files"][0]), "or one twice"),
    "a path as a name": (
        lambda data: data["files"][0].update(name="../sample_package-1.2.4.tar.gz"),
        "name cannot be",
    ),
    "an option as a name": (lambda data: data["files"][0].update(name="-x.whl"), "name cannot be"),
    "no digest": (lambda data: data["files"][0].update(sha256=""), "sha256 cannot be"),
    "a number for a file": (lambda data: data.update(files=[1]), "a file does not have the keys"),
    "a workflow among the edits": (
        lambda data: data["described"]["edits"].append(edited(".github/workflows/x.yml", "on: x")),
        "which no release does",
    ),
    "attributes among the edits": (
        lambda data: data["described"]["edits"].append(edited("src/.GitAttributes", "* x")),
        "which no release does",
    ),
    "an edit that is a list": (
        lambda data: data["described"]["edits"].append(edited("x", ["y"])),
        "x is not a text",
    ),
    "an encoding of its own": (
        lambda data: data["described"]["edits"][1].update(encoding="utf-7"),
        "conf.py has the encoding 'utf-7'",
    ),
    "an encoding that is none": (
        lambda data: data["described"]["edits"][1].update(encoding=1),
        "encoding is not of the kind",
    ),
    "a text that the encoding does not have": (
        lambda data: data["described"]["edits"][1].update(text="\u2192"),
        "codec can't encode",
    ),
    "another text": (
        lambda data: data["described"]["edits"][0].update(text="import os"),
        "its sha256 differs",
    ),
    "another parent": (
        lambda data: data["described"].update(parent="0" * 40),
        "another parent or time",
    ),
    "another time": (lambda data: data["described"].update(epoch_s=1), "another parent or time"),
    "another message": (lambda data: data["described"].update(message="x"), "another message"),
    "notes that are none": (lambda data: data.update(notes=None), "notes is not of the kind"),
    "changelog outside": (
        lambda data: data.update(changelog="/etc/x"),
        "changelog cannot be '/etc/x'",
    ),
    "changelog above": (lambda data: data.update(changelog="a/../x"), "changelog cannot be"),
    "changelog of two lines": (lambda data: data.update(changelog="a\nb"), "changelog cannot be"),
    "merge that is none": (
        lambda data: data.update(merge_commit=1),
        "merge_commit is not of the kind",
    ),
    "rules that are none": (
        lambda data: data.update(pypi_rules="no"),
        "pypi_rules is not of the kind",
    ),
}


def test_record_is_read_back() -> None:
    """What the build writes is what the next job reads, but for what each says itself."""
    assert handed() == read(write(handed()))


@pytest.mark.parametrize(("change", "fact"), RECORDS.values(), ids=RECORDS)
def test_changed_record_is_refused(change: Callable[[dict[str, Any]], object], fact: str) -> None:
    """Each key has one shape, names are of this version, and digests bind the texts."""
    data = json.loads(write(handed()))
    change(data)

    with pytest.raises(ValueError, match=re.escape(fact)):
        read(json.dumps(data))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=9))
def test_any_value_for_any_key_is_refused_or_of_its_shape(value: object) -> None:
    """Whatever stands at a key, reading ends in `ValueError` or in a record of the same shape."""
    whole = json.loads(write(handed()))
    for key in whole:
        data = json.dumps({**whole, key: value})
        with contextlib.suppress(ValueError):
            assert read(data).plan.package == "sample-package"


@pytest.fixture(scope="module")
def built(
    environ: dict[str, str],
    described: Description,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Jobs]:
    """Return a run whose `build` has ended."""
    directory = tmp_path_factory.mktemp("handed")
    sample = Sample()
    with Outside(directory / "outside", described) as outside:
        source = make_package(sample, directory / "package")
        at = ReleaseBench.start(
            Bench(stiletto_program(), environ, directory), outside, source, sample
        )
        run = directory / "run"
        run.mkdir()
        jobs = Jobs(at, run)
        assert jobs.job("build"), jobs.said["build"]
        yield jobs


@pytest.mark.slow
@pytest.mark.parametrize(("alter", "fact"), FILES.values(), ids=FILES)
def test_changed_files_are_refused(
    alter: Callable[[Path], object], fact: str, built: Jobs, tmp_path: Path
) -> None:
    """Other bytes, links and further files end the job before any effect, in one line."""
    jobs = _copy(built, tmp_path / "run")
    alter(jobs.artifact)
    # As if whoever changed the data had changed the told digest as well.
    record = jobs.artifact / "release.json"
    told = hashlib.sha256(record.read_bytes()).hexdigest() if record.is_file() else ""
    jobs.outputs = {"build": {"sha256": told}, "propose": {"attempt": "1"}}

    assert not jobs.job("publish"), jobs.said["publish"]
    said = jobs.said["publish"]
    assert "the data of an earlier job is not as expected" in said
    assert fact in said
    assert "Traceback" not in said
    assert {} == jobs.at.outside.index.files


@pytest.mark.slow
def test_commit_that_is_another_is_not_pushed(built: Jobs, tmp_path: Path) -> None:
    """Texts that make another commit than the one that was built are not pushed."""
    jobs = _copy(built, tmp_path / "run")
    path = jobs.artifact / "release.json"
    data = json.loads(path.read_text())
    data["described"]["edits"].append(edited("src/sample_package/planted.py", "import os\n"))
    path.write_text(json.dumps(data))
    jobs.outputs["build"] = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    before = shown(jobs.at.outside)

    assert not jobs.job("propose")
    assert "its texts make the commit" in jobs.said["propose"]
    assert before == shown(jobs.at.outside)


@pytest.mark.slow
def test_changed_data_is_not_attested(built: Jobs, tmp_path: Path) -> None:
    """What is not the data that was published ends the job before anything is signed."""
    jobs = _copy(built, tmp_path / "run")
    other_bytes_with_their_hash(jobs.artifact)

    assert not jobs.job("attest")
    assert {} == jobs.attested


@pytest.mark.slow
def test_told_digest_binds_everything(built: Jobs, tmp_path: Path) -> None:
    """Data that agrees with itself is refused where the build told another digest."""
    jobs = _copy(built, tmp_path / "run")
    other_bytes_with_their_hash(jobs.artifact)
    jobs.outputs["propose"] = {"attempt": "1"}

    assert not jobs.job("publish")
    assert "release.json has the sha256" in jobs.said["publish"]
    assert {} == jobs.at.outside.index.files


def _copy(built: Jobs, directory: Path) -> Jobs:
    directory.mkdir()
    jobs = Jobs(built.at, directory)
    shutil.copytree(built.artifact, jobs.artifact)
    jobs.outputs["build"] = dict(built.outputs["build"])
    return jobs


@pytest.mark.parametrize("changed", [False, True])
def test_files_are_attested_by_the_digests_of_the_release(changed: bool, tmp_path: Path) -> None:
    """Names and digests are those of the files and texts; of other data nothing is listed."""
    texts = dict(zip(materials.names("sample-package", "1.2.4"), ("{\\n}", "\xe9\n"), strict=True))
    release = replace(handed(), materials=texts)
    text = write(release)
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "release.json").write_text(text)
    digest = hashlib.sha256((text + " " * changed).encode()).hexdigest()
    _, listing, *_ = workflow("release")["jobs"]["attest"]["steps"]
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", listing["run"]],
        env={**os.environ, "DIGEST": digest, "RUNNER_TEMP": str(tmp_path)},
        capture_output=True,
        check=False,
    )

    subjects = tmp_path / "subjects.txt"
    assert changed == bool(done.returncode) == (not subjects.exists()), done
    if not changed:
        files = (*release.files, *materials.files(texts))
        lines = [f"{each.sha256}  {each.name}" for each in files]
        assert sorted(lines) == sorted(subjects.read_text().splitlines())


def test_workflows_here_have_these_jobs() -> None:
    """The repository's own workflows are the generated ones."""
    jobs = ["plan", "build", "propose", "publish", "finish", "attest"]
    assert jobs == list(workflow("release")["jobs"])
    assert ["build", "publish"] == list(workflow("publish")["jobs"])
