"""The Dagger object: constructor and functions. It delegates only."""

# No postponed annotations here: the SDK reads the help of fields from the annotations themselves.

from dataclasses import replace
from enum import Enum
from typing import Annotated

import dagger
from dagger import Doc, check, dag, enum_type, function, object_type

from wheelwright import ci, description
from wheelwright.container import attempting, limits, packages, steps
from wheelwright.container.failures import translate_errors
from wheelwright.container.loading import LoadedProject, load, python_of, with_paths
from wheelwright.container.runners import with_runners
from wheelwright.container.source import read, repository_of
from wheelwright.distribution import builder
from wheelwright.distribution.built import with_pythons
from wheelwright.errors import RequestError
from wheelwright.gates import run as gates
from wheelwright.gates.audit import Audit
from wheelwright.gates.security import Security
from wheelwright.gates.types import Types
from wheelwright.github import ruleset
from wheelwright.github import shell as github
from wheelwright.github.options import Options
from wheelwright.gitlab.shell import write_jobs
from wheelwright.module.args import (
    AllPackages,
    CallTimeout,
    Git,
    GitHubToken,
    Image,
    IndexToken,
    Netrc,
    Package,
    Python,
    Rerun,
    Since,
    Source,
    StepTimeout,
    SystemPackages,
)
from wheelwright.module.checks import with_checks
from wheelwright.module.objects import Cell, Matrix, TestRun, matrix_object, run_object
from wheelwright.module.releases import Releases, ReportFormat
from wheelwright.module.starting import DoctorFormat, Starting
from wheelwright.module.system import with_system
from wheelwright.module.takes import takes
from wheelwright.module.uncached import uncached
from wheelwright.notify import MESSAGE, compose, post
from wheelwright.project.pythons import listed
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.act.tokens import with_tokens
from wheelwright.testing import cells, combining, matrix, run_tests
from wheelwright.testing import shards as sharding
from wheelwright.testing.cells import Selection
from wheelwright.testing.matrix_options import MatrixOptions
from wheelwright.testing.plan import TestRequest
from wheelwright.testing.reports import history
from wheelwright.testing.reports.model import MatrixReport

__all__ = [
    "Cell",
    "DescribeFormat",
    "DoctorFormat",
    "Matrix",
    "PlanFormat",
    "ReportFormat",
    "TestRun",
    "Wheelwright",
]


@enum_type
class PlanFormat(Enum):
    """How `matrix --plan` prints the cells."""

    TEXT = "text"
    """A table for people."""
    GITHUB = "github"
    """JSON for strategy.matrix of a GitHub workflow, a job for each cell and runner."""


@enum_type
class DescribeFormat(Enum):
    """How `describe` prints what it found out."""

    TEXT = "text"
    """For people."""
    JSON = "json"
    """A list of subjects, each with value, place, settings and notes."""
    TOML = "toml"
    """The [tool.wheelwright] that leads to the same."""


@object_type
@with_checks(ci.GATES)
class Wheelwright(Starting, Releases):
    """A Python package's gates, tests and builds, read from its own files."""

    source: Source
    package: Package = ""
    python: Python = ""
    image: Image = ""
    system_packages: SystemPackages = ""
    step_timeout: StepTimeout = ""
    timeout: CallTimeout = ""
    netrc: Netrc = None
    github_token: GitHubToken = None
    index_token: IndexToken = None

    @function
    @translate_errors
    async def format(self) -> dagger.Changeset:
        """Apply the linters' fixes and the formatter: returns the changes, for you to accept."""
        loaded = await self._loaded()
        return await gates.fixes(loaded, self._python(loaded))

    @function
    @check
    @translate_errors
    async def typecheck(self, git: Git, python: Python = "") -> str:
        """Run each type checker the project configures: mypy, (based)pyright, ty, pyrefly."""
        loaded = await self._loaded(git, python=python)
        gate = Types(requested=bool(python or self.python))
        return (await gates.check(gate, loaded, self._python(loaded, python))).require()

    @function
    @translate_errors
    async def versions(self) -> list[str]:
        """List the Python versions that the package claims, oldest first.

        Where its files name none: the version that is used, and the reason.
        """
        project = (await with_pythons(await self._loaded(runners=False))).project
        own = project.text(".python-version")
        return listed(project.metadata, project.settings.python, own)

    @function
    @translate_errors
    async def describe(
        self,
        git: Git,
        python: Python = "",
        format_: Annotated[DescribeFormat, Doc("How to print it.")] = DescribeFormat.TEXT,
    ) -> str:
        """Show how the project is tested, typed and linted, from which file, and what to set.

        Each subject has its value, the file and line that it comes from, what was seen and not
        taken, and the keys of [tool.wheelwright] that decide instead. Nothing of it is run.
        """
        loaded = await with_paths(await self._loaded(git))
        notes = (*loaded.notes, *filter(None, (loaded.around,)))
        found = description.subjects(loaded.project, self._python(loaded, python), notes)
        match format_:
            case DescribeFormat.JSON:
                return description.as_json(found)
            case DescribeFormat.TOML:
                return description.as_toml(found)
        return description.text(found)

    @function(name="import")
    @translate_errors
    async def import_(self) -> str:
        """Print the [tool.wheelwright] for what tox, nox, hatch, PDM or a workflow's matrix does.

        What is not carried over follows in comments. Nothing of the project is run.
        """
        from wheelwright.importing import shell as importing

        return await importing.settings(await self._loaded())

    # No check: `matrix` is one, and runs these tests, too.
    @function
    @takes()
    @translate_errors
    async def test(
        self,
        git: Git,
        python: Python = "",
        *,
        request: TestRequest,
        since: Since = "",
        rerun: Rerun = False,
    ) -> str:
        """Run the tests on one Python, and fail if they fail.

        The command, its variables and what is installed come from the first place that has them:
        [tool.wheelwright], a test environment of tox, nox, hatch or PDM, else pytest with a
        dependency group or extra named tests, test or dev, or a requirements file, else unittest.
        The result names it. `test-run` returns the files of the same run.
        """

        async def run(loaded: LoadedProject) -> str:
            cell = request.cell(self._python(loaded, python))
            tested = await run_tests.test(loaded, cell, request.options())
            if error := tested.error():
                raise error
            return tested.text()

        if since:
            return await packages.judge(await self._several(git, since, rerun=rerun), run)
        return await run(await self._loaded(git, rerun=rerun, python=python))

    @uncached
    @takes()
    async def test_run(
        self, git: Git, python: Python = "", *, request: TestRequest, rerun: Rerun = False
    ) -> TestRun:
        """Return the run that `test` judges, with its JUnit report and log, passed or failed."""
        loaded = await self._loaded(git, reading=not rerun, rerun=rerun, python=python)
        cell = request.cell(self._python(loaded, python))
        return run_object(await run_tests.test(loaded, cell, request.options()))

    @function
    @check
    @takes()
    @translate_errors
    async def matrix(
        self,
        git: Git,
        selection: Selection,
        options: MatrixOptions,
        plan: Annotated[bool, Doc("List the cells, and run none.")] = False,
        format_: Annotated[
            PlanFormat, Doc("How to list the cells; github implies --plan.")
        ] = PlanFormat.TEXT,
        os: Annotated[
            list[str], Doc("Runners for --format github, such as ubuntu-latest,macos-latest.")
        ] = [],
        shards: Annotated[
            int, Doc("With --format github: at most so many jobs, of about the same duration.")
        ] = 0,
        history_: Annotated[
            dagger.File | None,
            Doc("What `matrix-run history` returned: the longest cells first, and for --shards."),
        ] = None,
        all_packages: AllPackages = False,
        since: Since = "",
        rerun: Rerun = False,
    ) -> str:
        """Run the tests in every cell of the matrix, in parallel, and fail if one fails.

        Cells are Python x resolution x groups x extras x services: from the package's own claims,
        [tool.wheelwright.matrix], and these arguments, which replace an axis each. Prints one
        table. A claimed Python that the engine cannot provide is not run, and named; one that is
        requested fails. `matrix-run` returns the files of the same run.
        """
        if shards and format_ is not PlanFormat.GITHUB:
            raise RequestError("--shards needs --format github", "pass it, too")
        if history_ and not shards and (plan or format_ is PlanFormat.GITHUB):
            raise RequestError("--history decides nothing in a list of cells", "pass --shards")
        selection = self._selected(replace(selection, os=os))
        known = await history_.contents() if history_ else ""

        async def run(loaded: LoadedProject) -> MatrixReport:
            return (await matrix.run(loaded, selection, options, known)).report

        if all_packages or since:
            if plan or format_ is PlanFormat.GITHUB:
                raise RequestError("--plan lists the cells of one package", "pass --package")
            return await matrix.judge_all(
                await self._several(git, since, rerun=rerun), run, fail_fast=options.fail_fast
            )
        loaded = await with_pythons(await self._loaded(git, rerun=rerun))
        if plan or format_ is PlanFormat.GITHUB:
            planned = cells.plan(loaded.project, selection)
            if shards:
                return sharding.jobs(planned, selection, shards, known)
            if format_ is PlanFormat.GITHUB:
                return cells.github(planned)
            return cells.table(loaded.project, planned)
        if os:
            raise RequestError("--os needs --plan", "pass --plan, too")
        return matrix.judge(await run(loaded))

    @uncached
    @takes()
    async def matrix_run(
        self, git: Git, selection: Selection, options: MatrixOptions, rerun: Rerun = False
    ) -> Matrix:
        """Return the matrix that `matrix` judges, with all its files, passed or failed."""
        loaded = await with_pythons(await self._loaded(git, reading=not rerun, rerun=rerun))
        return matrix_object(await matrix.run(loaded, self._selected(selection), options))

    @uncached
    @takes(without=("args", "limit", "fail_fast", "skip_unavailable", "coverage"))
    async def matrix_combine(
        self,
        git: Git,
        parts: Annotated[
            dagger.Directory, Doc("A directory of what `matrix-run reports` returned for each.")
        ],
        options: MatrixOptions,
    ) -> Matrix:
        """Return one matrix of the parts that ran on several machines, as `matrix-run` does.

        The cells are all that the arguments of the parts select, but for --cell: one that no part
        has is a failed cell. `check` judges the matrix.
        """
        loaded = await with_pythons(await self._loaded(git))
        usual = self._selected(Selection())
        return matrix_object(await combining.combine(loaded, parts, usual, options))

    @uncached
    @takes(without=("args", "fail_fast"))
    async def annotations(
        self,
        git: Git,
        audit: Annotated[dagger.File | None, Doc("pip-audit's JSON, to add its findings.")] = None,
        gate: Annotated[str, Doc("Only those of lint, typecheck or test. Default: all.")] = "",
        *,
        options: MatrixOptions,
    ) -> str:
        """Return GitHub's `::error` lines for ruff, the type checkers, and the whole matrix.

        Annotations do not make this call fail: `ci` and `matrix` judge.
        """
        from wheelwright.github import annotate

        loaded = await self._loaded(git, reading=True)
        python, requested = self._python(loaded), bool(self.python)
        return await annotate.annotate(
            loaded, python, options, audit, gate=gate, requested=requested
        )

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
    @translate_errors
    async def trend_page(
        self, history_: Annotated[dagger.File, Doc("What `matrix-run history` returned.")]
    ) -> dagger.File:
        """Return the same as a page: durations and coverage of each cell over its runs."""
        from wheelwright.testing.reports import trend_page

        name = "trend.html"
        page = trend_page.render(await history_.contents())
        return dag.directory().with_new_file(name, page).file(name)

    @function
    @check
    @takes()
    @translate_errors
    async def security(self, gate: Security) -> str:
        """Scan the package's code with bandit; `security-report` returns the same scan as SARIF."""
        loaded = await self._loaded()
        return (await gates.check(gate, loaded, self._python(loaded))).require()

    @uncached
    @takes()
    async def security_report(self, gate: Security) -> dagger.File:
        """Return bandit's findings as a SARIF file, whatever the verdict."""
        loaded = await self._loaded(reading=True)
        return await gates.report(gate, loaded, self._python(loaded))

    @uncached
    @takes()
    async def audit(self, gate: Audit) -> str:
        """Look up known vulnerabilities of everything that is locked with pip-audit, never cached.

        Not a check: a new advisory would make the check of an old commit fail.
        """
        loaded = await self._loaded()
        return (await gates.check(gate, loaded, self._python(loaded))).require()

    @uncached
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
        loaded = await self._loaded(runners=False)
        text = compose(message, loaded.project, what=what, link=link)
        return await post(await webhook.plaintext(), text)

    @function
    @translate_errors
    async def build(
        self, git: Git, python: Python = "", all_packages: AllPackages = False
    ) -> dagger.Directory:
        """Build the source distribution and the wheel: a directory with both."""

        async def one(loaded: LoadedProject) -> dagger.Directory:
            return await builder.build(loaded, self._python(loaded, python))

        if all_packages:
            return await packages.gather(await self._several(git, runners=False), one)
        return await one(await self._loaded(git, runners=False))

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
        since: Since = "",
        rerun: Rerun = False,
    ) -> str:
        """Run every gate, cheap ones first: lock, lint, format, types, tests, build.

        Prints one table, and fails if any gate failed. A gate that does not apply is listed as
        "not configured".
        """

        async def run(loaded: LoadedProject) -> str:
            return await ci.ci(loaded, python or self.python, fail_fast=fail_fast)

        if all_packages or since:
            return await packages.judge(
                await self._several(git, since, rerun=rerun), run, fail_fast=fail_fast
            )
        return await run(await self._loaded(git, rerun=rerun, python=python))

    # Each call prints the pins that it kept, so none is cached.
    @uncached
    @takes()
    async def workflows(self, options: Options) -> dagger.Changeset:
        """Write the workflows of this repository: checks, nightly, audit, and one publisher.

        For a remote on GitLab it is a pipeline, .gitlab-ci.yml, with the checks.

        Each one only calls functions of this module. The text is in a marked block; running this
        again replaces the block and keeps everything around it. A file without the marks stays as
        it is. What was found and kept is printed; [tool.wheelwright.github] decides otherwise.
        """
        loaded = await self._loaded(runners=False, anywhere=True)
        return await write_jobs(loaded, self.package, options)

    @function
    @takes()
    @translate_errors
    async def ruleset(self, options: ruleset.Options) -> dagger.File:
        """Return the rules of the default branch as a file that GitHub's settings import.

        Changes come by pull request with the checks passed; no force push, no deletion. The rules
        apply to administrators, too, unless --bypass names them.
        """
        if not options.tags:
            return github.rules(options)
        loaded = await self._loaded(runners=False, anywhere=True)
        return github.rules(options, await github.tag_patterns(loaded))

    @function
    @translate_errors
    async def native_matrix(self) -> str:
        """Print the matrix's cells for macOS and Windows runners, as GitHub's strategy.matrix.

        Cells whose `os` in [tool.wheelwright.matrix] names another runner than Ubuntu. Each has
        the commands for a machine that has uv and bash, and no engine.
        """
        return await github.native_matrix(await self._loaded())

    @uncached
    async def uv_cache(self) -> dagger.Directory:
        """Return uv's cache for a CI service to keep: what was built, not what was downloaded."""
        return await github.saved_cache(await self._loaded(runners=False)).sync()

    @uncached
    async def restore_uv_cache(
        self, saved: Annotated[dagger.Directory, Doc("What `uv-cache` returned earlier.")]
    ) -> str:
        """Put a saved uv cache into the engine."""
        return await github.restore_cache(await self._loaded(runners=False), saved)

    async def _to_start(
        self, options: ReleaseOptions, git: dagger.Directory, *, runners: bool = False
    ) -> tuple[ReleaseOptions, LoadedProject]:
        loaded = await self._loaded(git, runners=runners, anywhere=True)
        package, python = self.package, self.python
        options = replace(options, package=package, python=python, git=loaded.repository)
        return await with_tokens(options, self.github_token, self.index_token), loaded

    async def _of_package(
        self,
        options: ReleaseOptions,
        git: dagger.Directory,
        *,
        checkout: bool = False,
        stand_in: bool = False,
        releasing: bool = False,
    ) -> tuple[ReleaseOptions, LoadedProject]:
        # No step of a release is answered from a result of another call, the reading ones included.
        loaded = await self._loaded(releasing=releasing)
        package, python = self.package, self.python
        # The default lies around the module, which may be one of elsewhere.
        git = await repository_of(self.source, git)
        options = replace(options, package=package, python=python, git=git)
        if not checkout:
            options = await with_tokens(options, self.github_token, self.index_token)
        return replace(options, checkout=checkout, stand_in=stand_in), loaded

    async def _loaded(
        self,
        git: dagger.Directory | None = None,
        *,
        reading: bool = False,
        rerun: bool = False,
        python: str = "",
        runners: bool = True,
        releasing: bool = False,
        anywhere: bool = False,
    ) -> LoadedProject:
        """Read the package; `runners` is whether it matters how it is tested, typed and linted.

        `python` is the one that the function was given.
        With `anywhere` the only package of the source is taken wherever it lies.
        """
        steps.begin_call(releasing=releasing)
        attempting.begin(reading=reading, rerun=rerun)
        source = await read(self.source, git)
        package = self.package or (await packages.only(source) if anywhere else "")
        loaded = await load(source, ci.skippable(), package)
        loaded = self._settled(loaded)
        return await with_runners(loaded, python or self.python) if runners else loaded

    async def _several(
        self, git: dagger.Directory, since: str = "", *, rerun: bool = False, runners: bool = True
    ) -> packages.Chosen:
        """Read the packages of a workspace; with `since` those that changed or need one."""
        steps.begin_call()
        attempting.begin(rerun=rerun)
        source = await read(self.source, git)
        asked = source, ci.skippable(), self.package
        chosen = await (packages.since(*asked, since) if since else packages.all_loaded(*asked))
        # The limit is that of the first.
        settled = [self._settled(each) for each in reversed(chosen.packages)][::-1]
        if runners:
            settled = [await with_runners(each, self.python) for each in settled]
        return replace(chosen, packages=settled)

    def _settled(self, loaded: LoadedProject) -> LoadedProject:
        """Set what holds for the steps of this call, and return the project as the caller wants."""
        limit = self.step_timeout or loaded.project.settings.step_timeout or limits.DEFAULT_STEP
        limits.limit_steps(limits.seconds(limit, "--step-timeout"))
        steps.set_credentials(self.netrc)
        given = self.image, self.system_packages
        return with_system(loaded, *given, credentials=self.netrc is not None)

    def _selected(self, selection: Selection) -> Selection:
        """Return the requested cells; the constructor's Python is the only one, unless they say."""
        return (
            selection
            if selection.python or not self.python
            else replace(selection, python=[self.python])
        )

    def _python(self, loaded: LoadedProject, requested: str = "") -> str:
        return python_of(loaded, requested or self.python)
