"""The job of a release that runs the repository's code: it builds, verifies, and writes nothing.

`release` does all of a release in one call, for a laptop. In a workflow this comes first; what it
returns is taken by the jobs of `taking`, which hold the secrets. The adapters are those of
`release`, and `roles` decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import dagger

from wheelwright.container import toolchain
from wheelwright.release.act import handing, loop, tagged, verifying
from wheelwright.release.act.context import Context, MachineClock, Stopped, say
from wheelwright.release.act.git import RemoteGit
from wheelwright.release.act.handing import Handed
from wheelwright.release.act.index import SimpleIndex
from wheelwright.release.act.preflight import Preflight
from wheelwright.release.act.preparing import Preparing
from wheelwright.release.decide import refs, report, roles
from wheelwright.release.decide.commit import ReleaseCommit
from wheelwright.release.decide.plan import decide
from wheelwright.release.decide.ports import Compared, Git, GitHub, Ports, Refs
from wheelwright.release.decide.refs import Seen
from wheelwright.release.decide.report import Links, Report
from wheelwright.release.decide.step import Next
from wheelwright.release.decide.stops import Problem, Reason, Stop
from wheelwright.release.decide.world import Act, GitHubRelease, Journal, Plan, Pull, World


async def build(context: Context) -> dagger.Directory:
    """Make the edits, run the gates, build twice, verify; return what the other jobs take.

    The remote is looked at in the checkout: nothing is written, and no token is needed.

    Raises:
        Stopped: there is nothing that could be published; the message is the report.
    """
    toolchain.begin_release()
    package, request = context.bench.project.package.name, context.asked
    if refusal := request.refusal():
        raise stopped(package, refusal)
    who = context.who()
    ready = await Preflight(context, plan_only=True).look(request, who)
    plan = decide(request, who, ready.survey)
    if isinstance(plan, Stop):
        raise stopped(package, plan)
    preparing = ready.based.preparing
    workshop = context.workshop(preparing, ready.urls)
    git = _Unpushed(ready.based.remote, preparing, ready.based.seen)
    ports = Ports(git, ready.index, cast("GitHub", _Unseen()), workshop, MachineClock())
    outcome = await loop.run(plan, ports, say, decide=roles.next_build)
    journal = outcome.world.journal
    if isinstance(outcome.end, Stop) or journal is None:
        end = outcome.end if isinstance(outcome.end, Stop) else Stop.at(Reason.NO_PROGRESS)
        raise stopped(package, end, plan, outcome.world, outcome.acts)
    handed = Handed(
        plan=replace(plan, epoch_s=git.made.epoch_s if git.made else plan.epoch_s),
        member=ready.survey.member,
        commit=journal.commit,
        epoch_s=journal.epoch_s,
        described=git.made if git.made and git.commit == journal.commit else None,
        files=outcome.world.here.built,
        notes=await workshop.notes(plan, journal),
        urls=ready.urls,
    )
    return handing.pack(handed, workshop.distributions())


async def build_tag(context: Context, tag: str) -> dagger.Directory:
    """Do the same for the commit that a person has tagged, where that is one of the branch.

    Raises:
        Stopped: there is nothing that could be published.
    """
    toolchain.begin_release()
    found = await tagged.look(context, tag)
    plan, urls = found.plan, context.urls(found.commit)
    if isinstance(urls, Problem):
        raise Stopped(urls.text())
    index = SimpleIndex(await context.asked.http(), urls.check, plan.package)
    journal = await tagged.settled(found, index)
    workshop = context.workshop(found.preparing, urls)
    ports = Ports(cast("Git", None), index, cast("GitHub", None), workshop, MachineClock())
    observe = tagged.observing(journal)
    outcome = await loop.run(plan, ports, say, observe=observe, decide=roles.next_tagged)
    if isinstance(outcome.end, Stop):
        raise Stopped(outcome.end.text())
    handed = Handed(
        # Neither a lock nor a branch belongs to it.
        plan=replace(plan, base=""),
        member=bool(found.commit.where),
        commit=journal.commit,
        epoch_s=journal.epoch_s,
        described=None,
        files=outcome.world.here.built,
        notes="",
        urls=urls,
    )
    return handing.pack(handed, workshop.distributions())


class _Unseen:
    """GitHub, where nobody gave a token to look with: the role that proposes looks."""

    async def pulls(self, *_: object, **__: object) -> tuple[Pull, ...]:
        return ()

    async def release(self, *_: object, **__: object) -> GitHubRelease | None:
        return None


@dataclass
class _Unpushed:
    """The remote's refs as the checkout has them; the release commit is made and pushed nowhere."""

    remote: RemoteGit
    preparing: Preparing
    seen: Seen
    made: ReleaseCommit | None = None
    commit: str = ""

    async def observe(self, plan: Plan) -> Refs:
        seen = await self.remote.observe(plan)
        if self.made is None:
            return seen
        found = {
            "commit": self.commit,
            "parent": self.made.parent,
            "epoch_s": self.made.epoch_s,
            "message": self.made.message,
        }
        return replace(seen, branch=refs.release_commit(found, self.commit))

    async def lock(self, *_: object, **__: object) -> str:
        raise AssertionError("the build locks nothing")

    async def unlock(self, *_: object, **__: object) -> None:
        raise AssertionError("the build unlocks nothing")

    async def verify(self, plan: Plan, journal: Journal) -> Compared:
        return await verifying.verify(self.preparing, plan, journal, self._since(plan))

    async def push_branch(self, plan: Plan, expected: str) -> str:  # noqa: ARG002 - none is there
        self.made = await self.preparing.made(plan, self._since(plan))
        self.commit = await self.remote.make_commit(self.made)
        return self.commit

    def _since(self, plan: Plan) -> str:
        return refs.since(self.seen, plan.tag.removesuffix(plan.version), plan.version)

    async def push_tag(self, *_: object, **__: object) -> None:
        raise AssertionError("the build pushes nothing")


# -- reports --------------------------------------------------------------------------------------


def reported(
    package: str,
    end: Next,
    plan: Plan | None = None,
    world: World | None = None,
    acts: Sequence[Act] = (),
    links: Links | None = None,
) -> Report:
    """Return the report of one job."""
    word = "stopped" if isinstance(end, Stop) else "released" if _all(world) else "on its way"
    shown = report.rows(plan, world, tuple(acts), end, links or Links())
    return Report(package, plan.version if plan else "", word, shown)


def _all(world: World | None) -> bool:
    return bool(world and world.release and not world.release.draft and world.tag)


def stopped(
    package: str,
    stop: Stop,
    plan: Plan | None = None,
    world: World | None = None,
    acts: Sequence[Act] = (),
    links: Links | None = None,
) -> Stopped:
    """Return how a job ends that stops; the message is its report."""
    made = reported(package, stop, plan, world, acts, links)
    return Stopped(made.text(), report=made)
