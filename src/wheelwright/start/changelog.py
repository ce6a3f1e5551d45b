"""A first changelog for a package that keeps none: pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from wheelwright.project.files import join
from wheelwright.project.model import Project
from wheelwright.release.decide.changelog import tools
from wheelwright.release.decide.changelog.tools import ChangelogSource

NAME: Final = "CHANGELOG.md"

_FIRST: Final = """
### Added

- The first release.
"""


def kept(project: Project, names: Iterable[str]) -> str:
    """Return what keeps the changelog, for people; empty where nothing does.

    `names` are the paths of the source's files.
    """
    source = tools.source_of(project, None)
    if source is not ChangelogSource.NOBODY:
        return str(source.value)
    if setting := project.settings.release.changelog:
        return f"{setting}, by [tool.wheelwright.release] changelog"
    listed = set(names)
    for where in dict.fromkeys((project.where, project.base)):
        start = f"{where}/" if where else ""
        inner = [name.removeprefix(start) for name in listed if name.startswith(start)]
        if found := tools.candidates(inner):
            return join(where, found[0])
    return ""


def skeleton(*, released: bool) -> str:
    """Return the text; one without a release before it has its first entry."""
    return f"# Changelog\n\n## [Unreleased]\n{'' if released else _FIRST}"
