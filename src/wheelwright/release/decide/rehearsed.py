"""A release as it was rehearsed: all that would be written, before anything is. Pure.

It is printed as text, as Markdown for a step summary, or as JSON with the same facts as fields.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from wheelwright.container.harmless import harmless, markdown
from wheelwright.distribution.file import File
from wheelwright.release.decide.part import Part
from wheelwright.release.decide.pinned import FORMAT
from wheelwright.release.decide.report import Links, Mark, Report
from wheelwright.release.decide.texts import pull_body
from wheelwright.release.decide.urls import IndexUrls
from wheelwright.release.decide.world import Act, Journal, Plan

_LAST: Final = {
    Part.EDITS: Act.MAKE_COMMIT,
    Part.CHECKS: Act.RUN_GATES,
    Part.BUILD: Act.BUILD,
    Part.VERIFY: Act.CHECK,
}


def last_act(part: Part) -> Act:
    """Return the last act of a part of a release."""
    return _LAST[part]


# -- the release commit ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """A commit: its message, the paths that it changes, and the unified diff."""

    message: str
    paths: tuple[str, ...]
    diff: str

    @property
    def title(self) -> str:
        """The first line of the message."""
        return self.message.partition("\n")[0]


def change_of(text: str) -> Change:
    """Read what `inside/history.py` printed of a commit."""
    data: dict[str, Any] = json.loads(text)
    return Change(data["message"], tuple(data["paths"]), data["diff"])


# -- the plan -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Planned:
    """What a release writes.

    Attributes:
        source: the release commit.
        change: what it changes.
        files: the distributions; none where the rehearsal ended before they were built.
        notes: the changelog's section.
        part: how far it was rehearsed.
    """

    plan: Plan
    source: Journal
    change: Change
    files: tuple[File, ...]
    notes: str
    urls: IndexUrls
    links: Links
    part: Part

    @property
    def body(self) -> str:
        """The text of the pull request."""
        return pull_body(self.plan, self.files, self.notes, self.links)

    @property
    def why(self) -> str:
        """The version, and what led to it."""
        request, previous = self.plan.asked.request, self.plan.previous
        # A base that has the version already says in a note what it was before.
        led = " of ".join(
            part for part in (request, previous) if part not in ("", self.plan.version)
        )
        return f"{self.plan.version}, by {led}" if request else self.plan.version

    @property
    def time(self) -> str:
        """The time of the release commit."""
        return datetime.fromtimestamp(self.source.epoch_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

    def data(self) -> dict[str, Any]:
        """Return it for programs."""
        plan, source = self.plan, self.source
        return {
            "format": FORMAT,
            "until": self.part.value,
            "why": [self.why, *plan.notes],
            "previous": plan.previous,
            "base": plan.base,
            "base_commit": source.parent,
            "epoch_s": source.epoch_s,
            "tag": plan.tag,
            "branch": plan.branch,
            "title": self.change.title,
            "annotated": plan.annotated,
            "sign_off": plan.sign_off,
            "release_name": plan.shown_name,
            "commit": source.commit,
            "message": self.change.message,
            "build_requires": list(source.build_requires),
            "asked": {"run": plan.asked.run, "request": plan.asked.request},
            "changes": list(self.change.paths),
            "diff": self.change.diff,
            "notes": self.notes,
            "pull_request": {"title": plan.subject, "body": self.body},
            "files": [
                {"name": each.name, "size": each.size_bytes, "sha256": each.sha256}
                for each in self.files
            ],
            "index": {"publish_url": self.urls.shown[0], "check_url": self.urls.shown[1]},
        }

    def facts(self) -> Iterator[tuple[str, str]]:
        """Return what fits into a line each: what it is, and its value."""
        plan, source = self.plan, self.source
        yield "version", self.why
        yield "base", f"{plan.base} at {source.parent[:12]}"
        yield "time", self.time
        yield "tag", f"{plan.tag}, annotated" if plan.annotated else plan.tag
        yield "branch", plan.branch
        yield "title", self.change.title
        yield "release", plan.shown_name
        yield "commit", source.commit
        yield "index", self.urls.shown[0]
        for each in self.files:
            yield "file", f"{each.name}  {each.size_bytes:,} bytes  sha256 {each.sha256}"

    def texts(self) -> Iterator[tuple[str, str, str]]:
        """Return the long texts: heading, language, text."""
        yield "Changes of the release commit", "diff", self.change.diff
        yield "Release notes", "markdown", self.notes
        yield "Text of the pull request", "markdown", self.body


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """The report of a rehearsal, and what is planned; None where nothing is to be done."""

    report: Report
    planned: Planned | None = None

    @property
    def left(self) -> tuple[str, ...]:
        """The steps that are left, in their order."""
        return tuple(row.step for row in self.report.rows if row.mark is Mark.PLANNED)

    def text(self) -> str:
        """For a terminal."""
        if self.planned is None:
            return self.report.text()
        facts = [*self.planned.facts(), ("left", ", ".join(self.left) or "nothing")]
        width = max(len(name) for name, _ in facts)
        parts = [
            self.report.text(),
            "\n".join(f"{name:<{width}}  {value}" for name, value in facts),
        ]
        parts += [f"{head}:\n\n{text.strip()}" for head, _, text in self.planned.texts()]
        return harmless("\n\n".join(parts))

    def markdown(self) -> str:
        """For a step summary."""
        if self.planned is None:
            return self.report.markdown()
        lines = [self.report.markdown(), "| plan | |", "|---|---|"]
        lines += [f"| {name} | {markdown(value)} |" for name, value in self.planned.facts()]
        lines += [f"| left | {', '.join(self.left) or 'nothing'} |", ""]
        for head, language, text in self.planned.texts():
            fence = _fence(text)
            lines += [f"#### {head}", "", f"{fence}{language}", harmless(text.strip()), fence, ""]
        return "\n".join(lines)

    def json(self) -> str:
        """For programs."""
        data = self.report.data()
        if self.planned is not None:
            data |= {**self.planned.data(), "left": list(self.left)}
        return json.dumps(data, indent=2) + "\n"


def _fence(text: str) -> str:
    """Return a fence that the text cannot close."""
    return "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
