"""Makes the edits of a release."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from wheelwright.container import steps, toolchain
from wheelwright.distribution import backend
from wheelwright.environment import plan as environment
from wheelwright.errors import ProjectError, ToolFailed
from wheelwright.project.files import join
from wheelwright.release.act import noting
from wheelwright.release.act.containers import fresh
from wheelwright.release.act.git import RemoteGit
from wheelwright.release.act.history import last_release
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.act.package import Package, package_at
from wheelwright.release.decide import commit, editing, edits, form, places, refs
from wheelwright.release.decide.changelog.tools import ChangelogSource
from wheelwright.release.decide.changelog.writing import Release
from wheelwright.release.decide.commit import ReleaseCommit
from wheelwright.release.decide.editing import Placed
from wheelwright.release.decide.last_release import LastRelease
from wheelwright.release.decide.noted import Past
from wheelwright.release.decide.places import Found
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.refs import RemoteRefs
from wheelwright.release.decide.world import FailureKind, Plan

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
        before = package.past(observed, plan.version, last)
        requirements = _requirements(options, package)
        found = await _edits(package, plan, before, placed, requirements=requirements)
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
        source = await package.loaded.files.only(environment.inputs(project))
        container = (
            toolchain.over(
                await steps.provided(environment.system(project, python, history=True), python),
                source,
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
    package: Package, plan: Plan, before: Past, placed: Placed, *, requirements: bool | None
) -> tuple[commit.Edit, ...]:
    """Make the edits, and read them as texts from where the package's code ran."""
    project = package.project
    day = editing.day_of(plan.epoch_s)
    found = await noting.changes(
        package, Release(plan.version, plan.tag, day, project.name), before
    )
    container = package.container
    texts = {**editing.texts(project, plan), **placed.texts}
    if found.text is not None:
        texts[found.path] = found.text
    for path, text in texts.items():
        if path not in placed.encodings:
            container = container.with_new_file(package.path(path), text)
    if editing.rewrites_requirements(project, requirements):
        member = [f"--package={project.metadata.name}"] if project.is_member else []
        out = join(project.where, editing.REQUIREMENTS)
        export = [*edits.EXPORT, *member, "--quiet", f"--output-file={package.path(out)}"]
        ready = container.with_workdir(package.path(project.base))
        ran = await noting.synced(steps.run(ready, export))
        texts[out] = await noting.text(ran, package.path(out))
    old = {path: project.files.text(path) or "" for path in texts}
    kept = {path: form.as_before(old[path], text) for path, text in texts.items()}
    changed = {path: text for path, text in kept.items() if text != old[path]}
    return commit.edits(changed, [*found.removed], placed.encodings)
