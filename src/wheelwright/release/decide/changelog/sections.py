"""Which sections a changelog has for a release: found by their place, not by a word.

    # Changelog                      the file's title
    ## Unreleased                    `waiting`: above the newest release, and names none itself
    - The new thing.
    ## 1.3.0rc1 - 2025-01-20         one of `candidates`, where 1.3.0 is released
    ## 1.2.3 - 2025-01-02            `newest`: the form of a new heading

A version is released if it has a tag, or if its heading has a date. `1.2.4`, `Unreleased (1.3.0)`,
`1.2.4.dev0` and `Dev` can all wait.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from packaging.version import Version

from wheelwright.project.reading import parse_version
from wheelwright.release.decide.changelog import packages, titles
from wheelwright.release.decide.changelog.document import Document, Heading, Markup
from wheelwright.release.decide.changelog.titles import Title

_TITLE: Final = re.compile(
    r"(?:(?:the|full|project) )?(?:change ?logs?|changes|history|news|releases?"
    r"|(?:release|version|revision|change) ?(?:notes?|history|log)|what['\u2019]?s new)\b.{0,60}",
    re.IGNORECASE,
)
_ANCHOR: Final = re.compile(r"\s*(?:<a\s[^<>]*>\s*(?:</a>)?|\.\. _[^:]+:|\([^()\s]{1,200}\)=)\s*")
_RULE: Final = re.compile(r" {0,3}(?:(?:- *){3,}|(?:\* *){3,}|(?:_ *){3,})\s*")
_DEFINITION: Final = re.compile(
    r" {0,3}\[(?P<label>[^\[\]]+)\]:[ \t]*(?P<target>\S+)[ \t]*(?P<title>\"[^\"]*\")?\s*"
)

# What a file begins with beside versions. Its text may be a list.
_ABOUT: Final = re.compile(
    r"about\b.{0,60}|(?:table of )?contents|toc|legend|key|introduction|overview|preface|index"
    r"|(?:semantic |calendar )?versioning\b.{0,60}|(?:versions?|release|support) polic(?:y|ies)"
    r"|(?:types|kinds) of changes|guiding principles|guidelines?|conventions?|format|links?"
    r"|how to\b.{0,60}|notes?|see also|disclaimer|supported versions",
    re.IGNORECASE,
)
_ENTRY: Final = re.compile(r"\s*(?:[-*+\u2022]|\d+[.)]|#\.|\|)\s|\s*<(?:li|ul|ol)\b", re.IGNORECASE)

_RST_TARGET: Final = re.compile(r"\.\. _(`?)(?P<label>[^`:]+)\1: +(?P<target>https?://\S+) *")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what is below it.

    Attributes:
        end: the line behind the last one with text.
        until: the line of what follows: between both are blanks, rules and anchors of it.
    """

    heading: Heading
    title: Title
    end: int
    until: int

    @property
    def start(self) -> int:
        """The first line below the heading."""
        return self.heading.end


@dataclass(frozen=True, slots=True)
class Outline:
    """The sections that matter for the release of a version.

    Attributes:
        waiting: what is released; None where nothing waits.
        newest: the section of the newest released version; None in a first release.
        candidates: sections of the version's own pre-releases, newest first.
        also: another section that waits as much as that one; None where there is none.
    """

    document: Document
    version: str
    waiting: Section | None
    newest: Section | None
    candidates: tuple[Section, ...] = ()
    also: Section | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a project beside its changelog.

    Attributes:
        version: the one that is released.
        released: versions with a tag, and the current one.
        names: of the project.
        unreleased: the title of the section that waits, where a setting names it.
    """

    version: str
    released: Collection[str] = ()
    names: Collection[str] = ()
    unreleased: str = ""


def outline(document: Document, known: Known) -> Outline:
    """Return the sections of a release."""
    headings = document.headings
    read = _titles(document, known.names)
    foreign = packages.others(headings, read, known.names)
    mine = [each for each in range(len(headings)) if each not in foreign]
    first = next((each for each in mine if _is_released(read[each], known)), None)
    above = [each for each in mine if first is None or each < first]
    chosen = _waiting(document, read, first, above, known)
    waiting = None
    if chosen is not None:
        until = _waiting_until(document, read, chosen, first)
        waiting = _section(document, headings[chosen], read[chosen], until)
    newest = None if first is None else _whole(document, read, first)
    also = None if known.unreleased else _also(document, read, chosen, above)
    candidates = [
        each for each in mine if each != chosen and _is_candidate(read[each], known.version)
    ]
    return Outline(
        document,
        known.version,
        waiting,
        newest,
        tuple(_whole(document, read, each) for each in candidates),
        None if also is None else _whole(document, read, also),
    )


def find(document: Document, version: str, names: Collection[str] = ()) -> Section | None:
    """Return the section of a version; None where there is none."""
    read = _titles(document, names)
    foreign = packages.others(document.headings, read, names)
    wanted = parse_version(version)
    numbers = [
        number
        for number, title in enumerate(read)
        if number not in foreign and title.version and parse_version(title.version) == wanted
    ]
    return _whole(document, read, numbers[0]) if numbers else None


def _titles(document: Document, names: Collection[str]) -> list[Title]:
    texts = [each.title for each in document.headings]
    return [titles.read(each, names, texts) for each in texts]


def _is_released(title: Title, known: Known) -> bool:
    if not title.version:
        return False
    version = Version(title.version)
    target = parse_version(known.version)
    if version == target:
        return False
    # 1.2 is the tag v1.2.0.
    if any(parse_version(each) == version for each in known.released):
        return True
    if title.dated:
        return not title.state
    return not known.released and not version.is_devrelease and bool(target and version < target)


def _is_candidate(title: Title, version: str) -> bool:
    target = parse_version(version)
    if target is None or target.is_prerelease or not title.version:
        return False
    found = Version(title.version)
    if not found.is_prerelease or found.is_devrelease or title.state:
        return False
    return Version(found.base_version) == Version(target.base_version)


def _waiting(
    document: Document, read: list[Title], first: int | None, above: list[int], known: Known
) -> int | None:
    """Return the number of the heading that waits."""
    headings = document.headings
    if known.unreleased:
        return next((each for each in above if read[each].is_called(known.unreleased)), None)
    pool = [each for each in above if not _is_title(headings, read, each)]
    target = parse_version(known.version)
    for each in pool:
        if read[each].version and Version(read[each].version) == target:
            return each
    stated = [each for each in pool if read[each].state]
    if first is None:
        return stated[0] if stated else None
    level = headings[first].level
    same = [
        each
        for each in pool
        if headings[each].level == level and (each in stated or not _is_about(document, each))
    ]
    for found in ([each for each in same if each in stated], same):
        if len(found) == 1 or (found and read[found[0]].state):
            return found[0]
    return stated[0] if stated else None


def _also(
    document: Document, read: list[Title], chosen: int | None, above: list[int]
) -> int | None:
    """Return another section above the newest version that waits, without a number of its own."""
    if chosen is None or read[chosen].version:
        return None
    lines, headings = document.plain, document.headings
    for each in above:
        if each == chosen or read[each].version or not read[each].state:
            continue
        text = lines[headings[each].end : _next(document, each)]
        if headings[each].level == headings[chosen].level and any(line.strip() for line in text):
            return each
    return None


def _next(document: Document, number: int) -> int:
    headings = document.headings
    return headings[number + 1].start if number + 1 < len(headings) else len(document.lines)


def _is_about(document: Document, number: int) -> bool:
    """Whether a section is about the file or its versions, not about what has changed."""
    heading = document.headings[number]
    if _ABOUT.fullmatch(titles.plain(heading.title)):
        return True
    following = document.headings[number + 1 : number + 2]
    if following and following[0].level > heading.level:
        return False
    text = [line for line in document.plain[heading.end : _next(document, number)] if line.strip()]
    return bool(text) and not any(_ENTRY.match(line) for line in text)


def _is_title(headings: tuple[Heading, ...], read: list[Title], number: int) -> bool:
    """Whether a heading is the file's own title."""
    if any(headings[each].level <= headings[number].level for each in range(number)):
        return False
    text = titles.plain(read[number].text)
    if read[number].version:
        return False
    # "teasel changes", "Changes in teasel".
    return bool(_TITLE.match(text) or re.search(rf"\b(?:{_TITLE.pattern})$", text, re.IGNORECASE))


def _waiting_until(document: Document, read: list[Title], chosen: int, first: int | None) -> int:
    headings = document.headings
    own = headings[chosen].level
    for each in range(chosen + 1, len(headings)):
        if each == first or headings[each].level < own:
            return headings[each].start
        # Headings of the same level that name nothing are parts of it.
        if headings[each].level == own and (first is None or read[each].version):
            return headings[each].start
        if headings[each].level == own and read[each].state:
            return headings[each].start
    return len(document.lines)


def _whole(document: Document, read: list[Title], number: int) -> Section:
    """Return a section: up to a heading of its level, or to one of a version.

    A tool's own headings may be of another level than older ones, by hand. Between two versions
    those of the same level are parts of the first one: `Fixed` above `-----` is as `##`.
    """
    headings = document.headings
    own = headings[number].level
    until = len(document.lines)
    ends = None
    for each in range(number + 1, len(headings)):
        if headings[each].level < own or read[each].version or read[each].state:
            until = headings[each].start if read[each].version or ends is None else ends
            break
        if headings[each].level == own and ends is None:
            ends = headings[each].start
    else:
        until = until if ends is None else ends
    return _section(document, headings[number], read[number], until)


def _section(document: Document, heading: Heading, title: Title, until: int) -> Section:
    lines = document.plain
    end = until
    last = until == len(lines)
    while end > heading.end and _is_gap(lines[end - 1], document.markup, last):
        end -= 1
    return Section(heading, title, end, until)


def _is_gap(line: str, markup: Markup, last: bool) -> bool:
    if not line.strip() or is_anchor(line):
        return True
    if markup is Markup.RST:
        # Targets at a file's end: `.. _#12: https://...`.
        return last and line.startswith(".. _")
    return bool(_RULE.fullmatch(line)) or (last and bool(_DEFINITION.fullmatch(line)))


def is_anchor(line: str) -> bool:
    """Whether a line is nothing but a target for links."""
    return bool(_ANCHOR.fullmatch(line))


def definitions(document: Document) -> list[tuple[int, str, str]]:
    """Return the links that are defined for the whole file: their line, label and target."""
    form = _RST_TARGET if document.markup is Markup.RST else _DEFINITION
    return [
        (number, found["label"], found["target"])
        for number, line in enumerate(document.plain)
        if (found := form.fullmatch(line))
    ]
