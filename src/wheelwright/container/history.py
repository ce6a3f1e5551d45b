"""Says which steps get the git history of the package."""

from __future__ import annotations

import dagger

from wheelwright.container.loading import LoadedProject
from wheelwright.project.version import VersionSource, version_source
from wheelwright.project.worktree import NOT_HISTORY


def for_build(loaded: LoadedProject) -> dagger.Directory | None:
    """Return a directory with .git, for a build: some back ends list the sdist's files by it."""
    if loaded.repository is None:
        return None
    return loaded.repository.filter(include=[".git/**"], exclude=list(NOT_HISTORY))


def for_install(loaded: LoadedProject) -> dagger.Directory | None:
    """Return the same where the version comes from it, and not from the PKG-INFO of an sdist.

    Without need an environment does not get it: each commit would make another one.
    """
    project = loaded.project
    from_history = version_source(project) is VersionSource.VCS
    return for_build(loaded) if from_history and not project.has("PKG-INFO") else None
