"""The Dagger object: constructor and functions. It delegates only."""

# No postponed annotations here: the SDK reads the help of fields from the annotations themselves.

from dataclasses import replace
from enum import Enum
from typing import Annotated

import dagger
from dagger import Doc, check, enum_type, function, object_type

from wheelwright import ci
from wheelwright.container import attempting, limits, packages, steps
from wheelwright.container.failures import translate_errors
from wheelwright.container.loading import LoadedProject, load, python_of
from wheelwright.distribution import builder
from wheelwright.errors import RequestError
from wheelwright.gates import run as gates
from wheelwright.gates.audit import Audit
from wheelwright.gates.security import Security
from wheelwright.gates.types import Types
from wheelwright.github import annotate
from wheelwright.github import shell as github
from wheelwright.github.plan import CHECK, Options
from wheelwright.module.args import (
    AllPackages,
    CallTimeout,
    Cells,
    Coverage,
    CoverageMin,
    ExtraAxis,
    Extras,
    FailFast,
    Git,
    GroupAxis,
    Groups,
    Limit,
    Netrc,
    Package,
    PytestArgs,
    Python,
    Pythons,
    Rerun,
    Resolutions,
    ServiceAxis,
    Services,
    Severity,
    SkipUnavailable,
    Source,
    StepTimeout,
)
from wheelwright.module.checks import with_checks
from wheelwright.module.objects import Cell, Matrix, TestRun, matrix_object, run_object
from wheelwright.module.releases import Releases, ReportFormat
from wheelwright.module.uncached import uncached
from wheelwright.notify import MESSAGE, compose, post
from wheelwright.project.pythons import claimed
from wheelwright.release.act.asked import Asked
from wheelwright.testing import cells, matrix, run_tests
from wheelwright.testing.cells import Selection
from wheelwright.testing.plan import TestOptions
from wheelwright.testing.reports import history
from wheelwright.testing.reports.model import MatrixReport

__all__ = ["Cell", "Matrix", "PlanFormat", "ReportFormat", "TestRun", "Wheelwright"]


@enum_type
class PlanFormat(Enum):
    """How `matrix --plan` prints the cells."""

    TEXT = "text"
    """A table for people."""
    GITHUB = "github"
    """JSON for strategy.matrix of a GitHub workflow, a job for each cell and runner."""


@object_type
@with_checks(ci.GATES)
class Wheelwright(Releases):
    """A Python package's gates, tests and builds, read from its own files."""

    source: Source
    package: Package = ""
    python: Python = ""
    step_timeout: StepTimeout = ""
    timeout: CallTimeout = ""
    netrc: Netrc = None

    @function
    @translate_errors
    async def format(self) -> dagger.Changeset:
        """Apply ruff's safe fixes and its format: returns the changes, for you to accept."""
        loaded = await self._loaded()
        return await gates.fixes(loaded, self._python(loaded))

    @function
    @check
    @translate_errors
    async def typecheck(self, git: Git, python: Python = "") -> str:
        """Run each type checker the project configures: mypy, (based)pyright, ty, pyrefly."""
        loaded = await self._loaded()
        gate = Types(asked=bool(python))
        return (await gates.check(gate, loaded, self._python(loaded, python), git)).require()

    @function
    @translate_errors
    async def versions(self) -> list[str]:
        """List the Python versions that the package claims, oldest first."""
        return claimed((await self._loaded()).project.package)

    @function
    @check
    @translate_errors
    async def test(
        self,
        git: Git,
        python: Python = "",
        groups: Groups = [],
        extras: Extras = [],
        args: PytestArgs = [],
        service: Services = [],
        rerun: Rerun = False,
    ) -> str:
        """Run the tests with pytest on one Python, and fail if they fail.

        The test dependencies are taken from the first place that has them: a dependency group or
        extra named tests, test or dev, a requirements file such as requirements-dev.txt, or tox's
        deps. The result names it. `test-run` returns the files of the same run.
        """
        loaded = await self._loaded(rerun=rerun)
        cell = cells.Cell(
            "", self._python(loaded, python), "", tuple(groups), tuple(extras), tuple(service)
        )
        tested = await run_tests.test(loaded, git, cell, TestOptions(tuple(args)))
        if error := tested.error():
            raise error
        return tested.text()

    @uncached
    @translate_errors
    async def test_run(
        self,
        git: Git,
        python: Python = "",
        groups: Groups = [],
        extras: Extras = [],
        args: PytestArgs = [],
        service: Services = [],
        rerun: Rerun = False,
    ) -> TestRun:
        """Return the run that `test` judges, with its JUnit report and log, passed or failed."""
        loaded = await self._loaded(reading=not rerun, rerun=rerun)
        cell = cells.Cell(
            "", self._python(loaded, python), "", tuple(groups), tuple(extras), tuple(service)
        )
        tested = await run_tests.test(loaded, git, cell, TestOptions(tuple(args)))
        return run_object(tested)

    @function
    @check
    @translate_errors
    async def matrix(
        self,
        git: Git,
        python: Pythons = [],
        resolution: Resolutions = [],
        group: GroupAxis = [],
        extra: ExtraAxis = [],
        service: ServiceAxis = [],
        cell: Cells = [],
        args: PytestArgs = [],
        limit: Limit = 4,
        fail_fast: FailFast = False,
        skip_unavailable: SkipUnavailable = False,
        coverage: Coverage = None,
        coverage_min: CoverageMin = 0.0,
        plan: Annotated[bool, Doc("List the cells, and run none.")] = False,
        format_: Annotated[
            PlanFormat, Doc("How to list the cells; github implies --plan.")
        ] = PlanFormat.TEXT,
        os: Annotated[
            list[str],
            Doc("Runners for --format github, such as ubuntu-latest,macos-latest."),
        ] = [],
        all_packages: AllPackages = False,
        rerun: Rerun = False,
    ) -> str:
        """Run the tests in every cell of the matrix, in parallel, and fail if one fails.

        Cells are Python x resolution x groups x extras x services: from the package's own claims,
        [tool.wheelwright.matrix], and these arguments, which replace an axis each. Prints one
        table. A Python that the engine cannot provide fails its cell. `matrix-run` returns the
        files of the same run.
        """
        asked = _selection(python, resolution, group, extra, service, cell, os)
        options = matrix.Options(
            limit, fail_fast, skip_unavailable, coverage, coverage_min, tuple(args)
        )

        async def one(loaded: LoadedProject) -> MatrixReport:
            return (await matrix.run(loaded, git, asked, options)).report

        if all_packages:
            if plan or format_ is PlanFormat.GITHUB:
                raise RequestError("--plan lists the cells of one package", "pass --package")
            return await matrix.judge_all(
                await self._all_loaded(rerun=rerun), one, fail_fast=fail_fast
            )
        loaded = await self._loaded(rerun=rerun)
        if plan or format_ is PlanFormat.GITHUB:
            planned = cells.plan(loaded.project, asked)
            if format_ is PlanFormat.GITHUB:
                return cells.github(planned)
            return cells.table(loaded.project, planned)
        if os:
            raise RequestError("--os needs --plan", "pass --plan, too")
        return matrix.judge(await one(loaded))

    @uncached
    @translate_errors
    async def matrix_run(
        self,
        git: Git,
        python: Pythons = [],
        resolution: Resolutions = [],
        group: GroupAxis = [],
        extra: ExtraAxis = [],
        service: ServiceAxis = [],
        cell: Cells = [],
        args: PytestArgs = [],
        limit: Limit = 4,
        fail_fast: FailFast = False,
        skip_unavailable: SkipUnavailable = False,
        coverage: Coverage = None,
        coverage_min: CoverageMin = 0.0,
        rerun: Rerun = False,
    ) -> Matrix:
        """Return the matrix that `matrix` judges, with all its files, passed or failed."""
        asked = _selection(python, resolution, group, extra, service, cell)
        options = matrix.Options(
            limit, fail_fast, skip_unavailable, coverage, coverage_min, tuple(args)
        )
        loaded = await self._loaded(reading=not rerun, rerun=rerun)
        return matrix_object(await matrix.run(loaded, git, asked, options))

    @uncached
    @translate_errors
    async def annotations(
        self,
        git: Git,
        audit: Annotated[dagger.File | None, Doc("pip-audit's JSON, to add its findings.")] = None,
        limit: Limit = 4,
        skip_unavailable: SkipUnavailable = False,
        coverage: Coverage = None,
        coverage_min: CoverageMin = 0.0,
    ) -> str:
        """Return GitHub's `::error` lines for ruff, the type checkers, and the whole matrix.

        Annotations do not make this call fail: `ci` and `matrix` judge.
        """
        options = matrix.Options(
            limit, skip_unavailable=skip_unavailable, measure=coverage, least=coverage_min
        )
        loaded = await self._loaded(reading=True)
        return await annotate.annotate(loaded, self._python(loaded), git, options, audit)

    @function
    @translate_errors
    async def trend(
        self,
        history_: Annotated[dagger.File, Doc("The file that `matrix-run history` returned.")],
        last: Annotated[int, Doc("How many of the last runs to compare with those before.")] = 5,
    ) -> str:
        """Show which cells got slower: the median of their last runs against all before."""
        return history.trend(await history_.contents(), last)

    @function
    @check
    @translate_errors
    async def security(self, severity: Severity = "medium") -> str:
        """Scan the package's code with bandit; `security-report` returns the same scan as SARIF."""
        loaded = await self._loaded()
        gate = Security(severity=severity)
        return (await gates.check(gate, loaded, self._python(loaded))).require()

    @uncached
    @translate_errors
    async def security_report(self, severity: Severity = "medium") -> dagger.File:
        """Return bandit's findings as a SARIF file, whatever the verdict."""
        loaded = await self._loaded(reading=True)
        return await gates.report(Security(severity=severity), loaded, self._python(loaded))

    @uncached
    @translate_errors
    async def audit(
        self,
        allow_unknown: Annotated[
            bool, Doc("Pass although packages, such as those of a private index, are unknown.")
        ] = False,
        osv_url: Annotated[
            str, Doc("A service that speaks OSV's API, instead of the package index's own.")
        ] = "",
    ) -> str:
        """Look up known vulnerabilities of everything in uv.lock with pip-audit, never cached.

        Not a check: a new advisory would make the check of an old commit fail.
        """
        loaded = await self._loaded()
        gate = Audit(osv_url=osv_url, allow_unknown=allow_unknown)
        return (await gates.check(gate, loaded, self._python(loaded))).require()

    @uncached
    @translate_errors
    async def notify(
        self,
        webhook: Annotated[
            dagger.Secret, Doc("The webhook's address, in Slack's format: env://SLACK_WEBHOOK.")
        ],
        message: Annotated[
            str, Doc("The message; {name}, {version}, {what} and {link} are filled in.")
        ] = MESSAGE,
        what: Annotated[str, Doc("What happened.")] = "CI failed",
        link: Annotated[str, Doc("Where to read more.")] = "",
    ) -> str:
        """Post a message to a webhook, such as Slack's; for a step that runs on failure."""
        loaded = await self._loaded()
        text = compose(message, loaded.project, what=what, link=link)
        return await post(await webhook.plaintext(), text)

    @function
    @translate_errors
    async def build(
        self, git: Git, python: Python = "", all_packages: AllPackages = False
    ) -> dagger.Directory:
        """Build the source distribution and the wheel: a directory with both."""

        async def one(loaded: LoadedProject) -> dagger.Directory:
            return await builder.build(loaded, self._python(loaded, python), git)

        if all_packages:
            return await packages.gather(await self._all_loaded(), one)
        return await one(await self._loaded())

    @function
    @translate_errors
    async def ci(
        self,
        git: Git,
        python: Python = "",
        fail_fast: Annotated[
            bool, Doc("Stop at the first gate that fails, instead of running them all.")
        ] = False,
        all_packages: AllPackages = False,
        rerun: Rerun = False,
    ) -> str:
        """Run every gate, cheap ones first: lock, lint, format, types, tests, build.

        Prints one table, and fails if any gate failed. A gate that does not apply is listed as
        "not configured".
        """

        async def one(loaded: LoadedProject) -> str:
            return await ci.ci(loaded, python or self.python, git, fail_fast=fail_fast)

        if all_packages:
            return await packages.judge(
                await self._all_loaded(rerun=rerun), one, fail_fast=fail_fast
            )
        return await one(await self._loaded(rerun=rerun))

    # A kept pin has to be told each time, so no call is answered from an earlier one.
    @uncached
    @translate_errors
    async def workflows(
        self,
        branch: Annotated[str, Doc("The default branch.")] = "main",
        engine: Annotated[
            str, Doc("The command line to install: dagger, or stiletto where no Docker is.")
        ] = "dagger",
        module: Annotated[
            str,
            Doc("This module at a commit, for -m. Default: the toolchain in dagger.json."),
        ] = "",
        stiletto: Annotated[
            str,
            Doc(
                "Where the stiletto command comes from: NAME[stiletto] @ git+https://...@COMMIT. "
                "Default: the commit that dagger.json pins."
            ),
        ] = "",
        environment: Annotated[str, Doc("GitHub's environment of the jobs that publish.")] = "pypi",
        propose_environment: Annotated[
            str, Doc("GitHub's environment of the jobs that push; RELEASE_TOKEN is a secret of it.")
        ] = "release",
        index: Annotated[
            str, Doc("Name of a [[tool.uv.index]] to publish to. Default: PyPI.")
        ] = "",
        reusable: Annotated[
            bool, Doc("Put the checks into a workflow that other repositories can call, too.")
        ] = False,
        overwrite: Annotated[
            bool, Doc("Replace existing files that have no marks of a block.")
        ] = False,
    ) -> dagger.Changeset:
        """Write the GitHub workflows of this repository: checks, nightly, audit, release, publish.

        Each one only calls functions of this module. The text is in a marked block;
        running this again replaces the block and keeps everything around it.
        """
        options = Options(branch, environment, propose_environment, index, reusable)
        return await github.workflows(
            await self._loaded(),
            self.package,
            options,
            engine=engine,
            module=module,
            stiletto=stiletto,
            overwrite=overwrite,
        )

    @function
    @translate_errors
    async def ruleset(
        self,
        tags: Annotated[
            bool, Doc("Protect the tags v* instead: made once, never moved or removed.")
        ] = False,
        checks: Annotated[list[str], Doc("Names of the checks that must pass.")] = [CHECK],
        approvals: Annotated[int, Doc("How many approvals a pull request needs.")] = 0,
        linear: Annotated[bool, Doc("No merge commits.")] = True,
        bypass: Annotated[
            list[str], Doc("Who may bypass it: admin, maintain, write, app:ID, team:ID.")
        ] = [],
    ) -> dagger.File:
        """Return the rules of the default branch as a file that GitHub's settings import.

        Changes come by pull request with the checks passed; no force push, no deletion. The rules
        apply to administrators, too, unless --bypass names them.
        """
        return github.rules(
            tags=tags, checks=checks, approvals=approvals, linear=linear, bypass=bypass
        )

    @function
    @translate_errors
    async def native_matrix(self) -> str:
        """Print the matrix's cells for macOS and Windows runners, as GitHub's strategy.matrix.

        Cells whose `os` in [tool.wheelwright.matrix] names another runner than Ubuntu. Each has
        the commands for a machine that has uv and bash, and no engine.
        """
        return github.native_matrix(await self._loaded())

    @uncached
    @translate_errors
    async def uv_cache(self) -> dagger.Directory:
        """Return uv's cache for a CI service to keep: what was built, not what was downloaded."""
        return await github.saved_cache(await self._loaded()).sync()

    @uncached
    @translate_errors
    async def restore_uv_cache(
        self, saved: Annotated[dagger.Directory, Doc("What `uv-cache` returned earlier.")]
    ) -> str:
        """Put a saved uv cache into the engine."""
        return await github.restore_cache(await self._loaded(), saved)

    async def _of_package(
        self, asked: Asked, git: dagger.Directory, *, checkout: bool = False
    ) -> tuple[Asked, LoadedProject]:
        loaded = await self._loaded()
        package, python = self.package, self.python
        return replace(asked, package=package, python=python, git=git, checkout=checkout), loaded

    async def _loaded(self, *, reading: bool = False, rerun: bool = False) -> LoadedProject:
        attempting.begin(reading=reading, rerun=rerun)
        loaded = await load(self.source, ci.skippable(), self.package)
        self._hold(loaded)
        return loaded

    async def _all_loaded(self, *, rerun: bool = False) -> list[LoadedProject]:
        attempting.begin(rerun=rerun)
        all_loaded = await packages.all_loaded(self.source, ci.skippable(), self.package)
        self._hold(all_loaded[0])
        return all_loaded

    def _hold(self, loaded: LoadedProject) -> None:
        said = self.step_timeout or loaded.project.settings.step_timeout or limits.DEFAULT_STEP
        limits.hold_steps(limits.seconds(said, "--step-timeout"))
        steps.hold_credentials(self.netrc)

    def _python(self, loaded: LoadedProject, asked: str = "") -> str:
        return python_of(loaded, asked or self.python)


def _selection(
    python: list[str],
    resolution: list[str],
    group: list[str],
    extra: list[str],
    service: list[str],
    cell: list[str],
    os: list[str] | None = None,
) -> Selection:
    return Selection(
        tuple(python),
        tuple(resolution),
        tuple(group),
        tuple(extra),
        tuple(service),
        tuple(cell),
        tuple(os or ()),
    )
