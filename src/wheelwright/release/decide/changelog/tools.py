"""The changelog: which tool maintains it, whether it has an entry, and its next text.

    | the project has                                       | kept by      |
    |-------------------------------------------------------|--------------|
    | [tool.towncrier], towncrier.toml                      | towncrier    |
    | [tool.git-cliff], or cliff.toml, .config/cliff.toml   | git-cliff    |
    | a CHANGELOG with an "Unreleased" section              | hand         |
    | otherwise                                             | none: stop   |

Neither tool is a gate: git-cliff with nothing new prints a bare heading and exits 0, towncrier
without fragments writes "No significant changes." and exits 0. So what they would write is
judged here, before anything is written (`content_lines`).

The hand-written form is Keep a Changelog 1.1 (keepachangelog.com): `## [Unreleased]` becomes
`## [1.2.3] - 2026-01-31` beneath an empty new one, and the links at the end follow.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Final

from wheelwright.project.model import Project
from wheelwright.project.reading import json_data

# Looked for in this order, in any case.
NAMES: Final = ("changelog.md", "changes.md", "history.md", "news.md", "changelog", "changes")

CLIFF_CONTEXT: Final = "/opt/wheelwright/cliff-context.json"
"""Container path of what git-cliff knows of a version."""

# Its own configuration may name a file for what is printed here.
_CLIFF: Final = ("git-cliff", "--strip=all", "--output=-")

_CLIFFS: Final = ("cliff.toml", ".cliff.toml", ".config/cliff.toml")

# Blanks and # belong to the title only where text follows them: so no place can be
# reached in two ways, and a long line takes time by its length only.
_HEADING = re.compile(
    r"^(#{1,6})[ \t]+((?:[^ \t#\n]+|[ \t#]+(?=[^ \t#\n]))*)[ \t#]*$", re.MULTILINE
)
# The heading of a release: its version comes first, alone or with a date or a word behind it.
_RELEASE = re.compile(r"\[?v?\d+(\.\d+)+[\w.+!-]*\]?(\(\S*\))?\s*([-\u2013\u2014(,:].*)?$")
_LINK = re.compile(r"^\[([^\]\n]+)\]:[ \t]*(\S+)[ \t]*$", re.MULTILINE)
_TITLE: Final = 300
# What towncrier writes for a version without fragments, and what templates leave behind.
_EMPTY = re.compile(
    r"^(no (significant )?changes\.?|nothing( yet)?\.?|tbd\.?|n/?a\.?|none\.?|\.\.\.)$", re.I
)


class ChangelogSource(Enum):
    """How the changelog is kept."""

    TOWNCRIER = "towncrier"
    GIT_CLIFF = "git-cliff"
    HAND = "hand"
    NOBODY = "nobody"


def source_of(project: Project, text: str | None) -> ChangelogSource:
    """Return how it is kept; `text` is the changelog's, None where there is none."""
    if project.configures("tool", "towncrier") or project.has("towncrier.toml"):
        return ChangelogSource.TOWNCRIER
    if project.configures("tool", "git-cliff") or _has_cliff(project):
        return ChangelogSource.GIT_CLIFF
    if text is not None and _find_unreleased(text):
        return ChangelogSource.HAND
    return ChangelogSource.NOBODY


def _has_cliff(project: Project) -> bool:
    return any(project.has(name) or project.files.has(name) for name in _CLIFFS)


def find(names: Iterable[str]) -> str:
    """Return the changelog among a directory's entries; empty where there is none."""
    by_name = {name.lower(): name for name in names}
    return next((by_name[name] for name in NAMES if name in by_name), "")


def content_lines(text: str) -> list[str]:
    """Return the lines with content: no headings, links, comments or place-holders."""
    lines = (line.strip() for line in _without_comments(text).splitlines())
    return [line for line in lines if not _is_empty(line)]


def _without_comments(text: str) -> str:
    kept, position = [], 0
    while (start := text.find("<!--", position)) >= 0 and (end := text.find("-->", start)) >= 0:
        kept.append(text[position:start])
        position = end + len("-->")
    return "".join([*kept, text[position:]])


def _is_empty(line: str) -> bool:
    content = line.lstrip("-*+ \t")
    return (
        not content
        or bool(re.match(r"#{1,6}(\s|$)", line))
        or set(line) <= set("=-~_* ")
        or bool(_LINK.match(line))
        or bool(_EMPTY.match(content))
    )


# -- by hand --------------------------------------------------------------------------------------


def unreleased(text: str) -> str:
    """Return the body of the "Unreleased" section."""
    found = _find_unreleased(text)
    return text[found[1] : found[2]].strip() if found else ""


def release_unreleased(text: str, version: str, date: str, tag: str) -> str:
    """Give the "Unreleased" section its version and date, under a new empty one.

    A link `[Unreleased]: .../compare/v1...HEAD` is split at the tag in the same way.
    """
    found = _find_unreleased(text)
    if not found:
        raise ValueError("no section Unreleased")
    start, body, _ = found
    heading = text[start:body]
    match = _HEADING.match(heading)
    assert match
    title = match.group(2)
    named = f"[{version}]" if title.startswith("[") else version
    fresh = heading.rstrip("\n")
    dated = f"{match.group(1)} {named} - {date}"
    changed = f"{text[:start]}{fresh}\n\n{dated}\n{text[body:]}"
    return _links(changed, version, tag)


def _links(text: str, version: str, tag: str) -> str:
    def split(match: re.Match[str]) -> str:
        name, target = match.groups()
        start, compare, refs = target.rpartition("/compare/")
        since, dots, until = refs.partition("...")
        known = compare and since and dots and re.fullmatch(r"[\w./-]+", until)
        if name.lower() != "unreleased" or not known:
            return match.group(0)
        start += compare
        return f"[{name}]: {start}{tag}...{until}\n[{version}]: {start}{since}...{tag}"

    return _LINK.sub(split, text)


def _find_unreleased(text: str) -> tuple[int, int, int] | None:
    """Return where its heading starts, its body starts and its body ends."""
    for match in _HEADING.finditer(text):
        if re.fullmatch(r"\[?unreleased\]?(\(.*\))?", match.group(2).strip(), re.IGNORECASE):
            return match.start(), _line_end(text, match.end()), _end(text, match)
    return None


def section(text: str, version: str) -> str:
    """Return the body of a version's section, for the release's notes; empty where none is.

    The heading may have more, such as a date, brackets or a leading v. Setext headings, which
    some towncrier templates make, count too.
    """
    number = re.compile(rf"(?<![\w.])v?{re.escape(version)}(?![\w.]*\w)")
    for match in _HEADING.finditer(text):
        if number.search(match.group(2)):
            return text[_line_end(text, match.end()) : _end(text, match)].strip()
    setext = re.compile(r"^(.+)\n(={3,}|-{3,})[ \t]*$", re.MULTILINE)
    for match in setext.finditer(text):
        if number.search(match.group(1)):
            rest = text[match.end() :]
            following = next(
                (m.start() for m in setext.finditer(rest) if m.group(2)[0] == match.group(2)[0]),
                len(rest),
            )
            return rest[:following].strip()
    return ""


def _is_release(title: str) -> bool:
    # A longer one is a sentence, and every digit of it could end the version.
    return len(title) <= _TITLE and bool(_RELEASE.match(title))


def _line_end(text: str, position: int) -> int:
    return min(position + 1, len(text))


def _end(text: str, heading: re.Match[str]) -> int:
    level = len(heading.group(1))
    for match in _HEADING.finditer(text, heading.end()):
        # towncrier's own headings are of the first level; older ones, by hand, of the second.
        older = len(match.group(1)) == 2 and _is_release(match.group(2).strip())
        if len(match.group(1)) <= level or older:
            return match.start()
    link = _LINK.search(text, heading.end())
    return link.start() if link else len(text)


# -- by tools -------------------------------------------------------------------------------------


def cliff_commands(version: str, since: str, paths: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the command that prints the new section of git-cliff.

    `since` is a commit: the tag of the release before. A squash merge leaves it out of the branch's
    history, and the range is the same: what it cannot reach. Empty: from the beginning.
    """
    included = [f"--include-path={path}" for path in paths]
    until = [f"{since}..HEAD"] if since else []
    return (*_CLIFF, f"--tag={version}", "--unreleased", *included, *until)


def cliff_context_command(version: str, since: str, paths: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the command that prints what git-cliff knows of the version, as JSON."""
    return (*cliff_commands(version, since, paths), "--context")


def cliff_dated(context: str, date: str, without: frozenset[str] = frozenset()) -> str:
    """Return that JSON with a release's day in the place of the clock's; empty for other text.

    `without` are commits that are left out.
    """
    try:
        releases = json_data(context)
        for each in releases:
            each["timestamp"] = int(datetime.fromisoformat(f"{date}T00:00:00+00:00").timestamp())
            each["commits"] = [one for one in each["commits"] if one["id"] not in without]
    except (ValueError, TypeError, KeyError):
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


def towncrier_command(version: str, date: str, name: str, *, draft: bool) -> tuple[str, ...]:
    """Return the command of towncrier: the preview, or the edit that removes the fragments."""
    how = "--draft" if draft else "--yes"
    return ("towncrier", "build", f"--version={version}", f"--date={date}", f"--name={name}", how)


def insert(text: str, new: str) -> str:
    """Put a new section above the newest one, below what the file begins with."""
    second = next((m for m in _HEADING.finditer(text) if len(m.group(1)) == 2), None)
    if second:
        return f"{text[: second.start()]}{new.strip()}\n\n{text[second.start() :]}"
    head = text.rstrip()
    return f"{head}\n\n{new.strip()}\n" if head else f"# Changelog\n\n{new.strip()}\n"
