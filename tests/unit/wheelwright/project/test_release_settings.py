"""Reading the settings in `[tool.wheelwright.release]`."""

from pathlib import Path

import pytest

from tests.unit.wheelwright.samples import LIKE_CLICK, project
from wheelwright.errors import ProjectError
from wheelwright.project.release_settings import KEYS, ReleaseSettings, check, read, ref_name

ALL = """[tool.wheelwright.release]
tag = "{name}-{version}"
branch = "prepare/{tag}"
title = "chore(release): {version}"
release-name = "{name} {version}"
unreleased = "Dev"
heading = "## {version} ({date})"
date = "%d.%m.%Y"
keep-unreleased = false
changelog = "docs/release-notes.md"
notes = "github"
version-files = ["docs/conf.py"]
requirements = true
verify = "import"
"""


def test_release_settings_are_read() -> None:
    """Every key of the table arrives."""
    expected = ReleaseSettings(
        tag="{name}-{version}",
        branch="prepare/{tag}",
        title="chore(release): {version}",
        release_name="{name} {version}",
        unreleased="Dev",
        heading="## {version} ({date})",
        date="%d.%m.%Y",
        keep_unreleased=False,
        changelog="docs/release-notes.md",
        notes="github",
        version_files=("docs/conf.py",),
        requirements=True,
        verify="import",
    )
    assert expected == project(LIKE_CLICK + ALL).settings.release


def test_without_the_table_nothing_is_set() -> None:
    """Everything is read from the repository then."""
    assert ReleaseSettings() == project(LIKE_CLICK).settings.release


def test_release_setting_that_is_misspelt_suggests_the_near_one() -> None:
    """The table's path and the nearest known key are in the message."""
    with pytest.raises(ProjectError) as raised:
        project(LIKE_CLICK + '[tool.wheelwright.release]\ntags = "v{version}"\n')
    assert 'unknown key "release.tags" (did you mean "release.tag"?)' in str(raised.value)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"tag": "v1"}, "tag = 'v1', which does not have {version} once"),
        ({"tag": "{version}-{version}"}, "which does not have {version} once"),
        ({"tag": "{package}-{version}"}, "with {package}; known: {name}, {version}"),
        ({"tag": "a b{version}"}, "which git does not accept as a name"),
        ({"tag": "a..{version}"}, "which git does not accept as a name"),
        ({"branch": "-{tag}"}, "which git does not accept as a name"),
        ({"branch": "{tag}/{version}"}, "which does not have {version} or {tag} once"),
        ({"title": "a\nb {version}"}, "which is not a line of at most 200 characters"),
        ({"title": ""}, "which is not a line of at most 200 characters"),
        ({"title": "{version}" + "x" * 200}, "which is not a line of at most 200 characters"),
        ({"title": "{version} {"}, "with a brace of its own"),
        ({"title": 3}, "title = 3, which is not a string"),
        ({"keep-unreleased": "yes"}, "which is neither true nor false"),
        ({"changelog": "../x"}, "which is not a path in the repository"),
        ({"version-files": ["/etc/passwd"]}, "which is not a path in the repository"),
        ({"version-files": "docs/conf.py"}, "which is not a list of strings"),
        ({"notes": "gitlab"}, "which is not one of changelog, github"),
        ({"verify": "no"}, "which is not one of tests, import"),
        ({"date": "%s"}, "which is not a date as strftime writes it"),
    ],
)
def test_release_setting_that_cannot_be_is_refused(table: dict[str, object], expected: str) -> None:
    """A value that no release could use is refused with its key."""
    (wrong,) = check(table)
    assert wrong.startswith(f"has release.{next(iter(table))}")
    assert wrong.endswith(expected)


def test_every_release_setting_is_documented() -> None:
    """docs/release.md has each key in its table."""
    text = (Path(__file__).parents[4] / "docs/release.md").read_text(encoding="utf-8")
    table = text.partition("| what | read from | else | setting |")[2].partition("\n\n")[0]
    assert [] == [key for key in KEYS if f"`{key} = " not in table]


def test_every_release_setting_is_a_field() -> None:
    """What the table may have and what is read are the same."""
    assert {key.replace("-", "_") for key in KEYS} == set(ReleaseSettings.__slots__)


@pytest.mark.parametrize(
    "name", ["v1.2.3", "teasel==1.2.3", "teasel@1.2.3", "release/1.2.3", "1!2.0"]
)
def test_usable_ref_names(name: str) -> None:
    """Forms of tags and branches in use are names of refs."""
    assert ref_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "-v1",
            "a b",
            "a~1",
            "a^",
            "a:b",
            "a?",
            "a*",
            "a[1]",
            "a\\b",
            "a..b",
            "a@{1}",
            "a/",
            "/a",
        ),
        *(
            "a.",
            ".a",
            "a/.b",
            "a.lock",
            "a.lock/b",
            "a//b",
            "@",
            "a\x7f",
            "a\n",
            "\u202ea",
            "x" * 201,
        ),
    ],
)
def test_refused_ref_names(name: str) -> None:
    """What git refuses in a name, and what is not printable or short, is not used as one."""
    assert not ref_name(name)


def test_version_files_are_paths_as_git_has_them() -> None:
    """A path may be written with `./` or two slashes."""
    files = ["./docs/conf.py", "docs//other.py", "VERSION"]
    assert ("docs/conf.py", "docs/other.py", "VERSION") == (
        read({"version-files": files}).version_files
    )
