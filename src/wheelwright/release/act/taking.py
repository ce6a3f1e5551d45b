"""The jobs of a release with a secret: they propose, publish and finish what `build` built.

None of them has the repository, and none runs code of it. They get `handing`'s plain data; where it
goes, is given by their own caller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import dagger

from wheelwright.container import steps
from wheelwright.errors import RequestError
from wheelwright.pins import DEFAULT_PYTHON
from wheelwright.project.addresses import without_credentials
from wheelwright.release.act import announcing, handing, loop
from wheelwright.release.act.git import RemoteGit
from wheelwright.release.act.github import GitHubRest
from wheelwright.release.act.handing import Handed
from wheelwright.release.act.http import token_of
from wheelwright.release.act.index import SimpleIndex
from wheelwright.release.act.loop import MachineClock, say
from wheelwright.release.act.options import ReleaseOptions, run_name
from wheelwright.release.act.published import downloaded
from wheelwright.release.act.uploading import Uploads
from wheelwright.release.decide import editing, materials, refs, roles, rules, tags
from wheelwright.release.decide.ports import Ports
from wheelwright.release.decide.practice import release_name
from wheelwright.release.decide.report import Links, Report, Stopped, concluded, published
from wheelwright.release.decide.step import Done, Next, next_upload
from wheelwright.release.decide.stops import Problem, Reason, Stop
from wheelwright.release.decide.tags import Tags
from wheelwright.release.decide.urls import PYPI, IndexUrls, https, hub_of
from wheelwright.release.decide.world import Act, Plan, RunState, World
from wheelwright.release.inside.plumbing import EMAIL


@dataclass
class _Handed:
    """The workshop of those that build nothing: files and texts that another has made."""

    handed: Handed
    uploads: Uploads

    async def _never(self, *_: object, **__: object) -> Any:
        raise AssertionError("no code of the package runs here, and nothing else is verified")

    verify = make_commit = gates = build = check = _never

    async def publish(self, plan: Plan, names: Sequence[str]) -> None:
        await self.uploads.publish(plan, names)

    async def contents(self, name: str) -> bytes:
        if (text := self.handed.materials.get(name)) is not None:
            return text.encode()
        return await self.uploads.contents(name)

    async def notes(self, *_: object, **__: object) -> str:
        return self.handed.notes


def _urls(options: ReleaseOptions, handed: Handed) -> IndexUrls:
    """Return the index that this job's caller gives.

    Raises:
        Stopped: the plan was made for another index.
    """
    if bool(options.publish_url) != bool(options.check_url):
        raise RequestError("only one of --publish-url and --check-url is given", "pass both")
    publish, check = options.publish_url or PYPI[0], options.check_url or PYPI[1]
    urls = IndexUrls(publish, check.rstrip("/") + "/", handed.urls.page)
    if publish != without_credentials(publish):
        raise RequestError("a credential in --publish-url", "pass it as --index-token")
    if urls.shown != handed.urls.shown:
        seen = f"it was built for {handed.urls.publish!r}, and this job publishes to {publish!r}"
        hint = "pass the same --publish-url and --check-url to all jobs: workflows --index NAME"
        raise Stopped(Problem(Reason.HANDED_OVER, seen, hint).text())
    return urls


# -- publish --------------------------------------------------------------------------------------


async def publish(options: ReleaseOptions, directory: dagger.Directory, sha256: str) -> str:
    """Compare the digests, sign, upload what is missing, wait until the index shows it.

    Raises:
        Stopped: it is not published.
    """
    steps.begin_release()
    handed, dist = await handing.take(directory, sha256)
    urls = _urls(options, handed)
    if missing := options.uncredentialed():
        raise Stopped(missing.text())
    plan = handed.plan
    index = SimpleIndex(await options.http(), urls.check, plan.package)
    workshop = _Handed(handed, Uploads(options, urls, DEFAULT_PYTHON, dist))

    def with_results(state: RunState) -> RunState:
        return roles.verified(state, handed.made, handed.files)

    journal = handed.made.journal
    outcome = await loop.at_index(plan, journal, index, workshop, next_upload, with_results)
    return published(plan, outcome.world, outcome.acts)


# -- propose, finish ------------------------------------------------------------------------------


async def propose(options: ReleaseOptions, directory: dagger.Directory, sha256: str) -> Report:
    """Take the lock, and push the commit that was built as the release branch.

    Raises:
        Stopped: it is not there; the message is the report.
    """
    steps.begin_release()
    handed, dist = await handing.take(directory, sha256)
    decider = roles.proposing(handed.commit, described=handed.described is not None)
    return await _repository(options, handed, dist, decider, foresee=True)


async def finish(options: ReleaseOptions, directory: dagger.Directory, sha256: str) -> Report:
    """Open the pull request, push the tag, make the GitHub release, unlock.

    Where the index does not have the release, it unlocks and stops.

    Raises:
        Stopped: it is not done; the message is the report.
    """
    steps.begin_release()
    handed, dist = await handing.take(directory, sha256)
    return await _repository(options, handed, dist, roles.finishing(handed.commit))


async def _repository(
    options: ReleaseOptions,
    handed: Handed,
    dist: dagger.Directory,
    decider: Callable[[Plan, World], Next],
    *,
    foresee: bool = False,
) -> Report:
    token = options.github_token
    if not options.remote or token is None:
        raise RequestError("--remote or --github-token is missing", "pass both")
    if not handed.plan.base:
        raise RequestError("an existing tag has no release branch", "call only release-publish")
    remote = RemoteGit(https(options.remote), DEFAULT_PYTHON, token, options.ca)
    hub = hub_of(remote.url, options.github_api)
    if isinstance(hub, Problem):
        raise Stopped(hub.text())
    if seen := hub.exposed:
        raise RequestError(seen, "pass --remote and --github-api with https")
    http = await options.http()
    github = GitHubRest(http, hub, await token_of(token))
    urls = _urls(options, handed)
    run = run_name(options.run) or handed.commit[:12]
    plan = replace(handed.plan, run=run, take_over=options.take_over)
    if not handed.notes:
        # The job that built it had no token, and the repository has no changelog.
        handed = replace(handed, notes=await _generated(plan, remote, github))
    if foresee:
        plan = replace(plan, notes=await _foreseen(plan, remote, github))
        await _made_again(handed, remote)
    elif not plan.release_name:
        plan = replace(plan, release_name=await _release_name(plan, remote, github))
    index = SimpleIndex(http, urls.check, plan.package)
    workshop = _Handed(handed, Uploads(options, urls, DEFAULT_PYTHON, dist))
    links = Links(hub.page, urls.page, options.log)
    ports = Ports(remote, index, github, workshop, MachineClock(), links)

    async def observe(plan: Plan, ports: Ports, state: RunState) -> World:
        beside = materials.files(handed.materials)
        mine = roles.verified(state, handed.made, handed.files, beside)
        return await loop.look(plan, ports, mine)

    outcome = await loop.run(plan, ports, say, observe=observe, decide=decider)
    world, end = outcome.world, outcome.end
    if isinstance(end, Done) and Act.PUBLISH_RELEASE in outcome.acts:
        world, end = await downloaded(http, world)
    return concluded(end, plan, world, outcome.acts, links)


async def _release_name(plan: Plan, remote: RemoteGit, github: GitHubRest) -> str:
    """Return the name of the GitHub release, which the job without a token could not read."""
    found = await _tags(plan, remote)
    last = found.before(plan.version)
    if last is None:
        return ""
    shown = await loop.retry_while_busy(partial(github.released_name, last.tag))
    date = editing.date_of(plan)
    return release_name(plan.package, plan.version, found, last.tag, shown, date)


async def _tags(plan: Plan, remote: RemoteGit) -> Tags:
    """Return the package's tags of the release's form."""
    observed = await loop.retry_while_busy(remote.look)
    found = tags.read(observed.refs, plan.package, member=False)
    own = tuple(each for each in found.found if each.form == plan.tag_form)
    return replace(found, form=plan.tag_form, found=own)


async def _generated(plan: Plan, remote: RemoteGit, github: GitHubRest) -> str:
    """Return GitHub's notes of what came since the release before.

    Raises:
        Stopped: it has none.
    """
    # With a changelog only the setting can have asked for them.
    asked = bool(plan.changelog)
    last = (await _tags(plan, remote)).before(plan.version)
    before = last.tag if last else ""
    text, problem = await loop.retry_while_busy(
        lambda: announcing.generated(
            github, plan.tag, plan.base_commit, before, base=plan.base, asked=asked
        )
    )
    if problem:
        raise Stopped(problem.text())
    return text


async def _made_again(handed: Handed, remote: RemoteGit) -> None:
    """Make the commit that was built of its texts, where the remote does not have it.

    Raises:
        Stopped: they make another one.
    """
    if handed.described is None:
        return
    commit = await remote.make_commit(handed.described)
    if commit != handed.commit:
        seen = f"its texts make the commit {commit[:12]}, not {handed.commit[:12]}"
        raise Stopped(Stop.at(Reason.HANDED_OVER, seen).text())


async def _foreseen(plan: Plan, remote: RemoteGit, github: GitHubRest) -> tuple[str, ...]:
    """Return notes about the repository.

    Raises:
        Stopped: something is known to be wrong, or the base has another history.
    """
    observed = await loop.retry_while_busy(remote.look)
    head = observed.refs.get(f"refs/heads/{plan.base}")
    if head is None or not (await remote.trace(plan.base_commit, plan.base)).merged:
        what = f"{plan.base_commit[:12]} is not in the history of {plan.base} of {remote.url}"
        raise Stopped(Stop.at(Reason.HANDED_OVER, what).text())
    message = refs.journal_message(
        plan.package, plan.version, title=plan.title, sign_off=plan.sign_off
    )
    refs_to_create = rules.refs_to_create(observed.refs, plan.branch, plan.tag, message, EMAIL)
    problems = [*await loop.retry_while_busy(github.problems)]
    foreseen, notes = await loop.retry_while_busy(
        lambda: github.foresee(plan.base, refs_to_create, merge_commit=plan.merge_commit)
    )
    if stop := Stop.among([*problems, *foreseen]):
        raise Stopped(stop.text())
    return notes
