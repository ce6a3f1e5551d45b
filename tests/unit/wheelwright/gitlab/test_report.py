"""What the log of `workflows` says for GitLab."""

import pytest

from tests.unit.wheelwright.samples import LIKE_CLICK, project
from wheelwright.github.options import Choices
from wheelwright.gitlab.report import found, page_of
from wheelwright.repository.facts import Found, Repository
from wheelwright.repository.pipeline import INCLUDED, MAIN, read

PACKAGE = project(f'{LIKE_CLICK}\n[tool.wheelwright.matrix]\nos = ["ubuntu-latest", "macos-15"]\n')
REMOTE = "https://gitlab.com/shop/demo.git"
THEIRS = "style:\n  script: ruff check\nship:\n  script: twine upload dist/*\n"


def lines(choices: Choices, theirs: str = "") -> list[str]:
    """Return what is printed for a repository, with a pipeline of a person."""
    pipelines = (read(MAIN, theirs),) if theirs else ()
    repository = Repository(Found("trunk", "HEAD"), REMOTE, pipelines=pipelines)
    return [*found(PACKAGE, repository, choices, Found("gitlab", "x"), repository.pipeline)]


def test_facts_have_their_places() -> None:
    """Forge and branch, then what is left to a person."""
    said = lines(Choices(without=("audit",)))

    assert "forge: gitlab, from x; --forge github writes workflows instead" == said[0]
    assert "branch: trunk, from HEAD" == said[1]
    (schedules,) = (each for each in said if each.startswith("schedules:"))
    assert "https://gitlab.com/shop/demo/-/pipeline_schedules" in schedules
    assert "WHEELWRIGHT_RUN = nightly" in schedules
    assert "audit" not in schedules
    assert said[-1].startswith("release: not written for GitLab: ")


def test_what_only_github_has_is_named_where_it_is_requested() -> None:
    """A key or a cell that has no effect there."""
    said = lines(Choices(sarif=True, history=True, needs=("docs",), jobs="cells"))

    for key in ("sarif", "history", "needs", "jobs"):
        assert f"{key} of [tool.wheelwright.github]: not written for GitLab" in said
    parts = lines(Choices(jobs="cells", shards=4, history=True))
    named = [each for each in parts if "[tool.wheelwright.github]: not written" in each]
    assert ["jobs of [tool.wheelwright.github]: not written for GitLab"] == named
    (cells,) = (each for each in said if each.startswith("cells of other systems"))
    assert "on macos-15" in cells
    assert not any("not written" in each and "release" not in each for each in lines(Choices()))


def test_pipeline_of_a_person_is_named_with_what_it_does() -> None:
    """Jobs that overlap with ours, who publishes, and how ours is included."""
    said = lines(Choices(), THEIRS)

    assert (
        f"{MAIN}: kept as it is; ours is {INCLUDED}; jobs that overlap with ours: style (lint)"
        in said
    )
    assert f"add to {MAIN}, below include:, the line  - local: /{INCLUDED}" in said
    assert f"publish: theirs: {MAIN} uploads (twine upload in job ship)" in said
    included = lines(Choices(), f"include: [/{INCLUDED}]\n{THEIRS}")
    assert not any(each.startswith("add to") for each in included)


@pytest.mark.parametrize(
    ("remote", "page"),
    [
        ("git@gitlab.com:shop/a/demo.git", "https://gitlab.com/shop/a/demo/-/x"),
        (REMOTE, "https://gitlab.com/shop/demo/-/x"),
        ("/srv/demo.git", ""),
        ("https://git.example.org/shop/demo", ""),
    ],
)
def test_page_is_beneath_the_project(remote: str, page: str) -> None:
    """Where the remote is known to be GitLab's."""
    assert page == page_of(Repository(remote=remote), "/-/x")
