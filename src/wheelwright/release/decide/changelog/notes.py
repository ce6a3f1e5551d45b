"""The notes of a release: what a section says, as Markdown without comments and empty headings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from wheelwright.release.decide.changelog import dates, markdown, titles
from wheelwright.release.decide.changelog.document import Document, Markup
from wheelwright.release.decide.changelog.reading import LARGEST
from wheelwright.release.decide.changelog.sections import Section

# What towncrier and zest.releaser write for a version without entries, and what templates leave
# behind (requests: "[Short description of non-trivial change.]").
_EMPTY: Final = re.compile(
    r"(?:there (?:are|is) )?(?:no(?:thing)?|none)"
    r"(?: (?:significant|notable|user-facing|unreleased|new))*"
    r"(?: (?:changes?|changed|entries|here))?(?: (?:yet|so far|at the moment|for now))?"
    r"|tb[ad]|to be (?:added|done|written|announced|determined)|n/?a|unreleased|todo"
    r"|(?:please )?(?:add|put|write|list|insert) (?:your |new |the |all |unreleased )*"
    r"(?:changes?|changelog|entry|entries|notes|items)(?: (?:here|below))?"
    r"|your (?:contribution|change|changes|entry)(?: goes| go)? here"
    r"|short description of non-trivial change|",
    re.IGNORECASE,
)
_HEADING: Final = re.compile(r" {0,3}#{1,6}(?:\s|$)")
_LABEL: Final = re.compile(r"\[([^\[\]]{1,200})\]")
_FOOTNOTE: Final = re.compile(r"\[\^[^\[\]\s]{1,100}\]:")
_FIELD: Final = re.compile(r":[\w -]+:(?:\s|$)")
_LONGEST_STATE: Final = 80
_RELEASED: Final = frozenset(
    ("released", "release", "date", "on", "published", "in", "version", "status")
)


def of_section(document: Document, section: Section) -> str:
    """Return a section's text as Markdown, without the line of its state."""
    lines = document.slice(section.start, section.end)
    state = state_line(lines)
    if state is not None:
        lines[state] = ""
    return as_markdown(document, lines)


def as_markdown(document: Document, lines: Sequence[str]) -> str:
    """Return lines of a changelog as clean Markdown."""
    text = "\n".join(lines)
    if document.markup is Markup.MARKDOWN:
        return _with_links(document, clean(text))
    from wheelwright.release.decide.changelog import rendering

    return clean(rendering.markdown(text, rendering.targets("\n".join(document.plain))))


def _with_links(document: Document, text: str) -> str:
    """Add the links that a text uses and the file defines at another place."""
    if "[" not in text:
        return text
    here = markdown.references(text.split("\n"))
    there = markdown.references(document.plain)
    labels = {markdown.label(each): each for each in _LABEL.findall(text)}
    used = [
        f"[{labels[each]}]: {target}"
        for each, target in there.items()
        if each in labels and each not in here
    ]
    used += _footnotes(document.plain, text)
    return "\n".join([text, "", *used]) if used else text


def _footnotes(lines: Sequence[str], text: str) -> list[str]:
    """Return the footnotes that a text uses and does not have."""
    found: list[str] = []
    for number, line in enumerate(lines):
        note = _FOOTNOTE.match(line)
        if note is None or note[0] in text or note[0].removesuffix(":") not in text:
            continue
        end = number + 1
        while end < len(lines) and lines[end].startswith("    ") and lines[end].strip():
            end += 1
        found += lines[number:end]
    return found


def state_line(lines: Sequence[str]) -> int | None:
    """Return where the line of a state is: "Unreleased", "Released 2025-01-02"."""
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        below = lines[number + 1] if number + 1 < len(lines) else ""
        # A list begins without a blank line in Markdown, and fields follow each other.
        fields = all(_FIELD.match(each) for each in (line, below))
        alone = not below.strip() or fields or bool(re.match(r"[-+*]\s", below))
        return number if alone and is_state(line) else None
    return None


def is_undated(lines: Sequence[str], shown: Sequence[str]) -> bool:
    """Whether a section begins with a state where another one, `shown`, begins with a date."""
    first, other = (next(filter(None, map(str.strip, each)), "") for each in (lines, shown))
    if max(len(first), len(other)) > _LONGEST_STATE:
        return False
    state, dated = titles.STATE.search(first), dates.find(other)
    return bool(state and dated and first[: state.start()] == other[: dated.start])


def is_state(line: str) -> bool:
    """Whether a line is nothing but the date, or the state, of a release."""
    text = titles.plain(line)
    if len(text) > _LONGEST_STATE or re.match(r"\s*[-+*|]+\s", line):
        return False
    title = titles.Title(text)
    # "### Next" is a heading of entries.
    dated, state = (
        dates.find(text),
        titles.STATE.search(text) if line.lstrip()[:1] == "#" else title.state,
    )
    if dated:
        text = text[: dated.start] + text[dated.end :]
    else:
        if state is None:
            return False
        text = text[: state.start()] + text[state.end() :]
    words = [each.casefold() for each in re.findall(r"[\w'-]+", text)]
    return all(word in _RELEASED for word in words)


# -- Markdown -------------------------------------------------------------------------------------


def clean(text: str) -> str:
    """Return Markdown without comments, empty headings and further blank lines."""
    lines = without_comments(text[:LARGEST].split("\n"))
    lines = without_empty_headings(lines)
    code = markdown.code(lines)
    kept: list[str] = []
    for number, line in enumerate(lines):
        if number in code or line.strip() or (kept and kept[-1].strip()):
            kept.append(line if number in code else line.rstrip())
    return "\n".join(kept).strip("\n")


def without_comments(lines: Sequence[str]) -> list[str]:
    """Return Markdown without HTML comments; what is in code stays."""
    code = markdown.code(lines)
    kept: list[str] = []
    inside = False
    for number, line in enumerate(lines):
        if number in code and not inside:
            kept.append(line)
            continue
        within = inside
        text, inside = _outside(line, inside)
        # A line that was nothing but a comment is gone as a whole.
        if text.strip() or (text == line and not within):
            kept.append(text.rstrip() if text != line else line)
    return kept


def _outside(line: str, inside: bool) -> tuple[str, bool]:
    """Return what of a line is outside of comments, and whether its end is inside of one."""
    kept: list[str] = []
    position = 0
    while position < len(line):
        if inside:
            end = line.find("-->", position)
            if end < 0:
                return "".join(kept), True
            position, inside = end + len("-->"), False
            continue
        start = line.find("<!--", position)
        if start < 0 or line.count("`", 0, start) % 2:
            kept.append(line[position:])
            break
        kept.append(line[position:start])
        position, inside = start + len("<!--"), True
    return "".join(kept), inside


def without_empty_headings(lines: Sequence[str]) -> list[str]:
    """Return Markdown without headings that have no text below them."""
    headings = markdown.headings(lines)
    removed: set[int] = set()
    # Whether headings behind this one have text, by their level.
    following: dict[int, bool] = {}
    for number in range(len(headings) - 1, -1, -1):
        heading = headings[number]
        until = headings[number + 1].start if number + 1 < len(headings) else len(lines)
        own = any(_has_text(line) for line in lines[heading.end : until])
        has = own or any(yes for level, yes in following.items() if level > heading.level)
        following = {level: yes for level, yes in following.items() if level <= heading.level}
        following[heading.level] = has or following.get(heading.level, False)
        if not has:
            removed |= set(range(heading.start, until))
    return [line for number, line in enumerate(lines) if number not in removed]


def _has_text(line: str) -> bool:
    return bool(line.strip()) and not _is_rule(line)


def _is_rule(line: str) -> bool:
    return set(line.strip()) <= set("-_*= ")


def content_lines(text: str) -> list[str]:
    """Return the lines with content: no headings, links, comments or place-holders."""
    lines = without_comments(text.split("\n"))
    covered = {
        number
        for heading in markdown.headings(lines)
        for number in range(heading.start, heading.end)
    }
    kept = (line.strip() for number, line in enumerate(lines) if number not in covered)
    return [line for line in kept if not _is_empty(line)]


def _is_empty(line: str) -> bool:
    content = line.lstrip("-*+ \t")
    return (
        not content
        or bool(_HEADING.match(line))
        or set(line) <= set("=-~_* ")
        or bool(re.fullmatch(r"\[[^\]\n]+\]:[ \t]*\S+", line))
        or bool(_EMPTY.fullmatch(_spoken(content)))
        or bool(re.fullmatch(r"<a\s[^<>]*>(?:</a>)?", line))
    )


def _spoken(text: str) -> str:
    """Return a line without emphasis, brackets and what ends a sentence."""
    return " ".join(re.sub(r"[*_`~()\[\]\\]", " ", text).split()).strip(" .!\u2026:<>")


# -- several sections -----------------------------------------------------------------------------


def merged(parts: Iterable[Sequence[str]], markup: Markup) -> list[str]:
    """Return the lines of several sections as one: what is below equal headings comes together."""
    groups: dict[str, list[str]] = {}
    there: dict[str, set[str]] = {}
    for lines in parts:
        for heading, below in _groups(lines, markup):
            group = groups.setdefault(heading, [])
            known = there.setdefault(heading, set())
            if all(line in known for line in below if line.strip()):
                continue
            known.update(below)
            if group and below:
                both = _is_item(group[-1]) and _is_item(below[0])
                group += below if both else ["", *below]
            else:
                group += below
    found: list[str] = []
    # What has no heading is above those that others have.
    for heading, below in sorted(groups.items(), key=lambda group: bool(group[0])):
        if found:
            found.append("")
        found += [*heading.split("\n"), ""] if heading else []
        found += below
    return _trimmed(found)


def _groups(lines: Sequence[str], markup: Markup) -> list[tuple[str, list[str]]]:
    headings = markdown.headings(lines)
    if markup is Markup.RST:
        from wheelwright.release.decide.changelog import restructured

        headings = restructured.headings(lines)
    ends = [each.start for each in headings] + [len(lines)]
    found = [("", _trimmed(lines[: ends[0]]))]
    for number, heading in enumerate(headings):
        below = lines[heading.end : ends[number + 1]]
        found.append(("\n".join(lines[heading.start : heading.end]), _trimmed(below)))
    return [(heading, below) for heading, below in found if heading or below]


def _trimmed(lines: Sequence[str]) -> list[str]:
    kept = list(lines)
    while kept and not kept[0].strip():
        kept.pop(0)
    while kept and not kept[-1].strip():
        kept.pop()
    return kept


def _is_item(line: str) -> bool:
    return bool(re.match(r"\s*(?:[-*+]|\d+[.)])\s|\s{2,}\S", line))
