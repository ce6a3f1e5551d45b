"""[tool.wheelwright.release]: what a release is to do in another way than the repository shows.

What is not set is read from the repository.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from wheelwright.project.checking import Keys
from wheelwright.project.setting import setting


@dataclass(frozen=True, slots=True)
class ReleaseSettings:
    """The table's values; empty, or None, means not set."""

    tag: str = setting(
        "the form of tags", '`"{name}-{version}"`', unset="as the last release", default=""
    )
    branch: str = setting(
        "the form of release branches", '`"release/{tag}"`', unset="as the last release", default=""
    )
    title: str = setting(
        "the subject of commit and pull request",
        '`"Release {name} {version}"`',
        unset="as the last release",
        default="",
    )
    release_name: str = setting(
        "the name of the GitHub release",
        '`"{name} {version}"`',
        unset="as the last release",
        default="",
    )
    unreleased: str = setting(
        "the heading of the section of the changelog that waits for a release",
        '`"Dev"`',
        unset="what is above the newest version",
        default="",
    )
    heading: str = setting(
        "the heading of a released section",
        '`"## {version} ({date})"`',
        unset="as the last release",
        default="",
    )
    date: str = setting(
        "the form of its date", '`"%d.%m.%Y"`', unset="as the last release", default=""
    )
    keep_unreleased: bool | None = setting(
        "whether a new section that waits is put above the released one",
        unset="as the last release",
        default=None,
    )
    changelog: str = setting(
        "the file of the changelog",
        '`"docs/release-notes.md"`',
        unset="the known names",
        default="",
    )
    notes: str = setting(
        "where the notes of a release come from",
        '`"changelog"` or `"github"`',
        unset="the changelog, if there is one",
        default="",
    )
    version_files: tuple[str, ...] = setting(
        "the files with the version", '`["docs/conf.py"]`', unset="those that are found", default=()
    )
    requirements: bool | None = setting(
        "whether requirements.txt is exported again",
        unset="where a tool has exported one",
        default=None,
    )
    verify: str = setting(
        "what is done with the installed distributions",
        '`"tests"` or `"import"`',
        unset='`"tests"`',
        default="",
    )


# What stands in braces, and which of them has to be there.
_FIELDS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "tag": (("name", "version"), ("version",)),
    "branch": (("name", "version", "tag"), ("version", "tag")),
    "title": (("name", "version", "tag"), ("version", "tag")),
    "release-name": (("name", "version", "tag"), ("version", "tag")),
    "heading": (("name", "version", "tag", "date"), ("version", "tag")),
}
_STRINGS: Final = (*_FIELDS, "unreleased", "date", "changelog", "notes", "verify")
_CHOICES: Final = {"notes": ("changelog", "github"), "verify": ("tests", "import")}

# One line of a commit's message, or a ref's name.
_LONGEST: Final = 200
_FIELD: Final = re.compile(r"\{([^{}]*)\}")
# Of strftime, what makes the same text everywhere: a day, a month, a year; no time of day
# (docs.python.org, library/datetime, format codes).
_DATES: Final = re.compile(r"(?:%-?[dmyYjU]|%[bBaA%]|[^%])+")
# What git refuses in a ref's name (git help check-ref-format).
_NOT_IN_REFS: Final = re.compile(
    r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)|^[/.-]|[/.]$|^@$"
)


def ref_name(text: str) -> bool:
    """Whether a text can be the short name of a branch or tag."""
    usable = text.isprintable() and 0 < len(text) <= _LONGEST
    return usable and not _NOT_IN_REFS.search(text)


def read(table: Mapping[str, Any]) -> ReleaseSettings:
    """Read a table that `check` has nothing to say about."""
    values: dict[str, Any] = {
        key.replace("-", "_"): tuple(map(posixpath.normpath, value))
        if isinstance(value, list)
        else value
        for key, value in table.items()
    }
    return ReleaseSettings(**values)


def check(table: object) -> list[str]:
    """Return what is wrong with the table."""
    return _KEYS.check(table)


def _wrong_text(key: str, value: str) -> str:
    """Return what is wrong with a string; empty for a usable one."""
    if not value.strip() or not value.isprintable() or len(value) > _LONGEST:
        return f"which is not a line of at most {_LONGEST} characters"
    if key in _CHOICES and value not in _CHOICES[key]:
        return f"which is not one of {', '.join(_CHOICES[key])}"
    if key == "changelog" and not _within(value):
        return "which is not a path in the repository"
    if key == "date" and not _DATES.fullmatch(value):
        return "which is not a date as strftime writes it"
    if key in _FIELDS:
        return _wrong_form(key, value)
    return ""


def _wrong_path(_key: str, value: str) -> str:
    """Return what is wrong with a path; empty for a usable one."""
    return "" if _within(value) else f"{value!r}, which is not a path in the repository"


def _wrong_form(key: str, value: str) -> str:
    known, needed = _FIELDS[key]
    found = _FIELD.findall(value)
    if odd := [each for each in found if each not in known]:
        return f"with {{{odd[0]}}}; known: {', '.join(f'{{{each}}}' for each in known)}"
    if sum(found.count(each) for each in needed) != 1:
        return f"which does not have {' or '.join(f'{{{each}}}' for each in needed)} once"
    filled = _FIELD.sub("1", value)
    if "{" in filled or "}" in filled:
        return "with a brace of its own"
    if key in ("tag", "branch") and not ref_name(filled):
        return "which git does not accept as a name"
    return ""


def _within(path: str) -> bool:
    parts = path.split("/")
    usable = bool(path) and path.isprintable() and "\\" not in path
    return usable and not path.startswith("/") and ".." not in parts


_KEYS: Final = Keys(
    "release",
    strings=_STRINGS,
    lists=("version-files",),
    flags=("keep-unreleased", "requirements"),
    text=_wrong_text,
    entry=_wrong_path,
)
KEYS: Final = _KEYS.all
"""All keys of the table."""
