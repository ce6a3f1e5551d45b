"""Verifies the distributions of a release: what is in them, and what they install.

metadata, contents      as planned; a readme that the index would show in another way is a note
the wheel               installed, imported; the tests run against it
the sdist               installed; it installs the same files as the wheel
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import dagger

from wheelwright.container import steps, toolchain, users
from wheelwright.container.history import for_install, is_installed_with
from wheelwright.container.privileges import DATA, INSTALL, Credential
from wheelwright.container.steps import StepSecret
from wheelwright.container.together import together
from wheelwright.container.trusting import with_authorities, without_authorities
from wheelwright.distribution import backend, builder, index_rules, installed, verify
from wheelwright.distribution.verify import Distribution
from wheelwright.environment import plan as environments
from wheelwright.environment.plan import SOURCE, Environment
from wheelwright.environment.tools import judging_tool
from wheelwright.errors import GateFailed
from wheelwright.pins import slim_image
from wheelwright.project import building
from wheelwright.project.files import join
from wheelwright.release.act.containers import fresh, with_program
from wheelwright.release.act.given import audited
from wheelwright.release.act.package import Package
from wheelwright.release.act.uploading import DIST, tail
from wheelwright.release.decide import wheels
from wheelwright.release.decide.stops import Reason
from wheelwright.release.decide.world import CheckResult, Journal, Plan
from wheelwright.testing import running
from wheelwright.testing.cells import Cell
from wheelwright.testing.plan import TestOptions, TestPlan, make, nothing_to_test, with_args
from wheelwright.testing.verdict import Kind, Verdict, judge

_PROGRAM: Final = "/opt/wheelwright/installed.py"
_ANSWER: Final = "/opt/wheelwright/installed.json"
# What a package's own code may have written into an answer.
_LARGEST_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Listing:
    """An index to install from. `url` may have a name and password, `ca` are its certificates."""

    url: str
    ca: dagger.File | None = None

    def install(self, container: dagger.Container, requirement: str) -> dagger.Container:
        """Install what the index has now; it may fail."""
        container = with_authorities(container, self.ca)
        secret = StepSecret(
            Credential.INDEX,
            "UV_DEFAULT_INDEX",
            dagger.dag.set_secret("wheelwright-installed-url", self.url),
        )
        command = ["uv", "pip", "install", "--no-deps", "--refresh", requirement]
        ran = steps.step(fresh(container), INSTALL, command, secrets=[secret], may_fail=True)
        return without_authorities(ran)


@dataclass(frozen=True, slots=True)
class Distributions:
    """The files of a release commit's build, and what they are made from.

    Attributes:
        given: the wheels were built elsewhere, and only the sdist here.
        listing: where the wheel is installed from; None: from the file itself.
    """

    package: Package
    plan: Plan
    journal: Journal
    dist: dagger.Directory
    described: tuple[Distribution, ...]
    given: bool = False
    listing: Listing | None = None

    async def check_listed(self) -> CheckResult:
        """Install the release from its index, and run the tests against that."""
        wheel = await self._fitting()
        if wheel is None:
            return CheckResult(True, notes=("no wheel is for this machine: none was installed",))
        tested = Tested(self, wheel)
        if found := await tested.problems():
            return CheckResult(False, "\n".join(found))
        failed = await tested.run()
        return CheckResult(not failed, failed, Reason.TESTS_FAILED)

    async def check(self) -> CheckResult:
        """Verify metadata and contents, then what is installed from each file."""
        found = [*verify.problems(self.plan.package, self.plan.version, self.described)]
        if not found and self.plan.pypi_rules and (why := index_rules.refusals(self.described)):
            return CheckResult(False, "\n".join(why), Reason.NOT_ACCEPTED)
        notes = index_rules.notes(self.described) if self.plan.pypi_rules else ()
        if self.given and not found:
            found += wheels.problems(self.described)
            found += await audited(self.package.python, self.dist, self.described)
        if found:
            return CheckResult(False, "\n".join(found), notes=notes)
        refused, more = await self._twine()
        notes += more
        if refused:
            return CheckResult(False, refused, Reason.NOT_ACCEPTED, notes)
        wheel = await self._fitting()
        if wheel is None:
            return CheckResult(
                True, notes=(*notes, "no wheel is for this machine: none was tested")
            )
        found, failed = await self._installs(wheel)
        if found:
            return CheckResult(False, "\n".join(found), notes=notes)
        return CheckResult(not failed, failed, Reason.TESTS_FAILED, notes)

    async def _fitting(self) -> Distribution | None:
        """Return the wheel that is for this machine and Python; None for none."""
        every = [each for each in self.described if each.is_wheel]
        if not self.given:
            return every[0]
        container = steps.base(slim_image(self.package.python), self.package.python)
        container = container.with_directory(DIST, self.dist)
        for each in installed.fitting(every, self.package.python):
            # uv names what does not fit; nothing is installed.
            dry = ["uv", "pip", "install", "--system", "--dry-run", "--no-deps", "--offline"]
            ran = steps.step(container, DATA, [*dry, f"{DIST}/{each.name}"], may_fail=True)
            if (await steps.output(ran)).exit_code == 0:
                return each
        return None

    async def _installs(self, wheel: Distribution) -> tuple[list[str], str]:
        """Return what is wrong with what is installed, and how its tests failed."""
        tested = Tested(self, wheel)
        calls = {"wheel": tested.problems}
        if not self.given:
            calls["sdist"] = partial(self._sdist_problems, wheel)
        ended = await together(calls)
        found = [problem for name in calls for problem in ended[name]]
        return found, "" if found else await tested.run()

    # -- the files --------------------------------------------------------------------------------

    async def _twine(self) -> tuple[str, tuple[str, ...]]:
        """Return what an index refuses, and what `--strict` would beyond that."""
        python = self.package.python
        tool = judging_tool(self.package.project, "twine", python)
        container = toolchain.tooled(python, tool).with_directory(DIST, self.dist)
        container = container.with_env_variable("NO_COLOR", "1")
        paths = [f"{DIST}/{each.name}" for each in self.described]
        output = await steps.output(steps.observe(container, ["twine", "check", *paths]))
        refused = f"twine check: {output.stdout.strip()}" if output.exit_code else ""
        return refused, installed.twine_notes(output.stdout)

    # -- the sdist --------------------------------------------------------------------------------

    async def _sdist_problems(self, wheel: Distribution) -> list[str]:
        """Install the sdist as people do, and compare what it installs with the wheel's files."""
        project, journal = self.package.project, self.journal
        sdist = next(each for each in self.described if not each.is_wheel)
        requires = building.build_files(project, journal.build_requires)
        base = await builder.prepared(self.package.loaded, self.package.python, requires)
        container = with_program(base, "installed.py").with_directory(DIST, self.dist)
        container = container.with_env_variable("SOURCE_DATE_EPOCH", str(journal.epoch_s))
        container = container.with_workdir(DIST)
        install = ["uv", "pip", "install", "--no-deps"]
        if journal.build_requires:
            text = backend.text(journal.build_requires)
            container = container.with_new_file(backend.CONSTRAINTS, text)
            install.append(f"--build-constraints={backend.CONSTRAINTS}")
        places = {installed.FROM_WHEEL: wheel, installed.FROM_SDIST: sdist}
        for place, each in places.items():
            args = [*install, f"--target={place}", f"{DIST}/{each.name}"]
            container = steps.package(container, args, may_fail=True)
            if (output := await steps.output(container)).exit_code:
                return [f"{each.name} cannot be installed: {tail(output)}"]
        args = ["python", _PROGRAM, "compare", _ANSWER, *places]
        return installed.sdist_problems(await _answer(steps.run(container, args)), sdist.name)


@dataclass(frozen=True, slots=True)
class Tested:
    """A wheel that is installed, imported and tested."""

    made: Distributions
    wheel: Distribution

    @property
    def package(self) -> Package:
        """What it is of."""
        return self.made.package

    async def problems(self) -> list[str]:
        """Install the wheel without the source, and import it."""
        plan, wheel = self.made.plan, self.wheel
        container = await self._installed()
        if (output := await steps.output(container)).exit_code:
            return [f"{wheel.name} cannot be installed: {tail(output)}"]
        names = installed.names(wheel)
        container = with_program(container, "installed.py").with_workdir("/")
        args = ["python", _PROGRAM, "import", _ANSWER, *names]
        ran = steps.observe(container.with_new_file(_ANSWER, ""), args)
        return installed.import_problems(
            await _answer(ran), wheel, plan.package, plan.version, strict=self._only
        )

    @property
    def _only(self) -> bool:
        """Whether the wheel is imported, and its tests do not run."""
        return self.package.project.settings.release.verify == "import"

    @property
    def _untested(self) -> bool:
        """Whether no tests run, by a setting or because there are none."""
        project, cell = self.package.project, Cell("", self.package.python, "")
        return (
            self._only or "tests" in project.settings.skip or bool(nothing_to_test(project, cell))
        )

    def _environment(self) -> Environment:
        """Return what the wheel is installed into: without tests, not what they need, either."""
        package = self.package
        if self._untested:
            history = is_installed_with(package.loaded)
            return environments.of_package(package.project, package.python, history=history)
        return self._test_plan().environment

    def _test_plan(self) -> TestPlan:
        cell = Cell("", self.package.python, "")
        options = TestOptions(file=self.wheel.name)
        history = is_installed_with(self.package.loaded)
        plan = make(self.package.project, cell, options, history=history)
        return replace(plan, commands=installed.without_coverage(plan.commands))

    async def _installed(self) -> dagger.Container:
        """Return the environment of the tests with the wheel in it; installing may have failed."""
        source, environment = self.package.loaded.files, self._environment()
        # No test of a release writes to what its wheel is installed into.
        container = await toolchain.dependencies(source, environment, users.ROOT)
        if (listing := self.made.listing) is not None:
            plan = self.made.plan
            return listing.install(container, f"{plan.package}=={plan.version}")
        path = f"{DIST}/{self.wheel.name}"
        container = container.with_file(path, self.made.dist.file(self.wheel.name))
        return steps.observe(container, ["uv", "pip", "install", path])

    async def run(self) -> str:
        """Run the tests against the installed wheel; return how they failed."""
        project, wheel = self.package.project, self.wheel
        if self._untested:
            return ""
        plan = self._test_plan()
        names = installed.names(wheel)
        ready = await self._ready(plan)
        # Tests that live inside the package are where it is installed, if they are installed.
        found, ended, log = Verdict(Kind.EMPTY), None, ""
        for args in ((), ("--pyargs", *names)):
            try:
                recorded = with_args(plan, args).recorded
                ran = await running.run(
                    ready,
                    recorded.command,
                    plan.name,
                    counted=recorded.counted,
                    modules=plan.variables.get("PYTHONPATH", ""),
                    user=project.settings.user,
                    also=installed.IMPORTS,
                )
            except GateFailed as error:
                return f"{wheel.name}\n{error}"
            verdict = judge(ran.left)
            if ended is None or verdict.kind is not Kind.UNKNOWN:
                found, ended, log = verdict, ran, ran.also
            if found.kind is not Kind.EMPTY:
                break
        assert ended is not None, "the first run set it"
        lines = [*installed.elsewhere(log, wheel.name)]
        if not found.passed:
            lines = [found.reason, *lines, tail(ended.output)]
        if found.kind is Kind.EMPTY:
            lines.append('put tests into tests/, or "tests" into skip of [tool.wheelwright]')
        return "\n".join([wheel.name, *filter(None, lines)]) if lines else ""

    async def _ready(self, plan: TestPlan) -> dagger.Container:
        """Return the environment of the tests: the source beside the installed wheel."""
        loaded, user = self.package.loaded, self.package.project.settings.user
        paths = await loaded.source.glob(join(self.package.where, "**/*.py"))
        container = with_program(await self._installed(), "installed.py")
        container = with_program(container, "finder.py")
        settings = installed.settings(paths, self.wheel)
        container = steps.run(
            container, ["python", _PROGRAM, "first", settings, SOURCE, installed.IMPORTS]
        )
        container = container.with_directory(SOURCE, loaded.source, owner=users.owner(user))
        if (history := await for_install(loaded)) is not None:
            container = steps.with_git(container, history)
        container = users.with_files(container, [installed.IMPORTS], user)
        variables = installed.variables(self.package.project, plan.commands, plan.variables)
        container = steps.with_variables(steps.without_settings(container), variables)
        return container.with_workdir(plan.workdir)


async def _answer(ran: dagger.Container) -> str:
    """Return what a program wrote; nothing for what cannot be its answer."""
    try:
        file = ran.file(_ANSWER)
        return await file.contents() if await file.size() <= _LARGEST_BYTES else ""
    except dagger.QueryError:
        return ""
