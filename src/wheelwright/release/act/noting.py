"""Makes the changelog of a release, by the tool that keeps it, and judges what that wrote."""

from __future__ import annotations

from collections.abc import Iterable

import dagger

from wheelwright.container import steps, toolchain
from wheelwright.container.loading import text_of
from wheelwright.container.output import last_lines
from wheelwright.environment.tools import release_tool
from wheelwright.errors import ToolFailed
from wheelwright.project.files import join
from wheelwright.release.act.package import Package
from wheelwright.release.decide import editing, noted
from wheelwright.release.decide.changelog import own, tools, writing
from wheelwright.release.decide.changelog.tools import ChangelogSource
from wheelwright.release.decide.changelog.writing import Release
from wheelwright.release.decide.noted import Changes, Past


async def changes(package: Package, release: Release, before: Past) -> Changes:
    """Return the changelog with the release, and its notes.

    Raises:
        ToolFailed: the tool that keeps it failed.
    """
    source = package.changelog_source
    if source is ChangelogSource.NOBODY:
        return Changes()
    project = package.project
    path = editing.changelog_path(project, source, release.version)
    if source is ChangelogSource.HAND or noted.prepared(project, path, release, before):
        return noted.by_hand(project, path, release, before)
    if source is ChangelogSource.TOWNCRIER:
        return await _towncrier(package, path, release, before)
    whole = editing.is_above(project, path)
    new = (await _cliff(package, release, before, whole=whole)).strip().splitlines()
    return noted.by_tool(project, path, release, before, new, source.value)


async def _towncrier(package: Package, path: str, release: Release, before: Past) -> Changes:
    project, tool = package.project, ChangelogSource.TOWNCRIER.value
    day = release.day.isoformat()
    command = tools.towncrier_command(release.version, day, project.name)
    ready = _with_tool(
        package, package.container, "towncrier", editing.towncrier_directory(project)
    )
    ran = await synced(steps.run(ready, command))
    after = await text(ran, package.path(path))
    new = writing.written(project.files.text(path) or "", after)
    found = noted.by_tool(project, path, release, before, new, tool, after)
    if found.problem or found.origin != tool:
        return found
    return noted.without(found, await _removed(package, ran))


async def _removed(package: Package, ran: dagger.Container) -> list[str]:
    """Return the news fragments that towncrier removed; nothing else may be removed."""
    removed: set[str] = set()
    for path in editing.fragment_directories(package.project):
        before = await _files(package.container, package.path(path))
        after = await _files(ran, package.path(path))
        removed |= {join(path, name) for name in before - after}
    return sorted(removed)


async def _cliff(package: Package, release: Release, before: Past, *, whole: bool) -> str:
    """Return the section of git-cliff, dated by the release instead of by the clock.

    Of a package in a directory it has the commits of that; `whole`: all, for a shared changelog.
    """
    home = tools.cliff_directory(package.project)
    ready = _with_tool(package, package.container, "git-cliff", home)
    ready = ready.with_env_variable(tools.CLIFF_TAGS, tools.tags_pattern(before.tag))
    paths = [f"{package.where}/**"] if package.where and not whole else []
    tag, since, day = release.tag, before.since, release.day.isoformat()
    gather = tools.cliff_context_command(tag, since, paths)
    gathered = await steps.output(steps.observe(ready, gather))
    dated = ""
    if gathered.exit_code == 0:
        left_out = await _own(ready, since)
        dated = tools.cliff_dated(gathered.stdout, day, before.tag, since, left_out)
    if not dated:
        # The locked git-cliff may be too old for contexts.
        return await _printed(ready, "git-cliff", tools.cliff_commands(tag, since, paths))
    ready = ready.with_new_file(tools.CLIFF_CONTEXT, dated)
    return await _printed(ready, "git-cliff", tools.cliff_render_command(tag))


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


# -- what code of the package has written ----------------------------------------------------------

# A changelog of ten years is less than one.
_LARGEST_BYTES = 16 * 1024 * 1024


async def synced(container: dagger.Container) -> dagger.Container:
    """Run what a container has to run.

    Raises:
        ToolFailed: it failed.
    """
    try:
        return await container.sync()
    except dagger.ExecError as error:
        printed = " / ".join(last_lines(error.stdout, error.stderr, 4))
        raise ToolFailed(f"{' '.join(error.command)}: {printed}") from error


async def text(container: dagger.Container, path: str) -> str:
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
