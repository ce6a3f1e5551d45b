"""The functions of a release: preflight, plan, loop, report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import cast

from wheelwright.container import toolchain
from wheelwright.release.act import loop, verifying
from wheelwright.release.act.context import Context, MachineClock, Stopped, say
from wheelwright.release.act.git import RemoteGit
from wheelwright.release.act.preflight import Preflight
from wheelwright.release.act.preparing import Preparing
from wheelwright.release.decide import refs, report
from wheelwright.release.decide.changelog import Keeper, gist
from wheelwright.release.decide.plan import decide
from wheelwright.release.decide.ports import Compared, GitHub, Ports, Refs
from wheelwright.release.decide.refs import Seen
from wheelwright.release.decide.report import Links, Report
from wheelwright.release.decide.step import Done, Next
from wheelwright.release.decide.stops import Problem, Reason, Stop
from wheelwright.release.decide.urls import Hub
from wheelwright.release.decide.version import Versioned, next_version
from wheelwright.release.decide.world import Act, Journal, Plan, Pull, World


async def release(context: Context, *, dry_run: bool) -> Report:
    """Release, or with `dry_run` say what that would do.

    Raises:
        Stopped: it is not done; the message is the report.
    """
    if not dry_run:
        toolchain.begin_release()
    package, request = context.bench.project.package.name, context.asked
    # Whatever else is wrong, nothing is looked up for a request that cannot be followed.
    if not request.take_over and (refusal := request.refusal()):
        raise _stopped(_report(package, refusal))
    who = context.who()
    ready = await Preflight(context, plan_only=dry_run).look(request, who)
    plan = decide(request, who, ready.survey)
    links = Links(ready.hub.page if isinstance(ready.hub, Hub) else "", ready.urls.page)
    github = ready.github or (cast("GitHub", _Unseen()) if dry_run else None)
    if isinstance(plan, Stop) or github is None:
        end = plan if isinstance(plan, Stop) else Stop.at(Reason.NO_CREDENTIALS)
        raise _stopped(_report(package, end, links))
    preparing = ready.based.preparing
    ports = Ports(
        git=_EditingGit(ready.based.remote, preparing, ready.based.seen),
        index=ready.index,
        github=github,
        workshop=context.workshop(preparing, ready.urls),
        clock=MachineClock(),
    )
    if dry_run:
        foreseeing = partial(loop.foreseen, plan, ports)
        world, then = await loop.patiently(foreseeing, ports.clock, say)
        made = _report(package, then, links, plan, world)
    else:
        outcome = await loop.run(plan, ports, say)
        made = _report(package, outcome.end, links, plan, outcome.world, outcome.acts)
    if made.end == "stopped":
        raise _stopped(made)
    return made


async def version(context: Context) -> Versioned:
    """Return the version that a release would have.

    Raises:
        Stopped: the request cannot be followed.
    """
    current = (await Preflight(context).based()).version
    if isinstance(current, Problem):
        raise Stopped(current.text())
    made = next_version(current, context.asked)
    if isinstance(made, Stop):
        raise Stopped(made.text())
    return made


async def changes(context: Context) -> str:
    """Return what the changelog would say of the release.

    Raises:
        Stopped: it would say nothing.
    """
    based = await Preflight(context).based()
    text = await based.changes(context.asked, context.who())
    keeper = based.commit.keeper
    if keeper is Keeper.NOBODY or not gist(text):
        raise Stopped(Stop.at(Reason.EMPTY_CHANGELOG, f"kept by {keeper.value}").text())
    return text.strip() + "\n"


class _Unseen:
    """What GitHub shows where nobody gave a token to look with."""

    async def pulls(self, branch: str) -> tuple[Pull, ...]:  # noqa: ARG002 - nothing is seen
        return ()

    async def release(self, tag: str) -> None:  # noqa: ARG002 - nothing is seen
        return None


@dataclass(frozen=True, slots=True)
class _EditingGit:
    """The remote's refs, and the edits of this package; `seen` is what the preflight saw."""

    remote: RemoteGit
    preparing: Preparing
    seen: Seen

    async def observe(self, plan: Plan) -> Refs:
        return await self.remote.observe(plan)

    async def lock(self, plan: Plan, expected: str) -> str:
        return await self.remote.lock(plan, expected)

    async def unlock(self, plan: Plan, commit: str) -> None:
        await self.remote.unlock(plan, commit)

    async def verify(self, plan: Plan, journal: Journal) -> Compared:
        return await verifying.verify(self.preparing, plan, journal, self._since(plan))

    async def push_branch(self, plan: Plan, expected: str) -> str:
        made = await self.preparing.made(plan, self._since(plan))
        return await self.remote.push_commit(plan, made, expected)

    def _since(self, plan: Plan) -> str:
        return refs.since(self.seen, plan.tag.removesuffix(plan.version), plan.version)

    async def push_tag(self, plan: Plan, commit: str) -> None:
        await self.remote.push_tag(plan, commit)


def _report(
    package: str,
    end: Next,
    links: Links | None = None,
    plan: Plan | None = None,
    world: World | None = None,
    acts: Iterable[Act] = (),
) -> Report:
    word = "stopped" if isinstance(end, Stop) else "released" if end == Done() else "planned"
    return Report(
        package=package,
        version=plan.version if plan else "",
        end=word,
        rows=report.rows(plan, world, tuple(acts), end, links or Links()),
    )


def _stopped(made: Report) -> Stopped:
    return Stopped(made.text(), report=made)
