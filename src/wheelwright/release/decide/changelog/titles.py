"""Titles of sections: the version and the date in one, and a title of the same form for another.

| title                                         | version | the rest                       |
|-----------------------------------------------|---------|--------------------------------|
| `[v1.2.3] - 2025-01-02`                       | 1.2.3   | brackets, v, date              |
| `Release 1.2.3 (02.01.2025)`                  | 1.2.3   | a word, date in parentheses    |
| `**1.2.3** (2nd January, 2025)`               | 1.2.3   | emphasis, date                 |
| `[1.2.3](https://x/compare/v1.2.2...v1.2.3)`  | 1.2.3   | a link that follows            |
| `1.2.4 (unreleased)`                          | 1.2.4   | a state                        |
| `Changes since 1.2.3`, `3.13 is supported`    | none    | a version inside other text    |
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from wheelwright.project.reading import parse_version
from wheelwright.release.decide.changelog import dates

LONGEST: Final = 300
"""Characters of a title that is looked at. A longer one is a sentence."""
LONGEST_LINK: Final = 2_000
NEWEST_FIRST: Final = "/branches/compare/"
"""In an address of Bitbucket's, which compares `v1.2.4..v1.2.3`."""
_MOST_BETWEEN: Final = 3
"""Words between a version and its date: "released on the"."""

_VERSION = re.compile(
    r"(?<![\w.+])[vV]?(?P<version>(?:\d{1,9}!)?\d{1,9}(?:\.\d{1,9}){1,5}"
    r"(?:[-._]?(?:alpha|beta|preview|pre|post|dev|rc|a|b|c)[-._]?\d{0,9}){0,3})(?![\w+]|\.\d)",
    re.IGNORECASE,
)
_SINGLE = re.compile(r"[vV]?(?P<version>\d{1,9})")
# Where a link leads to is not part of a title.
_TARGET = re.compile(r"\]\([^()\s]*\)|\]\[[^\[\]]*\]|<[^<>\s]+>|\[\[[^\[\]]*\]\]\([^()\s]*\)")
_MARKUP: Final = "[]()*_`~<>\\ \t:"
_CLOSING: Final = "])*_`~>\\ \t:\uff09\u3011\u300d\uff1a"
# What waits, whatever else the title has.
_STATES: Final = (
    r"unreleased(?: changes?| version)?|(?:not )?yet (?:to be )?released|not released(?: yet)?"
    r"|to be (?:released|determined|announced|decided)|(?:in|under) development|in progress"
    r"|work in progress|wip|tb[acd]|upcoming(?: release| version| changes)?|coming soon"
    r"|(?:xx|yy|20|\?\?)(?:xx|yy|\?\?)-(?:xx|mm|\?\?)-(?:xx|dd|\?\?)"
)
# What waits where it is all that the title has.
_BRIEF: Final = (
    r"next|dev|development|main|master|trunk|head|pending|future|current|latest|unknown|\?+"
)
STATE = re.compile(rf"(?<![\w-])(?:{_STATES})(?![\w-])", re.IGNORECASE)
"""What waits, wherever it stands in a line."""
_ONLY = re.compile(rf"(?<![\w-])(?:{_BRIEF})(?![\w-])", re.IGNORECASE)
_BESIDE: Final = frozenset(
    ("the", "version", "release", "releases", "changes", "notes", "branch", "date", "v", "of", "in")
)
# What may stand with a date.
_OF_A_DATE: Final = frozenset(
    ("released", "release", "date", "on", "published", "of", "the", "in", "as", "version", "final")
)
_ANCHOR: Final = re.compile(r" ?(?:\{[^{}]*\}|<a\s[^<>]*>(?:</a>)?)")
# What comes before a version that is spoken of.
_SPEAKING: Final = frozenset(
    (
        *("since", "from", "for", "to", "with", "until", "after", "before", "than", "and", "or"),
        *("of", "requires", "require", "drop", "dropped", "drops", "support", "supports"),
        *("supported", "python", "cpython", "pypy", "upgrade", "update", "bump"),
    )
)


@dataclass(frozen=True, slots=True)
class Title:
    """A title.

    Attributes:
        version: PEP 440, normalized; empty where it is not a version's title.
        spelled: as it is written, without a v.
        start, end: where in the text.
        dated: where the date is; None without one.
    """

    text: str
    version: str = ""
    spelled: str = ""
    start: int = 0
    end: int = 0
    dated: dates.Found | None = None

    @property
    def state(self) -> re.Match[str] | None:
        """What names a section that waits, such as "Unreleased"."""
        text = _masked(self.text)
        if found := STATE.search(text):
            return found
        found = _ONLY.search(text)
        if found is None:
            return None
        rest = f"{text[: found.start()]} {text[found.end() :]}".replace(self.spelled, " ")
        words = re.findall(r"[^\W_]+", rest)
        return found if all(each.casefold() in _BESIDE for each in words) else None

    def is_called(self, name: str) -> bool:
        """Whether it is this title, whatever brackets or emphasis it has."""
        return name.strip().casefold() in (self.text.casefold(), plain(self.text).casefold())


def plain(text: str) -> str:
    """Return a title without links, brackets, emphasis and code marks."""
    return " ".join(re.sub(r"[\[\]*_`~:\\]", " ", _TARGET.sub(" ", text)).split())


def read(text: str, names: Iterable[str] = (), others: Iterable[str] = ()) -> Title:
    """Read a title; `names` are those of the project, `others` titles with dates of its form."""
    if len(text) > LONGEST:
        return Title(text)
    masked = _masked(text)
    dated = dates.find(masked, others)
    # 2025-01-02 and 02.01.2025 are no versions where another one is there.
    versions = [found for found in _VERSION.finditer(masked) if parse_version(found["version"])]
    outside = [found for found in versions if not dated or not _overlap(found, dated)]
    found = next(iter(outside or versions), None) or _SINGLE.fullmatch(masked.strip(_MARKUP))
    if found is None:
        return Title(text, dated=dated)
    if found.re is _SINGLE:
        start = masked.index(found["version"])
        end = start + len(found["version"])
    else:
        start, end = found.span("version")
    if not outside and versions:
        # 2026.11.0 is a version, and its date stands beside it.
        dated = dates.find(masked[:start] + " " * (end - start) + masked[end:], others)
    if not _named(masked[:start], masked[end:], dated, start, end, names):
        return Title(text, dated=dated)
    version = parse_version(found["version"])
    return Title(text, str(version) if version else "", found["version"], start, end, dated)


def _masked(text: str) -> str:
    return _TARGET.sub(lambda found: "]" + " " * (len(found[0]) - 1), text)


def _overlap(found: re.Match[str], dated: dates.Found) -> bool:
    return found.start() < dated.end and dated.start < found.end()


def _named(
    before: str, after: str, dated: dates.Found | None, start: int, end: int, names: Iterable[str]
) -> bool:
    """Whether a version is what the title is about, not one that is spoken of."""
    if dated and dated.end <= start:
        before = before[: dated.start] + before[dated.end :]
    ours = {part.casefold() for name in names for part in re.findall(r"[^\W\d_]+", name)}
    prefix = [each.casefold() for each in re.findall(r"[^\W\d_]+", before)]
    if prefix and prefix[-1] == "v":
        prefix.pop()
    if len(prefix) > 5 or (prefix and prefix[-1] in _SPEAKING - ours):
        return False
    rest = after.lstrip(_CLOSING).rstrip(_MARKUP)
    if not rest or not rest[0].isalnum():
        return True
    if ":" in after[: len(after) - len(after.lstrip(_CLOSING))]:
        # "1.2.3: The great one"
        return True
    if dated and dated.start >= end:
        between = re.findall(r"[^\W\d_]+", after[: dated.start - end])
        if len(between) <= _MOST_BETWEEN:
            return True
    following = [each.casefold() for each in re.findall(r"[^\W\d_]+", rest)]
    if following[:1] == ["of"] and ours and set(following[1:]) <= ours:
        return True
    return bool(re.match(rf"(?:un)?released\b|final\b|{_STATES}", rest, re.IGNORECASE))


# -- another version ------------------------------------------------------------------------------


def renamed(title: Title, version: str, day: date, written: str = "") -> str:
    """Return a title of the same form: another version, a day in the place of the date.

    `written` is the day as a setting writes it.

    What comes behind both, a code name between them, and that the other one was withdrawn belong to
    the other version. A link that compares begins where the other one ends.
    """
    text = title.text
    ends = [(title.start, title.end, version)]
    if title.dated:
        ends.append((title.dated.start, title.dated.end, written or title.dated.on(day)))
    ends.sort()
    last = ends[-1][1]
    tail = _tail(text[last:])
    if text[last + len(tail) :].strip():
        # "1.2.3: The great one"
        tail = tail.rstrip(": ")
    pieces, position = [], 0
    for start, end, new in ends:
        before = _between(text, position, start) if position == title.end else text[position:start]
        pieces += [retargeted(before, title.spelled, version), new]
        position = end
    made = "".join([*pieces, _anchored(tail, title.spelled, version)])
    # A version that was withdrawn may be struck through.
    return made.replace("~~", "").rstrip()


def _tail(text: str) -> str:
    """Return what closes a title: brackets, a link, emphasis, an anchor; no further words."""
    closing = re.match(
        r"(?:[\])}*_`:~?!.\uff09\u3011\u300d\uff1a]|\]?\([^()\s]*\)|\]\[[^\[\]]*\]"
        r'|" ?/?>'
        r"| ?<[^<>\s]+>| ?<a\s[^<>]{1,200}>| ?\{[^{}]{1,200}\})*",
        text,
    )
    return closing[0] if closing else ""


def _between(text: str, start: int, end: int) -> str:
    """Return what is between a version and its date, without a code name."""
    between = text[start:end]
    seen = re.sub(r"<[^<>]*>", " ", _masked(text)[start:end])
    words = re.findall(r"[^\W\d_]+", seen)
    named = [each for each in words if each[0].isupper() and each.casefold() not in _OF_A_DATE]
    yanked = any(each.casefold() == "yanked" for each in words)
    if "<" in seen or not (named or yanked or re.search(r"[\"\u201c\u201d\u201e\u00ab]", seen)):
        return between
    closing = _tail(between).rstrip(": ")
    opening = re.search(r"[\W_]*$", between)
    last = opening[0].lstrip("\"'\u201c\u201d\u2019\u00bb)]}*_~: ") if opening else ""
    return f"{closing} {last}"


def _anchored(text: str, old: str, new: str) -> str:
    """Return what closes a title, with the anchors of another version; none that stays the same."""

    def anchored(match: re.Match[str]) -> str:
        found = retargeted(match[0], old, new)
        if found == match[0]:
            found = retargeted(found, old.replace(".", "-"), new.replace(".", "-"))
        return found if found != match[0] else ""

    return retargeted(_ANCHOR.sub(anchored, text), old, new)


def retargeted(text: str, old: str, new: str) -> str:
    """Return a text with links that name another version.

    A link that compares two versions begins at the old one.
    """
    if len(text) > LONGEST_LINK:
        return text
    version = rf"(?<!\d)(?<!\d\.){re.escape(old)}(?![\d]|\.\d)"

    def compared(match: re.Match[str]) -> str:
        until = re.sub(version, lambda _: new, match["until"])
        return f"{match['until']}{match['dots']}{until}"

    if NEWEST_FIRST in text:
        pair = rf"(?P<until>[\w+@=-]*?{version})(?P<dots>\.{{2,3}})[\w.+@=-]+"
        return re.sub(
            pair,
            lambda each: (
                re.sub(version, lambda _: new, each["until"]) + each["dots"] + each["until"]
            ),
            text,
        )
    pair = rf"(?P<since>[\w.+@=-]*?)(?P<dots>\.{{2,3}})(?P<until>[\w+@=-]*?{version})"
    if re.search(pair, text):
        return re.sub(pair, compared, text)
    return re.sub(version, lambda _: new, text)


def awaited(title: Title, version: str, written: str) -> str:
    """Return the title of a version from one that waits, where no other shows the form."""
    if title.version:
        text = title.text[: title.start] + version + title.text[title.end :]
        if found := Title(text, title.version, version).state:
            return text[: found.start()] + written + text[found.end() :]
        return text
    bracketed = title.text.lstrip("*_").startswith("[")
    return f"[{version}] - {written}" if bracketed else f"{version} - {written}"
