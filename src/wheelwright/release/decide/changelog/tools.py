"""Who keeps a changelog, and the commands of the tools that do.

    | the project has                                       | kept by      |
    |-------------------------------------------------------|--------------|
    | [tool.towncrier], towncrier.toml                      | towncrier    |
    | [tool.git-cliff], or cliff.toml, .config/cliff.toml   | git-cliff    |
    | a file of one of the names below                      | hand         |
    | otherwise                                             | nobody       |

Neither tool is a gate: git-cliff with nothing new prints a bare heading and exits 0, towncrier
without fragments writes "No significant changes." and exits 0. So what they wrote is judged
(`notes.content_lines`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from itertools import product
from typing import Final

from wheelwright.project.files import join
from wheelwright.project.model import Project
from wheelwright.project.reading import json_data

# Looked for in this order, in any case; `_` counts as `-`.
FOLDERS: Final = ("", "docs/", "doc/")
NAMES: Final = (
    *("changelog", "change-log", "changes", "history", "news", "releases"),
    *("release-notes", "releasenotes", "whatsnew"),
)
ENDINGS: Final = (".md", ".rst", ".txt", "", ".markdown")

CLIFF_CONTEXT: Final = "/opt/wheelwright/cliff-context.json"
"""Container path of what git-cliff knows of a version."""

# Its own configuration may name a file for what is printed here.
_CLIFF: Final = ("git-cliff", "--strip=all", "--output=-")

_CLIFFS: Final = ("cliff.toml", ".cliff.toml", ".config/cliff.toml")


class ChangelogSource(Enum):
    """How the changelog is kept."""

    TOWNCRIER = "towncrier"
    GIT_CLIFF = "git-cliff"
    HAND = "hand"
    NOBODY = "nobody"


def source_of(project: Project, text: str | None) -> ChangelogSource:
    """Return how it is kept; `text` is the changelog's, None where there is none."""
    if project.configures("tool", "towncrier") or _has_towncrier(project):
        return ChangelogSource.TOWNCRIER
    if project.configures("tool", "git-cliff") or _has_cliff(project):
        return ChangelogSource.GIT_CLIFF
    if text is not None:
        return ChangelogSource.HAND
    return ChangelogSource.NOBODY


def _has_towncrier(project: Project) -> bool:
    name = "towncrier.toml"
    return project.has(name) or project.files.has(join(project.base, name))


def _has_cliff(project: Project) -> bool:
    return any(project.has(name) or project.files.has(name) for name in _CLIFFS)


def candidates(names: Iterable[str]) -> list[str]:
    """Return the paths of entries that can be the changelog, the likeliest first.

    `names` are those of a directory, with those of its docs/.
    """
    order = {
        f"{folder}{name}{ending}": number
        for number, (folder, name, ending) in enumerate(product(FOLDERS, NAMES, ENDINGS))
    }
    ranked = [(order[_plain(each)], each) for each in names if _plain(each) in order]
    return [name for _, name in sorted(ranked)]


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")


# -- by tools -------------------------------------------------------------------------------------


def cliff_commands(version: str, since: str, paths: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the command that prints the new section of git-cliff.

    `since` is a commit: the tag of the release before. A squash merge leaves it out of the branch's
    history, and the range is the same: what it cannot reach. Empty: from the beginning.
    """
    included = [f"--include-path={path}" for path in paths]
    until = [f"{since}..HEAD"] if since else []
    return (*_CLIFF, f"--tag={version}", "--unreleased", *included, *until)


CLIFF_TAGS: Final = "GIT_CLIFF_TAG_PATTERN"
"""The variable that says which tags git-cliff sees; too old a git-cliff passes it over."""


def tags_pattern(before: str) -> str:
    """Return the pattern of the tag of the release before: the only one that git-cliff may see.

    At another one, such as that of a candidate or of another package, the section would begin anew.
    """
    return f"^{re.escape(before)}$"


def cliff_context_command(version: str, since: str, paths: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the command that prints what git-cliff knows of the version, as JSON."""
    return (*cliff_commands(version, since, paths), "--context")


def cliff_dated(
    context: str,
    date: str,
    before: str = "",
    commit: str = "",
    without: frozenset[str] = frozenset(),
) -> str:
    """Return that JSON with a release's day in the place of the clock's; empty for other text.

    `before` is the tag of the release before, at `commit`: in a range that begins behind a tag
    git-cliff does not see it, and templates make links of it. `without` are commits that are left
    out.
    """
    try:
        releases = json_data(context)
        for each in releases:
            each["timestamp"] = int(datetime.fromisoformat(f"{date}T00:00:00+00:00").timestamp())
            each["commits"] = [one for one in each["commits"] if one["id"] not in without]
            shown = each.get("previous") or {}
            if before and not shown.get("version"):
                each["previous"] = {**shown, "version": before, "commit_id": commit, "commits": []}
    except (ValueError, TypeError, KeyError, AttributeError):
        return ""
    return json.dumps(releases)


def cliff_render_command(version: str) -> tuple[str, ...]:
    """Return the command that prints the section of that JSON."""
    return (*_CLIFF, f"--tag={version}", f"--from-context={CLIFF_CONTEXT}")


def cliff_directory(project: Project) -> str:
    """Return where git-cliff has to run: there and above it looks for cliff.toml.

    A table in pyproject.toml is read only there, so a root's is read in the root.
    """
    tables = [each.has("tool", "git-cliff") for each in (project.package, project.root)]
    return "" if tables == [False, True] and not _has_cliff(project) else project.where


def towncrier_command(version: str, date: str, name: str) -> tuple[str, ...]:
    """Return the command of towncrier that writes the section and removes the fragments."""
    return "towncrier", "build", f"--version={version}", f"--date={date}", f"--name={name}", "--yes"
