"""Releases as the repository makes its own: form of tags, branch, title, sign-off and names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from .bench import Bench
from .release_bench import (
    Backend,
    Description,
    Outside,
    ReleaseBench,
    Sample,
    Versioned,
    commit,
    lock,
    make_package,
    run_git,
    shown,
)

SIGNED = "Signed-off-by: A Maintainer <maintainer@example.org>"


@pytest.fixture
def outside(tmp_path: Path, described: Description) -> Iterator[Outside]:
    """Make the servers."""
    with Outside(tmp_path / "outside", described) as world:
        yield world


def replaced(directory: Path, old: str, new: str, *paths: str) -> None:
    """Replace a text in files."""
    for path in paths:
        text = (directory / path).read_text(encoding="utf-8")
        assert old in text, path
        (directory / path).write_text(text.replace(old, new), encoding="utf-8")


def make_styled(directory: Path) -> Path:
    """Make a repository whose last release was merged from a branch, signed off, with a tag."""
    make_package(Sample(version="1.2.2"), directory)
    run_git(directory, "switch", "--quiet", "-c", "prepare-1.2.3")
    replaced(directory, "1.2.2", "1.2.3", "pyproject.toml", "CHANGELOG.md")
    lock(directory)
    commit(directory, f"chore(release): 1.2.3\n\n{SIGNED}")
    run_git(directory, "tag", "-a", "-m", "1.2.3", "1.2.3")
    run_git(directory, "switch", "--quiet", "main")
    (directory / "NOTES.md").write_text("Something changed.\n", encoding="utf-8")
    commit(directory, "feat: something")
    message = "Merge pull request #3 from quay/prepare-1.2.3\n\nchore(release): 1.2.3"
    run_git(directory, "merge", "--quiet", "--no-ff", "-m", message, "prepare-1.2.3")
    return directory


@pytest.mark.slow
def test_style_of_commits_and_tags_mixed(stiletto: Bench, tmp_path: Path, outside: Outside) -> None:
    """Tag, branch, title and sign-off are those of the last release, and a second run agrees."""
    at = ReleaseBench.start(stiletto, outside, make_styled(tmp_path / "source"))
    ended = at.succeeds()
    effects = outside.effects.happened
    again = at.succeeds()

    repository = outside.repository
    tag, branch = repository.ref("refs/tags/1.2.4"), repository.ref("refs/heads/prepare-1.2.4")
    lines = repository.git("show", "--no-patch", "--format=%B%an <%ae>", str(branch)).splitlines()
    assert "tag" == repository.git("cat-file", "-t", str(tag))
    assert branch == repository.commit("refs/tags/1.2.4")
    assert "chore(release): 1.2.4" == lines[0]
    assert "Signed-off-by: wheelwright <wheelwright@wheelwright.invalid>" in lines
    assert "wheelwright <wheelwright@wheelwright.invalid>" == lines[-1]
    (pull,) = outside.github.state.pulls.values()
    assert ("chore(release): 1.2.4", "prepare-1.2.4") == (pull.title, pull.head)
    assert ["1.2.4"] == [release[0] for release in shown(outside).releases]
    assert effects == outside.effects.happened, str(again)
    for note in (
        "tag 1.2.4, as in 1.2.3: the form of the newest version decides, and v1.2.2 has another",
        "branch prepare-1.2.4, as in 1.2.3",
        'title "chore(release): 1.2.4", signed off, as in 1.2.3',
    ):
        assert note in ended.said


@pytest.mark.slow
def test_tags_bare_and_tags_lockstep_count(
    stiletto: Bench, tmp_path: Path, outside: Outside
) -> None:
    """The next version is counted from tags without v, which may be those of all members."""
    source = tmp_path / "source"
    member = Sample("teasel-core", "3.1.0", Backend.HATCHLING, Versioned.VCS)
    for path, text in member.files().items():
        target = source / "packages/core" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    replaced(
        source / "packages/core",
        'source = "vcs"\n',
        'source = "vcs"\nraw-options = { root = "../.." }\n',
        "pyproject.toml",
    )
    root = '[tool.uv.workspace]\nmembers = ["packages/*"]\n'
    (source / "pyproject.toml").write_text(root, encoding="utf-8")
    (source / ".python-version").write_text("3.11\n", encoding="utf-8")
    run_git(source, "init", "--quiet", "--initial-branch=main")
    commit(source, "Release 3.1.0")
    run_git(source, "tag", "3.1.0")
    (source / "MORE.md").write_text("more\n", encoding="utf-8")
    commit(source, "More")
    at = ReleaseBench.start(stiletto, outside, source)
    ended = at.call("--package", "teasel-core", "next-version", "--bump", "patch", *at.places)

    assert "3.1.1" == ended.out.strip(), str(ended)


@pytest.mark.slow
def test_tags_taken_stop_a_release(stiletto: Bench, tmp_path: Path, outside: Outside) -> None:
    """A tag of the version at another commit stops before anything is written, in any form."""
    source = make_package(Sample(), tmp_path / "source")
    run_git(source, "tag", "1.2.4")
    at = ReleaseBench.start(stiletto, outside, source)
    ended = at.run("release", "--version", "1.2.4")

    assert 1 == ended.code, str(ended)
    assert "the tag of 1.2.4 is" in ended.said
    assert () == outside.effects.happened


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        pytest.param("VERSION", "[0-9]*", marks=pytest.mark.repeated),
        ("sample-package==VERSION", "sample-package==[0-9]*"),
    ],
)
def test_tags_form_is_in_plan_ruleset_and_workflow(
    stiletto: Bench, tmp_path: Path, outside: Outside, form: str, pattern: str
) -> None:
    """The next tag has the last one's form, and so have the trigger and the rules of tags."""
    source = make_package(Sample(), tmp_path / "source")
    run_git(source, "tag", form.replace("VERSION", "1.2.3"), "v1.2.3")
    run_git(source, "tag", "--delete", "v1.2.3")
    at = ReleaseBench.start(stiletto, outside, source)
    plan = at.run("release-plan", "--bump", "patch", "--until", "edits")
    rules = at.call("ruleset", "--tags", "contents")
    with (at.clone / "pyproject.toml").open("a") as settings:
        settings.write('\n[tool.wheelwright.github]\npublish = "tag"\n')
    module = ["--module", f"github.com/example/wheelwright@{'a' * 40}"]
    path = ["after", "file", "--path", ".github/workflows/publish.yml", "contents"]
    written = at.call("workflows", *module, *path)
    last = form.replace("VERSION", "1.2.3")
    reading = ["--git", str(at.clone), "--github-token", "env://GITHUB_TOKEN"]
    ca = ["--ca", str(outside.authority.bundle)]
    verified = at.call("verify-tag", "--tag", last, *reading, *ca)

    assert f"tag {form.replace('VERSION', '1.2.4')}, as in" in plan.said, str(plan)
    include = json.loads(rules.out)["conditions"]["ref_name"]["include"]
    assert [f"refs/tags/{pattern}"] == include
    assert f'tags: ["{pattern}"]' in written.out, str(written)
    assert verified.out.startswith(f"{last} is sample-package 1.2.3 at "), str(verified)
