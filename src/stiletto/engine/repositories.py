"""Clones repositories that modules are taken from, each commit once, into the store.

    resolve      reference -> URL, directory, commit; queries the repository unless a pin is enough
    checkout     URL and commit -> a directory with the working tree and its `.git`

A checkout is committed by rename as `repositories/<digest of URL and commit>`, so what is there
is whole, and a pinned module needs no network the second time.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from stiletto.api.git_refs import COMMIT, Listing
from stiletto.engine.git.access import Access, check_ssh
from stiletto.engine.git.trees import Git, Remote, TreeOptions
from stiletto.errors import EnvironmentFailed, UsageError
from stiletto.graph.recipe import digest_of
from stiletto.module.credentials import Credential, parted, shown
from stiletto.module.remote import GitReference, tag_names
from stiletto.store.store import Store


@dataclass(frozen=True, slots=True)
class Cloned:
    """A repository at one commit: its working tree, and the directory requested."""

    path: Path
    directory: str
    url: str
    commit: str


class Repositories:
    """Clones repositories, for one session; each repository's refs are listed once."""

    def __init__(
        self,
        store: Store,
        environ: Mapping[str, str],
        found: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Start without clones of its own; `found` gets each password of an address."""
        self._store = store
        self._found = found
        self._environ = environ
        self._git = Git(store, environ)
        self._refs: dict[str, Mapping[str, str]] = {}
        self._credentials: dict[str, Credential | None] = {}

    async def clone(self, reference: GitReference, pin: str = "") -> Cloned:
        """Return a reference's repository at its commit; a pin is a commit that goes before.

        Raises:
            UsageError: there is no such repository, version or commit.
            EnvironmentFailed: git is missing.
        """
        reference = self._without_credentials(reference)
        if shutil.which("git", path=self._environ.get("PATH")) is None:
            raise EnvironmentFailed("git is not installed", hint="install git to use repositories")
        if COMMIT.fullmatch(pin):
            for url, directory in reference.candidates:
                found = self._store.directory("repositories", _key(url, pin))
                if found is not None:
                    return Cloned(found / "tree", directory, url, pin)
        url, directory, refs = await self._repository(reference)
        commit = pin if COMMIT.fullmatch(pin) else _commit(reference, directory, refs, url, pin)
        return Cloned(await self._checkout(url, commit), directory, url, commit)

    def _without_credentials(self, reference: GitReference) -> GitReference:
        """Return the reference with clean addresses; credentials are kept for git only."""
        candidates: list[tuple[str, str]] = []
        for url, directory in reference.candidates:
            clean, credential = parted(url)
            self._credentials[clean] = credential
            if credential is not None and credential.password:
                self._found(credential.password)
            candidates.append((clean, directory))
        return replace(reference, candidates=tuple(candidates))

    async def _repository(self, reference: GitReference) -> tuple[str, str, Mapping[str, str]]:
        problems: list[str] = []
        for url, directory in reference.candidates:
            try:
                return url, directory, await self._list(url)
            except EnvironmentFailed as error:
                problems.append(error.message)
        tried = ", ".join(self._named(url) for url, _ in reference.candidates)
        raise UsageError(
            f"cannot read the repository {tried}: {problems[-1]}",
            hint="check the address, the network and the credentials that git has",
        )

    async def _list(self, url: str) -> Mapping[str, str]:
        """Return the repository's refs; annotated tags by the commit they name."""
        if url not in self._refs:
            access = self._access(url)
            check_ssh(url, access, self._environ)
            output = await self._git.reach.refs(url, access, symbolic=False)
            self._refs[url] = Listing.parse(output).commits
        return self._refs[url]

    def _access(self, url: str) -> Access:
        return Access(credential=self._credentials.get(url))

    async def _checkout(self, url: str, commit: str) -> Path:
        key = _key(url, commit)
        found = self._store.directory("repositories", key)
        if found is not None:
            return found / "tree"
        with self._store.stage() as staged:
            tree = staged / "tree"
            tree.mkdir()
            # The clone may be seen by steps: its address has no credentials.
            remote = Remote(url, self._access(url))
            await self._git.check_out(remote, "", commit, TreeOptions(), tree)
            return self._store.commit(staged, "repositories", key) / "tree"

    def _named(self, url: str) -> str:
        """Return an address to show: with its user, never with a password."""
        credential = self._credentials.get(url)
        if credential is None:
            return shown(url)
        scheme, mark, rest = url.partition("://")
        who = f"{credential.user}:***" if credential.password is not None else "***"
        return f"{scheme}{mark}{who}@{rest}"


def _key(url: str, commit: str) -> str:
    return digest_of(["repository", 2, url, commit])


def _commit(
    reference: GitReference, directory: str, refs: Mapping[str, str], url: str, pin: str
) -> str:
    """Return the commit that a version means in a repository.

    Raises:
        UsageError: it has no such tag, branch or commit.
    """
    version = reference.version or pin
    if not version:
        if "HEAD" not in refs:
            raise UsageError(f"the repository {shown(url)} has no commits")
        return refs["HEAD"]
    names = [f"refs/tags/{tag}" for tag in tag_names(version, directory)]
    if not reference.names_tag:
        names = [version, f"refs/tags/{version}", f"refs/heads/{version}", f"refs/{version}"]
    for name in names:
        if name in refs:
            return refs[name]
    if COMMIT.fullmatch(version):
        return version
    raise UsageError(
        f"the repository {shown(url)} has no version {version!r}",
        hint="name a tag, a branch or a whole commit",
    )
