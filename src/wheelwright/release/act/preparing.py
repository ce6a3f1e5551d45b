"""Previews the changelog of a package, and makes the edits of its release."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import dagger

from wheelwright.container import steps, toolchain
from wheelwright.container.loading import text_of
from wheelwright.container.output import last_lines
from wheelwright.distribution import backend
from wheelwright.environment import plan as environment
from wheelwright.environment.tools import release_tool
from wheelwright.errors import ProjectError, ToolFailed
from wheelwright.project.files import join, literal
from wheelwright.project.version import release_variables
from wheelwright.release.act.git import RemoteGit, fresh
from wheelwright.release.act.history import last_release
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.act.package import Package, package_at
from wheelwright.release.decide import changelog, commit, editing, edits, form, places, refs
from wheelwright.release.decide.changelog import ChangelogSource, own
from wheelwright.release.decide.commit import ReleaseCommit
from wheelwright.release.decide.editing import Placed
from wheelwright.release.decide.last_release import LastRelease
from wheelwright.release.decide.places import Found
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.refs import RemoteRefs
from wheelwright.release.decide.world import FailureKind, Plan

# -- the changelog ----------------------------------------------------------------------------


async def changes(package: Package, version: str, tag: str, date: str, since: str) -> str:
    """Return the changelog's next section; empty where there is no changelog.

    `since` is the commit where the release before branched off, empty for the first.
    """
    project = package.project
    if package.changelog_source is ChangelogSource.HAND:
        text = project.files.text(editing.changelog_path(project, ChangelogSource.HAND)) or ""
        return changelog.unreleased(text)
    if package.changelog_source is ChangelogSource.GIT_CLIFF:
        paths = [f"{package.where}/**"] if package.where else []
        return await _cliff(package, tag, since, paths, date)
    if package.changelog_source is ChangelogSource.TOWNCRIER:
        command = changelog.towncrier_command(version, date, project.name, draft=True)
        container = _with_tool(package, package.container, "towncrier", project.where)
        return await _printed(container, "towncrier", command)
    return ""


async def _cliff(package: Package, tag: str, since: str, paths: Iterable[str], date: str) -> str:
    """Return the section of git-cliff, dated by the release instead of by the clock."""
    home = changelog.cliff_directory(package.project)
    ready = _with_tool(package, package.container, "git-cliff", home)
    gather = changelog.cliff_context_command(tag, since, paths)
    gathered = await steps.output(steps.observe(ready, gather))
    left_out = await _own(ready, since)
    dated = (
        changelog.cliff_dated(gathered.stdout, date, left_out) if gathered.exit_code == 0 else ""
    )
    if not dated:
        # The locked git-cliff may be too old for contexts.
        command = changelog.cliff_commands(tag, since, paths)
        return await _printed(ready, "git-cliff", command)
    ready = ready.with_new_file(changelog.CLIFF_CONTEXT, dated)
    return await _printed(ready, "git-cliff", changelog.cliff_render_command(tag))


async def _own(container: dagger.Container, since: str) -> frozenset[str]:
    """Return the commits that the release before made, whose tag is on `since`."""
    if not since:
        return frozenset()
    shown = await steps.output(steps.observe(container, own.own_command(since)))
    return own.own(shown.stdout, since)


async def _printed(container: dagger.Container, name: str, command: Iterable[str]) -> str:
    output = await steps.output(steps.observe(container, command))
    if output.exit_code:
        raise ToolFailed(f"{name} failed: {output.stderr.strip() or output.stdout.strip()}")
    return output.stdout


def _with_tool(
    package: Package, container: dagger.Container, name: str, where: str
) -> dagger.Container:
    python = package.python
    tool = release_tool(package.project, name, python)
    return toolchain.with_tool(container, tool, python).with_workdir(package.path(where))


# -- the edits --------------------------------------------------------------------------------


async def release_commit(
    options: ReleaseOptions,
    remote: RemoteGit,
    observed: RemoteRefs,
    plan: Plan,
    *,
    requires: bool = True,
    only_version: bool = False,
) -> ReleaseCommit:
    """Return the release commit of the plan's base commit: the edits, made again.

    `observed` is what the remote showed when it was planned. Without `requires` it lacks what it is
    to be built with, which is enough for a tree; with `only_version` the changelog stays.

    Raises:
        ActFailed: a tool cannot make them.
    """
    package = await package_at(options, remote, plan.base_commit)
    if only_version:
        package = replace(package, changelog_source=ChangelogSource.NOBODY)
    with _tools():
        last = await last_release(remote, observed, package, plan.version)
        placed = await _placed(remote, package, plan, last)
        found = await _edits(
            package,
            plan,
            plan.since,
            placed,
            requirements=_requirements(options, package),
        )
    pins = await _pins(package, plan) if requires else ()
    message = refs.journal_message(
        plan.package, plan.version, pins, plan.asked, title=plan.title, sign_off=plan.sign_off
    )
    notes = placed.places.notes()
    return ReleaseCommit(plan.base_commit, plan.epoch_s, message, found, notes)


async def _placed(
    remote: RemoteGit, package: Package, plan: Plan, last: LastRelease | None
) -> Placed:
    """Return where the version is edited, as tracked files and the last release show."""
    project = package.project
    current = editing.current(project, last)
    request = places.searched(project, current, last)
    found = Found()
    if request:
        found = places.read(await remote.search(plan.base_commit, request))
    return editing.placed(project, plan, found, last, package.changelog_path)


async def _pins(package: Package, plan: Plan) -> tuple[str, ...]:
    return plan.pinned.build_requires if plan.pinned else await build_requires(package)


def _requirements(options: ReleaseOptions, package: Package) -> bool | None:
    """Return whether requirements.txt is wanted: by the option, else by the setting."""
    setting = package.project.settings.release.requirements
    return setting if options.requirements is None else options.requirements


@contextmanager
def _tools() -> Iterator[None]:
    """Turn what a tool could not do into `ActFailed`."""
    try:
        yield
    except (ProjectError, ToolFailed) as error:
        raise ActFailed(FailureKind.TOOL, str(error)) from error


async def build_requires(package: Package) -> tuple[str, ...]:
    """Return what the index has now for the build: the input of every build to come.

    Raises:
        ActFailed: it cannot be resolved.
    """
    project, python = package.project, package.python
    with _tools():
        if not (lines := backend.requested(project)):
            return ()
        source = package.loaded.source.filter(include=literal(environment.inputs(project)))
        container = (
            toolchain.over(
                steps.base(environment.image(project, python, history=True), python), source
            )
            .with_new_file(backend.REQUESTED, backend.text(lines))
            .with_new_file(backend.CONSTRAINTS, backend.text(backend.bounds(project)))
            .with_workdir(join(environment.SOURCE, project.where))
        )
        output = await steps.resolve(fresh(container), backend.COMPILE)
    if output.exit_code:
        printed = " / ".join(output.stderr.strip().splitlines()[-4:])
        message = f"cannot resolve [build-system] requires of {project.name}: {printed}"
        raise ActFailed(FailureKind.TOOL, message)
    return backend.pins(output.stdout)


async def _edits(
    package: Package, plan: Plan, since: str, placed: Placed, *, requirements: bool | None
) -> tuple[commit.Edit, ...]:
    """Make the edits, and read them as texts from where the package's code ran."""
    project, changelog_source = package.project, package.changelog_source
    new = ""
    if changelog_source is ChangelogSource.GIT_CLIFF:
        date = editing.date_of(plan)
        new = await changes(package, plan.version, plan.tag, date, since)
    container = package.container
    texts = {**editing.texts(project, plan, changelog_source, new), **placed.texts}
    removed: list[str] = []
    for path, text in texts.items():
        if path not in placed.encodings:
            container = container.with_new_file(package.path(path), text)
    if changelog_source is ChangelogSource.TOWNCRIER:
        date = editing.date_of(plan)
        command = changelog.towncrier_command(plan.version, date, project.name, draft=False)
        ready = _with_tool(package, container, "towncrier", project.where)
        ran = await _synced(steps.run(ready, command))
        path = editing.changelog_path(project, changelog_source)
        texts[path] = await _text(ran, package.path(path))
        removed = await _removed(package, ran)
    if editing.rewrites_requirements(project, requirements):
        # A lock of a version that no commit has yet: set by a variable, without the history.
        variables = release_variables(project, plan.version)
        container = steps.with_variables(container, variables)
        member = [f"--package={project.metadata.name}"] if project.is_member else []
        out = join(project.where, editing.REQUIREMENTS)
        export = [*edits.EXPORT, *member, "--quiet", f"--output-file={package.path(out)}"]
        ready = container.with_workdir(package.path(project.base))
        ran = await _synced(steps.run(ready, export))
        texts[out] = await _text(ran, package.path(out))
    before = {path: project.files.text(path) or "" for path in texts}
    kept = {path: form.as_before(before[path], text) for path, text in texts.items()}
    changed = {path: text for path, text in kept.items() if text != before[path]}
    return commit.edits(changed, removed, placed.encodings)


async def _removed(package: Package, ran: dagger.Container) -> list[str]:
    """Return the news fragments that towncrier removed; nothing else may be removed."""
    removed: set[str] = set()
    for path in editing.fragment_directories(package.project):
        before = await _files(package.container, package.path(path))
        after = await _files(ran, package.path(path))
        removed |= {join(path, name) for name in before - after}
    return sorted(removed)


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
        printed = " / ".join(last_lines(error.stdout, error.stderr, 4))
        raise ActFailed(FailureKind.TOOL, f"{' '.join(error.command)}: {printed}") from error


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
