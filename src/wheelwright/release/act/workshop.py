"""Steps on the release commit in containers: edits, checks, two builds, verification."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import dagger

from wheelwright.ci import ci
from wheelwright.container import steps
from wheelwright.container.failures import expected, unwrap
from wheelwright.container.history import for_build
from wheelwright.container.output import last_lines
from wheelwright.distribution import backend, builder, verify
from wheelwright.distribution.file import File
from wheelwright.distribution.verify import Distribution
from wheelwright.errors import WheelwrightError
from wheelwright.project import building
from wheelwright.project.files import join
from wheelwright.release.act import given, materials, preparing, verifying
from wheelwright.release.act.checking import Distributions, Listing
from wheelwright.release.act.containers import with_program
from wheelwright.release.act.git import RemoteGit
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.act.package import Package, package_at
from wheelwright.release.act.uploading import DIST, PROGRAM, Uploads, read_about
from wheelwright.release.decide import materials as decided
from wheelwright.release.decide import refs
from wheelwright.release.decide.ports import ActFailed, Built, Compared
from wheelwright.release.decide.refs import RemoteRefs
from wheelwright.release.decide.urls import IndexUrls
from wheelwright.release.decide.world import CheckResult, FailureKind, Journal, Made, Plan


@dataclass
class Containers:
    """The workshop of one release.

    Attributes:
        observed: what the remote showed when it was planned.
        materials: texts of files for the GitHub release beside the distributions, once built.
    """

    options: ReleaseOptions
    remote: RemoteGit
    observed: RemoteRefs
    urls: IndexUrls
    _packages: dict[str, Package] = field(default_factory=dict)
    _edited: dict[str, Package] = field(default_factory=dict)
    _dist: dagger.Directory | None = None
    _described: tuple[Distribution, ...] = ()
    materials: Mapping[str, str] = field(default_factory=dict)

    async def _package(self, plan: Plan, journal: Journal) -> Package:
        commit = journal.commit
        if commit not in self._packages:
            made = await package_at(self.options, self.remote, commit, plan.tag)
            self._packages[commit] = made
        return self._packages[commit]

    # -- the release commit -----------------------------------------------------------------------

    async def make_commit(self, plan: Plan) -> Made:
        """Make the edits on the plan's base commit, and the commit in this run's clone."""
        description = await preparing.release_commit(self.options, self.remote, self.observed, plan)
        commit = await self.remote.make_commit(description)
        base = await package_at(self.options, self.remote, plan.base_commit)
        self._edited[commit] = base.edited(description)
        return Made(refs.journal_of(description, commit), description)

    async def verify(self, plan: Plan, journal: Journal) -> Compared:
        """Compare a commit with the edits made again on its parent; write nothing."""
        return await verifying.verify(self.options, self.remote, plan, journal, self.observed)

    # -- checks -----------------------------------------------------------------------------------

    async def gates(self, plan: Plan, journal: Journal) -> CheckResult:
        """Run the checks of `ci` on the release commit."""
        package = await self._package(plan, journal)
        try:
            table = await ci(package.loaded, self.options.python, fail_fast=False)
        except WheelwrightError as error:
            return CheckResult(False, f"{plan.package} at {journal.commit[:12]}\n{error}")
        return CheckResult(True, table)

    # -- build ------------------------------------------------------------------------------------

    async def build(self, plan: Plan, journal: Journal) -> Built:
        """Build twice, in different directories, and compare byte for byte."""
        package = await self._package(plan, journal)
        with failures_of_steps():
            first = await self._built(journal, package, "/src")
            second = await self._built(journal, package, "/src-again/deeper")
            one, two = await self._describe(first), await self._describe(second)
            self.materials = await materials.made(package, plan.version, journal.epoch_s)
        self._dist, self._described = first, one
        return Built(
            tuple(each.file for each in one),
            verify.differences(one, two),
            decided.files(self.materials),
        )

    async def rebuilt(self, plan: Plan, journal: Journal) -> tuple[File, ...]:
        """Build once more what is public already, to compare it."""
        return tuple(each.file for each in await self.described(plan, journal))

    async def described(self, plan: Plan, journal: Journal) -> tuple[Distribution, ...]:
        """Build once, and return what is in the files."""
        dist = await self._built(journal, await self._package(plan, journal), "/src")
        return await self._describe(dist)

    async def _built(self, journal: Journal, package: Package, where: str) -> dagger.Directory:
        project = package.project
        requires = building.build_files(project, journal.build_requires)
        base = await builder.prepared(package.loaded, package.python, requires)
        # As in a checkout: some back ends ask git for the version, some for the list of files.
        container = with_program(base, "distributions.py")
        container = builder.with_source(
            container, package.loaded.source, await for_build(package.loaded), where
        )
        variables = {
            "SOURCE_DATE_EPOCH": str(journal.epoch_s),
            "WHEELWRIGHT_BUILD": where,
        }
        container = steps.with_variables(container, variables)
        container = container.with_workdir(join(where, project.base))
        build = ["uv", "build", f"--out-dir={DIST}"]
        if not journal.build_requires:
            return await self._run_build(container, package, journal, build)
        recorded = backend.text(journal.build_requires)
        container = container.with_new_file(backend.CONSTRAINTS, recorded)
        build.append(f"--build-constraints={backend.CONSTRAINTS}")
        if not backend.hashed(journal.build_requires):
            # An older commit, without hashes.
            return await self._run_build(container, package, journal, build)
        try:
            return await self._run_build(container, package, journal, [*build, "--require-hashes"])
        except ActFailed as error:
            if not backend.needs_more(error.message):
                raise
        return await self._run_build(container, package, journal, build)

    async def _run_build(
        self, container: dagger.Container, package: Package, journal: Journal, build: list[str]
    ) -> dagger.Directory:
        """Build the sdist, and the wheel from it, unless the wheels are given."""
        project = package.project
        member = [f"--package={project.metadata.name}"] if project.is_member else []
        container = _masked(container, [*build, "--sdist", *member])
        how = "normalise" if verify.needs_normalising(project.package.backend) else "regular"
        epoch = str(journal.epoch_s)
        container = steps.run(container, ["python", PROGRAM, how, DIST, epoch])
        if self.options.dist is None:
            # The wheel comes from the sdist: what is published is what the sdist builds.
            sdist = ["sh", "-c", f'exec "$@" "$(ls {DIST}/*.tar.gz)"', "sh"]
            container = _masked(container, [*sdist, *build, "--wheel"])
        try:
            built = await builder.distributions_of(container).sync()
        except dagger.ExecError as error:
            printed = "\n".join(last_lines(error.stdout, error.stderr, 20))
            raise ActFailed(FailureKind.TOOL, printed) from error
        if self.options.dist is None:
            return built
        return built.with_directory("/", await given.wheels_of(self.options.dist))

    async def _describe(self, dist: dagger.Directory) -> tuple[Distribution, ...]:
        return verify.read(await read_about(self.remote.python, dist, "describe", DIST))

    # -- verify -----------------------------------------------------------------------------------

    async def check(self, plan: Plan, journal: Journal) -> CheckResult:
        """Verify metadata and contents, and what is installed from each file."""
        assert self._dist is not None, "a build comes first"
        package = await self._package(plan, journal)
        made = Distributions(
            package, plan, journal, self._dist, self._described, given=self.options.dist is not None
        )
        with failures_of_steps():
            return await made.check()

    async def check_listed(self, plan: Plan, journal: Journal) -> CheckResult:
        """Install what was uploaded from its index, and test that."""
        assert self._dist is not None, "a build comes first"
        package = await self._package(plan, journal)
        listing = Listing(self.urls.check, self.options.ca)
        built = self._dist, self._described
        made = Distributions(package, plan, journal, *built, listing=listing)
        with failures_of_steps():
            return await made.check_listed()

    # -- what was built ---------------------------------------------------------------------------

    def distributions(self) -> dagger.Directory:
        """Return what was built."""
        return self._files().dist

    async def publish(self, plan: Plan, names: Sequence[str]) -> None:
        """Upload these files of the build, and no others."""
        await self._files().publish(plan, names)

    async def contents(self, name: str) -> bytes:
        """Return a built file, or one that belongs to it."""
        if (text := self.materials.get(name)) is not None:
            return text.encode()
        return await self._files().contents(name)

    async def notes(self, plan: Plan, journal: Journal) -> str:
        """Return the notes: of the plan, else what the release commit has in its changelog."""
        if plan.outside_notes or plan.notes_later:
            return plan.outside_notes
        version = plan.version
        # Of a commit that was made here its texts are known, without its tree.
        edited = self._edited.get(journal.commit) or await self._package(plan, journal)
        edited = await edited.with_changelog_of(version)
        if found := edited.notes(version):
            return found
        # A template may write no title: then it is what the commit added.
        before = await package_at(self.options, self.remote, journal.parent)
        return edited.added(version, await before.with_changelog_of(version))

    def _files(self) -> Uploads:
        assert self._dist is not None, "a build comes first"
        return Uploads(self.options, self.urls, self.remote.python, self._dist)


@contextmanager
def failures_of_steps() -> Iterator[None]:
    """Turn a step that fails, such as an install, into a failed act with its message."""
    try:
        yield
    except Exception as caught:
        error = unwrap(caught)
        if isinstance(error, ActFailed):
            raise error from None
        # `expected` raises again what is a bug.
        raise ActFailed(FailureKind.TOOL, expected(caught)) from error


def _masked(container: dagger.Container, command: Sequence[str]) -> dagger.Container:
    """Run under umask 022, whatever the engine's is: modes of files get into distributions."""
    masked = ["sh", "-c", 'umask 022 && exec "$@"', "sh", *command]
    return steps.package(container, masked)
