"""Steps on the release commit in containers: checks, two builds, verification, upload."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import dagger
from packaging.version import Version

from wheelwright.ci import ci
from wheelwright.container import toolchain
from wheelwright.container.output import Output
from wheelwright.container.privileges import DATA, UPLOAD, Credential
from wheelwright.container.toolchain import Held
from wheelwright.distribution import backend
from wheelwright.environment import plan as environment
from wheelwright.environment.plan import SOURCE
from wheelwright.environment.tools import release_tool
from wheelwright.errors import GateFailed, WheelwrightError
from wheelwright.pins import DEFAULT_PYTHON, slim_image
from wheelwright.project import building
from wheelwright.project.files import join, literal
from wheelwright.project.version import VersionSource, release_variables, version_source
from wheelwright.release.act.asked import Asked
from wheelwright.release.act.git import fresh, with_program
from wheelwright.release.act.preparing import Commit, Preparing
from wheelwright.release.decide import artifacts
from wheelwright.release.decide import responses as answers
from wheelwright.release.decide.artifacts import Distribution
from wheelwright.release.decide.plan import file_version
from wheelwright.release.decide.ports import ActFailed, Built, Said
from wheelwright.release.decide.urls import IndexUrls
from wheelwright.release.decide.world import Journal, Plan, Trouble
from wheelwright.testing import plan as plans
from wheelwright.testing import running
from wheelwright.testing.cells import Cell
from wheelwright.testing.plan import TestOptions
from wheelwright.testing.verdict import Kind, Verdict, judge

DIST: Final = "/dist"
# The oldest that locks/pypi-attestations.txt is for.
_SIGNING_PYTHON: Final = Version("3.10")
_CA: Final = "/opt/wheelwright/ca.pem"
_PROGRAM: Final = "/opt/wheelwright/distributions.py"
_TOLD: Final = "/opt/wheelwright/told"


@dataclass
class Containers:
    """The workshop of one release."""

    preparing: Preparing
    urls: IndexUrls
    asked: Asked
    _commits: dict[str, Commit] = field(default_factory=dict)
    _dist: dagger.Directory | None = None
    _described: tuple[Distribution, ...] = ()

    async def _commit(self, journal: Journal) -> Commit:
        if journal.commit not in self._commits:
            self._commits[journal.commit] = await self.preparing.commit(journal.commit)
        return self._commits[journal.commit]

    # -- what was built ---------------------------------------------------------------------------

    def distributions(self) -> dagger.Directory:
        """Return what was built."""
        assert self._dist is not None, "a build comes first"
        return self._dist

    def of(self, dist: dagger.Directory) -> Containers:
        """Return the workshop of files that another one has built: it uploads, and builds none."""
        return replace(self, _dist=dist)

    # -- checks -----------------------------------------------------------------------------------

    async def gates(self, plan: Plan, journal: Journal) -> Said:
        """Run the checks of `ci` on the release commit."""
        commit = await self._commit(journal)
        try:
            table = await ci(commit.bench, self.preparing.python, commit.git, fail_fast=False)
        except WheelwrightError as error:
            return Said(False, f"{plan.package} at {journal.commit[:12]}\n{error}")
        return Said(True, table)

    # -- build ------------------------------------------------------------------------------------

    async def build(self, plan: Plan, journal: Journal) -> Built:
        """Build twice, in different directories, and compare byte for byte."""
        commit = await self._commit(journal)
        first = await self._built(plan, journal, commit, "/src")
        second = await self._built(plan, journal, commit, "/src-again/deeper")
        one, two = await self._describe(first), await self._describe(second)
        self._dist, self._described = first, one
        return Built(tuple(each.file for each in one), artifacts.differences(one, two))

    async def _built(
        self, plan: Plan, journal: Journal, commit: Commit, where: str
    ) -> dagger.Directory:
        project = commit.project
        python = self.preparing.python_of(commit)
        requires = building.build_files(project, journal.build_requires)
        base = await toolchain.builder(environment.image(project, python), python, requires)
        container = with_program(base, "distributions.py")
        container = container.with_directory(where, commit.bench.source)
        # In the repository's root alone: below it git's paths are not those of this source.
        if version_source(project.package) is VersionSource.VCS and not commit.bench.prefix:
            # Some of these tools also list the sdist's files by git.
            container = toolchain.with_git(container, commit.git).with_directory(where, commit.git)
        variables = {
            **release_variables(project.package, plan.version),
            "SOURCE_DATE_EPOCH": str(journal.epoch_s),
            "WHEELWRIGHT_BUILD": where,
        }
        for name, value in variables.items():
            container = container.with_env_variable(name, value)
        container = container.with_workdir(where)
        build = ["uv", "build", f"--out-dir={DIST}"]
        if not journal.build_requires:
            return await self._ran(container, commit, journal, build)
        recorded = backend.text(journal.build_requires)
        container = container.with_new_file(backend.CONSTRAINTS, recorded)
        build.append(f"--build-constraints={backend.CONSTRAINTS}")
        if not backend.hashed(journal.build_requires):
            # A commit of before there were hashes.
            return await self._ran(container, commit, journal, build)
        try:
            return await self._ran(container, commit, journal, [*build, "--require-hashes"])
        except ActFailed as error:
            if not backend.needs_more(error.said):
                raise
        return await self._ran(container, commit, journal, build)

    async def _ran(
        self, container: dagger.Container, commit: Commit, journal: Journal, build: list[str]
    ) -> dagger.Directory:
        """Build the sdist, and the wheel from it."""
        project = commit.project
        member = [f"--package={project.package.name}"] if project.where else []
        container = _masked(container, [*build, "--sdist", *member])
        if artifacts.needs_normalising(project.package.backend):
            epoch = str(journal.epoch_s)
            container = toolchain.run(container, ["python", _PROGRAM, "normalise", DIST, epoch])
        # The wheel comes from the sdist: what is published is what the sdist builds.
        sdist = ["sh", "-c", f'exec "$@" "$(ls {DIST}/*.tar.gz)"', "sh"]
        container = _masked(container, [*sdist, *build, "--wheel"])
        try:
            return await container.directory(DIST).filter(include=["*.tar.gz", "*.whl"]).sync()
        except dagger.ExecError as error:
            said = "\n".join((error.stderr.strip() or error.stdout.strip()).splitlines()[-20:])
            raise ActFailed(Trouble.TOOL, said) from error

    async def _describe(self, dist: dagger.Directory) -> tuple[Distribution, ...]:
        return artifacts.read(await self._told(dist, "describe", DIST))

    async def _told(self, dist: dagger.Directory, command: str, path: str) -> str:
        """Return what the program says of a path, by a file: output is for people."""
        container = with_program(self._slim(self.preparing.remote.python), "distributions.py")
        container = container.with_directory(DIST, dist)
        container = toolchain.run(container, ["python", _PROGRAM, command, path, _TOLD], kind=DATA)
        return await container.file(_TOLD).contents()

    def _slim(self, python: str) -> dagger.Container:
        return toolchain.base(slim_image(python), python)

    # -- verify -----------------------------------------------------------------------------------

    async def check(self, plan: Plan, journal: Journal) -> Said:
        """Verify metadata and contents, then run the tests against each file installed alone."""
        assert self._dist is not None, "a build comes first"
        commit = await self._commit(journal)
        found = [*artifacts.problems(plan, self._described)]
        if not found:
            found += await self._twine(commit)
        if not found:
            for each in self._described:
                found += await self._installed(commit, each)
        return Said(not found, "\n".join(found))

    async def _twine(self, commit: Commit) -> list[str]:
        assert self._dist is not None
        python = self.preparing.python_of(commit)
        tool = release_tool(commit.project, "twine", python)
        container = toolchain.tooled(python, tool).with_directory(DIST, self._dist)
        container = container.with_env_variable("NO_COLOR", "1")
        names = [f"{DIST}/{each.name}" for each in self._described]
        output = await _output(container, ["twine", "check", "--strict", *names])
        return [] if output.exit_code == 0 else [f"twine check --strict: {output.stdout.strip()}"]

    async def _installed(self, commit: Commit, distribution: Distribution) -> list[str]:
        """Install one file without the source, and run the tests against it."""
        assert self._dist is not None
        project = commit.project
        cell = Cell("", self.preparing.python_of(commit), "")
        plan = plans.make(project, cell, TestOptions(file=distribution.name))
        container = await toolchain.dependencies(commit.bench.source, plan.environment)
        container = container.with_file(
            f"{DIST}/{distribution.name}", self._dist.file(distribution.name)
        )
        path = f"{DIST}/{distribution.name}"
        container = toolchain.observe(container, ["uv", "pip", "install", path])
        if (output := await toolchain.output(container)).exit_code:
            return [f"{distribution.name} cannot be installed: {_tail(output)}"]
        if "tests" in project.settings.skip or plans.nothing_to_test(project, cell):
            return []
        container = container.with_directory(SOURCE, await self._tests(commit))
        wheel = next(each for each in self._described if each.is_wheel)
        names = [top.removesuffix(".py") for top in artifacts.importables(wheel)]
        # Tests that live inside the package are where it is installed, if they are installed.
        found, ended = Verdict(Kind.EMPTY), None
        for args in ((), ("--pyargs", *names)):
            try:
                this = plans.with_args(plan, project, args)
                ran = await running.run(container, this.command, this.name)
            except GateFailed as error:
                return [str(error)]
            said = judge(ran.left)
            if ended is None or said.kind is not Kind.UNKNOWN:
                found, ended = said, ran
            if found.kind is not Kind.EMPTY:
                break
        if found.passed:
            return []
        assert ended is not None, "the first run set it"
        lines = [found.reason, _tail(ended.output)]
        if found.kind is Kind.EMPTY:
            lines.append('put tests into tests/, or "tests" into skip of [tool.wheelwright]')
        return [f"tests fail against {distribution.name}: " + "\n".join(filter(None, lines))]

    async def _tests(self, commit: Commit) -> dagger.Directory:
        """Return the source without what the wheel installs, so that tests import the installed."""
        wheel = next(each for each in self._described if each.is_wheel)
        source, where = commit.bench.source, commit.project.where
        for top in artifacts.importables(wheel):
            for path in (join(where, "src", top), join(where, top)):
                if top.endswith(".py"):
                    source = source.without_file(path)
                else:
                    source = source.without_directory(path)
        return source

    # -- publish ----------------------------------------------------------------------------------

    async def publish(self, plan: Plan, names: Sequence[str]) -> None:
        """Upload these files of the build, and no others; the only step that sees the credentials.

        Attestations are made here, because an index takes them with the first upload alone.
        """
        assert self._dist is not None, "a build comes first"
        assert {file_version(name) for name in names} == {plan.version}, names
        files = [f"{DIST}/{name}" for name in names]
        python = self.preparing.remote.python
        container = self._slim(python)
        attest = self.asked.attests(self.urls)
        if attest:
            signing = python if Version(python) >= _SIGNING_PYTHON else DEFAULT_PYTHON
            container = toolchain.hashed(signing, "pypi-attestations")
        container = container.with_directory(DIST, self._dist.filter(include=literal(names)))
        container = self._told_how(fresh(container.with_workdir("/")))
        held = self._held()
        if attest:
            sign = ["pypi-attestations", "sign", *files]
            container = toolchain.step(container, UPLOAD, sign, secrets=held, may_fail=True)
            if (output := await toolchain.output(container)).exit_code:
                raise ActFailed(Trouble.ATTESTATION, _tail(output))
        listed, private = self._listed()
        trusted = "always" if self.asked.trusted else "never"
        uploaded = toolchain.step(
            container,
            UPLOAD,
            [
                # In a job of GitHub, uv prints the token that it was given, to have it masked
                # (`::add-mask::`); from in here nobody would mask it. All else is on stderr.
                *("sh", "-c", 'exec "$@" >/dev/null', "sh"),
                *("timeout", "--kill-after=10", str(self.asked.upload_timeout)),
                *("uv", "publish", "--no-cache", f"--trusted-publishing={trusted}"),
                f"--publish-url={self.urls.publish}",
                *listed,
                *files,
            ],
            secrets=[*held, *private],
            may_fail=True,
        )
        output = await toolchain.output(uploaded)
        if output.exit_code:
            raise answers.upload(f"{output.stdout}\n{output.stderr}", output.exit_code)

    def _held(self) -> list[Held]:
        have = self.asked
        if have.oidc_url is not None and have.oidc_token is not None:
            return [
                Held(Credential.IDENTITY, "ACTIONS_ID_TOKEN_REQUEST_URL", have.oidc_url),
                Held(Credential.IDENTITY, "ACTIONS_ID_TOKEN_REQUEST_TOKEN", have.oidc_token),
            ]
        return (
            [Held(Credential.UPLOAD, "UV_PUBLISH_TOKEN", have.index_token)]
            if have.index_token
            else []
        )

    def _listed(self) -> tuple[list[str], list[Held]]:
        """Return how `uv publish` is told where files are listed: a private address as a secret."""
        if self.urls.check == self.urls.shown[1]:
            return [f"--check-url={self.urls.check}"], []
        secret = dagger.dag.set_secret("wheelwright-check-url", self.urls.check)
        return [], [Held(Credential.UPLOAD, "UV_PUBLISH_CHECK_URL", secret)]

    def _told_how(self, container: dagger.Container) -> dagger.Container:
        ca, timeout_s = self.asked.ca, str(self.asked.upload_timeout)
        if self.asked.trusted:
            container = container.with_env_variable("GITHUB_ACTIONS", "true")
        if ca is not None:
            container = container.with_file(_CA, ca).with_env_variable("SSL_CERT_FILE", _CA)
        return container.with_env_variable("UV_UPLOAD_HTTP_TIMEOUT", timeout_s)

    # -- for GitHub -------------------------------------------------------------------------------

    async def contents(self, name: str) -> bytes:
        """Return a built file. A file of bytes crosses the wire as text only, hence base64."""
        assert self._dist is not None, "a build comes first"
        return base64.b64decode(await self._told(self._dist, "encode", f"{DIST}/{name}"))

    async def notes(self, plan: Plan, journal: Journal) -> str:
        """Return the changelog's section of the version, as the release commit has it."""
        return await self.preparing.notes(plan, await self._commit(journal))


def _masked(container: dagger.Container, command: Sequence[str]) -> dagger.Container:
    """Run under umask 022, whatever the engine's is: modes of files get into distributions."""
    masked = ["sh", "-c", 'umask 022 && exec "$@"', "sh", *command]
    return toolchain.package(container, masked)


async def _output(container: dagger.Container, args: Sequence[str]) -> Output:
    return await toolchain.output(toolchain.observe(container, args))


def _tail(output: Output) -> str:
    said = output.stdout.strip() or output.stderr.strip()
    return "\n".join(said.splitlines()[-20:])
