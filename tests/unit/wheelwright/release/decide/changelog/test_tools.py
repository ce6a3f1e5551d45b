"""Who keeps a changelog, and what is asked of the tools that do."""

import json

import pytest

from tests.unit.wheelwright.release.packages import project
from wheelwright.project.files import Snapshot
from wheelwright.project.model import describe
from wheelwright.release.decide.changelog import tools
from wheelwright.release.decide.changelog.tools import ChangelogSource

BARE = '[project]\nname = "demo"\nversion = "1"\n'


@pytest.mark.parametrize(
    ("toml", "files", "text", "keeper"),
    [
        (BARE, {}, "# Log\n", ChangelogSource.HAND),
        (BARE, {}, None, ChangelogSource.NOBODY),
        (BARE + "[tool.towncrier]\n", {}, "# Log\n", ChangelogSource.TOWNCRIER),
        (BARE, {"towncrier.toml": ""}, None, ChangelogSource.TOWNCRIER),
        (BARE + "[tool.git-cliff.changelog]\n", {}, "# Log\n", ChangelogSource.GIT_CLIFF),
        (BARE, {"cliff.toml": ""}, None, ChangelogSource.GIT_CLIFF),
    ],
)
def test_keeper_is_read_from_the_project(
    toml: str, files: dict[str, str], text: str | None, keeper: ChangelogSource
) -> None:
    """A configured tool keeps the changelog; otherwise a person does, if there is one."""
    assert keeper is tools.source_of(project(toml, files), text)


CLIFF = "[tool.git-cliff.git]\n"


@pytest.mark.parametrize(
    ("own", "root", "files", "where"),
    [
        ("", "", ["a/cliff.toml"], "a"),
        # It looks upward for cliff.toml, from the member that it is run for.
        ("", "", ["cliff.toml"], "a"),
        (CLIFF, "", [], "a"),
        (CLIFF, CLIFF, [], "a"),
        # For a table it does not look upward.
        ("", CLIFF, [], ""),
        ("", CLIFF, ["a/cliff.toml"], "a"),
    ],
)
def test_git_cliff_runs_where_it_finds_its_configuration(
    own: str, root: str, files: list[str], where: str
) -> None:
    """A member's own configuration is used before the workspace's."""
    texts = {
        "pyproject.toml": '[tool.uv.workspace]\nmembers = ["a"]\n' + root,
        "a/pyproject.toml": BARE + own,
    }
    snapshot = Snapshot({**texts, **dict.fromkeys(files, "")}, frozenset(files))
    member = describe(snapshot, "a", {"a": texts["a/pyproject.toml"]})
    assert ChangelogSource.GIT_CLIFF is tools.source_of(member, None)
    assert where == tools.cliff_directory(member)


def test_commands_name_version_date_and_range() -> None:
    """The tools are told what they would otherwise take from the clock or the tags."""
    assert (
        "git-cliff",
        "--strip=all",
        "--output=-",
        "--tag=v1.2.4",
        "--unreleased",
        "--include-path=packages/demo/**",
        "abc..HEAD",
    ) == tools.cliff_commands("v1.2.4", "abc", ["packages/demo/**"])
    command = tools.towncrier_command("1.2.4", "2026-02-03", "demo")
    assert "towncrier build --version=1.2.4 --date=2026-02-03 --name=demo --yes" == " ".join(
        command
    )


def test_changelog_cliff_output_is_printed_whatever_its_configuration_names() -> None:
    """`output` of cliff.toml would leave nothing on standard output."""
    for command in (
        tools.cliff_commands("v1.2.4", "abc"),
        tools.cliff_context_command("v1.2.4", "abc"),
        tools.cliff_render_command("v1.2.4"),
    ):
        assert "--output=-" in command


def test_cliff_previous_is_the_tag_before_on_the_day_of_the_release() -> None:
    """What git-cliff does not see behind a range is in the context that it renders."""
    context = '[{"version": "v1.2.4", "timestamp": 1, "previous": null, "commits": []}]'
    (made,) = json.loads(tools.cliff_dated(context, "2026-01-31", "v1.2.3", "abc"))
    assert {"version": "v1.2.3", "commit_id": "abc", "commits": []} == made["previous"]
    assert 1769817600 == made["timestamp"]
    known = '[{"version": "v2", "previous": {"version": "v1"}, "commits": []}]'
    assert {"version": "v1"} == json.loads(tools.cliff_dated(known, "2026-01-31", "v0"))[0][
        "previous"
    ]
    assert "" == tools.cliff_dated("no context", "2026-01-31")
    assert "" == tools.cliff_dated('["x"]', "2026-01-31")


def test_files_that_can_be_the_changelog_are_ranked() -> None:
    """The root comes before docs/, and each name before the next."""
    names = ["docs/changelog.md", "NEWS", "History.txt", "CHANGES/", "Change-Log.rst", "README.md"]
    ranked = ["Change-Log.rst", "History.txt", "NEWS", "docs/changelog.md"]
    assert ranked == tools.candidates(names)


def test_tags_cliff_sees_the_tag_before_and_no_other() -> None:
    """At the tag of a candidate, or of another package, the section would begin anew."""
    assert "^v1\\.2\\.3$" == tools.tags_pattern("v1.2.3")
    assert "^1\\.2\\.3$" == tools.tags_pattern("1.2.3")
    assert "^$" == tools.tags_pattern("")
