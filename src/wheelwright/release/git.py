"""The remote repository, through git in a container of its own full clone."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files

import dagger

from wheelwright import toolchain
from wheelwright.pins import full_image
from wheelwright.privileges import GIT, Credential
from wheelwright.release import refs
from wheelwright.release.ports import Refs
from wheelwright.release.refs import Seen
from wheelwright.release.world import Plan

__all__ = ["CLONE", "RemoteGit", "fresh", "with_program"]

CLONE = "/repo"
_PROGRAMS = "/opt/wheelwright"
_ANSWER = "/opt/wheelwright/answer"
_CA = "/opt/wheelwright/ca.pem"
_TOKEN = "GITHUB_TOKEN"  # noqa: S105 (the variable's name)


def fresh(container: dagger.Container) -> dagger.Container:
    """Make the next command one that no cache can answer."""
    return container.with_env_variable("WHEELWRIGHT_NONCE", uuid.uuid4().hex)


def with_program(container: dagger.Container, name: str) -> dagger.Container:
    """Put a program of `inside` into a container."""
    text = (files("wheelwright.release.inside") / name).read_text(encoding="utf-8")
    return container.with_new_file(f"{_PROGRAMS}/{name}", text)


@dataclass
class RemoteGit:
    """A remote, the token for it, and this run's clone."""

    url: str
    python: str
    token: dagger.Secret | None = None
    ca: dagger.File | None = None
    _clone: dagger.Container | None = field(default=None, repr=False)

    # -- containers -------------------------------------------------------------------------------

    def _container(self) -> dagger.Container:
        container = toolchain.base(full_image(self.python), self.python)
        if self.ca is not None:
            container = container.with_file(_CA, self.ca).with_env_variable("GIT_SSL_CAINFO", _CA)
        container = container.with_env_variable("WHEELWRIGHT_ANSWER", _ANSWER)
        return with_program(container, "refs.py")

    async def clone(self) -> dagger.Container:
        """Return the clone, made once in a run, with everything that the remote has."""
        if self._clone is None:
            self._clone = await self._run(self._container(), ["clone", self.url])
        return self._clone

    async def _run(
        self, container: dagger.Container, args: list[str], stdin: str = "", *, token: bool = True
    ) -> dagger.Container:
        command = ["python", f"{_PROGRAMS}/refs.py", *args]
        given = self.token if token else None
        held = [toolchain.Held(Credential.GITHUB, _TOKEN, given)] if given else []
        ran = toolchain.step(
            fresh(container), GIT, command, secrets=held, stdin=stdin, may_fail=True
        )
        output = await toolchain.output(ran)
        if output.exit_code:
            raise refs.trouble(output.stderr, output.exit_code)
        return ran

    async def _do(self, *args: str, stdin: str = "") -> dagger.Container:
        return await self._run(await self.clone(), list(args), stdin)

    async def tree(self, commit: str) -> dagger.Container:
        """Return the clone with a commit in its work tree."""
        return await self._do("checkout", commit)

    # -- looks ------------------------------------------------------------------------------------

    async def look(self) -> Seen:
        """Return all refs, now."""
        return refs.read(await _answer(await self._do("look")))

    async def observe(self, plan: Plan) -> Refs:
        """Return the refs of one release, now."""
        return refs.refs_of(await self.look(), plan)

    # -- acts -------------------------------------------------------------------------------------

    async def lock(self, plan: Plan, expected: str) -> str:
        """Push a lock commit that no other run makes."""
        message = refs.lock_message(plan, uuid.uuid4().hex)
        args = ("lock", plan.lock_ref, expected, str(plan.epoch_s))
        return await _answer(await self._do(*args, stdin=message))

    async def unlock(self, plan: Plan, commit: str) -> None:
        """Delete the lock's ref if it still is that commit."""
        await self._do("delete", plan.lock_ref, commit)

    async def push_tree(
        self,
        plan: Plan,
        edited: dagger.Container,
        paths: list[str],
        expected: str,
        build_requires: Sequence[str] = (),
    ) -> None:
        """Commit an edited work tree and push it as the release branch."""
        args = ["commit", plan.base_commit, str(plan.epoch_s), *paths]
        message = refs.journal_message(plan.package, plan.version, build_requires)
        container = await self._run(edited, args, message, token=False)
        commit = await _answer(container)
        ref = f"refs/heads/{plan.branch}"
        await self._run(container, ["push", ref, expected, commit])

    async def push_tag(self, plan: Plan, commit: str) -> None:
        """Push the tag; the same one again is no error, another one is refused."""
        await self._do("push", f"refs/tags/{plan.tag}", "", commit)


async def _answer(ran: dagger.Container) -> str:
    return (await ran.file(_ANSWER).contents()).strip()
