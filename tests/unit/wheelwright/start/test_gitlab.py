"""What `doctor` reports of a repository on GitLab."""

import pytest

from tests.unit.wheelwright.samples import project
from wheelwright.github.options import Choices
from wheelwright.repository.facts import Repository
from wheelwright.repository.pipeline import INCLUDED, MAIN, Pipeline, read
from wheelwright.start import gitlab
from wheelwright.start.findings import Finding, State

PACKAGE = project('[project]\nname = "demo"\nversion = "1"\n[build-system]\nrequires = []\n')
OURS = Pipeline(MAIN, ours=True)
BESIDE = Pipeline(INCLUDED, ours=True)
THEIRS = "unit:\n  script: pytest\nship:\n  script: twine upload dist/*\n"


def of(*pipelines: Pipeline) -> dict[str, Finding]:
    """Return the findings of these files, by subject."""
    found = gitlab.files(Repository(pipelines=pipelines), "stiletto call w")
    return {each.subject: each for each in found}


@pytest.mark.parametrize(
    ("pipelines", "state"),
    [
        ((), State.MISSING),
        ((OURS,), State.FOUND),
        ((read(MAIN, THEIRS),), State.MISSING),
        ((read(MAIN, THEIRS), BESIDE), State.MISSING),
        ((read(MAIN, f"include: /{INCLUDED}\n"), BESIDE), State.FOUND),
    ],
)
def test_pipeline_counts_where_gitlab_reads_it(
    pipelines: tuple[Pipeline, ...], state: State
) -> None:
    """Ours is the file that GitLab reads, or one that this file includes."""
    found = of(*pipelines)["pipeline"]

    assert state is found.state
    assert bool(found.next) == (state is State.MISSING)


def test_jobs_of_a_person_are_named() -> None:
    """Who tests and who publishes; broken YAML is missing."""
    found = of(read(MAIN, THEIRS))

    assert f"{MAIN}: job unit" == found["who tests, too"].seen
    assert "job ship (twine upload)" == found["who publishes"].seen
    assert State.MISSING is of(read(MAIN, "a: ["))[MAIN].state


def test_settings_are_pages_with_the_value_of_each_field() -> None:
    """Schedules that the pipeline has, the merge's condition, protected tags, and the release."""
    repository = Repository(remote="git@gitlab.com:shop/demo.git")
    found = {
        each.subject: each
        for each in gitlab.settings(PACKAGE, repository, Choices(without=("audit",)))
    }

    opened, *schedules = found["schedules"].next
    assert "open https://gitlab.com/shop/demo/-/pipeline_schedules, New:" == opened
    assert ["nightly"] == [each.partition(":")[0] for each in schedules]
    assert schedules[0].endswith("variable WHEELWRIGHT_RUN = nightly")
    assert "merge_requests: Pipelines must succeed" in found["merge requests"].next[0]
    assert found["version tags"].next[0].endswith("Protected tags: v*")
    assert "publish --tag TAG" in found["release"].seen


def test_renovate_updates() -> None:
    """Dependabot is not there."""
    assert State.MISSING is gitlab.updates(Repository(dependabot="x")).state
    assert State.FOUND is gitlab.updates(Repository(renovate="renovate.json")).state
