"""The jobs of a release with a secret: they propose, publish and finish what `build` built.

None of them has the repository, and none runs code of it. What they get is `handing`'s plain data;
where it goes, their own caller says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import dagger

from wheelwright.container import steps
from wheelwright.errors import RequestError
from wheelwright.pins import DEFAULT_PYTHON
from wheelwright.project.addresses import without_credentials
from wheelwright.release.act import handing, loop
from wheelwright.release.act.asked import Asked, run_name
from wheelwright.release.act.git import RemoteGit
from wheelwright.release.act.github import GitHubRest
from wheelwright.release.act.handing import Handed
from wheelwright.release.act.http import token_of
from wheelwright.release.act.index import SimpleIndex
from wheelwright.release.act.loop import MachineClock, say
from wheelwright.release.act.uploading import Uploads
from wheelwright.release.decide import refs, roles, rules
from wheelwright.release.decide.commit import ReleaseCommit
from wheelwright.release.decide.ports import Ports
from wheelwright.release.decide.report import Links, Report, Stopped, concluded, published
from wheelwright.release.decide.step import Next, next_upload
from wheelwright.release.decide.stops import Problem, Reason, Stop
from wheelwright.release.decide.urls import PYPI, IndexUrls, https, hub_of
from wheelwright.release.decide.world import Plan, RunState, World
from wheelwright.release.inside.refs import EMAIL


@dataclass
class _Handed:
    """The workshop of those that build nothing: files and texts that another has made."""

    handed: Handed
    uploads: Uploads
    remote: RemoteGit | None = None
    _made: bool = False

    async def made(self, *_: object, **__: object) -> ReleaseCommit:
        described = self.handed.described
        assert described is not None, "called only where it can be made"
        if not self._made and self.remote is not None:
            made = await self.remote.make_commit(described)
            if made != self.handed.commit:
                seen = f"its texts make the commit {made[:12]}, not {self.handed.commit[:12]}"
                raise Stopped(Stop.at(Reason.HANDED_OVER, seen).text())
            self._made = True
        return described

    async def _never(self, *_: object, **__: object) -> Any:
        raise AssertionError("no code of the package runs here, and nothing else is verified")

    verify = gates = build = check = _never

    async def publish(self, plan: Plan, names: Sequence[str]) -> None:
        await self.uploads.publish(plan, names)

    async def contents(self, name: str) -> bytes:
        return await self.uploads.contents(name)

    async def notes(self, *_: object, **__: object) -> str:
        return self.handed.notes


def _urls(asked: Asked, handed: Handed) -> IndexUrls:
    """Return where this job's caller lets it publish.

    Raises:
        Stopped: the plan was made for another index.
    """
    if bool(asked.publish_url) != bool(asked.check_url):
        raise RequestError("only one of --publish-url and --check-url is given", "pass both")
    publish, check = asked.publish_url or PYPI[0], asked.check_url or PYPI[1]
    urls = IndexUrls(publish, check.rstrip("/") + "/", handed.urls.page)
    if publish != without_credentials(publish):
        raise RequestError("a credential in --publish-url", "pass it as --index-token")
    if urls.shown != handed.urls.shown:
        seen = f"it was built for {handed.urls.publish!r}, and this job publishes to {publish!r}"
        act = "pass the same --publish-url and --check-url to all jobs: workflows --index NAME"
        raise Stopped(Problem(Reason.HANDED_OVER, seen, act).text())
    return urls


# -- publish --------------------------------------------------------------------------------------


async def publish(asked: Asked, directory: dagger.Directory, sha256: str) -> str:
    """Compare the digests, sign, upload what is missing, wait until the index shows it.

    Raises:
        Stopped: it is not published.
    """
    steps.begin_release()
    handed, dist = await handing.take(directory, sha256)
    urls = _urls(asked, handed)
    if missing := asked.uncredentialed():
        raise Stopped(missing.text())
    plan = handed.plan
    index = SimpleIndex(await asked.http(), urls.check, plan.package)
    workshop = _Handed(handed, Uploads(asked, urls, DEFAULT_PYTHON, dist))

    def has(here: RunState) -> RunState:
        return roles.verified(here, handed.commit, handed.files)

    outcome = await loop.at_index(plan, handed.journal, index, workshop, next_upload, has)
    return published(plan, outcome.world, outcome.acts)


# -- propose, finish ------------------------------------------------------------------------------


async def propose(asked: Asked, directory: dagger.Directory, sha256: str) -> Report:
    """Take the lock, and push the commit that was built as the release branch.

    Raises:
        Stopped: it is not there; the message is the report.
    """
    steps.begin_release()
    handed, dist = await handing.take(directory, sha256)
    decider = roles.proposing(handed.commit, described=handed.described is not None)
    return await _repository(asked, handed, dist, decider, foresee=True)


async def finish(asked: Asked, directory: dagger.Directory, sha256: str) -> Report:
    """Open the pull request, push the tag, make the GitHub release, unlock.

    Where the index does not have the release, it unlocks and stops.

    Raises:
        Stopped: it is not done; the message is the report.
    """
    steps.begin_release()
    handed, dist = await handing.take(directory, sha256)
    return await _repository(asked, handed, dist, roles.finishing(handed.commit))


async def _repository(
    asked: Asked,
    handed: Handed,
    dist: dagger.Directory,
    decider: Callable[[Plan, World], Next],
    *,
    foresee: bool = False,
) -> Report:
    token = asked.github_token
    if not asked.remote or token is None:
        raise RequestError("--remote or --github-token is missing", "pass both")
    if not handed.plan.base:
        raise RequestError("an existing tag has no release branch", "call only release-publish")
    remote = RemoteGit(https(asked.remote), DEFAULT_PYTHON, token, asked.ca)
    hub = hub_of(remote.url, asked.github_api)
    if isinstance(hub, Problem):
        raise Stopped(hub.text())
    if seen := hub.exposed:
        raise RequestError(seen, "pass --remote and --github-api with https")
    http = await asked.http()
    github = GitHubRest(http, hub, await token_of(token))
    urls = _urls(asked, handed)
    run = run_name(asked.run) or handed.commit[:12]
    plan = replace(handed.plan, run=run, take_over=asked.take_over)
    if foresee:
        plan = replace(plan, notes=await _foreseen(plan, remote, github))
    index = SimpleIndex(http, urls.check, plan.package)
    workshop = _Handed(handed, Uploads(asked, urls, DEFAULT_PYTHON, dist), remote)
    ports = Ports(remote, index, github, workshop, MachineClock())

    async def observe(plan: Plan, ports: Ports, here: RunState) -> World:
        return await loop.look(plan, ports, roles.verified(here, handed.commit, handed.files))

    outcome = await loop.run(plan, ports, say, observe=observe, decide=decider)
    links = Links(hub.page, urls.page)
    return concluded(outcome.end, plan, outcome.world, outcome.acts, links)


async def _foreseen(plan: Plan, remote: RemoteGit, github: GitHubRest) -> tuple[str, ...]:
    """Return what people should know of the repository.

    Raises:
        Stopped: something is known to be wrong, or the base has another history.
    """
    seen = await loop.retry_while_busy(remote.look, MachineClock(), say)
    head = seen.refs.get(f"refs/heads/{plan.base}")
    if head is None or not (await remote.trace(plan.base_commit, plan.base)).merged:
        what = f"{plan.base_commit[:12]} is not in the history of {plan.base} of {remote.url}"
        raise Stopped(Stop.at(Reason.HANDED_OVER, what).text())
    message = refs.journal_message(plan.package, plan.version)
    makings = rules.makings(seen.refs, plan.branch, plan.tag, message, EMAIL)
    problems = [*await loop.retry_while_busy(github.problems, MachineClock(), say)]
    foreseen, notes = await loop.retry_while_busy(
        lambda: github.foresee(plan.base, makings), MachineClock(), say
    )
    if stop := Stop.among([*problems, *foreseen]):
        raise Stopped(stop.text())
    return notes
