"""Where tracked files have the version, and which of these places a release edits.

    | what decides                                      | places                             |
    |---------------------------------------------------|------------------------------------|
    | `version-files` of [tool.wheelwright.release]     | the version, wherever they have it |
    | the last release commit, if it changed such lines | the same lines (`line_changes.py`) |
    | neither                                           | those of `known_places.py`         |

A directive of the documentation that waits for the next version, such as `versionadded:: NEXT`,
gets it with a final release. `__version__` of the package's own modules is edited in any case
where it is the current version: the package would contradict its metadata. Everything else that
has the version is listed.

The place that the back end reads (`edits.py`), locks and the changelog are edited elsewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from packaging.version import Version

from wheelwright.errors import ProjectError
from wheelwright.project.files import join
from wheelwright.project.model import Project
from wheelwright.project.reading import cut, json_data
from wheelwright.release.decide import known_places, line_changes, version_tools
from wheelwright.release.decide.last_release import LastRelease
from wheelwright.release.decide.line_changes import Line, New, rows
from wheelwright.release.decide.stops import Problem
from wheelwright.release.decide.tokens import Token, like, spelled
from wheelwright.release.decide.version_sources import version_file

Lines = dict[str, dict[int, Line]]
"""New lines by path and number, counted from 1."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A line of a tracked file that has a text that was searched; counted from 1."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A file's contents; those that are not UTF-8 are read as Latin-1, which keeps every byte."""

    text: str
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class Found:
    """What `inside/search.py` found.

    Attributes:
        texts: contents of the files with hits, and of those that were named, if they are small.
        more: there are more hits than are listed.
    """

    hits: tuple[Hit, ...] = ()
    texts: Mapping[str, Text] = field(default_factory=dict)
    more: bool = False


@dataclass(frozen=True, slots=True)
class Places:
    """What is edited, and what is not.

    Attributes:
        left: places that have the version and stay, such as README.md:5.
        missed: places of the last release that are not there any more.
    """

    lines: Lines = field(default_factory=dict)
    left: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()

    def notes(self) -> tuple[str, ...]:
        """Return it for people; file names may be any text."""
        edited = [f"{path}:{number}" for path in self.lines for number in sorted(self.lines[path])]
        named = (
            ("version in", edited),
            ("left alone", self.left),
            ("changed by the last release and not found", self.missed),
        )
        return tuple(f"{title}: {_listed(places)}" for title, places in named if places)


def _listed(places: Sequence[str]) -> str:
    shown = [cut(each) for each in places if each.isprintable()][:_NAMED_MAX]
    more = len(places) - len(shown)
    return ", ".join([*shown, *([f"{more} more"] if more else [])])


# What is longer is no version, whatever pattern finds it.
_VERSION_MAX: Final = 100

# As many as are read in a line.
_NAMED_MAX: Final = 12

# Locks and exports have versions of others; the changelog has those of earlier releases.
_NOT_PLACES: Final = re.compile(
    r"(?:.*/)?(?:uv|poetry|pdm|pixi|Pipfile)\.lock|(?:.*/)?pylock[^/]*\.toml"
    r"|(?:.*/)?[^/]*requirements[^/]*\.txt"
    r"|(?i:(?:.*/)?(?:change(?:s|log)|history|news|releases?|release[-_]?notes)(?:\.\w+)?(?:/.*)?)"
    r"|(?i:(?:.*/)?(?:changelog\.d|news\.d|newsfragments)/.*)"
)


def read(text: str) -> Found:
    """Read what the search printed.

    Raises:
        ValueError: it printed something else.
    """
    data: dict[str, Any] = json_data(text)
    return Found(
        tuple(Hit(path, line, found) for path, line, found in data["hits"]),
        {path: Text(one["text"], one["encoding"]) for path, one in data["texts"].items()},
        data["more"],
    )


def searched(project: Project, current: str, last: LastRelease | None) -> str:
    """Return what is searched, as JSON for `inside/search.py`; empty where there is nothing."""
    tokens = [current, last.version if last else ""]
    tokens = [each for each in tokens if each.isprintable() and 0 < len(each) <= _VERSION_MAX]
    if not tokens:
        return ""
    configurations = known_places.CONFIGURATIONS
    paths = [
        *project.settings.release.version_files,
        *_encoded(project),
        *(line_changes.changed(last) if last else ()),
        *(join(project.where, each) for each in configurations),
        *configurations,
        *(hint.path for hint in version_tools.hints(project)),
    ]
    paths = [each for each in dict.fromkeys(paths) if not _NOT_PLACES.fullmatch(each)]
    tokens = [*dict.fromkeys(tokens), *known_places.WAITING]
    return json.dumps({"tokens": tokens, "paths": paths})


def _encoded(project: Project) -> list[str]:
    """Return the file that the back end reads, if its bytes depend on its encoding."""
    found = version_file(project)
    path = "" if isinstance(found, Problem) else found[0]
    return [] if (project.files.text(path) or "").isascii() else [path]


def decide(
    project: Project,
    found: Found,
    last: LastRelease | None,
    current: str,
    new: New,
    done: Lines,
    apart: Collection[str] = (),
) -> Places:
    """Return the places; `done` are those that are edited already, `apart` files of other steps.

    Raises:
        ProjectError: a file of `version-files` does not have the version.
    """
    token = Token(current)
    texts = {path: text.text for path, text in found.texts.items()}

    def counts(path: str) -> bool:
        return path not in apart and not _NOT_PLACES.fullmatch(path)

    whole = [hit for hit in _whole(found.hits, texts) if counts(hit.path)]
    hits = [hit for hit in whole if token.found(hit.text)]
    missed: list[str] = []
    if named := project.settings.release.version_files:
        lines = _replaced(hits, token, new, lambda hit: hit.path in named)
        _require(named, lines, done, current)
    else:
        lines, missed = line_changes.lines(last, texts, new, project.name) if last else ({}, [])
        lines = {path: each for path, each in lines.items() if counts(path)}
        missed = [each for each in missed if counts(each.partition(":")[0])]
        confirmed = bool(lines)
        known = _known(project, texts, token)
        select = _unconfirmed(project, found, token, known) if confirmed else known
        for path, more in _replaced(hits, token, new, select).items():
            lines[path] = {**more, **lines.get(path, {})}
        for path, more in _waiting(whole, new).items():
            lines[path] = {**more, **lines.get(path, {})}
        for path in lines:
            if confirmed and not known_places.is_short_unseen(path, last):
                continue
            more = known_places.beside(path, texts.get(path, ""), lines[path], token, new)
            lines[path] = {**more, **lines[path]}
        locks = {known_places.lock_beside(path) for path in lines}

        def own(hit: Hit) -> bool:
            text = texts.get(hit.path, "")
            return hit.path in locks and known_places.of_lock(text, hit.line, hit.text, token)

        lines |= _replaced(hits, token, new, own)
    # What was not read, being large, is not edited.
    lines = {
        path: each
        for path, each in lines.items()
        if (path in texts or path in done) and not guarded(path)
    }
    for path, more in done.items():
        lines[path] = {**lines.get(path, {}), **more}
    edited = {(path, number) for path, each in lines.items() for number in each}
    lines = {path: changed for path, each in lines.items() if (changed := _changed(each))}
    left = [f"{hit.path}:{hit.line}" for hit in hits if (hit.path, hit.line) not in edited]
    if current == new.version:
        # The base has it already, wherever that is.
        left = []
    return Places(dict(sorted(lines.items())), tuple(left), tuple(missed))


def _whole(hits: Sequence[Hit], texts: Mapping[str, str]) -> Iterator[Hit]:
    """Return the hits with their whole lines, in the encoding of their files."""
    read: dict[str, list[str]] = {}
    for hit in hits:
        if hit.path in texts and hit.path not in read:
            read[hit.path] = rows(texts[hit.path])
        lines = read.get(hit.path, [])
        yield replace(hit, text=lines[hit.line - 1]) if hit.line <= len(lines) else hit


def guarded(path: str) -> bool:
    """Whether a file is one of git's or GitHub's own: a token of a release may not change them."""
    return any(part.lower().startswith(".git") for part in path.split("/"))


def _changed(lines: Mapping[int, Line]) -> dict[int, Line]:
    """Return the lines that differ: the base may have the new version already."""
    return {number: line for number, line in lines.items() if line.old != line.new}


def _waiting(hits: Sequence[Hit], new: New) -> Lines:
    found: Lines = {}
    if not Version(new.version).is_prerelease:
        for hit in hits:
            if (text := known_places.released(hit.text, new.version)) != hit.text:
                found.setdefault(hit.path, {})[hit.line] = Line(hit.text, text)
    return found


def _unconfirmed(
    project: Project, found: Found, token: Token, known: Callable[[Hit], bool]
) -> Callable[[Hit], bool]:
    """Return what is edited although the last release does not show it.

    What is not UTF-8 is never among the texts of a release commit: known places count there.
    """

    def select(hit: Hit) -> bool:
        text = found.texts.get(hit.path)
        if text is not None and text.encoding != "utf-8" and known(hit):
            return True
        return known_places.of_module(project, hit.path, hit.text, token)

    return select


def _known(project: Project, texts: Mapping[str, str], token: Token) -> Callable[[Hit], bool]:
    def select(hit: Hit) -> bool:
        text, inside = texts.get(hit.path, ""), ""
        if hit.path == project.package.path:
            inside = known_places.table_at(text, hit.line)
        elif hit.path.endswith(".json"):
            inside = known_places.object_at(text, hit.line)
        return known_places.is_place(project, hit.path, hit.text, token, inside)

    return select


def _replaced(hits: Sequence[Hit], token: Token, new: New, select: Callable[[Hit], bool]) -> Lines:
    found: Lines = {}
    for hit in filter(select, hits):
        text = token.replaced(hit.text, like(token.version, spelled(hit.path, new.version)))
        found.setdefault(hit.path, {})[hit.line] = Line(hit.text, text)
    return found


def _require(named: Sequence[str], lines: Lines, done: Lines, current: str) -> None:
    hint = "correct version-files in [tool.wheelwright.release]"
    if refused := [path for path in named if guarded(path)]:
        raise ProjectError(f"{', '.join(refused)} of version-files is not edited", hint)
    if missing := [path for path in named if path not in lines and path not in done]:
        seen = f"{', '.join(missing)} of version-files does not have {current}"
        raise ProjectError(seen, hint)


def differing(old: str, new: str) -> dict[int, Line]:
    """Return the lines in which two texts of as many lines differ."""
    pairs = enumerate(zip(rows(old), rows(new), strict=False), 1)
    return {number: Line(*pair) for number, pair in pairs if pair[0] != pair[1]}


def applied(text: str, lines: Mapping[int, Line]) -> str:
    """Return a text with new lines; one that has changed already stays."""
    found = rows(text)
    for number, line in lines.items():
        if number <= len(found) and found[number - 1] == line.old:
            found[number - 1] = line.new
    return "\n".join(found)
