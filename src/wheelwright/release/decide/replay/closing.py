"""Which setting of [tool.wheelwright.release] would close a difference, and which has none.

| difference                                              | setting            |
|---------------------------------------------------------|--------------------|
| the tag, the title                                      | tag, title         |
| only they changed a changelog                           | changelog          |
| another heading of the released section                 | heading, date      |
| more, or less, stands above that heading                | keep-unreleased    |
| only they replaced the version in a file                | version-files      |
| only we did                                             | version-files      |
| only one of both wrote requirements.txt                 | requirements       |
| anything else                                           | none: made by hand |
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from wheelwright.release.decide.changelog import dates
from wheelwright.release.decide.replay.comparing import Compared, Verdict

BY_HAND: Final = "no setting: the project's commit has more than the edits of a release"
LOCKED: Final = "no setting: the project locked other packages in the same commit"
UNLOCKED: Final = "no setting: the project left its lock as it was"

_CHANGELOG: Final = re.compile(
    r"(?i)(?:.*/)?(?:change(?:s|log)|history|news|releases|release[-_]notes)"
    r"(?:\.(?:md|rst|txt|markdown))?"
)
_LOCKS: Final = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")
# An item of a list, a link's target, a comment: not a line about the section.
_ITEM: Final = re.compile(r"\s*([-*+] |\[[^\]]*\]:|\.\. )")
_SHORT: Final = 60
# What of a date is which field of strftime; an ordinal has none.
_FIELDS: Final = {
    "": "",
    "year": "%Y",
    "month": "%-m",
    "month of two digits": "%m",
    "day": "%-d",
    "day of two digits": "%d",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting with its value as TOML, and the difference that it closes."""

    key: str
    value: str
    closes: str

    def text(self) -> str:
        """Return the line of the table."""
        return f"{self.key} = {self.value}"


@dataclass(frozen=True, slots=True)
class Facts:
    """What both commits have. Each pair is theirs, ours; empty where it is unknown.

    Attributes:
        before: the version that the release came after.
        changelog: the path of the file that we take for it; empty where there is none.
    """

    name: str
    version: str
    before: str
    tag: tuple[str, str]
    title: tuple[str, str]
    changelog: str
    files: tuple[Compared, ...]


def settings(facts: Facts) -> tuple[Setting, ...]:
    """Return the settings that would close the differences, each once."""
    found = [*_named("tag", facts, facts.tag), *_named("title", facts, facts.title)]
    for file in facts.files:
        found += _of_file(facts, file)
    once: dict[tuple[str, str], Setting] = {}
    for each in found:
        once.setdefault((each.key, each.value), each)
    return tuple(once.values())


def reason(facts: Facts, file: Compared) -> str:
    """Return what would close the difference of a file, or why nothing does; empty for none."""
    if file.verdict is Verdict.SAME:
        return ""
    if found := list(_of_file(facts, file)):
        return ", ".join(each.text() for each in found)
    if _name(file.path) in _LOCKS:
        return UNLOCKED if file.verdict is Verdict.ONLY_OURS else LOCKED
    return BY_HAND


def form(text: str, version: str, name: str = "") -> str:
    """Return a text with fields for a version and a name; empty where it has not the version."""
    parts = re.split(rf"(?<![\w.]){re.escape(version)}(?![\w.]*\w)", text)
    if len(parts) == 1:
        parts = text.rsplit(version, 1)
    if len(parts) < 2 or "{" in text or "}" in text:
        return ""
    written = "{version}".join(parts[:2]) + version.join(("", *parts[2:]))
    return re.sub(rf"\b{re.escape(name)}\b", "{name}", written, count=1) if name else written


def heading(file: Compared, version: str, after: str | None) -> str:
    """Return the line that a changelog's new text has for a version; empty where it has none."""
    before = Counter((file.before or "").splitlines())
    number = re.compile(rf"(?<![\w.])v?{re.escape(version)}(?![\w.]*\w)")
    for line in (after or "").splitlines():
        if before[line]:
            before[line] -= 1
        elif number.search(line) and not _ITEM.match(line):
            return line.strip()
    return ""


def day(text: str, version: str) -> tuple[str, str]:
    """Return the date in a heading, and its form for strftime.

    Both are empty where there is no date; the form is, where strftime has no field for a part.
    """
    found = _date(text, version)
    return (text[found.start : found.end], _form(found)) if found else ("", "")


def _date(text: str, version: str) -> dates.Found | None:
    # A version such as 2026.1.2 looks like one.
    return dates.find(text.replace(version, "~" * len(version)))


def _form(found: dates.Found) -> str:
    parts = []
    for kind, text in found.pieces:
        if kind in ("name", "weekday"):
            full, short = ("%B", "%b") if kind == "name" else ("%A", "%a")
            # Three letters are an abbreviation, but for May.
            parts.append(short if len(text) == 3 and text.lower() != "may" else full)
        elif kind in _FIELDS:
            parts.append(_FIELDS[kind] or text)
        else:
            return ""
    return "".join(parts)


def noon(file: Compared, version: str) -> int:
    """Return noon of the day that their new text has for a version, in seconds since 1970.

    It is in the heading, or in a short line of its own, such as "Released 2026-01-31"; 0 without
    one. A commit's own time is not it: the day before, in another time zone, or days later.
    """
    title = heading(file, version, file.theirs)
    before = Counter((file.before or "").splitlines())
    new = Counter((file.theirs or "").splitlines()) - before
    short = (line for line in new if len(line) <= _SHORT and not _ITEM.match(line))
    # The heading of a section that waited under its version is not new.
    lines = [title, *(short if title or is_changelog(file.path) else ())]
    return next(filter(None, (_noon(line, version) for line in lines)), 0)


def _noon(text: str, version: str) -> int:
    found = _date(text, version)
    named = found.pieces if found else ()
    pieces = {kind.removesuffix(" of two digits"): part for kind, part in named}
    try:
        month = pieces.get("month") or str(datetime.strptime(pieces["name"][:3], "%b").month)
        moment = datetime(int(pieces["year"]), int(month), int(pieces["day"]), 12, tzinfo=UTC)
    except (KeyError, ValueError):
        return 0
    return int(moment.timestamp())


def is_changelog(path: str) -> bool:
    """Whether a file is named as a changelog."""
    return bool(_CHANGELOG.fullmatch(path))


def _toml(text: str) -> str:
    """Return a string of TOML: one of JSON is."""
    return json.dumps(text, ensure_ascii=False)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _named(key: str, facts: Facts, pair: tuple[str, str]) -> Iterator[Setting]:
    theirs, ours = pair
    # The message of a merge is GitHub's, not the release's.
    if theirs and ours and theirs != ours and not theirs.startswith("Merge "):
        plain = re.sub(r"\s*\(#\d+\)$", "", theirs)
        name = facts.name if key == "tag" else ""
        if (written := form(plain, facts.version, name)) and plain != ours:
            yield Setting(key, _toml(written), f"the {key} {theirs}")


def _of_file(facts: Facts, file: Compared) -> Iterator[Setting]:
    path, verdict = file.path, file.verdict
    if verdict is Verdict.SAME or _name(path) in _LOCKS:
        return
    if _name(path) == "requirements.txt" and verdict is not Verdict.DIFFERS:
        wanted = "true" if verdict is Verdict.ONLY_THEIRS else "false"
        yield Setting("requirements", wanted, path)
    elif is_changelog(path) or path == facts.changelog:
        yield from _of_changelog(facts, file)
    elif verdict is not Verdict.DIFFERS and _versioned(facts, file):
        files = [each.path for each in facts.files if _versioned(facts, each)]
        theirs = [each.path for each in facts.files if _is_theirs(facts, each)]
        value = ", ".join(_toml(each) for each in theirs if each in files)
        yield Setting("version-files", f"[{value}]", path)


def _is_theirs(facts: Facts, file: Compared) -> bool:
    changed = file.theirs is not None and file.theirs != file.before
    kept = _name(file.path) in (*_LOCKS, "pyproject.toml") or is_changelog(file.path)
    return changed and not kept and _replaced(facts, file.before, file.theirs)


def _versioned(facts: Facts, file: Compared) -> bool:
    """Whether the version was replaced in it, by either commit."""
    return _replaced(facts, file.before, file.theirs) or _replaced(facts, file.before, file.ours)


def _replaced(facts: Facts, before: str | None, after: str | None) -> bool:
    if before is None or after is None or not facts.before:
        return False
    gone = Counter(before.splitlines()) - Counter(after.splitlines())
    new = Counter(after.splitlines()) - Counter(before.splitlines())
    return any(
        line.replace(facts.before, facts.version) in new for line in gone if facts.before in line
    )


def _of_changelog(facts: Facts, file: Compared) -> Iterator[Setting]:
    if file.verdict is Verdict.ONLY_THEIRS:
        if file.path != facts.changelog:
            yield Setting("changelog", _toml(file.path), file.path)
        return
    if file.verdict is not Verdict.DIFFERS:
        return
    theirs = heading(file, facts.version, file.theirs)
    ours = heading(file, facts.version, file.ours)
    if theirs and ours and theirs != ours:
        yield from _of_heading(facts, theirs, ours)
    above = [
        _above(text, line) for text, line in ((file.theirs, theirs), (file.ours, ours)) if line
    ]
    if len(above) == 2 and above[0] != above[1]:
        wanted = "true" if len(above[0]) > len(above[1]) else "false"
        yield Setting("keep-unreleased", wanted, f"what is above the heading {theirs}")


def _of_heading(facts: Facts, theirs: str, ours: str) -> Iterator[Setting]:
    (date, written), (own_date, own) = day(theirs, facts.version), day(ours, facts.version)
    made = _dated(form(theirs, facts.version), date)
    if made and made != _dated(form(ours, facts.version), own_date):
        yield Setting("heading", _toml(made), f"the heading {theirs}")
    if written and written != own:
        yield Setting("date", _toml(written), f"the date {date}")


def _dated(text: str, date: str) -> str:
    return text.replace(date, "{date}", 1) if date else text


def _above(text: str | None, line: str) -> list[str]:
    """Return the lines with content above a heading."""
    lines = [each.strip() for each in (text or "").splitlines()]
    return [each for each in lines[: lines.index(line)] if each] if line in lines else []
