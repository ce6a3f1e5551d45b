"""Publishes from an existing tag: `publish` uploads its commit, `verify-tag` checks it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import dagger
from dagger import dag

from wheelwright.container import steps
from wheelwright.container.loading import LoadedProject
from wheelwright.distribution.file import file_version
from wheelwright.errors import RequestError
from wheelwright.project.reading import parse_version
from wheelwright.project.version import VersionSource, version_source
from wheelwright.release.act import handing, loop
from wheelwright.release.act.git import RemoteGit, Trace, printable
from wheelwright.release.act.handing import Handed
from wheelwright.release.act.index import SimpleIndex
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.act.package import Package
from wheelwright.release.act.preparing import build_requires
from wheelwright.release.act.read import package_of, urls_of
from wheelwright.release.act.repository import looked
from wheelwright.release.act.verifying import verify
from wheelwright.release.act.workshop import Containers
from wheelwright.release.decide import edits, roles
from wheelwright.release.decide.refs import RemoteRefs
from wheelwright.release.decide.report import Stopped, published
from wheelwright.release.decide.step import next_upload
from wheelwright.release.decide.stops import Problem, Reason, Stop
from wheelwright.release.decide.tags import Tags
from wheelwright.release.decide.version_tags import version_tags
from wheelwright.release.decide.world import Journal, Plan

_FOREIGN_HINT = "merge it and tag what is merged, or delete the tag"


@dataclass(frozen=True, slots=True)
class Tagged:
    """The package at a tag that is its version.

    Attributes:
        where: why its commit is trusted.
        by_release: its message is that of a release commit; a hint, as any text in git.
    """

    remote: RemoteGit
    observed: RemoteRefs
    package: Package
    plan: Plan
    journal: Journal
    where: str
    by_release: bool = False


async def verify_tag(options: ReleaseOptions, loaded: LoadedProject, tag: str) -> str:
    """Return the sentence that a tag is the package's version.

    Raises:
        Stopped: it is another.
        RequestError: there is no such tag.
    """
    found = await look(options, loaded, tag)
    at = found.journal.commit[:12]
    return f"{tag} is {found.package.project.name} {found.plan.version} at {at}, {found.where}"


async def publish(options: ReleaseOptions, loaded: LoadedProject, tag: str) -> str:
    """Build, verify and publish what a tag names.

    Raises:
        Stopped: it is not published.
        RequestError: there is no such tag.
    """
    if missing := options.uncredentialed():
        raise Stopped(Stop((missing,)).text())
    found, index, workshop = await _ready(options, loaded, tag)
    if answer := await _released(found, index):
        return answer
    outcome = await loop.at_index(found.plan, found.journal, index, workshop, next_upload)
    return published(found.plan, outcome.world, outcome.acts)


async def build(options: ReleaseOptions, loaded: LoadedProject, tag: str) -> dagger.Directory:
    """Build and verify what a tag names; return what the other jobs take.

    Raises:
        Stopped: there is nothing that could be published.
        RequestError: there is no such tag.
    """
    found, index, workshop = await _ready(options, loaded, tag)
    plan, journal = found.plan, found.journal
    if answer := await _released(found, index):
        return dag.directory().with_new_file(handing.RELEASED, f"{answer}\n")
    outcome = await loop.at_index(plan, journal, index, workshop, roles.next_tagged)
    handed = Handed(
        # Neither a lock nor a branch belongs to it.
        plan=replace(plan, base=""),
        commit=journal.commit,
        epoch_s=journal.epoch_s,
        described=None,
        files=outcome.world.state.built,
        notes="",
        urls=workshop.urls,
    )
    return await handing.pack(handed, workshop.distributions())


async def of_version(
    options: ReleaseOptions, loaded: LoadedProject, version: str
) -> tuple[Tagged, SimpleIndex, Containers]:
    """Return the package at the tag of a version; the rest as for any tag.

    Raises:
        Stopped: the tag's commit is not trusted.
        RequestError: there is no such tag.
    """
    return await _ready(options, loaded, version=version)


async def _ready(
    options: ReleaseOptions, loaded: LoadedProject, tag: str = "", version: str = ""
) -> tuple[Tagged, SimpleIndex, Containers]:
    """Return the package at a tag with what it is built with, its index and its workshop."""
    assert steps.releasing(), "a release begins before its source is read"
    found = await look(options, loaded, tag, version)
    urls = urls_of(options, found.package)
    if isinstance(urls, Problem):
        raise Stopped(urls.text())
    index = SimpleIndex(await options.http(), urls.check, found.plan.package)
    found = replace(found, journal=await _settled(found, index))
    return found, index, Containers(options, found.remote, found.observed, urls)


async def _released(found: Tagged, index: SimpleIndex) -> str:
    """Return that `release` made the tag, which comes after its uploads; empty where it did not."""
    files = await loop.retry_while_busy(index.files)
    mine = [each.name for each in files if file_version(each.name) == found.plan.version]
    complete = any(each.endswith(".whl") for each in mine) and any(
        each.endswith(".tar.gz") for each in mine
    )
    if not (found.by_release and complete):
        return ""
    return f"{found.plan.package} {found.plan.version} was released by `release`: {', '.join(mine)}"


async def _settled(found: Tagged, index: SimpleIndex) -> Journal:
    """Return the commit with what it is built with.

    The record in its message may be any text. It counts where files are on the index already: the
    rebuild has to be those, hash for hash. Otherwise requirements are resolved again.

    Raises:
        ActFailed: the index does not answer, or lacks what the build requires.
    """
    files = await loop.retry_while_busy(index.files)
    released = any(file_version(file.name) == found.plan.version for file in files)
    if released and found.journal.build_requires:
        return found.journal
    return replace(found.journal, build_requires=await build_requires(found.package))


async def look(
    options: ReleaseOptions, loaded: LoadedProject, tag: str = "", version: str = ""
) -> Tagged:
    """Return the package at a tag, or at that of a version.

    Raises:
        Stopped: the tag names another version, or a commit that is not trusted.
        RequestError: there is no such tag.
    """
    remote, observed = await looked(options, loaded)
    tag = tag or version_tags(loaded.project, observed.refs).tag(version)
    head = observed.refs.get(f"refs/tags/{tag}")
    if head is None:
        raise RequestError(f'{remote.url} has no tag "{tag}"', "push it, or correct --tag")
    base = options.base or observed.default
    trace = await remote.trace(head, base)
    _known(tag, head, trace, base)
    package = await package_of(options, loaded, remote, head)
    tags = package.tags(observed)
    version = _version(package, tags, tag)
    # A tag of a release records what it was built with; one made by hand does not.
    released = observed.journals.get(f"refs/tags/{tag}")
    of_package = (package.name, version)
    mine = released is not None and released[2].commit == head and released[:2] == of_package
    recorded = released[2].build_requires if released and mine else ()
    named = tags.of_tag(tag)
    form = named.form if named else tags.form
    plan = Plan(
        package=package.name,
        version=version,
        base=base,
        base_commit=head,
        branch="",
        tag=tag,
        lock_ref="",
        run="",
        epoch_s=trace.epoch_s,
        since=tags.since(version),
        tag_form=form,
    )
    journal = Journal(head, "", head, trace.epoch_s, recorded)
    where = f"in the history of {base}"
    if not trace.merged:
        if foreign := (await verify(options, remote, plan, journal, observed, trace)).foreign:
            raise Stopped(Stop.at(Reason.FOREIGN, f"{tag} {foreign}", _FOREIGN_HINT).text())
        where = f"a release commit of {base}"
    return Tagged(remote, observed, package, plan, journal, where, by_release=mine)


def _known(tag: str, head: str, trace: Trace, base: str) -> None:
    """Check that a tag's commit is one of the base branch, or based on one, before its code runs.

    Raises:
        Stopped: it is neither.
    """
    if trace.merged or (len(trace.parents) == 1 and trace.parent_merged):
        return
    seen = (
        f"{tag} is commit {head[:12]} by {printable(trace.author)}, which is neither in the history"
        f" of {base} nor a release commit of it"
    )
    raise Stopped(Stop.at(Reason.FOREIGN, seen, _FOREIGN_HINT).text())


def _version(package: Package, tags: Tags, tag: str) -> str:
    """Return the version that a tag names, which has to be the package's own."""
    project, known = package.project, tags.of_tag(tag)
    version = known.version if known else None
    found = edits.current_version(project)
    current = parse_version(found) if isinstance(found, str) and found else None
    vcs = version_source(project) is VersionSource.VCS
    if version is None or (not vcs and version != current):
        named = found if isinstance(found, str) else found.text()
        raise Stopped(
            f'the tag "{tag}" is not the version {named} of {project.name}',
            f"tag {tags.form.name(named)}, or correct the version",
        )
    return str(version)
