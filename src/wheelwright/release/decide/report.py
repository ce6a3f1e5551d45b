"""What a release did and found: as text, as Markdown for a step summary, as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, Final

from wheelwright.container.harmless import harmless, markdown
from wheelwright.errors import WheelwrightError
from wheelwright.release.decide.status import Status, of_world
from wheelwright.release.decide.step import DISTRIBUTIONS, Done, Next, Step
from wheelwright.release.decide.stops import Stop
from wheelwright.release.decide.world import Act, Checks, Plan, Pull, PullState, World

# The acts of each line, in the order of a release.
_STEPS: Final = (
    ("edits", (Act.MAKE_COMMIT,)),
    ("checks", (Act.RUN_GATES,)),
    ("build", (Act.BUILD,)),
    ("verify", (Act.CHECK,)),
    ("lock", (Act.LOCK,)),
    ("branch", (Act.PUSH_BRANCH,)),
    ("publish", (Act.PUBLISH,)),
    ("pull request", (Act.OPEN_PULL,)),
    ("tag", (Act.TAG,)),
    ("release", (Act.DRAFT, Act.DELETE_ASSET, Act.UPLOAD_ASSET, Act.PUBLISH_RELEASE)),
    ("unlock", (Act.UNLOCK,)),
)
# What the job before has done of a release whose steps are jobs.
_HANDED_OVER: Final = ("edits", "checks", "build", "verify")


class Mark(Enum):
    """The state of a step."""

    DONE = "done"
    ALREADY = "already done"
    FAILED = "failed"
    PLANNED = "to do"
    NOT_RUN = "not run"
    NOT_TAKEN = "not taken"


@dataclass(frozen=True, slots=True)
class Row:
    """One step; `note` is its result."""

    step: str
    mark: Mark
    note: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Links:
    """Where people look at the parts of a release; empty where that is not known.

    `log` is of the job that runs it.
    """

    repository: str = ""
    project: str = ""
    log: str = ""


def rows(
    plan: Plan | None,
    world: World | None,
    acts: tuple[Act, ...],
    end: Next,
    links: Links | None = None,
) -> tuple[Row, ...]:
    """Return a row for each step.

    `acts` are those that succeeded in this run; `end` is how it ended, or for a dry run the step
    that comes next. Without a world nothing was looked at beyond the preflight.
    """
    failed = end.reason.step if isinstance(end, Stop) else ""
    if failed == "preflight" and world is not None:
        failed = _next(plan, world, acts)
    if plan is None or world is None:
        text, at = (end.text(), end.page) if isinstance(end, Stop) else ("", "")
        preflight = Row("preflight", Mark.FAILED, text, at)
        return (preflight, *(Row(name, _not_run(name)) for name, _ in _STEPS))
    # A job of a workflow ends with its own part: what comes after is another's.
    complete = world.release is not None and not world.release.draft
    found = [Row("preflight", Mark.DONE, "; ".join(plan.notes))]
    shown = _shown(plan, world, links or Links())
    for name, own in _STEPS:
        there, note, link = shown.get(name, (False, "", ""))
        if name == failed and isinstance(end, Stop):
            mark, note, link = Mark.FAILED, end.text(), link or end.page
        elif any(act in acts for act in own):
            mark = Mark.DONE
        elif name == "lock" and isinstance(end, Done):
            mark = Mark.NOT_TAKEN
        elif there or (isinstance(end, Done) and (complete or name in _HANDED_OVER)):
            mark = Mark.ALREADY
        else:
            mark = _not_run(name) if isinstance(end, Stop) else Mark.PLANNED
        found.append(Row(name, mark, note, link))
    return tuple(found)


def _not_run(name: str) -> Mark:
    return Mark.NOT_TAKEN if name == "lock" else Mark.NOT_RUN


def _next(plan: Plan | None, world: World, acts: tuple[Act, ...]) -> str:
    """Return the first step that is not done: what a stop that could be at any of them is at."""
    shown = _shown(plan, world, Links()) if plan else {}
    for name, own in _STEPS:
        there, *_ = shown.get(name, (False, "", ""))
        if not there and not any(act in acts for act in own):
            return name
    return "unlock"


def _shown(plan: Plan, world: World, links: Links) -> dict[str, tuple[bool, str, str]]:
    journal, pull, release = world.journal, world.pull, world.release
    check = world.state.check
    at = journal.commit[:12] if journal else ""
    repository, project = links.repository, links.project
    branch = f"{repository}/tree/{plan.branch}" if repository else ""
    tag = f"{repository}/tree/{plan.tag}" if repository else ""
    released = release is not None and not release.draft
    missing = _missing(world)
    names = ", ".join(file.name for file in world.index)
    if world.index and missing:
        names = f"{len(world.index)} of {len(world.index) + missing} files: {names}"
    if world.index and world.state.downloaded:
        names = f"{names}; {world.state.downloaded}"
    open_or_merged = pull is not None and pull.state is not PullState.CLOSED
    return {
        "edits": (journal is not None, _edits_text(world), ""),
        "branch": (
            journal is not None and not world.state.foreign,
            f"{plan.branch} at {at}" if at else "",
            branch if at else "",
        ),
        "checks": (bool(world.index), "", ""),
        "build": (False, ", ".join(file.name for file in world.state.built), ""),
        "verify": (bool(world.index) and not missing, "; ".join(check.notes) if check else "", ""),
        "publish": (
            bool(world.index) and not missing,
            names,
            f"{project}{plan.version}/" if project and world.index else "",
        ),
        "pull request": (
            open_or_merged,
            _pull_text(pull, world.state.unstarted) if pull else "",
            pull.url if pull else "",
        ),
        "tag": (world.tag is not None, plan.tag if world.tag else "", tag if world.tag else ""),
        "release": (released, "published" if released else "", release.url if release else ""),
        "lock": (False, "", ""),
        "unlock": (released and world.lock is None, "", ""),
    }


def _edits_text(world: World) -> str:
    """Return the release commit, with where the version is edited and where it stays."""
    source, made = world.source, world.state.made
    notes = made.description.notes if made and made.description else ()
    return "\n".join([*([f"commit {source.commit[:12]}"] if source else []), *notes])


def _pull_text(pull: Pull, unstarted: str | None) -> str:
    """Return a pull request's state, and the next act where its checks wait for somebody."""
    parts = [f"#{pull.number} {pull.state.value}"]
    if pull.conflicts:
        parts.append("conflicts with the base")
    if unstarted == "":
        parts.append("its checks were started")
    elif pull.state is PullState.OPEN and pull.checks is Checks.WAITING:
        at = pull.waiting or f"{pull.url}/checks"
        act = f'press "Approve workflows to run" at {at}'
        parts.append(f"its checks wait for an approval: {act}")
        parts += [f"they could not be started ({unstarted})"] if unstarted else []
    return ", ".join(parts)


def _missing(world: World) -> int:
    """Return how many files the index lacks: of those that were built, else of sdist and wheel."""
    there = {file.name for file in world.index}
    if world.state.built:
        return sum(file.name not in there for file in world.state.built)
    return sum(not any(name.endswith(kind) for name in there) for kind in DISTRIBUTIONS)


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report. `end` is "released", "stopped", "planned", or of one job "on its way".

    A stop has a `status`: what is public, what is held, and the next command.
    """

    package: str
    version: str
    end: str
    rows: tuple[Row, ...]
    status: Status | None = None

    @property
    def title(self) -> str:
        """One line: what, which version, how it ended."""
        named = f"{self.package} {self.version}".strip() or "the release"
        return f"{named}: {self.end}"

    def text(self) -> str:
        """For a terminal: one line a step, links at its end."""
        width = max(len(row.step) for row in self.rows)
        marks = max(len(row.mark.value) for row in self.rows)
        lines = [self.title]
        for row in self.rows:
            # A reason may have many lines; where to read about it has one of its own.
            apart = "\n" if row.mark is Mark.FAILED else "  "
            note = apart.join(part for part in (row.note, row.link) if part)
            note = note.replace("\n", "\n" + " " * (width + marks + 6))
            parts = (f"{row.step:<{width}}", f"{row.mark.value:<{marks}}", note)
            lines.append(("  " + "  ".join(part for part in parts if part)).rstrip())
        lines += self.status.lines() if self.status else ()
        return harmless("\n".join(lines))

    def markdown(self) -> str:
        """For a step summary: a heading and a table."""
        lines = [f"### {markdown(self.title)}", "", "| step | | |", "|---|---|---|"]
        for row in self.rows:
            note = "<br>".join(map(markdown, row.note.split("\n")))
            linked = f"[{note or row.step}](<{_address(row.link)}>)" if row.link else note
            lines.append(f"| {row.step} | {row.mark.value} | {linked} |")
        if self.status:
            lines += ["", *(f"- {markdown(line)}" for line in self.status.lines())]
        return "\n".join(lines) + "\n"

    def data(self) -> dict[str, Any]:
        """Return it for programs."""
        data: dict[str, Any] = {
            "package": self.package,
            "version": self.version,
            "end": self.end,
            "steps": [
                {"step": row.step, "mark": row.mark.value, "note": row.note, "link": row.link}
                for row in self.rows
            ],
        }
        if self.status:
            data["status"] = asdict(self.status)
        return data

    def json(self) -> str:
        """Return it for programs, as a text."""
        return json.dumps(self.data(), indent=2) + "\n"


def _address(link: str) -> str:
    """Return a link as Markdown takes it between angle brackets."""
    return "".join(f"%{ord(char):02X}" if char in '<>\\"| \n\r' else char for char in link)


class Stopped(WheelwrightError):
    """A release ended before it was done; the message is its report, where there is one."""

    def __init__(self, message: str, hint: str = "", report: Report | None = None) -> None:
        super().__init__(message, hint)
        self.report = report


def stopped(
    package: str,
    stop: Stop,
    plan: Plan | None = None,
    world: World | None = None,
    acts: tuple[Act, ...] = (),
    links: Links | None = None,
    *,
    version: str = "",
    status: Status | None = None,
    now_s: float = 0.0,
) -> Stopped:
    """Return how a release, or one job of it, ends that stops; arguments as those of `rows`.

    `version` is the one that was requested, where there is no plan; `status` is how the package
    stands, where no release was looked at.
    """
    version = plan.version if plan else version
    if plan and world:
        status = of_world(plan, world, acts, stop, now_s)
    shown = rows(plan, world, acts, stop, links)
    report = Report(package, version, "stopped", shown, status)
    return Stopped(report.text(), report=report)


def concluded(
    end: Next,
    plan: Plan,
    world: World,
    acts: tuple[Act, ...],
    links: Links | None = None,
    *,
    now_s: float = 0.0,
) -> Report:
    """Return how a release, or one job of it, ended; arguments as those of `stopped`.

    Raises:
        Stopped: it ended before it was done; the message is the report.
    """
    if isinstance(end, Stop):
        raise stopped(plan.package, end, plan, world, acts, links, now_s=now_s)
    released = world.tag and world.release and not world.release.draft
    done = "released" if released else "on its way"
    state = "planned" if isinstance(end, Step) else done
    return Report(plan.package, plan.version, state, rows(plan, world, acts, end, links))


def answered(plan: Plan) -> Report:
    """Return the report of a run that has nothing to do, and looked no further."""
    row = Row("preflight", Mark.DONE, plan.answer)
    return Report(plan.package, plan.version, "released", (row,))


def published(plan: Plan, world: World, acts: tuple[Act, ...]) -> str:
    """Return the sentence about the index only."""
    names = ", ".join(file.name for file in world.index)
    state = "published" if Act.PUBLISH in acts else "already published"
    return f"{plan.package} {plan.version}: {state}: {names}"
