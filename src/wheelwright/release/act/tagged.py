"""Publishes from an existing tag: `publish` uploads its commit, `verify-tag` checks it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import cast

from wheelwright.container import toolchain
from wheelwright.errors import RequestError
from wheelwright.project.version import VersionSource, version_source
from wheelwright.release.act import loop
from wheelwright.release.act.context import Context, MachineClock, Stopped, say, tag_prefix
from wheelwright.release.act.git import Trace, printable
from wheelwright.release.act.index import SimpleIndex
from wheelwright.release.act.preparing import Commit, Preparing
from wheelwright.release.act.verifying import verify
from wheelwright.release.decide import edits, refs
from wheelwright.release.decide.plan import file_version
from wheelwright.release.decide.ports import Git, GitHub, Ports
from wheelwright.release.decide.step import next_upload
from wheelwright.release.decide.stops import Problem, Reason, Stop
from wheelwright.release.decide.version import parse
from wheelwright.release.decide.world import Act, Here, Journal, Plan, World

_FOREIGN_ACT = "merge it and tag what is merged, or delete the tag"


@dataclass(frozen=True, slots=True)
class Tagged:
    """The package at a tag that is its version; `where` says why its commit is to be believed."""

    preparing: Preparing
    commit: Commit
    plan: Plan
    journal: Journal
    where: str


async def verify_tag(context: Context, tag: str) -> str:
    """Return the sentence that a tag is the package's version.

    Raises:
        Stopped: it is another.
        RequestError: there is no such tag.
    """
    found = await look(context, tag)
    name = found.commit.project.name
    at = found.journal.commit[:12]
    return f"{tag} is {name} {found.plan.version} at {at}, {found.where}"


async def publish(context: Context, tag: str) -> str:
    """Build, verify and publish what a tag names.

    Raises:
        Stopped: it is not published.
        RequestError: there is no such tag.
    """
    if missing := context.asked.uncredentialed():
        raise Stopped(Stop((missing,)).text())
    toolchain.begin_release()
    found = await look(context, tag)
    plan = found.plan
    urls = context.urls(found.commit)
    if isinstance(urls, Problem):
        raise Stopped(urls.text())
    index = SimpleIndex(await context.asked.http(), urls.check, plan.package)
    journal = await settled(found, index)
    workshop = context.workshop(found.preparing, urls)
    # `next_upload` asks for no act of these two.
    ports = Ports(cast("Git", None), index, cast("GitHub", None), workshop, MachineClock())

    observe = observing(journal)
    outcome = await loop.run(plan, ports, say, observe=observe, decide=next_upload)
    if isinstance(outcome.end, Stop):
        raise Stopped(outcome.end.text())
    names = ", ".join(file.name for file in outcome.world.index)
    word = "published" if Act.PUBLISH in outcome.acts else "already published"
    return f"{plan.package} {plan.version}: {word}: {names}"


def observing(journal: Journal) -> Callable[[Plan, Ports, Here], Awaitable[World]]:
    """Return what looks at the index alone: the tag's commit is the whole of git here."""

    async def observe(plan: Plan, ports: Ports, here: Here) -> World:
        files = await ports.index.files()
        mine = tuple(file for file in files if file_version(file.name) == plan.version)
        return World(branch=journal, tag=journal, index=mine, here=here)

    return observe


async def settled(found: Tagged, index: SimpleIndex) -> Journal:
    """Return the commit with what it is built with.

    What its message records is text of whoever made the commit. It counts where files are on the
    index already: the rebuild has to be those, hash for hash. Else it is asked for anew.

    Raises:
        ActFailed: the index does not answer, or has not what the build asks for.
    """
    files = await loop.patiently(index.files, MachineClock(), say)
    published = any(file_version(file.name) == found.plan.version for file in files)
    if published and found.journal.build_requires:
        return found.journal
    return replace(found.journal, build_requires=await found.preparing.requires(found.commit))


async def look(context: Context, tag: str) -> Tagged:
    """Return the package at a tag.

    Raises:
        Stopped: the tag names another version, or a commit that is not to be believed.
        RequestError: there is no such tag.
    """
    remote = await context.remote()
    seen = await remote.look()
    head = seen.refs.get(f"refs/tags/{tag}")
    if head is None:
        raise RequestError(f'{remote.url} has no tag "{tag}"', "push it, or correct --tag")
    base = context.asked.base or seen.default
    trace = await remote.trace(head, base)
    _known(tag, head, trace, base)
    preparing = context.preparing(remote)
    commit = await context.commit(preparing, head)
    version = _version(commit, tag)
    # A tag of a release says what it was built with; one that a person made does not.
    released = seen.journals.get(f"refs/tags/{tag}")
    mine = released is not None and released[2].commit == head
    build_requires = released[2].build_requires if released and mine else ()
    plan = Plan(
        package=commit.project.package.name,
        version=version,
        base=base,
        base_commit=head,
        branch="",
        tag=tag,
        lock_ref="",
        run="",
        epoch_s=trace.epoch_s,
    )
    journal = Journal(head, "", head, trace.epoch_s, build_requires)
    where = f"in the history of {base}"
    if not trace.merged:
        since = refs.since(seen, tag_prefix(commit), version)
        if foreign := (await verify(preparing, plan, journal, since, trace)).foreign:
            raise Stopped(Stop.at(Reason.FOREIGN, f"{tag} {foreign}", _FOREIGN_ACT).text())
        where = f"a release commit of {base}"
    return Tagged(preparing, commit, plan, journal, where)


def _known(tag: str, head: str, trace: Trace, base: str) -> None:
    """Hold that a tag's commit is one of the base branch, or stands on one, before code of it runs.

    Raises:
        Stopped: it is neither.
    """
    if trace.merged or (len(trace.parents) == 1 and trace.parent_merged):
        return
    seen = (
        f"{tag} is commit {head[:12]} by {printable(trace.author)}, which is neither in the history"
        f" of {base} nor a release commit of it"
    )
    raise Stopped(Stop.at(Reason.FOREIGN, seen, _FOREIGN_ACT).text())


def _version(commit: Commit, tag: str) -> str:
    """Return the version that a tag names, which has to be the package's own."""
    project, prefix = commit.project, tag_prefix(commit)
    version = parse(tag.removeprefix(prefix)) if tag.startswith(prefix) else None
    found = edits.current_version(project)
    current = parse(found) if isinstance(found, str) and found else None
    vcs = version_source(project.package) is VersionSource.VCS
    if version is None or (not vcs and version != current):
        says = found if isinstance(found, str) else found.text()
        raise Stopped(
            f'the tag "{tag}" is not the version {says} of {project.name}',
            f"tag {prefix}{says}, or correct the version",
        )
    return str(version)
