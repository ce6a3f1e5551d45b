"""The jobs of a release with a secret: they propose, publish and finish what `build` built.

None of them has the repository, and none runs code of it. What they get is `handing`'s plain data;
where it goes, their own caller says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

import dagger

from wheelwright.container import toolchain
from wheelwright.errors import RequestError
from wheelwright.pins import DEFAULT_PYTHON
from wheelwright.project.addresses import without_credentials
from wheelwright.release.act import handing, loop
from wheelwright.release.act.asked import Asked
from wheelwright.release.act.context import MachineClock, Stopped, run_name, say
from wheelwright.release.act.git import RemoteGit
from wheelwright.release.act.github import GitHubRest
from wheelwright.release.act.handing import Handed
from wheelwright.release.act.http import token_of
from wheelwright.release.act.index import SimpleIndex
from wheelwright.release.act.jobs import reported, stopped
from wheelwright.release.act.preparing import Preparing
from wheelwright.release.act.workshop import Containers
from wheelwright.release.decide import refs, roles
from wheelwright.release.decide.plan import file_version
from wheelwright.release.decide.ports import Built, Compared, Git, GitHub, Ports, Refs, Said
from wheelwright.release.decide.report import Links, Report
from wheelwright.release.decide.rules import Making
from wheelwright.release.decide.step import Next, next_upload
from wheelwright.release.decide.stops import Problem, Reason, Stop
from wheelwright.release.decide.urls import PYPI, IndexUrls, https, hub_of
from wheelwright.release.decide.world import Act, Here, Plan, World
from wheelwright.release.inside.refs import EMAIL


@dataclass
class _Handed:
    """The workshop of those that build nothing: files and texts that another has made."""

    handed: Handed
    dist: dagger.Directory
    containers: Containers

    async def gates(self, *_: object, **__: object) -> Said:
        raise AssertionError("no code of the package runs here")

    async def build(self, *_: object, **__: object) -> Built:
        raise AssertionError("no code of the package runs here")

    async def check(self, *_: object, **__: object) -> Said:
        raise AssertionError("no code of the package runs here")

    async def publish(self, plan: Plan, names: Sequence[str]) -> None:
        await self.containers.publish(plan, names)

    async def contents(self, name: str) -> bytes:
        return await self.containers.contents(name)

    async def notes(self, *_: object, **__: object) -> str:
        return self.handed.notes


def _workshop(asked: Asked, handed: Handed, dist: dagger.Directory, urls: IndexUrls) -> _Handed:
    # Nothing of a repository is read here: this one has no address.
    nowhere = Preparing(RemoteGit("", DEFAULT_PYTHON), "", DEFAULT_PYTHON)
    return _Handed(handed, dist, Containers(nowhere, urls, asked).of(dist))


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
    toolchain.begin_release()
    handed, dist = await handing.take(directory, sha256)
    urls = _urls(asked, handed)
    if missing := asked.uncredentialed():
        raise Stopped(missing.text())
    plan = handed.plan
    index = SimpleIndex(await asked.http(), urls.check, plan.package)
    workshop = _workshop(asked, handed, dist, urls)
    # `next_upload` asks for no act of these two.
    ports = Ports(cast("Git", None), index, cast("GitHub", None), workshop, MachineClock())
    journal = handed.journal

    async def observe(plan: Plan, ports: Ports, here: Here) -> World:
        files = await ports.index.files()
        mine = tuple(file for file in files if file_version(file.name) == plan.version)
        here = roles.verified(here, handed.commit, handed.files)
        return World(branch=journal, tag=journal, index=mine, here=here)

    outcome = await loop.run(plan, ports, say, observe=observe, decide=next_upload)
    if isinstance(outcome.end, Stop):
        raise Stopped(outcome.end.text())
    names = ", ".join(file.name for file in outcome.world.index)
    word = "published" if Act.PUBLISH in outcome.acts else "already published"
    return f"{plan.package} {plan.version}: {word}: {names}"


# -- propose, finish ------------------------------------------------------------------------------


async def propose(asked: Asked, directory: dagger.Directory, sha256: str) -> Report:
    """Take the lock, and push the commit that was built as the release branch.

    Raises:
        Stopped: it is not there; the message is the report.
    """
    toolchain.begin_release()
    handed, dist = await handing.take(directory, sha256)
    decider = roles.proposing(handed.commit, described=handed.described is not None)
    return await _repository(asked, handed, dist, decider, foresee=True)


async def finish(asked: Asked, directory: dagger.Directory, sha256: str) -> Report:
    """Open the pull request, push the tag, make the GitHub release, unlock.

    Where the index does not have the release, it unlocks and stops.

    Raises:
        Stopped: it is not done; the message is the report.
    """
    toolchain.begin_release()
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
    workshop = _workshop(asked, handed, dist, urls)
    git = _Proposed(remote, handed)
    ports = Ports(git, index, github, workshop, MachineClock())

    async def observe(plan: Plan, ports: Ports, here: Here) -> World:
        return await loop.look(plan, ports, roles.verified(here, handed.commit, handed.files))

    outcome = await loop.run(plan, ports, say, observe=observe, decide=decider)
    links = Links(hub.page, urls.page)
    if isinstance(outcome.end, Stop):
        raise stopped(plan.package, outcome.end, plan, outcome.world, outcome.acts, links)
    return reported(plan.package, outcome.end, plan, outcome.world, outcome.acts, links)


async def _foreseen(plan: Plan, remote: RemoteGit, github: GitHubRest) -> tuple[str, ...]:
    """Return what people should know of the repository.

    Raises:
        Stopped: something is known to be wrong, or the base has another history.
    """
    seen = await loop.patiently(remote.look, MachineClock(), say)
    head = seen.refs.get(f"refs/heads/{plan.base}")
    if head is None or not (await remote.trace(plan.base_commit, plan.base)).merged:
        what = f"{plan.base_commit[:12]} is not in the history of {plan.base} of {remote.url}"
        raise Stopped(Stop.at(Reason.HANDED_OVER, what).text())
    makings = []
    if f"refs/tags/{plan.tag}" not in seen.refs:
        makings.append(Making(f"refs/tags/{plan.tag}"))
        if (branch := f"refs/heads/{plan.branch}") not in seen.refs:
            message = refs.journal_message(plan.package, plan.version)
            makings.append(Making(branch, message, EMAIL))
    problems = [*await loop.patiently(github.problems, MachineClock(), say)]
    foreseen, notes = await loop.patiently(
        lambda: github.foresee(plan.base, makings), MachineClock(), say
    )
    if stop := Stop.among([*problems, *foreseen]):
        raise Stopped(stop.text())
    return notes


@dataclass
class _Proposed:
    """The remote's refs; what is pushed as the release branch is the commit that was built."""

    remote: RemoteGit
    handed: Handed
    _made: bool = False

    async def observe(self, plan: Plan) -> Refs:
        return await self.remote.observe(plan)

    async def lock(self, plan: Plan, expected: str) -> str:
        return await self.remote.lock(plan, expected)

    async def unlock(self, plan: Plan, commit: str) -> None:
        await self.remote.unlock(plan, commit)

    async def verify(self, *_: object, **__: object) -> Compared:
        raise AssertionError("another commit than the one that was built is not verified here")

    async def push_branch(self, plan: Plan, expected: str) -> str:
        described = self.handed.described
        assert described is not None, "called only where it can be made"
        if not self._made:
            made = await self.remote.make_commit(described)
            if made != self.handed.commit:
                seen = f"its texts make the commit {made[:12]}, not {self.handed.commit[:12]}"
                raise Stopped(Stop.at(Reason.HANDED_OVER, seen).text())
            self._made = True
        return await self.remote.push_commit(plan, described, expected)

    async def push_tag(self, plan: Plan, commit: str) -> None:
        await self.remote.push_tag(plan, commit)
