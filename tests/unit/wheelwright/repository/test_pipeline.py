"""What a .gitlab-ci.yml of a person says."""

import pytest

from wheelwright.repository.facts import Found, Repository
from wheelwright.repository.jobs import Job
from wheelwright.repository.pipeline import INCLUDED, MAIN, Pipeline, is_pipeline, read

THEIRS = """\
stages: [check, ship]
include:
  - template: Jobs/Secret-Detection.gitlab-ci.yml
default:
  image: python:3.13
.hidden:
  script: pytest
style:
  stage: check
  script:
    - ruff check
cover:
  before_script: [pip install tox]
  script: [!reference [.hidden, script], "tox -e cover"]
ship:
  stage: ship
  environment:
    name: shop
  script: |
    python -m build
    twine upload dist/*
"""


def test_jobs_stages_and_uploads_are_read() -> None:
    """Keywords and hidden jobs are no jobs; what a job does is read from its scripts."""
    found = read(MAIN, THEIRS)

    assert ("check", "ship") == found.stages
    assert (
        Job("style", ("lint",)),
        Job("cover", ("tests",)),
        Job("ship", ("build", "upload"), "twine upload", "shop"),
    ) == found.jobs
    assert not found.ours
    assert not found.includes


@pytest.mark.parametrize(
    "text",
    [
        f"include: /{INCLUDED}\n",
        f"include:\n  - local: {INCLUDED}\n",
        f"spec:\n  inputs: {{}}\n---\ninclude: [{{local: /{INCLUDED}}}]\n",
    ],
)
def test_include_of_ours_is_seen(text: str) -> None:
    """In each form that GitLab takes, and below a `spec`."""
    assert read(MAIN, text).includes


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a: [1\nb: {", f"{MAIN}:2: not valid YAML"),
        ("- a\n", f"{MAIN}: not a mapping"),
        ("text", f"{MAIN}: not a mapping"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, error: str) -> None:
    """Broken YAML is an error with its place, and stops nothing."""
    assert read(MAIN, text).error.startswith(error)


def test_empty_file_has_nothing() -> None:
    """An empty file is no error."""
    assert Pipeline(MAIN) == read(MAIN, "")


def test_two_files_are_pipelines() -> None:
    """GitLab's own, and ours beside it."""
    assert [True, True, False] == [
        is_pipeline(each) for each in (MAIN, INCLUDED, "docs/.gitlab-ci.yml")
    ]


def test_forge_is_that_of_the_remote_then_of_the_files() -> None:
    """A remote decides; without one that says it, a lone pipeline does."""
    pipelines = (Pipeline(MAIN),)

    assert Found("gitlab", "the remote on gitlab.com") == (
        Repository(remote="git@gitlab.com:a/b.git").works_on
    )
    assert Found("gitlab", MAIN) == Repository(pipelines=pipelines).works_on
    assert "github" == Repository().works_on.value
    on_github = Repository(remote="https://github.com/a/b", pipelines=pipelines)
    assert "github" == on_github.works_on.value
