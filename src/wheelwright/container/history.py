"""Finds the git history that a version comes from."""

from __future__ import annotations

import dagger

from wheelwright.container import steps
from wheelwright.container.loading import LoadedProject
from wheelwright.environment.plan import SOURCE
from wheelwright.errors import ProjectError
from wheelwright.project import pyproject
from wheelwright.project.version import VersionSource, version_source
from wheelwright.project.worktree import NOT_HISTORY


async def own_history(
    loaded: LoadedProject, git: dagger.Directory | None
) -> dagger.Directory | None:
    """Return the directory with .git where the version needs it and it is this package's own.

    That of the source comes first. The default of `git` is the repository around the caller, which
    is another one when --source names a package elsewhere: its last commit must have a
    pyproject.toml of the same name.
    """
    project = loaded.project
    asks = version_source(project.package) is VersionSource.VCS
    if not asks or project.has("PKG-INFO"):
        return None
    if loaded.repository is not None:
        return loaded.repository.filter(include=[".git/**"], exclude=list(NOT_HISTORY))
    if git is None or ".git/" not in await git.entries():
        return None
    container = steps.git().with_directory(SOURCE, git).with_workdir(SOURCE)
    shown = ("git", "show", f"HEAD:{project.package.path}")
    output = await steps.output(steps.observe(container, shown), "git show")
    if output.exit_code != 0:
        return None
    try:
        committed = pyproject.parse("HEAD:pyproject.toml", output.stdout).name
    except ProjectError:
        return None
    return git if committed == project.package.name else None
