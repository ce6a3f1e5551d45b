"""Clones repositories that modules are taken from, each commit once, into the store.

    resolve      reference -> URL, directory, commit; queries the repository unless a pin is enough
    checkout     URL and commit -> a directory with the working tree and its `.git`

A checkout is committed by rename as `repositories/<digest of URL and commit>`, so what is there
is whole, and a pinned module needs no network the second time.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stiletto.errors import EnvironmentFailed, UsageError
from stiletto.graph.recipe import digest_of
from stiletto.module.credentials import Credential, git_variables, parted, shown
from stiletto.module.remote import GitReference, tag_names
from stiletto.store.store import Store

COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


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
        self._environ = {
            **{key: value for key, value in environ.items() if not key.startswith("GIT_DIR")},
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C",
        }
        self._refs: dict[str, dict[str, str]] = {}
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

    async def _repository(self, reference: GitReference) -> tuple[str, str, dict[str, str]]:
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

    async def _list(self, url: str) -> dict[str, str]:
        """Return the repository's refs; annotated tags by the commit they name."""
        if url not in self._refs:
            output = await self._git(["ls-remote", "--", url], url=url)
            refs: dict[str, str] = {}
            for line in output.splitlines():
                commit, _, name = line.partition("\t")
                if not COMMIT.fullmatch(commit):
                    continue  # a server's text becomes an argument later on
                if name.endswith("^{}") or name not in refs:
                    refs[name.removesuffix("^{}")] = commit
            self._refs[url] = refs
        return self._refs[url]

    async def _checkout(self, url: str, commit: str) -> Path:
        key = _key(url, commit)
        found = self._store.directory("repositories", key)
        if found is not None:
            return found / "tree"
        with self._store.stage() as staged:
            tree = staged / "tree"
            tree.mkdir()
            try:
                await self._git(["init", "-q"], tree)
                await self._fetch(tree, url, commit)
                # The clone may be seen by steps: its address has no credentials.
                await self._git(["remote", "add", "--", "origin", url], tree)
                await self._git(["checkout", "-q", "--detach", commit, "--"], tree)
            except EnvironmentFailed as error:
                raise UsageError(
                    f"cannot get commit {commit} of {shown(url)}: {error.message}",
                    hint="check the network; what was cloned before needs none",
                ) from error
            # What differs from one clone to the next would make the same commit another content.
            for name in ("hooks", "logs", "FETCH_HEAD", "ORIG_HEAD", "description"):
                path = tree / ".git" / name
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            return self._store.commit(staged, "repositories", key) / "tree"

    async def _fetch(self, tree: Path, url: str, commit: str) -> None:
        try:
            args = ["fetch", "-q", "--depth=1", "--no-tags", "--", url, commit]
            await self._git(args, tree, url=url)
        except EnvironmentFailed:
            # Old servers give out only what a ref names: get everything, then look.
            everything = "+refs/heads/*:refs/remotes/origin/*"
            args = ["fetch", "-q", "--tags", "--", url, everything]
            await self._git(args, tree, url=url)

    def _named(self, url: str) -> str:
        """Return an address to show: with its user, never with a password."""
        credential = self._credentials.get(url)
        if credential is None:
            return shown(url)
        scheme, mark, rest = url.partition("://")
        who = f"{credential.user}:***" if credential.password is not None else "***"
        return f"{scheme}{mark}{who}@{rest}"

    async def _git(
        self, args: Sequence[str], directory: Path | None = None, *, url: str = ""
    ) -> str:
        """Run git; `url` is the repository that it talks to, if it does.

        Raises:
            EnvironmentFailed: it ended with an error: its message, without passwords.
        """
        variables = git_variables(self._credentials.get(url), self._environ)
        try:
            process = await asyncio.create_subprocess_exec(
                "git",
                *args,
                cwd=directory,
                env={**self._environ, **variables},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            raise EnvironmentFailed(f"git cannot be run: {error.strerror}") from error
        try:
            out, err = await process.communicate()
        except BaseException:
            if process.returncode is None:
                process.kill()
            raise
        if process.returncode:
            lines = [line for line in os.fsdecode(err).splitlines() if line.strip()]
            message = lines[0] if lines else f"git {args[0]}: exit {process.returncode}"
            raise EnvironmentFailed(shown(message))
        return os.fsdecode(out)


def _key(url: str, commit: str) -> str:
    return digest_of(["repository", url, commit])


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
