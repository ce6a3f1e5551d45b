"""The calls of git repositories and refs that do work; registered as those of `root_leaves` are.

As in the real engine, `git` and `asGit` list the refs at once, each repository once a session, and
a tree is made where it is requested: what is passed on is content.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from stiletto.api import files as f
from stiletto.api.git import GitRef, GitRepository, LocalRepository, RemoteRepository
from stiletto.api.registry import leaf
from stiletto.api.secrets import Secret, SetSecret
from stiletto.api.session import Query
from stiletto.engine.client import Client
from stiletto.errors import NotSupported, UsageError
from stiletto.graph.recipe import Recipe
from stiletto.graph.tree import Dir
from stiletto.module.credentials import Credential, parted, shown
from stiletto.module.git_url import GitUrl, clone_candidates

if TYPE_CHECKING:
    from stiletto.api.git_refs import Listing
    from stiletto.engine.git.trees import Remote

# What works with git is imported where it is used: few commands need it, and all start with this.


@leaf("Query.git")
async def git(
    client: Client,
    self: Query,
    url: str,
    keep_git_dir: bool = True,
    ssh_known_hosts: str = "",
    ssh_auth_socket: Recipe | None = None,
    http_auth_username: str = "",
    http_auth_token: Secret | None = None,
    http_auth_header: Secret | None = None,
    experimental_service_host: Recipe | None = None,
) -> RemoteRepository:
    """Return the repository at an address; its refs are those of now for the whole session."""
    if ssh_auth_socket is not None:
        raise NotSupported("Query.git(sshAuthSocket:)")
    if experimental_service_host is not None:
        raise NotSupported("Query.git(experimentalServiceHost:)")
    base = RemoteRepository(
        url="",
        remote="",
        discard_git_dir=not keep_git_dir,
        users=client.module is None,
        user=http_auth_username,
        token=http_auth_token,
        header=http_auth_header,
        known_hosts=ssh_known_hosts,
    )
    candidates = clone_candidates(url)
    problems: list[UsageError] = []
    for candidate in candidates:
        repository = _at(client, base, candidate)
        try:
            _, refs = await client.core.git.remote(_remote(client, repository))
        except UsageError as error:
            problems.append(error)
        else:
            return replace(repository, refs=refs)
    raise problems[0]


def _at(client: Client, base: RemoteRepository, url: GitUrl) -> RemoteRepository:
    remote, credential = parted(url.remote)
    shown_url = replace(url, remote=remote).text
    found = replace(base, url=shown_url, remote=remote)
    if credential is None or base.token or base.header:
        return found
    password = None
    if credential.password is not None:
        password = SetSecret(f"password of {credential.user} at {remote}", client.scope)
        client.core.secrets.bind(password, credential.password)
    return replace(found, user=credential.user, password=password)


@leaf("Directory.asGit")
async def as_git(client: Client, self: f.Directory) -> LocalRepository:
    """Return the repository in a directory, or around it in the one that it was taken from."""
    try:
        return await _in(client, self)
    except UsageError:
        if not isinstance(self, f.SubDirectory):
            raise
        for above in PurePosixPath(self.path).parents:
            at = f.SubDirectory(self.parent, str(above)) if above.name else self.parent
            with contextlib.suppress(UsageError):
                found = await _in(client, at) if above.name else await as_git(client, at)
                inside = PurePosixPath(self.path).relative_to(above)
                return replace(found, inside=str(PurePosixPath(found.inside, inside)))
        raise


async def _in(client: Client, directory: f.Directory) -> LocalRepository:
    repository = LocalRepository(await client.core.evaluator.fixed(directory))
    await listing(client, repository)
    return repository


async def listing(client: Client, repository: GitRepository) -> Listing:
    """Return a repository's refs.

    Raises:
        UsageError: there is no repository, or it refuses access.
    """
    if isinstance(repository, RemoteRepository):
        return await client.core.git.known(_remote(client, repository), repository.refs)
    assert isinstance(repository, LocalRepository)
    return await client.core.git.local(await client.core.evaluator.tree(repository.directory))


async def _source(client: Client, repository: GitRepository) -> Remote | Dir:
    match repository:
        case RemoteRepository():
            return _remote(client, repository)
        case LocalRepository(directory):
            return await client.core.evaluator.tree(directory)
        case _:
            raise TypeError(f"unknown repository {type(repository).__name__}")


def _remote(client: Client, repository: RemoteRepository) -> Remote:
    from stiletto.engine.git.access import Access, basic
    from stiletto.engine.git.trees import Remote

    def value(secret: Secret) -> str:
        return client.core.secrets.value(secret).decode("utf-8", "surrogateescape")

    credential, authorization = None, ""
    if repository.token is not None:
        authorization = basic(repository.remote, repository.user, value(repository.token))
    elif repository.header is not None:
        authorization = value(repository.header)
    elif repository.user:
        host = repository.remote.partition("://")[2].partition("/")[0]
        scheme = repository.remote.partition("://")[0]
        password = value(repository.password) if repository.password else None
        credential = Credential(f"{scheme}://{host}", repository.user, password)
    if any(char in authorization for char in "\0\r\n"):
        raise UsageError(f"{shown(repository.remote)}: the token or header has more than one line")
    access = Access(repository.users, credential, authorization, repository.known_hosts)
    return Remote(repository.remote, access)


# -- refs ------------------------------------------------------------------------------------------


COMMIT_DIGITS = 40
"""Of SHA-1. The real engine lists the refs of other repositories, and reads no commit of them."""


async def _ref(client: Client, self: GitRepository, name: str) -> GitRef:
    found = (await listing(client, self)).lookup(name)
    if found is None:
        where = f"the repository {shown(self.url)}" if isinstance(self, RemoteRepository) else ""
        raise UsageError(f"{where or 'the repository'} does not contain ref {name!r}")
    if len(found[1]) != COMMIT_DIGITS:
        raise UsageError(
            f"invalid commit {found[1]!r} of ref {name!r}: the repository uses SHA-256",
            hint="convert it to SHA-1, or pass its files as a Directory; Dagger reads none either",
        )
    return GitRef(self, *found)


@leaf("GitRepository.head")
async def head(client: Client, self: GitRepository) -> GitRef:
    """Return what HEAD names."""
    return await _ref(client, self, "HEAD")


@leaf("GitRepository.ref")
async def ref(client: Client, self: GitRepository, name: str) -> GitRef:
    """Return a ref by its full or short name, or a commit."""
    return await _ref(client, self, name)


@leaf("GitRepository.branch")
async def branch(client: Client, self: GitRepository, name: str) -> GitRef:
    """Return a branch."""
    return await _ref(client, self, f"refs/heads/{name.removeprefix('refs/heads/')}")


@leaf("GitRepository.tag")
async def tag(client: Client, self: GitRepository, name: str) -> GitRef:
    """Return a tag."""
    return await _ref(client, self, f"refs/tags/{name.removeprefix('refs/tags/')}")


@leaf("GitRepository.commit")
async def commit(client: Client, self: GitRepository, id: str) -> GitRef:
    """Return a commit by its whole id; whether it is there is known by its tree."""
    from stiletto.api.git_refs import COMMIT

    if not COMMIT.fullmatch(id):
        raise UsageError(
            f"invalid commit {id!r}", hint="name all 40 digits, or use ref for other names"
        )
    return GitRef(self, "", id)


@leaf("GitRepository.latestVersion")
async def latest_version(client: Client, self: GitRepository) -> GitRef:
    """Return the tag of the highest semantic version."""
    latest = (await listing(client, self)).latest_version()
    if latest is None:
        raise UsageError("the repository has no tag that is a semantic version, such as v1.2.3")
    return await _ref(client, self, f"refs/tags/{latest}")


@leaf("GitRepository.branches")
async def branches(
    client: Client, self: GitRepository, patterns: Sequence[str] | None = None
) -> list[str]:
    """List the branches that match a pattern, or all."""
    return (await listing(client, self)).branches(patterns or ())


@leaf("GitRepository.tags")
async def tags(
    client: Client, self: GitRepository, patterns: Sequence[str] | None = None
) -> list[str]:
    """List the tags that match a pattern, or all."""
    return (await listing(client, self)).tags(patterns or ())


# -- trees -----------------------------------------------------------------------------------------


@leaf("GitRef.tree")
async def tree(
    client: Client,
    self: GitRef,
    discard_git_dir: bool = False,
    depth: int = 1,
    include_tags: bool = False,
) -> f.Directory:
    """Return the files of the commit, with a `.git` of this depth."""
    from stiletto.engine.git.trees import TreeOptions

    repository = self.repository
    dropped = isinstance(repository, RemoteRepository) and repository.discard_git_dir
    options = TreeOptions(not (discard_git_dir or dropped), depth, include_tags)
    source = await _source(client, repository)
    found = await client.core.git.tree_of(source, self.name, self.commit, options)
    return client.core.evaluator.host.remember(found, "")


@leaf("GitRepository.uncommitted")
async def uncommitted(client: Client, self: GitRepository) -> f.Changeset:
    """Return what the working tree has and the commit at HEAD has not; nothing without one."""
    if isinstance(self, LocalRepository):
        given = await client.core.evaluator.tree(self.directory)
        clean = await client.core.git.cleaned(given)
        before: f.Directory = client.core.evaluator.host.remember(clean, "")
        if self.inside:
            within = f.SubDirectory(self.directory, self.inside)
            return f.Changeset(f.SubDirectory(before, self.inside), within)
        return f.Changeset(before, self.directory)
    committed = await tree(client, await head(client, self))
    return f.Changeset(committed, committed)


@leaf("GitRef.commonAncestor")
async def common_ancestor(client: Client, self: GitRef, other: GitRef) -> GitRef:
    """Return the best common ancestor of two commits, as a commit of this repository."""
    commits = [(await _source(client, each.repository), each.commit) for each in (self, other)]
    return GitRef(self.repository, "", await client.core.git.ancestor(*commits))
