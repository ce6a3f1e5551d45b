"""Reads the released package at a commit, previews its changelog, and makes the edited tree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import dagger

from wheelwright.ci import skippable
from wheelwright.container import toolchain
from wheelwright.container.loading import Bench, load, python_of, text_of
from wheelwright.distribution import backend
from wheelwright.environment import plan as environment
from wheelwright.environment.tools import release_tool
from wheelwright.errors import ProjectError, ToolFailed
from wheelwright.project.files import Snapshot, join, literal
from wheelwright.project.model import Project
from wheelwright.project.version import release_variables
from wheelwright.release.act.git import TREE, RemoteGit, fresh
from wheelwright.release.decide import changelog, editing, edits, refs
from wheelwright.release.decide import commit as described
from wheelwright.release.decide.changelog import Keeper
from wheelwright.release.decide.commit import ReleaseCommit
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.world import Plan, Trouble


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of the remote: its container with the work tree, and the package in it."""

    container: dagger.Container
    bench: Bench
    git: dagger.Directory
    keeper: Keeper

    @property
    def project(self) -> Project:
        """The package, with every file read that a release edits."""
        return self.bench.project

    @property
    def where(self) -> str:
        """The package's directory from the clone's root; empty when it is the root."""
        return join(self.bench.prefix, self.project.where)

    def path(self, path: str) -> str:
        """Return a path in the clone for one from the root that uv works in."""
        return join(TREE, self.bench.prefix, path)


@dataclass
class Preparing:
    """The package `name` of a remote. `requirements` is false where nobody wants the export."""

    remote: RemoteGit
    package: str
    python: str
    requirements: bool = True

    async def commit(self, commit: str) -> Commit:
        """Return the package as a commit has it."""
        container = await self.remote.tree(commit)
        whole = container.directory(TREE)
        bench = await load(whole.without_directory(".git"), skippable(), self.package)
        bench = replace(bench, project=await _with_texts(bench))
        git = dagger.dag.directory().with_directory(".git", whole.directory(".git"))
        text = bench.project.files.text(editing.changelog_path(bench.project, Keeper.HAND))
        return Commit(container, bench, git, changelog.keeper(bench.project, text))

    def python_of(self, commit: Commit) -> str:
        """Return the Python that the package is released with: the caller's, else its own."""
        return python_of(commit.bench, self.python)

    # -- the changelog ----------------------------------------------------------------------------

    async def changes(self, commit: Commit, version: str, tag: str, date: str, since: str) -> str:
        """Return what the changelog would say of a version; empty where nobody keeps one.

        `since` is the commit where the release before branched off, empty for the first.
        """
        project = commit.project
        if commit.keeper is Keeper.HAND:
            text = project.files.text(editing.changelog_path(project, Keeper.HAND)) or ""
            return changelog.unreleased(text)
        if commit.keeper is Keeper.GIT_CLIFF:
            paths = [f"{commit.where}/**"] if commit.where else []
            return await self._cliff(commit, tag, since, paths, date)
        if commit.keeper is Keeper.TOWNCRIER:
            command = changelog.towncrier_command(version, date, project.name, draft=True)
            return await self._tool(commit, "towncrier", command, project.where)
        return ""

    async def _cliff(
        self, commit: Commit, tag: str, since: str, paths: Iterable[str], date: str
    ) -> str:
        """Return the section of git-cliff, dated by the release instead of by the clock."""
        home = changelog.cliff_directory(commit.project)
        ready = self._with_tool(commit, commit.container, "git-cliff", home)
        gather = changelog.cliff_context_command(tag, since, paths)
        gathered = await toolchain.output(toolchain.observe(ready, gather))
        dated = changelog.cliff_dated(gathered.stdout, date) if gathered.exit_code == 0 else ""
        if not dated:
            # An older one than has contexts, as a project may have locked it.
            command = changelog.cliff_commands(tag, since, paths)
            return await self._tool(commit, "git-cliff", command, home)
        ready = ready.with_new_file(changelog.CLIFF_CONTEXT, dated)
        output = await toolchain.output(
            toolchain.observe(ready, changelog.cliff_render_command(tag))
        )
        if output.exit_code:
            raise ToolFailed(f"git-cliff failed: {output.stderr.strip() or output.stdout.strip()}")
        return output.stdout

    async def _tool(self, commit: Commit, name: str, command: Iterable[str], where: str) -> str:
        container = self._with_tool(commit, commit.container, name, where)
        output = await toolchain.output(toolchain.observe(container, command))
        if output.exit_code:
            raise ToolFailed(f"{name} failed: {output.stderr.strip() or output.stdout.strip()}")
        return output.stdout

    def _with_tool(
        self, commit: Commit, container: dagger.Container, name: str, where: str
    ) -> dagger.Container:
        python = self.python_of(commit)
        tool = release_tool(commit.project, name, python)
        return toolchain.with_tool(container, tool, python).with_workdir(commit.path(where))

    # -- the edits --------------------------------------------------------------------------------

    async def made(self, plan: Plan, since: str, *, requires: bool = True) -> ReleaseCommit:
        """Return the release commit of the plan's base commit: the edits, made anew.

        Without `requires` it does not say what it is to be built with, which is enough for a tree.

        Raises:
            ActFailed: a tool cannot make them.
        """
        commit = await self.commit(plan.base_commit)
        try:
            edits = await self._edits(commit, plan, since)
        except (ProjectError, ToolFailed) as error:
            raise ActFailed(Trouble.TOOL, str(error)) from error
        build_requires = await self.requires(commit) if requires else ()
        message = refs.journal_message(plan.package, plan.version, build_requires)
        return ReleaseCommit(plan.base_commit, plan.epoch_s, message, edits)

    async def requires(self, commit: Commit) -> tuple[str, ...]:
        """Return what the index has now for the build: the input of every build to come.

        Raises:
            ActFailed: it cannot be had.
        """
        try:
            return await self._build_requires(commit)
        except (ProjectError, ToolFailed) as error:
            raise ActFailed(Trouble.TOOL, str(error)) from error

    async def _build_requires(self, commit: Commit) -> tuple[str, ...]:
        project = commit.project
        if not (lines := backend.requested(project)):
            return ()
        python = self.python_of(commit)
        source = commit.bench.source.filter(include=literal(environment.inputs(project)))
        container = (
            toolchain.over(toolchain.base(environment.image(project, python), python), source)
            .with_new_file(backend.REQUESTED, backend.text(lines))
            .with_new_file(backend.CONSTRAINTS, backend.text(backend.bounds(project)))
            .with_workdir(join(environment.SOURCE, project.where))
        )
        output = await toolchain.resolve(fresh(container), backend.COMPILE)
        if output.exit_code:
            said = " / ".join(output.stderr.strip().splitlines()[-4:])
            raise ToolFailed(f"cannot resolve [build-system] requires of {project.name}: {said}")
        return backend.pins(output.stdout)

    async def _edits(self, commit: Commit, plan: Plan, since: str) -> tuple[described.Edit, ...]:
        """Make the edits, and take them out of where the package's code ran, as texts."""
        project, keeper = commit.project, commit.keeper
        new = ""
        if keeper is Keeper.GIT_CLIFF:
            date = editing.date_of(plan)
            new = await self.changes(commit, plan.version, plan.tag, date, since)
        container = commit.container
        texts = dict(editing.texts(project, plan, keeper, new))
        removed: list[str] = []
        for path, text in texts.items():
            container = container.with_new_file(commit.path(path), text)
        if keeper is Keeper.TOWNCRIER:
            date = editing.date_of(plan)
            command = changelog.towncrier_command(plan.version, date, project.name, draft=False)
            ready = self._with_tool(commit, container, "towncrier", project.where)
            ran = await _synced(toolchain.run(ready, command))
            path = editing.changelog_path(project, keeper)
            texts[path] = await _text(ran, commit.path(path))
            removed = await self._removed(commit, ran)
        if self.requirements and editing.rewrites_requirements(project):
            # A lock of a version that no commit has yet: without the history, told by a variable.
            for name, value in release_variables(project.package, plan.version).items():
                container = container.with_env_variable(name, value)
            member = [f"--package={project.package.name}"] if project.where else []
            out = join(project.where, editing.REQUIREMENTS)
            export = [*edits.EXPORT, *member, "--quiet", f"--output-file={out}"]
            ran = await _synced(toolchain.run(container.with_workdir(commit.path("")), export))
            texts[out] = await _text(ran, commit.path(out))
        prefix = commit.bench.prefix
        return described.edits(
            {join(prefix, path): text for path, text in texts.items()},
            [join(prefix, path) for path in removed],
        )

    async def _removed(self, commit: Commit, ran: dagger.Container) -> list[str]:
        """Return the news fragments that towncrier took away; nothing else may go."""
        removed: set[str] = set()
        for path in editing.fragment_directories(commit.project):
            before = await _files(commit.container, commit.path(path))
            after = await _files(ran, commit.path(path))
            removed |= {join(path, name) for name in before - after}
        return sorted(removed)

    async def notes(self, plan: Plan, commit: Commit) -> str:
        """Return the changelog's section of the version, for people who read the release."""
        path = editing.changelog_path(commit.project, commit.keeper)
        text = commit.project.files.text(path) or ""
        return changelog.section(text, plan.version)


async def _with_texts(bench: Bench) -> Project:
    """Return the project with the files read that only a release edits."""
    project = bench.project
    files = project.files
    towncrier = editing.changelog_path(project, Keeper.TOWNCRIER)
    wanted = {
        *edits.candidates(project),
        towncrier,
        editing.changelog_path(project, Keeper.HAND),
        join(project.where, editing.REQUIREMENTS),
    }
    texts = dict(files.texts)
    for path in sorted(wanted - texts.keys()):
        if await bench.source.exists(path):
            texts[path] = await text_of(path, bench.source.file(path))
    return replace(project, files=Snapshot(texts, files.names))


# A changelog of ten years is less than one.
_LARGEST_BYTES = 16 * 1024 * 1024


async def _synced(container: dagger.Container) -> dagger.Container:
    """Run what a container has to run.

    Raises:
        ActFailed: it failed.
    """
    try:
        return await container.sync()
    except dagger.ExecError as error:
        said = (error.stderr.strip() or error.stdout.strip()).splitlines()[-4:]
        words = f"{' '.join(error.command)}: {' / '.join(said)}"
        raise ActFailed(Trouble.TOOL, words) from error


async def _text(container: dagger.Container, path: str) -> str:
    """Return the text of a file that code of the package has written: an ordinary, bounded one.

    Raises:
        ToolFailed: it is something else.
    """
    regular = dagger.ExistsType.REGULAR_TYPE
    if not await container.exists(path, expected_type=regular, do_not_follow_symlinks=True):
        raise ToolFailed(f"{path} is not a regular file after the edits; let the tool write one")
    file = container.file(path)
    if await file.size() > _LARGEST_BYTES:
        raise ToolFailed(f"{path} has more than {_LARGEST_BYTES} bytes after the edits")
    return await text_of(path, file)


async def _files(container: dagger.Container, path: str) -> set[str]:
    """Return the files below a directory; none where there is no such directory."""
    there = dagger.ExistsType.DIRECTORY_TYPE
    if not await container.exists(path, expected_type=there, do_not_follow_symlinks=True):
        return set()
    found = {name.rstrip("/") for name in await container.directory(path).glob("**")}
    above = {name.rpartition("/")[0] for name in found}
    return found - above
