"""A first changelog, only where nothing keeps one."""

import pytest

from tests.unit.wheelwright.samples import moved, project
from wheelwright.start.changelog import kept, skeleton

PLAIN = '[project]\nname = "demo"\nversion = "1"\n'


@pytest.mark.parametrize(
    ("more", "names", "expected"),
    [
        ("", ["README.md", "src/demo/news.py"], ""),
        ("", ["CHANGES.rst"], "CHANGES.rst"),
        ("", ["HISTORY"], "HISTORY"),
        ("", ["docs/release_notes.md"], "docs/release_notes.md"),
        ('[tool.towncrier]\nfilename = "NEWS"\n', [], "towncrier"),
        ("[tool.git-cliff.changelog]\n", [], "git-cliff"),
        (
            '[tool.wheelwright.release]\nchangelog = "log.md"\n',
            ["log.md"],
            "log.md, by [tool.wheelwright.release] changelog",
        ),
    ],
)
def test_what_keeps_a_changelog_is_found(more: str, names: list[str], expected: str) -> None:
    """A file of a usual name, a tool, or a setting: each is named."""
    assert expected == kept(project(PLAIN + more), ["pyproject.toml", *names])


def test_package_in_a_directory_has_its_own() -> None:
    """A package below the root has its changelog in its directory."""
    of = moved(project(PLAIN), "python")

    assert "python/CHANGELOG.md" == kept(of, ["python/CHANGELOG.md"])
    assert not kept(of, ["web/CHANGELOG.md"])


def test_first_release_has_an_entry() -> None:
    """A release needs an entry; a package that was released before has to write its next one."""
    assert "- The first release.\n" in skeleton(released=False)
    assert "# Changelog\n\n## [Unreleased]\n" == skeleton(released=True)
