"""Puts what is planned into the files that are there: nothing of a person's is replaced. Pure.

| the file | what happens |
|---|---|
| is not there | it is written |
| has the marks of a block | the block is replaced, everything around it stays |
| has no marks | it stays; another name was planned, except with --overwrite |
| dependabot.yml without marks | entries that it lacks are added (`dependabot.py`) |
| has nothing but a block that is not planned any more | it is removed |
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from wheelwright.github import block
from wheelwright.github.actions import foreign
from wheelwright.github.dependabot import Entry, added
from wheelwright.repository.existing import BEGIN, DEPENDABOT, is_workflow
from wheelwright.repository.pipeline import is_pipeline


@dataclass(frozen=True, slots=True)
class Merged:
    """What changes, and what a person should know of it.

    Attributes:
        texts: the text of every file that changes, by path.
        removed: paths of files of ours that nothing is planned for.
        kept: pins by file. They are newer, by their own comments, than those which would have
            been written.
        notes: what was kept as it is, a line each.
    """

    texts: Mapping[str, str]
    removed: tuple[str, ...] = ()
    kept: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def merged(
    planned: Mapping[str, str],
    existing: Mapping[str, str],
    entries: Collection[Entry] = (),
    *,
    overwrite: bool = False,
) -> Merged:
    """Put the blocks into the files that are there.

    `entries` are those of dependabot.yml, for a file of it that a person wrote.

    Raises:
        ProjectError: marks that do not pair up.
    """
    texts: dict[str, str] = {}
    notes: list[str] = []
    for path, body in planned.items():
        text = existing.get(path)
        if text is None or overwrite or block.is_ours(text):
            texts[path] = block.merge(path, text, body)
        elif path in DEPENDABOT:
            texts[path], remarks = added(path, text, entries)
            notes += remarks
        else:
            notes.append(f"{path}: kept as it is, without the mark {BEGIN!r}")
    kept = {path: foreign(block.inside(text)) for path, text in texts.items()}
    ours = (path for path, text in existing.items() if block.is_nothing_else(text))
    gone = tuple(
        path for path in ours if (is_workflow(path) or is_pipeline(path)) and path not in planned
    )
    return Merged(
        {path: text for path, text in texts.items() if text != existing.get(path)},
        gone,
        {path: pins for path, pins in kept.items() if pins},
        tuple(notes),
    )
