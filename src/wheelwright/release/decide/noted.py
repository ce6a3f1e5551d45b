"""What a release does to the changelog, and its notes: decided from texts.

| kept by               | the section                                | the notes                  |
|-----------------------|--------------------------------------------|----------------------------|
| a person              | what waits gets its version                | that section               |
| towncrier, git-cliff  | what the tool wrote or printed             | what differs, without its  |
|                       |                                            | heading                    |
| either, and a person  | stays as it is                             | that section               |
| has written it        |                                            |                            |
| either, after         | what its candidates' sections have, too    | that section               |
| candidates            |                                            |                            |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from wheelwright.project.model import Project
from wheelwright.project.reading import cut, parse_version
from wheelwright.release.decide.changelog import notes, sections, writing
from wheelwright.release.decide.changelog.document import Document, Markup
from wheelwright.release.decide.changelog.reading import read
from wheelwright.release.decide.changelog.sections import Known, Outline, Section
from wheelwright.release.decide.changelog.writing import Release, Style
from wheelwright.release.decide.last_release import LastRelease
from wheelwright.release.decide.stops import Problem, Reason
from wheelwright.release.decide.tags import Tags
from wheelwright.release.decide.texts import LONGEST_RELEASE

TABLE = "[tool.wheelwright.release]"
_NOTES = "--notes with a file of notes; in release.yml, its input notes"


@dataclass(frozen=True, slots=True)
class Past:
    """What a changelog depends on of what came before.

    Attributes:
        since: the commit of the tag before; empty for the first release.
        tag: its short name.
        released: versions that have a tag; without any the one that the files have.
        last: how the last release was made; None where it is not known.
    """

    since: str = ""
    tag: str = ""
    released: frozenset[str] = frozenset()
    last: LastRelease | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """A changelog and its notes.

    Attributes:
        path: of the changelog, from the repository's root; empty where there is none.
        text: its new text; None where it stays.
        removed: files that the release removes, such as news fragments.
        notes: Markdown; empty where there is nothing to publish.
        origin: where the notes are from, for people.
        problem: why there are none.
        heading: the new section's, and why it is that one, for people; empty where there is none.
    """

    path: str = ""
    text: str | None = None
    removed: tuple[str, ...] = ()
    notes: str = ""
    origin: str = ""
    problem: Problem | None = None
    heading: str = ""


def past(tags: Tags, version: str, current: str, last: LastRelease | None = None) -> Past:
    """Return what came before a version; `current` is the one that the files have."""
    before = tags.before(version)
    released = {str(each.version) for each in tags.found}
    found = parse_version(current)
    if not released and found and not found.is_devrelease:
        released = {str(found)}
    target = parse_version(version)
    return Past(
        before.commit if before else "",
        before.tag if before else "",
        frozenset(released - {str(target)}),
        last,
    )


def outline_of(project: Project, path: str, version: str, before: Past) -> Outline:
    """Return the sections of the changelog at a path."""
    text = project.files.text(path) or ""
    names = {project.name, project.metadata.name}
    known = Known(version, before.released, names, project.settings.release.unreleased)
    return sections.outline(read(path, text), known)


def style_of(project: Project, path: str, before: Past) -> Style:
    """Return how a section is released: by the settings, else as the last release did."""
    settings, last = project.settings.release, before.last
    left = Style()
    if last:
        others = before.released - {last.version}
        known = Known(last.version, others, {project.name}, settings.unreleased)
        left = writing.left_by(path, *last.changes.get(path, (None, None)), known)
    keep = left.keep if settings.keep_unreleased is None else settings.keep_unreleased
    return replace(left, heading=settings.heading, date=settings.date, keep=keep)


def by_hand(project: Project, path: str, release: Release, before: Past) -> Changes:
    """Return the changelog of a person: what waits is released."""
    outline = outline_of(project, path, release.version, before)
    if outline.waiting is None and not outline.candidates:
        return Changes(path, problem=not_understood(path, outline))
    if outline.also:
        return Changes(path, problem=_several(path, outline))
    style = style_of(project, path, before)
    if outline.newest and writing.has_unread_date(outline, style):
        return Changes(path, problem=_unread(path, outline.newest))
    if outline.waiting and writing.has_open_state(outline):
        return Changes(path, problem=_open(path, outline.waiting))
    text = writing.released(outline, release, style)
    found = _notes(path, text, release)
    waits = outline.waiting
    origin = f"{path}, line {waits.heading.start + 1}" if waits else f"{path}, of its candidates"
    if not notes.content_lines(found):
        seen = f"{path} has no entry below its section for the release"
        return Changes(path, origin=origin, problem=Problem(Reason.EMPTY_CHANGELOG, seen))
    changed = text != project.files.text(path)
    heading = _heading(path, text, release.version, [release.name], _like(project, outline))
    return Changes(path, text if changed else None, notes=found, origin=origin, heading=heading)


def _like(project: Project, outline: Outline) -> str:
    """Return why a released section has its heading."""
    if writing.is_prepared(outline) and outline.waiting and outline.waiting.title.dated:
        return "as it is written"
    if project.settings.release.heading:
        return f"by {TABLE} heading"
    return f"as in {outline.newest.title.version}" if outline.newest else ""


def _heading(path: str, text: str, version: str, names: Sequence[str], why: str) -> str:
    """Return the heading of a version in a changelog, and why it is that one."""
    document = read(path, text)
    section = sections.find(document, version, names)
    if section is None:
        return ""
    heading = section.heading
    lines = document.slice(heading.start, heading.end)
    shown = " ".join((lines[0] if document.markup is Markup.MARKDOWN else heading.title).split())
    if not shown.isprintable():
        return ""
    return ", ".join(filter(None, (f'heading "{cut(shown)}"', why)))


def prepared(project: Project, path: str, release: Release, before: Past) -> bool:
    """Whether a person has written the section of the version, whoever keeps the changelog."""
    outline = outline_of(project, path, release.version, before)
    if not writing.is_prepared(outline) or outline.waiting is None:
        return False
    document = outline.document
    return bool(notes.content_lines(notes.of_section(document, outline.waiting)))


def without(found: Changes, removed: Sequence[str]) -> Changes:
    """Return the same, with files that the release removes."""
    return replace(found, removed=tuple(removed))


def by_tool(
    project: Project,
    path: str,
    release: Release,
    before: Past,
    new: Sequence[str],
    tool: str,
    after: str | None = None,
) -> Changes:
    """Return the changelog with a section that a tool wrote; `after` is the file as it left it.

    Where it wrote nothing, what the candidates' sections have is released.
    """
    outline = outline_of(project, path, release.version, before)
    names = [project.name, project.metadata.name]
    found = writing.notes_of(path, new, release.version, names)
    if not notes.content_lines(found):
        if outline.candidates:
            return by_hand(project, path, release, before)
        return Changes(
            path, origin=tool, problem=Problem(Reason.EMPTY_CHANGELOG, f"kept by {tool}")
        )
    text = after
    if outline.candidates:
        lines = _with_candidates(outline, path, new, names)
        found = writing.notes_of(path, lines, release.version, names)
        text = writing.inserted(outline, lines, release)
    elif text is None:
        text = writing.inserted(outline, new, release)
    heading = _heading(path, text or "", release.version, names, f"by {tool}")
    return Changes(path, text, notes=found, origin=tool, heading=heading)


def _with_candidates(
    outline: Outline, path: str, new: Sequence[str], names: Sequence[str]
) -> list[str]:
    """Return the lines of a tool's section with what the candidates' sections have."""
    document = read(path, "\n".join(new))
    section = sections.find(document, outline.version, names)
    start = section.start if section else 0
    parts = [document.slice(start, len(document.lines))]
    parts += [outline.document.slice(each.start, each.end) for each in outline.candidates]
    return [*document.slice(0, start), "", *notes.merged(parts, document.markup)]


def of_version(project: Project, path: str, version: str) -> str:
    """Return the notes of a version that the changelog has a section of; empty without one."""
    document = read(path, project.files.text(path) or "")
    section = sections.find(document, version, [project.name, project.metadata.name])
    return notes.of_section(document, section) if section else ""


def added(project: Project, path: str, version: str, before: str) -> str:
    """Return what a release added to a changelog, which was `before`.

    It is for a section whose title does not name the version, such as towncrier's with
    `title_format = false`.
    """
    lines = writing.written(before, project.files.text(path) or "")
    return writing.notes_of(path, lines, version, [project.name, project.metadata.name])


def _notes(path: str, text: str, release: Release) -> str:
    document: Document = read(path, text)
    section = sections.find(document, release.version, [release.name])
    return notes.of_section(document, section) if section else ""


# -- no changelog ---------------------------------------------------------------------------------


def not_understood(path: str, outline: Outline) -> Problem:
    """Return the problem of a file in which nothing waits."""
    newest = outline.newest
    seen = f"{path} has no section above {newest.title.version}" if newest else ""
    return Problem(
        Reason.EMPTY_CHANGELOG,
        seen or f"{path} has neither a section that waits nor one of a released version",
        f"write one there; or set in {TABLE} another file (changelog), the title of what waits "
        '(unreleased), or notes = "github"; or pass ' + _NOTES,
    )


def _several(path: str, outline: Outline) -> Problem:
    """Return the problem of a file in which two sections wait."""
    waits = [each.heading.start + 1 for each in (outline.waiting, outline.also) if each]
    lines = " and ".join(map(str, sorted(waits)))
    return Problem(
        Reason.EMPTY_CHANGELOG,
        f"{path} has two sections that wait, in lines {lines}",
        f"merge them; or set in {TABLE} the title of the one that is released (unreleased)",
    )


def _unread(path: str, newest: Section) -> Problem:
    """Return the problem of a heading whose date has a form that is not known."""
    return Problem(
        Reason.EMPTY_CHANGELOG,
        f"{path}, line {newest.heading.start + 1}, has a date of an unknown form, "
        f"which the new heading would lose",
        f'set in {TABLE} the heading and its date: heading = "{{version}} ({{date}})", '
        'date = "%d %B %Y"',
    )


def _open(path: str, waiting: Section) -> Problem:
    """Return the problem of a section whose first line would stay a state."""
    return Problem(
        Reason.EMPTY_CHANGELOG,
        f"{path}, line {waiting.heading.start + 1}: the section begins with a state, and its form "
        "is not known",
        "write the date there, as the newest section has it",
    )


def generated(text: str) -> str:
    """Return GitHub's generated notes, bounded; empty where they list nothing.

    With nothing to list GitHub writes only a link to all changes.
    """
    text = notes.clean(text[: 2 * LONGEST_RELEASE])
    listed = [line for line in text.split("\n") if not line.startswith("**Full Changelog**")]
    return text if notes.content_lines("\n".join(listed)) else ""


def nothing_generated(before: str) -> Problem:
    """Return the problem that GitHub has nothing to list."""
    since = f" since {before}" if before else ""
    return Problem(Reason.EMPTY_CHANGELOG, f"GitHub's generated notes list nothing{since}")


def unseen(base: str) -> Problem:
    """Return the problem that GitHub cannot be asked."""
    seen = f"{base} has no changelog of its own, and GitHub's notes cannot be seen"
    return Problem(Reason.EMPTY_CHANGELOG, seen, f"pass --github-token, or {_NOTES}")


def missing(base: str) -> Problem:
    """Return the problem of a repository without a changelog."""
    return Problem(
        Reason.EMPTY_CHANGELOG,
        f"{base} has no changelog, and no GitHub release with notes is known",
        f'set in {TABLE} its file (changelog), or notes = "github"; or pass ' + _NOTES,
    )
