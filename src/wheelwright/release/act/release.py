"""A release as one object: its options, what was read, and the plan.

It is made, and the request checked, in one place; what can be done with it are its methods.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

import dagger

from wheelwright.container import steps
from wheelwright.container.loading import LoadedProject
from wheelwright.release.act import announcing, calling, handing, loop, published, standing
from wheelwright.release.act import read as reading
from wheelwright.release.act.github import GitHubRest
from wheelwright.release.act.handing import Handed
from wheelwright.release.act.index import SimpleIndex
from wheelwright.release.act.interrupts import until_interrupted
from wheelwright.release.act.loop import MachineClock, Outcome, say
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.act.preflight import Preflight
from wheelwright.release.act.read import Read
from wheelwright.release.act.repository import not_on_github
from wheelwright.release.act.workshop import Containers
from wheelwright.release.decide import roles, status
from wheelwright.release.decide.part import Part
from wheelwright.release.decide.plan import decide
from wheelwright.release.decide.ports import GitHub, Ports
from wheelwright.release.decide.rehearsed import Planned, Rehearsed, change_of, last_act
from wheelwright.release.decide.report import Report, Stopped, answered, concluded, stopped
from wheelwright.release.decide.step import Done, Next, held, next_branch, next_prepared, next_step
from wheelwright.release.decide.stops import Problem, Reason, Stop
from wheelwright.release.decide.urls import IndexUrls
from wheelwright.release.decide.world import Act, Plan, Pull, World


@dataclass(frozen=True, slots=True)
class Release:
    """One release. `github` is None where it cannot be reached."""

    options: ReleaseOptions
    read: Read
    plan: Plan
    urls: IndexUrls
    index: SimpleIndex
    github: GitHubRest | None

    async def run(self) -> Report | Rehearsed:
        """Release.

        Raises:
            Stopped: it is not done; the message is the report.
        """
        if self.plan.answer:
            return answered(self.plan)
        if not (commands := self.plan.commands).jobs:
            # An engine may end this process at once, and then this is all that a person has.
            named = bool(self.plan.asked.run)
            say(f'run "{self.plan.run}" of {self.plan.package} {self.plan.version}')
            say(f"  to continue it: {commands.continuing(self.plan.run, named=named)}")
            say(f"  its status: {commands.status}")
        part = self.options.part
        decide = partial(next_branch, last=last_act(part)) if part else next_step
        ports = self._ports()
        outcome = await loop.run(self.plan, ports, say, decide=decide)
        if part is None or isinstance(outcome.end, Stop):
            world, end = outcome.world, outcome.end
            if isinstance(end, Done) and Act.PUBLISH in outcome.acts:
                world, end = await published.downloaded(await self.options.http(), world)
            return self._concluded(end, world, outcome.acts)
        shown = await self._rehearsed(outcome, ports, part)
        return replace(shown, report=self._on_its_way(shown.report, outcome))

    def _on_its_way(self, report: Report, outcome: Outcome) -> Report:
        """Return the report of a release that ended with its branch: how it is continued."""
        plan, world = self.plan, outcome.world
        if report.end != "planned":
            return report
        now_s = MachineClock().now_s()
        found = status.of_world(plan, world, outcome.acts, outcome.end, now_s)
        if plan.pinned:
            found = replace(found, next="run this command again without --until")
        elif journal := world.journal:
            found = replace(found, next=plan.commands.at_time(journal.epoch_s))
        return replace(report, end="on its way", status=found)

    async def rehearse(self) -> Rehearsed:
        """Do what `run` does before it writes anything, and return what is left to write.

        Raises:
            Stopped: it stops where `run` would; the message is the report.
        """
        plan, ports = self.plan, self._ports()
        if plan.answer:
            return Rehearsed(answered(plan))
        part = self.options.part or Part.VERIFY
        decide = partial(next_prepared, last=last_act(part))
        outcome = await loop.run(plan, ports, say, decide=decide)
        return await self._rehearsed(outcome, ports, part)

    async def _rehearsed(self, outcome: Outcome, ports: Ports, part: Part) -> Rehearsed:
        plan, world, source = self.plan, outcome.world, outcome.world.source
        end = outcome.end if isinstance(outcome.end, Stop) else next_step(plan, held(plan, world))
        report = self._concluded(end, world, outcome.acts)
        if source is None:
            return Rehearsed(report)
        planned = Planned(
            plan=plan,
            source=source,
            change=change_of(await self.read.remote.change(source.commit)),
            files=world.state.built,
            notes=await ports.workshop.notes(plan, source),
            urls=self.urls,
            links=ports.links,
            part=part,
        )
        return Rehearsed(report, planned)

    def _concluded(self, end: Next, world: World, acts: tuple[Act, ...] = ()) -> Report:
        now_s = MachineClock().now_s()
        return concluded(end, self.plan, world, acts, self.read.links, now_s=now_s)

    async def build(self) -> dagger.Directory:
        """Make the edits, run the checks, build twice, verify; return what the other jobs take.

        It is the job that runs the repository's code, and writes nothing outside. What it returns
        is taken by the jobs of `taking`, which have the secrets.

        Raises:
            Stopped: there is nothing that could be published; the message is the report.
        """
        plan, workshop = self.plan, self._workshop()
        try:
            handing.check_names(plan)
        except ValueError as error:
            # Before the long part: the next job would refuse it.
            hint = "correct tag or branch in [tool.wheelwright.release], or call release"
            stop = Stop.at(Reason.HANDED_OVER, str(error), hint)
            raise stopped(plan.package, stop) from error
        ports = replace(self._ports(), workshop=workshop)
        outcome = await loop.run(plan, ports, say, decide=roles.next_build)
        end, journal, made = outcome.end, outcome.world.source, outcome.world.state.made
        if isinstance(end, Stop) or journal is None:
            stop = end if isinstance(end, Stop) else Stop.at(Reason.NO_PROGRESS)
            raise stopped(plan.package, stop, plan, outcome.world, outcome.acts)
        handed = Handed(
            plan=plan,
            commit=journal.commit,
            epoch_s=journal.epoch_s,
            described=made.description if made and made.journal == journal else None,
            files=outcome.world.state.built,
            materials=workshop.materials,
            notes=await workshop.notes(plan, journal),
            urls=self.urls,
        )
        return await handing.pack(handed, workshop.distributions())

    def _ports(self) -> Ports:
        github = self.github or cast("GitHub", _Unseen())
        links = replace(self.read.links, log=self.options.log)
        workshop, clock = self._workshop(), MachineClock()
        return Ports(self.read.remote, self.index, github, workshop, clock, links)

    def _workshop(self) -> Containers:
        return Containers(self.options, self.read.remote, self.read.observed, self.urls)


async def begin(
    options: ReleaseOptions,
    source: Awaitable[tuple[ReleaseOptions, LoadedProject]],
    *,
    rehearsal: bool,
) -> Release:
    """Read the source, and prepare its release; `options` are those of the call.

    Raises:
        Stopped: it cannot be released, or a signal ended this; the message is the report.
    """

    async def prepared() -> Release:
        return await prepare(*await source, rehearsal=rehearsal)

    def note() -> None:
        say("interrupted: the preflight; nothing was written")

    def ended() -> Stopped:
        commands = calling.commands(options)
        again = commands.again if commands.request or commands.jobs else commands.status
        stop = Stop.at(Reason.INTERRUPTED, "the preflight; nothing was written")
        return stopped(options.package, stop, status=status.of_nothing(again))

    return await until_interrupted(prepared(), note, ended)


async def prepare(options: ReleaseOptions, loaded: LoadedProject, *, rehearsal: bool) -> Release:
    """Check the options, read what is there, and decide what the release is.

    Where nothing is to be written, in a rehearsal or from a checkout, no credential is needed.

    Raises:
        Stopped: it cannot be released; the message is the report.
    """
    assert rehearsal or steps.releasing(), "a release begins before its source is read"
    plan_only = rehearsal or options.checkout
    package = loaded.project.metadata.name
    planned = await options.plan_file()
    options = options.performing(planned)
    # For an invalid request nothing is looked up.
    if not options.take_over and (refusal := options.refusal()):
        raise Stopped(refusal.text())
    if not plan_only and (problem := await not_on_github(options)):
        raise Stopped(problem.text())
    identity = options.identity()
    read = await reading.read(options, loaded, identity)
    http = await options.http()
    urls = IndexUrls("", "") if isinstance(read.urls, Problem) else read.urls
    index = SimpleIndex(http, urls.check, package)
    github = await standing.github_of(options, read, http)
    read = replace(read, earlier=await standing.earlier(read, index, github))
    preflight = Preflight(options, read, index, github, plan_only, calling.commands(options))
    survey = await preflight.look(identity)
    plan = decide(options, identity, survey)
    if planned and isinstance(plan, Plan):
        plan = planned.onto(plan, urls)
    if isinstance(plan, Stop):
        shown = status.of_survey(survey, plan, MachineClock().now_s())
        raise stopped(package, plan, status=shown, version=read.version(options))
    assert plan_only or github, "that nothing can be asked is a problem of the preflight"
    return Release(options, read, plan, urls, index, github)


async def version(options: ReleaseOptions, loaded: LoadedProject) -> str:
    """Return the version that a release would have.

    Raises:
        Stopped: the request is invalid.
    """
    read = await _read(options, loaded)
    if isinstance(read.current, Problem):
        raise Stopped(read.current.text())
    versioned = read.versioned(options)
    if isinstance(versioned, Stop):
        raise Stopped(versioned.text())
    return versioned.version


async def changes(options: ReleaseOptions, loaded: LoadedProject) -> str:
    """Return the changelog's section for the release.

    Raises:
        Stopped: it is empty.
    """
    read = await _read(options, loaded)
    github = await standing.github_of(options, read, await options.http())
    found = await announcing.announced(read, options, options.identity(), github)
    if found.problem:
        raise Stopped(found.problem.text())
    return found.notes.strip() + "\n"


async def _read(options: ReleaseOptions, loaded: LoadedProject) -> Read:
    """Read what a version or a changelog needs, as `prepare` does."""
    read = await reading.read(options, loaded)
    for note in filter(None, (read.tags.unread_note, read.remote.stands_in)):
        # Not in the output, which is for programs.
        say(note)
    if read.remote.stands_in:
        return read
    http = await options.http()
    urls = IndexUrls("", "") if isinstance(read.urls, Problem) else read.urls
    index = SimpleIndex(http, urls.check, read.package.name)
    github = await standing.github_of(options, read, http)
    if github is None:
        # What is on the index matters only with its pull request.
        return read
    return replace(read, earlier=await standing.earlier(read, index, github))


class _Unseen:
    """GitHub without a token: nothing is seen."""

    async def pulls(self, branch: str) -> tuple[Pull, ...]:  # noqa: ARG002 - nothing is seen
        return ()

    async def release(self, tag: str) -> None:  # noqa: ARG002 - nothing is seen
        return None
