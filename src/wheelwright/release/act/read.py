"""What is read before anything is decided: the remote's refs, and the package in one commit."""

from __future__ import annotations

from dataclasses import dataclass

from wheelwright.container.loading import LoadedProject
from wheelwright.errors import RequestError
from wheelwright.release.act import noting
from wheelwright.release.act.git import RemoteGit
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.act.package import Package, package_at
from wheelwright.release.act.repository import looked
from wheelwright.release.decide import editing, edits, refs
from wheelwright.release.decide.again import NONE_EARLIER, Earlier, versioned
from wheelwright.release.decide.changelog.writing import Release
from wheelwright.release.decide.noted import Changes
from wheelwright.release.decide.plan import RunIdentity, lock_ref
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.refs import RemoteRefs
from wheelwright.release.decide.report import Links
from wheelwright.release.decide.stops import Problem, Stop
from wheelwright.release.decide.tags import Tags
from wheelwright.release.decide.urls import Hub, IndexUrls, hub_of, index_urls
from wheelwright.release.decide.version import Bump, Versioned, newest
from wheelwright.release.decide.world import Lock


@dataclass(frozen=True, slots=True)
class Read:
    """The package on the base branch, among the remote's refs.

    Attributes:
        package: what is released, at the lock's commit, else at the head.
        head: the base branch's commit, or the one of it that is released.
        lock: that of the package.
        continued: this run continues the release of the lock.
        on_base: the commit that the lock names is in the base branch's history.
        urls: the index's addresses, or why there are none.
        hub: the repository on GitHub, or why it is none.
        earlier: the earlier releases of the package, once they were looked up.
    """

    remote: RemoteGit
    observed: RemoteRefs
    package: Package
    base: str
    head: str
    lock: Lock | None
    continued: bool
    on_base: bool
    urls: IndexUrls | Problem
    hub: Hub | Problem
    earlier: Earlier = NONE_EARLIER

    @property
    def links(self) -> Links:
        """Where people look at the parts of a release."""
        return Links(
            self.hub.page if isinstance(self.hub, Hub) else "",
            self.urls.page if isinstance(self.urls, IndexUrls) else "",
        )

    @property
    def tags(self) -> Tags:
        """The version tags of the package."""
        return self.package.tags(self.observed)

    @property
    def current(self) -> str | Problem:
        """The version that the base branch has, or why there is none."""
        found = edits.current_version(self.package.project)
        # A continued release may have its tag already, which must not count as an earlier one.
        base = self.lock.base_commit if self.lock and self.continued else self.head
        return found or newest(refs.earlier(self.observed, self.tags, base).commits)

    def version(self, request: Bump) -> str:
        """Return the version that is released; empty where the request makes none."""
        if self.lock and self.continued:
            return self.lock.version
        versioned = self.versioned(request)
        return versioned.version if isinstance(versioned, Versioned) else ""

    def versioned(self, request: Bump) -> Versioned | Stop:
        """Return the version that a release without a lock has, or why there is none."""
        current = self.current
        found = "" if isinstance(current, Problem) else current
        return versioned(request, found, self.earlier, self.base)

    async def changes(self, request: Bump, identity: RunIdentity) -> Changes:
        """Return the changelog with that version, and its notes."""
        version, package = self.version(request) or "0", self.package
        tag = self.tags.form.name(version)
        day = editing.day_of(identity.epoch_s)
        release = Release(version, tag, day, package.project.name)
        return await noting.changes(package, release, package.past(self.observed, version))


async def read(
    options: ReleaseOptions, loaded: LoadedProject, identity: RunIdentity | None = None
) -> Read:
    """Return the package on the base branch, or of the lock that the run `identity` may continue.

    Raises:
        RequestError: an unknown repository, or it has no such branch or package.
    """
    return await read_of(options, loaded, *await looked(options, loaded), identity)


async def read_of(
    options: ReleaseOptions,
    loaded: LoadedProject,
    remote: RemoteGit,
    observed: RemoteRefs,
    identity: RunIdentity | None = None,
) -> Read:
    """Return the same of a repository with these refs.

    Raises:
        RequestError: it has no such branch or package.
    """
    base, head = _base(options, remote, observed)
    if options.at:
        if not await _on_base(remote, observed, options.at, base):
            seen = f"the base commit {options.at[:12]} is not in the history of {base}"
            raise RequestError(seen, "make a new plan")
        head = options.at
    lock = observed.locks.get(lock_ref(loaded.project.metadata.name))
    continued = (
        lock is not None and identity is not None and lock.run in (identity.run, identity.take_over)
    )
    on_base = bool(lock and continued and await _on_base(remote, observed, lock.base_commit, base))
    # What a continued release is made of is the lock's base, not what main is by now.
    at = lock.base_commit if lock and on_base else head
    package = await package_of(options, loaded, remote, at)
    hub = hub_of(remote.url, options.github_api)
    urls = urls_of(options, package)
    return Read(remote, observed, package, base, head, lock, continued, on_base, urls, hub)


def _base(options: ReleaseOptions, remote: RemoteGit, observed: RemoteRefs) -> tuple[str, str]:
    """Return the base branch and its commit.

    Raises:
        RequestError: the remote has no such branch.
    """
    heads = "refs/heads/"
    base = options.base or observed.default
    commit = observed.refs.get(f"{heads}{base}")
    if not base or commit is None:
        known = [ref.removeprefix(heads) for ref in sorted(observed.refs) if ref.startswith(heads)]
        place = remote.url or "the clone"
        raise RequestError(
            f'{place} has no branch "{base}" (it has: {", ".join(known) or "none"})',
            "correct --base",
        )
    return base, commit


async def package_of(
    options: ReleaseOptions, loaded: LoadedProject, remote: RemoteGit, commit: str
) -> Package:
    """Return the package as a commit has it.

    Raises:
        RequestError: the commit has another package than the source.
    """
    found = await package_at(options, remote, commit)
    # With -m the default of `git` is the module's own repository: never release that instead.
    mine = loaded.project.metadata.name
    if mine != found.name:
        place = "the clone in --git" if remote.stands_in else remote.url
        hint = "pass --git DIRECTORY" if remote.stands_in else "pass --remote with the address"
        raise RequestError(
            f'the source is "{mine}", and {place} has "{found.name}"',
            f"{hint} of the source's repository",
        )
    return found


def urls_of(options: ReleaseOptions, package: Package) -> IndexUrls | Problem:
    """Return the addresses of the index for a package."""
    name = package.name
    return index_urls(package.project, name, options.index, options.publish_url, options.check_url)


async def _on_base(remote: RemoteGit, observed: RemoteRefs, commit: str, base: str) -> bool:
    """Whether a commit is of the base branch: who names it may write any text."""
    if not commit:
        return False
    if commit == observed.refs.get(f"refs/heads/{base}"):
        return True
    try:
        return (await remote.trace(commit, base)).merged
    except ActFailed:
        # No commit of the remote at all.
        return False
