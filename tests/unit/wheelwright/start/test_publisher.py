"""What `doctor` reports of the index: the project, and who published it last."""

import pytest

from wheelwright.distribution.file import File
from wheelwright.project.github_settings import GitHubSettings
from wheelwright.release.decide.published import Publisher
from wheelwright.release.decide.urls import PYPI, IndexUrls
from wheelwright.repository.existing import Workflow
from wheelwright.repository.facts import Repository
from wheelwright.repository.jobs import Job
from wheelwright.start.findings import State
from wheelwright.start.publisher import Expected, index, newest, workflow

EXPECTED = Expected("demo", "octo/demo", "release.yml", "pypi")
FILES = (
    File("demo-1.9.tar.gz", ""),
    File("demo-1.10-py3-none-any.whl", "", provenance="https://h.example/p"),
)
FORM = (
    "Owner: octo",
    "Repository name: demo",
    "Workflow name: release.yml",
    "Environment name: pypi",
)
ON_PYPI = IndexUrls(*PYPI)


def test_newest_release_is_by_version() -> None:
    """1.10 is newer than 1.9, and an index without files has none."""
    assert ("1.10", FILES[1:]) == newest(FILES)
    assert ("", ()) == newest(())


def test_new_project_has_the_form_with_its_fields() -> None:
    """Before the first release, the page and every field of the pending publisher are printed."""
    project, publisher = index(ON_PYPI, EXPECTED, (), ())

    assert "demo is not on pypi.org: the first release creates it" == project.seen
    assert State.UNSEEN is publisher.state
    assert "30 days" in publisher.seen
    assert (
        "open https://pypi.org/manage/account/publishing/, Add, GitHub:",
        "PyPI project name: demo",
        *FORM,
    ) == publisher.next


@pytest.mark.parametrize(
    ("publisher", "state"),
    [
        (Publisher("GitHub", "Octo/Demo", "release.yml", "pypi"), State.FOUND),
        (Publisher("GitHub", "octo/demo", "publish.yml", "pypi"), State.UNSEEN),
        (Publisher("GitLab", "octo/demo", "release.yml"), State.UNSEEN),
    ],
)
def test_publisher_is_known_by_the_last_release(publisher: Publisher, state: State) -> None:
    """Provenance that names this workflow shows that the index trusts it; another does not."""
    _, found = index(ON_PYPI, EXPECTED, FILES, (publisher,))

    assert state is found.state
    assert publisher.text() in found.seen
    page = "open https://pypi.org/manage/project/demo/settings/publishing/, Add, GitHub:"
    assert ((page, *FORM) if state is State.UNSEEN else ()) == found.next


def test_another_index_has_no_form() -> None:
    """An index without PyPI's pages has neither a page nor fields."""
    urls = IndexUrls("https://h.example/legacy/", "https://h.example/simple/")
    _, found = index(urls, EXPECTED, FILES, ())

    assert (State.UNSEEN, ()) == (found.state, found.next)


@pytest.mark.parametrize(
    ("settings", "theirs", "expected"),
    [
        (GitHubSettings(), (), ("release.yml", "pypi")),
        (GitHubSettings(publish="tag"), (), ("publish.yml", "pypi")),
        (GitHubSettings(files={"release": "r.yml"}, environment="e"), (), ("r.yml", "e")),
        (GitHubSettings(), ("production",), ("up.yml", "production")),
        (GitHubSettings(), ("",), ("up.yml", "")),
        (GitHubSettings(publish="theirs"), ("production",), ("up.yml", "production")),
        (GitHubSettings(publish="release"), ("production",), ("release.yml", "pypi")),
    ],
)
def test_publisher_is_the_workflow_that_uploads(
    settings: GitHubSettings, theirs: tuple[str, ...], expected: tuple[str, str]
) -> None:
    """That of a person where it uploads, with its environment; else the one that is written."""
    found = tuple(
        Workflow(".github/workflows/up.yml", jobs=(Job("a", ("upload",), "uv publish", each),))
        for each in theirs
    )

    assert expected == workflow(settings, Repository(workflows=found))


def test_form_has_no_environment_where_the_job_has_none() -> None:
    """A field that stays empty is named as that."""
    assert "Environment name: leave it empty" in Expected("demo", "o/d", "up.yml", "").fields
