"""The other way: a person pushed a tag; `publish` uploads what it names, `verify-tag` checks it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from wheelwright.errors import RequestError
from wheelwright.project.version import VersionSource, version_source
from wheelwright.release import edits, loop
from wheelwright.release.context import Context, MachineClock, Stopped, say, tag_prefix
from wheelwright.release.index import SimpleIndex
from wheelwright.release.plan import file_version
from wheelwright.release.ports import Git, GitHub, Ports
from wheelwright.release.preparing import Commit, Preparing
from wheelwright.release.step import next_upload
from wheelwright.release.stops import Problem, Stop
from wheelwright.release.version import parse
from wheelwright.release.world import Act, Here, Journal, Plan, Verdict, World

__all__ = ["publish", "verify_tag"]


@dataclass(frozen=True, slots=True)
class _Tagged:
    """The package at a tag that is its version."""

    preparing: Preparing
    commit: Commit
    plan: Plan
    journal: Journal


async def verify_tag(context: Context, tag: str) -> str:
    """Return the sentence that a tag is the package's version.

    Raises:
        Stopped: it is another.
        RequestError: there is no such tag.
    """
    found = await _tagged(context, tag)
    name = found.commit.project.name
    return f"{tag} is {name} {found.plan.version} at {found.journal.commit[:12]}"


async def publish(context: Context, tag: str) -> str:
    """Build, verify and publish what a tag names.

    Raises:
        Stopped: it is not published.
        RequestError: there is no such tag.
    """
    if missing := context.uncredentialed():
        raise Stopped(Stop((missing,)).text())
    found = await _tagged(context, tag)
    plan, journal = found.plan, found.journal
    urls = context.urls(found.commit)
    if isinstance(urls, Problem):
        raise Stopped(urls.text())
    index = SimpleIndex(await context.http(), urls.check, plan.package)
    workshop = context.workshop(found.preparing, urls)
    # `next_upload` asks for no act of these two.
    ports = Ports(cast("Git", None), index, cast("GitHub", None), workshop, MachineClock())

    async def observe(plan: Plan, ports: Ports, here: Here) -> World:
        files = await ports.index.files()
        mine = tuple(file for file in files if file_version(file.name) == plan.version)
        # The tag's own workflow runs the checks; here the distributions are what is at stake.
        here = replace(here, gates=Verdict.PASSED)
        return World(branch=journal, tag=journal, index=mine, here=here)

    outcome = await loop.run(plan, ports, say, observe=observe, decide=next_upload)
    if isinstance(outcome.end, Stop):
        raise Stopped(outcome.end.text())
    names = ", ".join(file.name for file in outcome.world.index)
    word = "published" if Act.PUBLISH in outcome.acts else "already published"
    return f"{plan.package} {plan.version}: {word}: {names}"


async def _tagged(context: Context, tag: str) -> _Tagged:
    remote = await context.remote()
    seen = await remote.look()
    head = seen.refs.get(f"refs/tags/{tag}")
    if head is None:
        raise RequestError(f'{remote.url} has no tag "{tag}"', "push it, or correct --tag")
    preparing = context.preparing(remote)
    commit = await context.commit(preparing, head)
    version = _version(commit, tag)
    epoch_s = await remote.time_s(head)
    # A tag of a release says what it was built with; one that a person made does not.
    released = seen.journals.get(f"refs/tags/{tag}")
    mine = released is not None and released[2].commit == head
    build_requires = released[2].build_requires if released and mine else ()
    plan = Plan(
        package=commit.project.package.name,
        version=version,
        base="",
        base_commit=head,
        branch="",
        tag=tag,
        lock_ref="",
        run="",
        epoch_s=epoch_s,
    )
    return _Tagged(preparing, commit, plan, Journal(head, "", head, epoch_s, build_requires))


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
