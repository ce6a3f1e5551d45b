"""Finds the git history that a version comes from."""

from __future__ import annotations

import dagger

from wheelwright.container import steps, toolchain
from wheelwright.container.loading import LoadedProject
from wheelwright.errors import ProjectError
from wheelwright.pins import full_image
from wheelwright.project import pyproject
from wheelwright.project.version import VersionSource, version_source


async def own_history(
    loaded: LoadedProject, python: str, git: dagger.Directory | None
) -> dagger.Directory | None:
    """Return the directory with .git where the version needs it and it is this package's own.

    The default of `git` is the repository around the caller, which is another one when --source
    names a package elsewhere: its last commit must have a pyproject.toml of the same name.
    """
    project = loaded.project
    asks = version_source(project.package) is VersionSource.VCS
    if git is None or not asks or project.has("PKG-INFO") or loaded.prefix:
        return None
    if ".git/" not in await git.entries():
        return None
    container = toolchain.with_git(steps.base(full_image(python), python), git)
    shown = ("git", "show", f"HEAD:{project.package.path}")
    output = await steps.output(steps.observe(container, shown))
    if output.exit_code != 0:
        return None
    try:
        committed = pyproject.parse("HEAD:pyproject.toml", output.stdout).name
    except ProjectError:
        return None
    return git if committed == project.package.name else None
