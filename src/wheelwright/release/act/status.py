"""Answers where the releases of a package stand, and writes nothing."""

from __future__ import annotations

from dataclasses import replace

from wheelwright.container.loading import LoadedProject
from wheelwright.project.version import VersionSource, version_source
from wheelwright.release.act import calling, standing
from wheelwright.release.act import read as reading
from wheelwright.release.act.index import SimpleIndex
from wheelwright.release.act.loop import MachineClock, retry_while_busy
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.act.practising import practice_of
from wheelwright.release.act.read import Read
from wheelwright.release.decide import refs
from wheelwright.release.decide.again import counted_from, same
from wheelwright.release.decide.plan import Survey
from wheelwright.release.decide.status import Standings, of_survey, squashed
from wheelwright.release.decide.stops import Problem
from wheelwright.release.decide.urls import IndexUrls
from wheelwright.release.decide.version import newest
from wheelwright.release.decide.world import PullState


async def status(options: ReleaseOptions, loaded: LoadedProject) -> Standings:
    """Return what is public, what is held, and the next command.

    Raises:
        RequestError: an unknown repository, or it has no such branch or package.
        ActFailed: the index does not answer.
    """
    read = await reading.read(options, loaded)
    http = await options.http()
    urls = IndexUrls("", "") if isinstance(read.urls, Problem) else read.urls
    index = SimpleIndex(http, urls.check, read.package.name)
    github = await standing.github_of(options, read, http)
    read = replace(read, earlier=await standing.earlier(read, index, github))
    package, current = read.package, read.current
    practice = await practice_of(read.remote, read.observed, package, "", github)
    survey = Survey(
        package=package.name,
        current="" if isinstance(current, Problem) else current,
        base=read.base,
        base_commit=read.head,
        lock=read.lock,
        journals=read.earlier.journals,
        tags=read.earlier.tags,
        practice=practice,
        releases=refs.versions(read.observed, practice.tag, practice.branch),
        index=await retry_while_busy(index.files) if urls.check else (),
        standings=read.earlier.standings,
        commands=calling.commands(options),
    )
    notes = [
        *([read.remote.stands_in] if read.remote.stands_in else []),
        *([] if github else ["GitHub was not looked at: pass --github-token"]),
        counted_from(survey.current, survey.earlier, survey.base)[1],
        await _squashed(read),
    ]
    found = of_survey(survey, now_s=MachineClock().now_s())
    return Standings(package.name, found, tuple(filter(None, notes)))


async def _squashed(read: Read) -> str:
    """Return a note about a tag that a squash merge left out of the base branch's history."""
    earlier = read.earlier
    latest = newest(earlier.journals)
    found = earlier.standing(latest) if latest else None
    if version_source(read.package.project) is not VersionSource.VCS or found is None:
        return ""
    tagged = same(latest, earlier.tags)
    if found.pull is not PullState.MERGED or not tagged:
        return ""
    if (await read.remote.trace(earlier.tags[tagged], read.base)).merged:
        return ""
    return squashed(latest, read.tags.tag(latest), read.base)
