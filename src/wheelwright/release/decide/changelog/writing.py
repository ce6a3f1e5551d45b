"""The changelog of a release: the section that waits gets its version, and all else stays.

    | written               | in the form of                                                       |
    |-----------------------|----------------------------------------------------------------------|
    | heading               | the newest released version's: marks, words, date, link              |
    | the line of a state   | the newest one's: `Unreleased` becomes `Released 2026-01-31`         |
    | a new section above   | what the last release left there; a template that stands in this one |
    | links at the end      | the newest one's                                                     |

Settings of [tool.wheelwright.release] come before all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from packaging.version import Version

from wheelwright.release.decide.changelog import dates, notes, sections, titles
from wheelwright.release.decide.changelog.document import Document, Heading, Markup
from wheelwright.release.decide.changelog.reading import read
from wheelwright.release.decide.changelog.sections import Known, Outline, Section
from wheelwright.release.decide.tokens import like

_Edit = tuple[int, int, list[str]]

_COMPARED = re.compile(r"(?P<since>[\w.+@=-]+?)(?P<dots>\.{2,3})(?P<until>[\w/-]+)(?=$|[)>\s])")


@dataclass(frozen=True, slots=True)
class Style:
    """How a section is released.

    Attributes:
        heading: such as `## {version} ({date})`; empty: as the newest one.
        date: as strftime takes it; empty: as the newest one.
        keep: whether a new section that waits is put above; None: as the heading suggests.
        template: what is in that section; None: what stands in the one that is released.
    """

    heading: str = ""
    date: str = ""
    keep: bool | None = None
    template: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """What a section is released as."""

    version: str
    tag: str
    day: date
    name: str = ""


def left_by(path: str, before: str | None, after: str | None, known: Known) -> Style:
    """Return what the last release left above its section: `known.version` is its version."""
    if not before or not after:
        return Style()
    document = read(path, after)
    section = sections.find(document, known.version, known.names)
    if section is None:
        return Style()
    others = Known("", {*known.released, known.version}, known.names, known.unreleased)
    waiting = sections.outline(document, others).waiting
    if waiting is None or waiting.start > section.start:
        return Style(keep=False)
    body = document.slice(waiting.start, waiting.end)
    if notes.content_lines(notes.as_markdown(document, body)):
        # A person had written there already, and what stood in it is not known.
        return Style()
    return Style(keep=True, template=tuple(_trimmed(body)))


def is_prepared(outline: Outline) -> bool:
    """Whether a person has written the section of the version, with heading and date."""
    waiting = outline.waiting
    if waiting is None or not waiting.title.version or waiting.title.state:
        return False
    return Version(waiting.title.version) == Version(outline.version)


def has_unread_date(outline: Outline, style: Style) -> bool:
    """Whether the new heading would lose a date: the newest one has it in a form not known."""
    newest, waiting = outline.newest, outline.waiting
    if newest is None or newest.title.dated or style.heading:
        return False
    if is_prepared(outline) and waiting and waiting.title.dated:
        return False
    return dates.is_unread(titles.plain(newest.title.text[newest.title.end :]))


def has_open_state(outline: Outline) -> bool:
    """Whether the section would keep a state in a line where the newest one has its date."""
    document, waiting, newest = outline.document, outline.waiting, outline.newest
    if waiting is None or newest is None:
        return False
    lines = document.slice(waiting.start, waiting.end)
    shown = document.slice(newest.start, newest.end)
    return notes.state_line(lines) is None and notes.is_undated(lines, shown)


def body(outline: Outline) -> list[str]:
    """Return the lines of the release: what waits, and what its candidates brought."""
    document, waiting = outline.document, outline.waiting
    lines = document.slice(waiting.start, waiting.end) if waiting else []
    if not outline.candidates:
        return lines
    parts = [document.slice(each.start, each.end) for each in outline.candidates]
    return notes.merged([_stateless(lines), *map(_stateless, parts)], document.markup)


def _stateless(lines: list[str]) -> list[str]:
    state = notes.state_line(lines)
    return lines if state is None else [*lines[:state], *lines[state + 1 :]]


def released(outline: Outline, release: Release, style: Style) -> str:
    """Return the text with the section of the release.

    Raises:
        ValueError: nothing waits.
    """
    document, waiting = outline.document, outline.waiting
    if outline.newest:
        spelling = outline.newest.title.spelled
        release = replace(release, version=like(spelling, release.version))
    heading = heading_lines(outline, release, style)
    lines = body(outline)
    if waiting is None:
        if not outline.candidates:
            raise ValueError("no section waits")
        return inserted(outline, [*heading, "", *lines], release)
    if is_prepared(outline) and waiting.title.dated:
        return document.replaced([])
    edits = [*_body_edits(outline, release, lines)]
    template = _template(outline, style)
    if template and not outline.candidates:
        cleaned = notes.clean("\n".join(lines)).split("\n") if _is_markdown(outline) else lines
        edits = [(waiting.start, waiting.end, ["", *cleaned])] if cleaned != lines else edits
    whole = any(edit[:2] == (waiting.start, waiting.end) for edit in edits)
    above = _above(outline, release, template) if _keeps(waiting, style) else _anchors(outline)
    edits.append((waiting.heading.start, waiting.heading.end, [*above, *heading]))
    links = _definitions(outline, release, heading, keeps=_keeps(waiting, style))
    edits += [edit for edit in links if not whole or not waiting.start <= edit[0] < waiting.end]
    return document.replaced(edits)


def _is_markdown(outline: Outline) -> bool:
    return outline.document.markup is Markup.MARKDOWN


# -- the heading ----------------------------------------------------------------------------------


def heading_lines(outline: Outline, release: Release, style: Style) -> list[str]:
    """Return the lines of the new heading."""
    newest, waiting = outline.newest, outline.waiting
    shown = newest or waiting
    day = release.day
    written = day.strftime(style.date) if style.date else ""
    if style.heading:
        dated = newest.title.dated if newest else None
        written = written or (dated.on(day) if dated else day.isoformat())
        return _set_heading(outline, release, style.heading, written)
    if newest:
        title = titles.renamed(newest.title, release.version, day, written)
    elif waiting:
        title = titles.awaited(waiting.title, release.version, written or day.isoformat())
    else:
        title = f"{release.version} - {written or day.isoformat()}"
    return _form(outline, shown).lines(title)


def _form(outline: Outline, shown: Section | None) -> Heading:
    if shown:
        return shown.heading
    if _is_markdown(outline):
        return Heading(2, "", 0, 1, "##")
    return Heading(2, "", 0, 2, "-")


def _set_heading(outline: Outline, release: Release, form: str, written: str) -> list[str]:
    parts = {"version": release.version, "date": written, "tag": release.tag, "name": release.name}
    text = re.sub(r"\{(version|date|tag|name)\}", lambda found: parts[found[1]], form)
    if _is_markdown(outline) and re.match(r"#{1,6}\s", text):
        return [text]
    return _form(outline, outline.newest or outline.waiting).lines(text)


# -- what waits next ------------------------------------------------------------------------------


def _keeps(waiting: Section, style: Style) -> bool:
    if style.keep is not None:
        return style.keep
    # "1.2.4 (unreleased)" would need the number of a release that nobody has decided.
    return not waiting.title.version


def _template(outline: Outline, style: Style) -> list[str]:
    """Return the lines of the new section that waits."""
    waiting = outline.waiting
    assert waiting is not None
    if style.template is not None:
        return list(style.template)
    if not _is_markdown(outline):
        return []
    lines = outline.document.slice(waiting.start, waiting.end)
    plain = notes.without_comments(lines)
    is_template = len(notes.without_empty_headings(plain)) < len(plain) or plain != lines
    return _skeleton(lines) if is_template else []


def _skeleton(lines: list[str]) -> list[str]:
    """Return the headings and comments of a section."""
    kept: list[str] = []
    inside = False
    for line in lines:
        begins = line.lstrip().startswith("<!--")
        if inside or begins:
            kept.append(line)
            inside = "-->" not in line
        elif re.match(r" {0,3}#{1,6}\s", line) or (not line.strip() and kept and kept[-1].strip()):
            kept.append(line)
    return _trimmed(kept)


def _above(outline: Outline, release: Release, template: list[str]) -> list[str]:
    """Return the lines of the new section that waits, and what parts it from the released one."""
    document, waiting, newest = outline.document, outline.waiting, outline.newest
    assert waiting is not None
    gap = document.slice(waiting.end, waiting.until) if newest else [""]
    if newest:
        gap = [_retargeted(line, newest, release.version) for line in gap]
    if not any(not line.strip() for line in gap):
        gap = ["", *gap]
    lines = document.slice(waiting.start, waiting.end)
    blank = 0
    while blank < len(lines) and not lines[blank].strip():
        blank += 1
    inner = [*[""] * max(blank, 1), *template] if template else []
    return [*_next_heading(outline, waiting, release), *inner, *gap]


def _next_heading(outline: Outline, waiting: Section, release: Release) -> list[str]:
    title = _next_title(waiting, release)
    heading = waiting.heading
    if title == heading.title:
        # Its marks, blanks and underline are a person's.
        return outline.document.slice(heading.start, heading.end)
    return heading.lines(title)


def _next_title(waiting: Section, release: Release) -> str:
    title = waiting.title
    if not title.version and len(title.text) > titles.LONGEST:
        return title.text
    if not title.version:
        return _COMPARED.sub(lambda each: f"{release.tag}{each['dots']}{each['until']}", title.text)
    *first, last = Version(release.version).release
    following = ".".join(map(str, (*first, last + 1)))
    following += ".dev0" if Version(title.version).is_devrelease else ""
    return title.text[: title.start] + following + title.text[title.end :]


def _anchors(outline: Outline) -> list[str]:
    """Return the anchors that the newest heading has and the one that waits does not."""
    document, waiting, newest = outline.document, outline.waiting, outline.newest
    assert waiting is not None
    if newest is None or newest.heading.start != waiting.until:
        return []
    start = waiting.heading.start
    has = any(sections.is_anchor(line) for line in document.slice(max(0, start - 2), start))
    gap = document.slice(waiting.end, waiting.until)
    mine = [line for line in gap if _retargeted(line, newest, outline.version) != line]
    if has or not mine:
        return []
    return [_retargeted(line, newest, outline.version) for line in gap[gap.index(mine[0]) :]]


def _retargeted(line: str, section: Section, version: str) -> str:
    old = section.title.spelled
    dashed = titles.retargeted(line, old.replace(".", "-"), version.replace(".", "-"))
    return titles.retargeted(line, old, version) if dashed == line else dashed


# -- what is below it -----------------------------------------------------------------------------


def _body_edits(outline: Outline, release: Release, lines: list[str]) -> Iterator[_Edit]:
    waiting, newest = outline.waiting, outline.newest
    assert waiting is not None
    document = outline.document
    if outline.candidates:
        yield waiting.start, waiting.end, ["", *lines]
        return
    state = notes.state_line(lines)
    form = _dated_line(document, newest, release.day) if newest else ""
    if state is None:
        if form:
            yield waiting.start, waiting.start, ["", form]
        return
    number = waiting.start + state
    if form:
        yield number, number + 1, [form]
    elif newest:
        yield number, min(number + 2, waiting.end), []
    elif dates.find(lines[state]) is None:
        yield number, number + 1, [f"Released {release.day.isoformat()}"]


def _dated_line(document: Document, newest: Section, day: date) -> str:
    lines = document.slice(newest.start, newest.end)
    state = notes.state_line(lines)
    found = dates.find(lines[state]) if state is not None else None
    if state is None or found is None:
        return ""
    return lines[state][: found.start] + found.on(day) + lines[state][found.end :]


# -- links ----------------------------------------------------------------------------------------


def _label(text: str, markup: Markup) -> str:
    """Return what a title refers to by a name; empty where it does not."""
    text = text[: titles.LONGEST]
    if markup is Markup.RST:
        found = re.search(r"`([^`<>]+)`_(?!_)|(?<![\w`])([\w.+-]*\w)_(?![\w_])", text)
        return (found[1] or found[2]) if found else ""
    found = re.search(r"\[([^\[\]]+)\](?![(\[])", text)
    return found[1] if found else ""


def _defined(label: str, target: str, markup: Markup) -> str:
    return f".. _{label}: {target}" if markup is Markup.RST else f"[{label}]: {target}"


def _definitions(
    outline: Outline, release: Release, heading: list[str], *, keeps: bool
) -> Iterator[_Edit]:
    """Yield the edits of the links that are defined for the whole file."""
    waiting, newest, markup = outline.waiting, outline.newest, outline.document.markup
    assert waiting is not None
    found = {
        label.casefold(): (number, label, target)
        for number, label, target in reversed(sections.definitions(outline.document))
    }
    label = _label("\n".join(heading), markup) or release.version
    if label.casefold() in found:
        return
    old = found.get(_label(newest.title.text, markup).casefold()) if newest else None
    target = ""
    if old and newest and _follows(old[2], found):
        again = titles.retargeted(old[2], newest.title.spelled, release.version)
        target = again if again != old[2] else ""
    own = found.get((_label(waiting.title.text, markup) or "unreleased").casefold())
    if own and (compared := _compared(own[2], release.tag)):
        onward, since = compared
        new = [_defined(own[1], onward, markup)] if keeps else []
        yield own[0], own[0] + 1, [*new, _defined(label, target or since, markup)]
    elif old and target:
        yield old[0], old[0], [_defined(label, target, markup)]


def _follows(target: str, found: Mapping[str, tuple[int, str, str]]) -> bool:
    """Whether a link shows the form of the next: the first version has none to compare with."""
    versions = sum(bool(titles.read(label).version) for _, label, _ in found.values())
    return versions > 1 or "..." in target


def _compared(target: str, tag: str) -> tuple[str, str] | None:
    """Return a comparison with what is not released, from the tag on, and up to it."""
    if len(target) > titles.LONGEST_LINK:
        return None
    found = re.fullmatch(r"(.*/compare/)([\w./-]+?)(\.{2,3})([\w./-]+)", target)
    if found is None:
        return None
    start, since, dots, until = found.groups()
    if titles.NEWEST_FIRST in target:
        return f"{start}{since}{dots}{tag}", f"{start}{tag}{dots}{until}"
    return f"{start}{tag}{dots}{until}", f"{start}{since}{dots}{tag}"


# -- what a tool wrote ----------------------------------------------------------------------------


def inserted(outline: Outline, new: Sequence[str], release: Release) -> str:
    """Return the text with a whole section above the newest one, or in the place of what waits."""
    document, newest, waiting = outline.document, outline.newest, outline.waiting
    lines = _trimmed(list(new))
    if waiting:
        return document.replaced([(waiting.heading.start, waiting.end, lines)])
    if newest:
        start = newest.heading.start
        plain = document.plain
        while start and sections.is_anchor(plain[start - 1]):
            start -= 1
        anchors = [
            _retargeted(line, newest, release.version)
            for line in plain[start : newest.heading.start]
        ]
        following = plain[newest.end : newest.until] if newest.until < len(plain) else [""]
        gap = [line for line in following if not sections.is_anchor(line)] or [""]
        return document.replaced([(start, start, [*anchors, *lines, *gap])])
    return _first(document, lines)


def _first(document: Document, lines: list[str]) -> str:
    """Return the text with its first section: below what the file begins with."""
    second = next((each for each in document.headings if each.level == 2), None)
    if second:
        return document.replaced([(second.start, second.start, [*lines, ""])])
    end = len(document.lines)
    while end and not document.lines[end - 1].strip():
        end -= 1
    rst = document.markup is Markup.RST
    title = [] if end else (["Changelog", "=========", ""] if rst else ["# Changelog", ""])
    above = [""] if end else []
    return document.replaced([(end, len(document.lines), [*title, *above, *lines])]) + (
        "\r\n" if document.crlf else "\n"
    )


def written(before: str, after: str) -> list[str]:
    """Return the lines that a tool put into a file, wherever its configuration has them."""
    old = [line.rstrip("\r") for line in before.split("\n")]
    new = [line.rstrip("\r") for line in after.split("\n")]
    shared = min(len(old), len(new))
    below = 0
    while below < shared and old[-1 - below] == new[-1 - below]:
        below += 1
    above = 0
    while above < shared - below and old[above] == new[above]:
        above += 1
    return _trimmed(new[above : len(new) - below])


def notes_of(path: str, lines: Sequence[str], version: str, names: Sequence[str] = ()) -> str:
    """Return the notes in a section that a tool wrote, its own heading left out."""
    document = read(path, "\n".join(lines))
    section = sections.find(document, version, names)
    start = section.start if section else 0
    return notes.as_markdown(document, document.slice(start, len(document.lines)))


def _trimmed(lines: list[str]) -> list[str]:
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return lines[start:end]
