"""Refs, trees and common ancestors of repositories, for one session.

listing     once a session for each repository and the way to reach it
tree        of a commit, once for ever: the record names the tree by all that decides about it
ancestor    from the commits of both histories, without files
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stiletto.api.git_refs import COMMIT, Listing
from stiletto.engine.git.access import ANSWER_S, REMOTE_PROTOCOLS, Access, Reach, check_ssh
from stiletto.engine.git.checkout import Wanted, check_out
from stiletto.engine.git.local import Opened, cleaned, local_path, opened
from stiletto.engine.git.program import Program
from stiletto.engine.once import Once
from stiletto.errors import EnvironmentFailed, UsageError
from stiletto.graph.recipe import digest_of
from stiletto.graph.tree import Dir
from stiletto.layers.layer import Layer
from stiletto.layers.view import View
from stiletto.module.credentials import shown
from stiletto.store import Store

FORMAT = 1
"""Raised whenever a stored tree of a commit stops meaning what it meant."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A repository at an address."""

    address: str
    access: Access


@dataclass(frozen=True, slots=True)
class TreeOptions:
    """How a commit becomes a directory; see `checkout.Wanted`."""

    git_dir: bool = True
    depth: int = 1
    tags: bool = False


class Git:
    """Reads repositories, for one session."""

    def __init__(
        self, store: Store, environ: Mapping[str, str], answer_s: float = ANSWER_S
    ) -> None:
        self._store = store
        self._environ = environ
        self.program = Program(environ)
        self.reach = Reach(self.program, answer_s)
        self._once = Once()
        self._known: dict[str, Listing] = {}

    async def close(self) -> None:
        """End what still runs."""
        await self._once.close()

    # -- repositories ----------------------------------------------------------------------------

    async def remote(self, remote: Remote) -> tuple[Listing, str]:
        """Return the refs of a repository at an address, and the digest that `known` takes.

        Raises:
            UsageError: it does not answer, or refuses access.
            EnvironmentFailed: git is missing.
        """
        check_ssh(remote.address, remote.access, self._environ)
        return await self._once.get(("remote", remote), lambda: self._list(remote))

    async def _list(self, remote: Remote) -> tuple[Listing, str]:
        try:
            text = await self.reach.refs(remote.address, remote.access)
            digest, _ = self._store.put_bytes(os.fsencode(text))
            return self._known.setdefault(digest, Listing.parse(text)), digest
        except EnvironmentFailed as error:
            if error.hint:
                raise
            raise UsageError(
                f"cannot read the repository {shown(remote.address)}: {error.message}",
                hint=_hint(remote.access, error.message),
            ) from error

    async def known(self, remote: Remote, digest: str) -> Listing:
        """Return the refs that a repository had, or has now where those are no longer known.

        Raises:
            UsageError, EnvironmentFailed: as `remote`.
        """
        found = self._known.get(digest)
        if found is not None:
            return found
        try:
            text = os.fsdecode(self._store.read(digest))
        except EnvironmentFailed:
            return (await self.remote(remote))[0]
        return self._known.setdefault(digest, Listing.parse(text))

    async def local(self, tree: Dir) -> Listing:
        """Return the refs of a repository in a tree.

        Raises:
            UsageError: there is none.
            EnvironmentFailed: git is missing.
        """
        return await self._once.get(("local", tree.digest), lambda: self._list_local(tree))

    async def _list_local(self, tree: Dir) -> Listing:
        path = str(await self._path(tree))
        try:
            args = ("ls-remote", "--symref", "--", path)
            return Listing.parse(await self.program.on_files(args, self._store.root))
        except EnvironmentFailed as error:
            if error.hint:
                raise
            raise UsageError(f"the repository cannot be read: {error.message}") from error

    async def _opened(self, tree: Dir) -> Opened:
        return await self._once.get(
            ("opened", tree.digest), lambda: opened(tree, self._store, self.program)
        )

    async def _path(self, tree: Dir) -> Path:
        repository = await self._opened(tree)
        return await asyncio.to_thread(local_path, repository, self._store)

    # -- trees -----------------------------------------------------------------------------------

    async def tree_of(
        self, source: Remote | Dir, name: str, commit: str, options: TreeOptions
    ) -> Dir:
        """Return a commit as a directory.

        Raises:
            UsageError: the repository does not have it, or does not answer.
            EnvironmentFailed: git is missing.
        """
        if isinstance(source, Remote):
            where = source.address
        else:
            # An edited working tree is the same repository.
            where = (await self._opened(source)).bare.digest
        # Without .git, nothing of the history and of names is left.
        facts = [options.depth, options.tags, name] if options.git_dir else []
        key = digest_of(["git", FORMAT, where, commit, options.git_dir, *facts])
        return await self._once.get(key, lambda: self._tree(source, name, commit, options, key))

    async def _tree(
        self, source: Remote | Dir, name: str, commit: str, options: TreeOptions, key: str
    ) -> Dir:
        record = self._store.record("git", key)
        if record is not None and self._store.has_tree(str(record.get("tree"))):
            found = self._store.load_tree(str(record["tree"]))
            if found is not None:
                return found
        with self._store.stage() as staged:
            root = staged / "tree"
            root.mkdir()
            await self.check_out(source, name, commit, options, root)
            view = View((Layer(root),))
            tree = await asyncio.to_thread(view.ingest, "/", self._store.ingest_file)
        if not isinstance(tree, Dir):
            raise TypeError("a checkout is a directory")
        tree = replace(tree, mode=0o755)
        self._store.save_tree(tree)
        self._store.put_record("git", key, {"tree": tree.digest})
        return tree

    async def check_out(
        self, source: Remote | Dir, name: str, commit: str, options: TreeOptions, root: Path
    ) -> None:
        """Fill an empty directory with a commit.

        Raises:
            UsageError: the repository does not have it, or does not answer.
        """
        address = source.address if isinstance(source, Remote) else str(await self._path(source))
        wanted = Wanted(
            address,
            commit,
            name,
            options.depth,
            # Of a local repository git brings the tags on the way, as in Dagger.
            tags=options.tags or not isinstance(source, Remote),
            origin=address if isinstance(source, Remote) else "",
            git_dir=options.git_dir,
        )

        async def reach(args: Sequence[str], directory: Path, protocols: str) -> str:
            if isinstance(source, Remote):
                allowed = REMOTE_PROTOCOLS if protocols else ""
                return await self.reach.run(
                    args, address, source.access, directory, protocols=allowed
                )
            if protocols:  # a submodule of a local repository
                return await self.reach.run(
                    args, "", Access(users=False), directory, protocols=REMOTE_PROTOCOLS
                )
            return await self.program.on_files(args, directory)

        try:
            await check_out(wanted, root, self.program, reach)
        except EnvironmentFailed as error:
            if error.hint:
                raise
            what = f"of {shown(address)}" if isinstance(source, Remote) else "of the repository"
            raise UsageError(
                f"cannot get commit {commit} {what}: {error.message}",
                hint="check that the commit is there, and the network",
            ) from error

    async def cleaned(self, tree: Dir) -> Dir:
        """Return a working tree without what is not committed.

        Raises:
            UsageError: git cannot restore it.
        """
        repository = await self._opened(tree)
        if not repository.has_worktree:
            return tree
        return await self._once.get(
            ("cleaned", tree.digest),
            lambda: cleaned(tree, repository, self._store, self.program),
        )

    # -- histories -------------------------------------------------------------------------------

    async def ancestor(self, *commits: tuple[Remote | Dir, str]) -> str:
        """Return the best common ancestor of two commits.

        Raises:
            UsageError: there is none, or a repository does not have its commit.
        """
        (first, one), (second, other) = commits
        if isinstance(first, Dir) and isinstance(second, Dir) and first.digest == second.digest:
            found = await self._merge_base(await self._path(first), one, other)
        else:
            with self._store.stage() as staged:
                await self.program.on_files(("init", "-q", "--bare", "--template="), staged)
                for source, commit in commits:
                    await self._history(source, commit, staged)
                found = await self._merge_base(staged, one, other)
        if not COMMIT.fullmatch(found):
            raise UsageError("git names no commit as the common ancestor")
        return found

    async def _merge_base(self, repository: Path, one: str, other: str) -> str:
        args = ("--git-dir", str(repository), "merge-base", one, other)
        try:
            return (await self.program.on_files(args, self._store.root)).strip()
        except EnvironmentFailed as error:
            if error.hint:
                raise
            raise UsageError(f"commits {one} and {other} have no common ancestor") from error

    async def _history(self, source: Remote | Dir, commit: str, into: Path) -> None:
        options = ("fetch", "-q", "--no-tags", "--no-write-fetch-head")
        try:
            if isinstance(source, Remote):
                args = [*options, "--filter=tree:0", "--", source.address, commit]
                await self.reach.run(args, source.address, source.access, into)
            else:
                path = str(await self._path(source))
                await self.program.on_files((*options, "--", path, commit), into)
        except EnvironmentFailed as error:
            raise UsageError(f"cannot get commit {commit}: {error.message}") from error


def _hint(access: Access, message: str) -> str:
    if "certificate" in message:
        return "name the file of its certificate authority with SSL_CERT_FILE or http.sslCAInfo"
    if access.users:
        return "check the address, the network and the credentials that git has"
    return "check the address and the network; a private repository needs httpAuthToken"
