"""The remote repository, through git in containers that no code of the package ever ran in.

clone     bare, with the token: the only container that sees it; only plumbing
tree      a commit's work tree, with a copy of the clone as its .git and without the token:
for code of the package; only texts ever come back from it (`commit.py`)
fetch     a copy of the clone, with the token: brings submodules and files of git-lfs, as files
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import dagger

from wheelwright.container import steps
from wheelwright.container.privileges import DATA, GIT, Credential, Kind
from wheelwright.container.trusting import JOINED, joined
from wheelwright.errors import ProjectError
from wheelwright.pins import full_image
from wheelwright.release.act.containers import PROGRAMS, fresh, with_program
from wheelwright.release.decide import refs
from wheelwright.release.decide.commit import ReleaseCommit
from wheelwright.release.decide.ports import Refs
from wheelwright.release.decide.refs import RemoteRefs
from wheelwright.release.decide.world import Plan

TREE = "/repo"
"""Where a commit's files are in the container of `RemoteGit.tree`."""

_MATERIAL = f"{PROGRAMS}/material"
_TREE_PROGRAM = "tree.py"
_CLONE = f"{PROGRAMS}/clone.git"
_ANSWER = f"{PROGRAMS}/answer"
_COMMIT = f"{PROGRAMS}/commit.json"
_REQUEST = f"{PROGRAMS}/request.json"
_CHECKOUT = f"{PROGRAMS}/checkout"
_TOKEN = "GITHUB_TOKEN"  # noqa: S105 (the variable's name)

# The exit code of `inside/tree.py` for what cannot be fetched.
_MISSING = 3

# The image's own directories: not those that tools and environments are installed into.
_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a commit comes from.

    Attributes:
        author: as git writes it; may be any text.
        merged: it is in the branch's history.
        parent_merged: its first parent is.
    """

    epoch_s: int
    parents: tuple[str, ...]
    author: str
    merged: bool
    parent_merged: bool


@dataclass
class RemoteGit:
    """A remote, the token for it, and this run's clone.

    Attributes:
        checkout: a whole clone of it, with `.git`, that is read in its place, without network and
            without a token.
        stands_in: why it is read, for people, where the remote cannot be; empty otherwise. Its own
            branches count, too, where it has none of that name from the remote.
        frozen: the clone is as it was once; nothing is fetched.
    """

    url: str
    python: str
    token: dagger.Secret | None = None
    ca: dagger.File | None = None
    checkout: dagger.Directory | None = None
    stands_in: str = ""
    frozen: bool = False
    _clone: dagger.Container | None = field(default=None, repr=False)
    _newest: dagger.Container | None = field(default=None, repr=False)
    _seen: RemoteRefs | None = field(default=None, repr=False)
    _head: str = field(default="", repr=False)
    _histories: dict[tuple[str, ...], str] = field(default_factory=dict, repr=False)
    _heads: dict[tuple[str, str], bool] = field(default_factory=dict, repr=False)
    _trees: dict[tuple[str, str], dagger.Container] = field(default_factory=dict, repr=False)
    _material: dict[str, dagger.Directory] = field(default_factory=dict, repr=False)

    # -- containers -------------------------------------------------------------------------------

    def _container(self) -> dagger.Container:
        container = steps.base(full_image(self.python), self.python)
        container = with_program(container, "refs.py")
        if self.ca is not None:
            container = container.with_file(JOINED, joined(self.ca))
        if self.checkout is not None:
            container = container.with_directory(_CHECKOUT, self.checkout)
        return container.with_workdir(PROGRAMS)

    async def clone(self) -> dagger.Container:
        """Return the clone, made once in a run, with everything that the remote has."""
        if self._clone is None:
            self._clone = await self._run(self._container(), ["clone"])
        return self._clone

    async def _run(
        self,
        container: dagger.Container,
        args: list[str],
        stdin: str = "",
        clone: str = _CLONE,
        kind: Kind = GIT,
    ) -> dagger.Container:
        ran = await steps.settled(self._step(container, "refs.py", args, stdin, clone, kind))
        if exit_code := await ran.exit_code():
            raise refs.failure_of((await steps.left(ran)).stderr, exit_code)
        return ran

    def _step(
        self,
        container: dagger.Container,
        program: str,
        args: Sequence[str],
        stdin: str = "",
        clone: str = _CLONE,
        kind: Kind = GIT,
    ) -> dagger.Container:
        """Add a command of a program; it may fail."""
        given = self.token if Credential.GITHUB in kind.secrets else None
        held = [steps.StepSecret(Credential.GITHUB, _TOKEN, given)] if given else []
        options = [f"--clone={clone}", f"--remote={self.url}", f"--answer={_ANSWER}"]
        options += [f"--path={_PATH}", *([f"--ca={JOINED}"] if self.ca is not None else [])]
        options += [f"--checkout={_CHECKOUT}"] if self.checkout is not None else []
        options += ["--local=yes"] if self.stands_in else []
        options += ["--frozen=yes"] if self.frozen else []
        command = ["python", f"{PROGRAMS}/{program}", *options, *args]
        return steps.step(fresh(container), kind, command, secrets=held, stdin=stdin, may_fail=True)

    async def _do(self, *args: str, stdin: str = "") -> dagger.Container:
        return await self._run(await self.clone(), list(args), stdin)

    async def tree(self, commit: str, tag: str = "") -> dagger.Container:
        """Return a container with a commit in its work tree, for code that sees no token.

        Its .git has the remote's tags. With `tag` it is the tree of a release commit: that tag is
        on it, in this container alone, and submodules and files of git-lfs are in it.

        It is made once: a commit is what it is, and whoever asks again gets the same container.

        Raises:
            ProjectError: a part of it cannot be fetched.
        """
        if (commit, tag) not in self._trees:
            self._trees[commit, tag] = await self._tree(commit, tag)
        return self._trees[commit, tag]

    async def _tree(self, commit: str, tag: str) -> dagger.Container:
        # A commit that was pushed after the clone was made is in the container of the last command.
        clone = self._newest or await self.clone()
        container = steps.base(full_image(self.python), self.python)
        container = with_program(container, _TREE_PROGRAM).with_directory(
            f"{TREE}/.git", clone.directory(_CLONE)
        )
        args = [f"--tree={TREE}", "checkout", commit, *([tag] if tag else [])]
        made = self._step(container, _TREE_PROGRAM, args, clone=f"{TREE}/.git", kind=DATA)
        made = await _ended(made)
        lacking = await _answer(made)
        if not tag or not any(json.loads(lacking).values()):
            return made
        return made.with_directory(TREE, await self._fetched(clone, commit, lacking))

    async def _fetched(
        self, clone: dagger.Container, commit: str, lacking: str
    ) -> dagger.Directory:
        """Return what git alone does not bring to a commit's tree; `lacking` says what that is."""
        if lacking not in self._material:
            args = [f"--tree={_MATERIAL}", "fetch", commit]
            ran = await _ended(self._step(with_program(clone, _TREE_PROGRAM), _TREE_PROGRAM, args))
            self._material[lacking] = ran.directory(_MATERIAL)
        return self._material[lacking]

    # -- looks ------------------------------------------------------------------------------------

    async def look(self) -> RemoteRefs:
        """Return all refs, now; the default branch is looked up once."""
        known = [f"--head={self._head}"] if self._head else []
        # A clone that was made just now has seen everything.
        self._newest = await (self._do(*known, "look") if self._clone else self.clone())
        self._seen = refs.read(await _answer(self._newest))
        self._head = self._seen.default
        return self._seen

    async def observe(self, plan: Plan) -> Refs:
        """Return the refs of one release: first as the preflight saw them, from then on now.

        Nothing is written before the lock is taken, and after that everything is looked at again.
        """
        observed = self._seen or await self.look()
        self._seen = None
        found = refs.refs_of(observed, plan)
        return found if await self._based(observed, plan) else replace(found, based=False)

    async def _based(self, observed: RemoteRefs, plan: Plan) -> bool:
        """Whether the base branch has the plan's base commit: each of its heads is asked once."""
        head = observed.refs.get(f"refs/heads/{plan.base}", "")
        if head in ("", plan.base_commit):
            return bool(head)
        key = (head, plan.base_commit)
        if key not in self._heads:
            self._heads[key] = (await self.trace(plan.base_commit, plan.base)).merged
        return self._heads[key]

    async def past(self, base: str, commit: str, hidden: Sequence[str]) -> RemoteGit:
        """Return the clone as it was at a commit: the head of its one branch, without some tags.

        It is a copy that looks at nothing else any more.
        """
        stdin = "".join(f"{tag}\n" for tag in hidden)
        past = await self._run(await self.clone(), ["past", base, commit], stdin, kind=DATA)
        copy = replace(self, token=None, frozen=True, _clone=past, _newest=None, _seen=None)
        copy._trees, copy._head = {}, ""
        return copy

    async def history(
        self, tag: str, before: str, base: str, versions: Sequence[str], *, locks: bool = False
    ) -> str:
        """Return as JSON how a version was released: see `inside/history.py`.

        Args:
            tag: its tag's short name.
            before: the commit of the tag before it; empty for none.
            base: the branch that it came into.
            versions: how the version may be spelled.
            locks: lock files are among what it changed, too.
        """
        args = [f"refs/seen/tags/{tag}", before, f"refs/seen/heads/{base}", *versions]
        return await self._told(*(["--locks=yes"] if locks else []), *args)

    async def change(self, commit: str) -> str:
        """Return as JSON the message of a commit, and its diff: see `inside/history.py`."""
        return await self._told(f"--commit={commit}")

    async def _told(self, *args: str) -> str:
        if args not in self._histories:
            self._histories[args] = await self._tell(*args)
        return self._histories[args]

    async def _tell(self, *args: str) -> str:
        clone = with_program(self._newest or await self.clone(), "history.py")
        options = [f"--clone={_CLONE}", f"--answer={_ANSWER}", f"--path={_PATH}"]
        command = ["python", f"{PROGRAMS}/history.py", *options, *args]
        return await _answer(steps.run(clone, command, kind=DATA))

    async def search(self, commit: str, request: str) -> str:
        """Return as JSON where a commit's files have some texts: see `inside/search.py`."""
        clone = with_program(self._newest or await self.clone(), "search.py")
        clone = clone.with_new_file(_REQUEST, request)
        options = [f"--clone={_CLONE}", f"--answer={_ANSWER}", f"--path={_PATH}"]
        command = ["python", f"{PROGRAMS}/search.py", *options, commit, _REQUEST]
        return await _answer(steps.run(clone, command, kind=DATA))

    # -- acts -------------------------------------------------------------------------------------

    async def lock(self, plan: Plan, expected: str) -> str:
        """Push a lock commit that no other run makes."""
        message = refs.lock_message(plan, uuid.uuid4().hex, int(time.time()))
        args = ("lock", plan.lock_ref, expected, str(plan.epoch_s))
        return await _answer(await self._do(*args, stdin=message))

    async def unlock(self, plan: Plan, commit: str) -> None:
        """Delete the lock's ref if it still is that commit."""
        await self._do("delete", plan.lock_ref, commit)

    async def push_commit(self, plan: Plan, commit: ReleaseCommit, expected: str) -> str:
        """Make a commit of its description, push it as the release branch, and return it."""
        clone = await self.clone()
        described = clone.with_new_file(_COMMIT, commit.json())
        ref = f"refs/heads/{plan.branch}"
        self._newest = await self._run(described, ["release", _COMMIT, ref, expected])
        return await _answer(self._newest)

    async def make_commit(self, commit: ReleaseCommit) -> str:
        """Make a commit of its description in the clone, push nothing, and return it."""
        described = (await self.clone()).with_new_file(_COMMIT, commit.json())
        # Whatever reads the clone from here on has to find it.
        self._clone = self._newest = await self._run(described, ["commit", _COMMIT])
        return await _answer(self._newest)

    # -- verification -----------------------------------------------------------------------------

    async def trace(self, commit: str, branch: str) -> Trace:
        """Return where a commit comes from, as seen from a branch of the remote."""
        answer: dict[str, Any] = json.loads(await _answer(await self._do("trace", commit, branch)))
        return Trace(**{**answer, "parents": tuple(answer["parents"])})

    async def compare(self, expected: ReleaseCommit, other: str) -> tuple[str, tuple[str, ...]]:
        """Return the commit of a description, and what another one has that this has not.

        What differs is for people: paths, each with how it differs.
        """
        described = (await self.clone()).with_new_file(_COMMIT, expected.json())
        answer = json.loads(await _answer(await self._run(described, ["compare", _COMMIT, other])))
        changes = {"A": "added", "D": "missing"}
        differing = (
            f"{printable(path)} ({changes.get(how, 'changed')})"
            for how, path in answer["differing"]
        )
        return answer["commit"], tuple(differing)

    async def push_tag(self, plan: Plan, commit: str) -> None:
        """Push the tag; pushing the same one again is not an error, another one is refused."""
        ref = f"refs/tags/{plan.tag}"
        if plan.annotated:
            await self._do("tag", ref, commit, stdin=f"{plan.subject}\n")
        else:
            await self._do("push", ref, "", commit)


def printable(text: str) -> str:
    """Return a text of others on one line, without control characters."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)[:400]


async def _ended(container: dagger.Container) -> dagger.Container:
    """Run a command of the program of work trees.

    Raises:
        ProjectError: a part of the tree cannot be fetched.
        ActFailed: git failed.
    """
    ran = await steps.settled(container)
    if exit_code := await ran.exit_code():
        output = await steps.left(ran)
        if exit_code == _MISSING:
            message, _, hint = output.stderr.strip().partition("\n")
            raise ProjectError(printable(message), printable(hint))
        raise refs.failure_of(output.stderr, exit_code)
    return ran


async def _answer(ran: dagger.Container) -> str:
    return (await ran.file(_ANSWER).contents()).strip()
