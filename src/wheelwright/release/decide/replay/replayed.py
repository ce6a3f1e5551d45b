"""One release made again, and how both compare; as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from wheelwright.container.harmless import harmless, one_line
from wheelwright.release.decide.replay import closing
from wheelwright.release.decide.replay.building import Built
from wheelwright.release.decide.replay.closing import Facts, Setting
from wheelwright.release.decide.replay.comparing import LONGEST_DIFF, Verdict

_NONE = "none"
# Lines of one distribution that people get to see; JSON has all.
_MEMBERS = 20


@dataclass(frozen=True, slots=True)
class Replayed:
    """A release made again.

    Attributes:
        commit: the project's release commit; empty where the tag's commit is not one.
        parent: the commit that both are made of.
        request: the options that lead to the version, such as `--bump patch`.
        facts: what both commits have; their files are empty where it was refused.
        notes: of the release as it would be made.
        remarks: for people, such as what the plan was made like.
        refused: why it would not be made, or not be built; empty where it would.
        built: how the distributions compare with those of the index; empty without a build.
    """

    commit: str
    parent: str
    request: str
    facts: Facts
    notes: str = ""
    remarks: tuple[str, ...] = ()
    refused: str = ""
    built: tuple[Built, ...] = ()

    @property
    def settings(self) -> tuple[Setting, ...]:
        """The settings that would close differences."""
        return closing.settings(self.facts) if self.facts.files or not self.refused else ()

    @property
    def headings(self) -> tuple[str, str]:
        """The heading of the version in the changelog: theirs, ours."""
        facts = self.facts
        for file in facts.files:
            theirs = closing.heading(file, facts.version, file.theirs)
            ours = closing.heading(file, facts.version, file.ours)
            if file.path == facts.changelog and (theirs or ours):
                return theirs, ours
        return "", ""

    @property
    def days(self) -> tuple[str, str]:
        """The dates in these headings."""
        theirs, ours = (closing.day(each, self.facts.version)[0] for each in self.headings)
        return theirs, ours

    @property
    def unchanged(self) -> bool:
        """Whether every file is the same."""
        return not self.refused and all(each.verdict is Verdict.SAME for each in self.facts.files)

    def _lines(self) -> Iterator[str]:
        facts = self.facts
        of = f" of {facts.before}" if facts.before and "--version" not in self.request else ""
        after = f", after {facts.before}" if facts.before and not of else ""
        at = f"commit {self.commit[:12]}" if self.commit else "no release commit"
        yield f"{facts.name} {facts.version} ({at}, made again on {self.parent[:12]})"
        yield f"  version  {facts.version}: {self.request}{of}{after}"
        if self.refused:
            yield "  refused  " + harmless(self.refused).replace("\n", "\n           ")
        if self.refused and not facts.files:
            return
        yield f"  tag      {_pair(facts.tag)}"
        yield f"  title    {_pair(facts.title)}"
        headings = self.headings
        yield f"  heading  {_pair(headings)}"
        yield f"  date     {_pair(self.days)}"
        yield from (f"  note     {one_line(each)}" for each in self.remarks)
        yield "  files" if facts.files else "  files    none"
        width = max((len(one_line(each.path)) for each in facts.files), default=0)
        for file in facts.files:
            line = f"    {one_line(file.path):<{width}}  {file.verdict.value}"
            why = closing.reason(facts, file)
            yield f"{line}: {one_line(why)}" if why else line
            for each in file.diff(LONGEST_DIFF):
                yield f"      {harmless(each)}".rstrip()
        if self.built:
            yield "  distributions"
        for built in self.built:
            yield from (f"    {harmless(line)}" for line in built.lines(_MEMBERS))
        if self.settings:
            yield "  settings of [tool.wheelwright.release] that close differences"
            yield from (f"    {one_line(each.text())}" for each in self.settings)
        yield "  notes" if self.notes else "  notes    none"
        yield from (f"    {line}".rstrip() for line in harmless(self.notes).splitlines())

    def text(self) -> str:
        """For people."""
        return "\n".join(self._lines()) + "\n"

    def data(self) -> dict[str, Any]:
        """For programs."""
        facts, headings = self.facts, self.headings
        return {
            "version": facts.version,
            "before": facts.before,
            "request": self.request,
            "commit": self.commit,
            "parent": self.parent,
            "refused": self.refused,
            "tag": _both(facts.tag),
            "title": _both(facts.title),
            "heading": _both(headings),
            "date": _both(self.days),
            "files": [
                {
                    "path": file.path,
                    "verdict": file.verdict.value,
                    "reason": closing.reason(facts, file),
                    "diff": file.diff(),
                }
                for file in facts.files
            ],
            "settings": [
                {"key": each.key, "value": each.value, "closes": each.closes}
                for each in self.settings
            ],
            "built": [each.data() for each in self.built],
            "notes": self.notes,
            "remarks": list(self.remarks),
        }


def _both(pair: tuple[str, str]) -> dict[str, str]:
    return {"theirs": pair[0], "ours": pair[1]}


def _pair(pair: tuple[str, str]) -> str:
    theirs, ours = (one_line(each) for each in pair)
    if theirs == ours:
        return f"{ours}: same" if ours else _NONE
    return f"{ours or _NONE}; theirs: {theirs or _NONE}"


def text(found: Sequence[Replayed]) -> str:
    """Return all releases for people, with a summary where they are several."""
    parts = [each.text() for each in found]
    if len(found) > 1:
        made = sum(not each.refused for each in found)
        same = sum(each.unchanged for each in found)
        parts.append(f"{made} of {len(found)} would be made, {same} with the same files\n")
    return "\n".join(parts)


def as_json(found: Sequence[Replayed]) -> str:
    """Return all releases for programs."""
    return json.dumps([each.data() for each in found], indent=2) + "\n"
