"""Workflows fit the repository: what is there stays, and what was found decides.

Each repository here stands for its kind. A second call changes nothing, whatever the first found.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from .bench import Bench, Ended

MODULE = f"github.com/example/wheelwright@{'0' * 40}"
CI = ".github/workflows/ci.yml"
PYPROJECT = """\
[project]
name = "adze"
version = "1.3.0"
requires-python = ">=3.11"
dependencies = []

[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"
"""
LINTING = """\
# Ours since 2019.
name: CI
on: [push]
jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      - run: python -m compileall src
  site:
    runs-on: ubuntu-latest
    steps:
      - run: echo "site"
"""
UPLOADING = """\
name: Upload
on:
  push:
    tags: ["*"]
jobs:
  ship:
    runs-on: ubuntu-latest
    environment: shop
    steps:
      - uses: pypa/gh-action-pypi-publish@release/v1
"""
UPDATES = """\
version: 2
updates:
  # On Fridays.
  - package-ecosystem: npm
    directory: /web
    schedule:
      interval: weekly
      day: friday
"""

Make = Callable[..., Path]


def git(at: Path, *words: str) -> None:
    """Run git in a directory, as somebody."""
    who = ("-c", "user.name=Sample", "-c", "user.email=sample@example.org")
    subprocess.run(["git", *who, *words], cwd=at, check=True, capture_output=True)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make a repository with files, on a branch, with tags."""

    def made(
        files: Mapping[str, str] | None = None,
        *,
        branch: str = "main",
        tags: tuple[str, ...] = (),
        package: str = "",
    ) -> Path:
        at = tmp_path / "repository"
        at.mkdir()
        texts = {f"{package}pyproject.toml": PYPROJECT, f"{package}src/adze/__init__.py": ""}
        for path, text in {**texts, **(files or {})}.items():
            (at / path).parent.mkdir(parents=True, exist_ok=True)
            (at / path).write_text(text)
        git(at, "init", "--quiet", "-b", branch)
        git(at, "add", "-A")
        git(at, "commit", "--quiet", "-m", "The package")
        for tag in tags:
            git(at, "tag", tag)
        return at

    return made


def write(stiletto: Bench, at: Path, *words: str) -> Ended:
    """Write the workflows; a second call has nothing to do."""
    first = stiletto.passes(at, "workflows", "--module", MODULE, *words, "-y", cwd=at)
    again = stiletto.passes(at, "workflows", "--module", MODULE, "-y", cwd=at)
    assert "no changes to apply" in again.said
    return first


def parsed(path: Path) -> Any:
    """Read YAML 1.2."""
    return YAML(typ="safe", pure=True).load(path.read_text())


def test_foreign_file_stays_and_ours_has_another_name(stiletto: Bench, make: Make) -> None:
    """A ci.yml of a person stays byte for byte; the log names both, and what is done twice."""
    at = make({CI: LINTING}, branch="trunk")

    said = write(stiletto, at).said

    assert LINTING == (at / CI).read_text()
    ours = parsed(at / ".github/workflows/wheelwright-ci.yml")
    assert ("wheelwright-ci", ["trunk"]) == (ours["name"], ours["on"]["push"]["branches"])
    assert "branch: trunk, from the branch of HEAD; there is no remote" in said
    assert (
        f"{CI}: kept as it is; ours is .github/workflows/wheelwright-ci.yml; "
        "jobs that overlap with ours: lint (lint)" in said
    )


@pytest.mark.slow
def test_dependabot_gets_the_entry_that_it_lacks(stiletto: Bench, make: Make) -> None:
    """The entries of a person stay with their comments, and all else is written."""
    at = make({".github/dependabot.yml": UPDATES})

    said = write(stiletto, at).said

    text = (at / ".github/dependabot.yml").read_text()
    assert text.startswith(UPDATES)
    assert ["npm", "github-actions", "pip"] == [
        each["package-ecosystem"] for each in parsed(at / ".github/dependabot.yml")["updates"]
    ]
    assert "npm in /web has no cooldown" in said
    assert (at / CI).is_file()


def test_foreign_publisher_stays_the_only_one(stiletto: Bench, make: Make) -> None:
    """Where a workflow uploads already, none of ours does, and the log says how to change that."""
    at = make({".github/workflows/upload.yaml": UPLOADING}, tags=("1.2.0",))

    said = write(stiletto, at).said

    names = sorted(path.name for path in (at / ".github/workflows").iterdir())
    assert ["ci.yml", "nightly.yml", "upload.yaml"] == names
    assert (
        "publish: theirs: .github/workflows/upload.yaml uploads (pypa/gh-action-pypi-publish in "
        "job ship, environment shop) on push of tags *" in said
    )
    assert 'set publish = "release" in [tool.wheelwright.github]' in said


@pytest.mark.slow
def test_tags_without_a_prefix_start_what_follows_tags(stiletto: Bench, make: Make) -> None:
    """Branch and tags are those of the repository, in the workflows and in the ruleset."""
    setting = f'{PYPROJECT}\n[tool.wheelwright.github]\npublish = "tag"\n'
    at = make({"pyproject.toml": setting}, branch="master", tags=("1.2.0", "1.3.0"))

    write(stiletto, at)
    rules = stiletto.passes(at, "ruleset", "--tags", "contents").out

    publish = parsed(at / ".github/workflows/publish.yml")
    assert ["[0-9]*"] == publish["on"]["push"]["tags"]
    assert ["master"] == parsed(at / CI)["on"]["push"]["branches"]
    assert "refs/tags/[0-9]*" in rules
    assert not (at / ".github/workflows/release.yml").exists()


@pytest.mark.slow
def test_only_package_is_taken_wherever_it_lies(stiletto: Bench, make: Make) -> None:
    """Beside a project of another kind the package is found, and said; of several none is taken."""
    at = make({"package.json": "{}"}, package="python/")

    said = write(stiletto, at).said

    assert "package: adze in python, the only one of the source" in said
    assert f"run: dagger call -m {MODULE} --source . --package python ci" in (at / CI).read_text()

    other = at / "other" / "pyproject.toml"
    other.parent.mkdir()
    other.write_text(PYPROJECT)
    ended = stiletto.fails(at, "workflows", "--module", MODULE, cwd=at)
    assert "the source has several packages: other, python" in ended.error


@pytest.mark.slow
def test_options_decide_the_next_call_too(stiletto: Bench, make: Make) -> None:
    """What a first call was given stands in the package's own table after it."""
    at = make()

    write(
        stiletto,
        at,
        "--branch",
        "trunk",
        "--engine",
        "stiletto",
        "--stiletto",
        f"wheelwright-pipeline[stiletto] @ git+https://github.com/example/wheelwright@{'0' * 40}",
    )

    assert (at / "pyproject.toml").read_text() == (
        f'{PYPROJECT}\n[tool.wheelwright.github]\nengine = "stiletto"\nbranch = "trunk"\n'
    )


@pytest.mark.slow
def test_broken_workflow_is_named_and_left_alone(stiletto: Bench, make: Make) -> None:
    """A file that is not YAML stops nothing."""
    at = make({".github/workflows/odd.yml": "on: [push\njobs: {"})

    said = write(stiletto, at).said

    assert ".github/workflows/odd.yml:2: not valid YAML" in said
    assert (at / CI).is_file()


@pytest.mark.slow
def test_branch_that_nothing_says_is_not_guessed(stiletto: Bench, make: Make) -> None:
    """Without a branch the call stops, and names the option and the key."""
    at = make()
    git(at, "checkout", "--quiet", "--detach")

    ended = stiletto.fails(at, "workflows", "--module", MODULE, cwd=at)

    assert "the default branch is not known: HEAD is not on a branch" in ended.error
    assert "--branch NAME" in ended.error


@pytest.mark.slow
def test_workspace_has_one_set_of_files(stiletto: Bench, make: Make) -> None:
    """Every member is in it, whichever package is named, with the form of its own tags."""
    root = (
        '[project]\nname = "shop"\nversion = "0"\nclassifiers = ["Private :: Do Not Upload"]\n'
        '\n[tool.uv.workspace]\nmembers = ["packages/*"]\n'
    )
    files = {"pyproject.toml": root}
    for name in ("kiln", "lathe"):
        files[f"packages/{name}/pyproject.toml"] = PYPROJECT.replace("adze", name)
        files[f"packages/{name}/src/{name}/__init__.py"] = ""
    at = make(files, tags=("kiln-v1.3.0", "lathe-v0.4.1"))

    said = write(stiletto, at).said

    release = parsed(at / ".github/workflows/release.yml")
    assert ["kiln", "lathe"] == release["on"]["workflow_dispatch"]["inputs"]["package"]["options"]
    assert ["kiln", "lathe"] == parsed(at / CI)["jobs"]["gates"]["strategy"]["matrix"]["package"]
    assert "package: kiln, a member of the workspace; tags: kiln-v[0-9]*" in said
    words = ("workflows", "--module", MODULE, "-y")
    again = stiletto.passes(at, "--package", "lathe", *words, cwd=at)
    assert "no changes to apply" in again.said


@pytest.mark.slow
def test_checkout_is_complete_and_needs_are_named(stiletto: Bench, make: Make) -> None:
    """Submodules and git-lfs are checked out; an address or an index that needs more is named."""
    module = '[submodule "grain"]\n\tpath = src/grain\n\turl = git@example.org:a/grain.git\n'
    index = '\n[[tool.uv.index]]\nname = "forge"\nurl = "https://packages.example.org/simple"\n'
    at = make(
        {
            ".gitmodules": module,
            ".gitattributes": "*.npz filter=lfs diff=lfs merge=lfs -text\n",
            "pyproject.toml": PYPROJECT + index,
        }
    )

    said = write(stiletto, at).said

    for job in parsed(at / CI)["jobs"].values():
        for step in job["steps"]:
            if "actions/checkout@" in step.get("uses", ""):
                assert ("recursive", True) == (step["with"]["submodules"], step["with"]["lfs"])
    assert "submodule src/grain: git@example.org:a/grain.git needs a credential" in said
    assert "index forge: https://packages.example.org/simple may need a credential" in said
    assert 'set netrc = "NETRC" in [tool.wheelwright.github]' in said


@pytest.mark.slow
def test_newer_pin_is_held_against_its_tag(stiletto: Bench, make: Make) -> None:
    """A pin that is not of its tag is replaced; where the tag cannot be asked, it is named."""
    pin = f"actions/checkout@{'1' * 40} # v99.0.0"
    block = (
        "# >>> wheelwright: x\nname: nightly\non: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n"
        f"    steps:\n      - uses: {pin}\n# <<< wheelwright\n"
    )
    at = make({".github/workflows/nightly.yml": block})

    said = write(stiletto, at).said

    replaced = f"replaced a pin: {pin}; that version's tag has another commit" in said
    unknown = (
        f"kept a newer pin: {pin}; https://github.com/actions/checkout cannot be asked" in said
    )
    assert replaced != unknown
    assert unknown == (pin in (at / ".github/workflows/nightly.yml").read_text())
