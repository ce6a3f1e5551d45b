"""Says which steps get the git history of the package."""

from __future__ import annotations

import dagger

from wheelwright.container.loading import LoadedProject
from wheelwright.container.source import history
from wheelwright.project.version import VersionSource, version_source


async def for_build(loaded: LoadedProject) -> dagger.Directory | None:
    """Return a directory with .git, for a build: some back ends list the sdist's files by it."""
    if loaded.repository is None:
        return None
    return await history(loaded.repository)


async def for_install(loaded: LoadedProject) -> dagger.Directory | None:
    """Return the same for an installation, where that needs it."""
    return await for_build(loaded) if is_installed_with(loaded) else None


def is_installed_with(loaded: LoadedProject) -> bool:
    """Whether the version comes from the history, and not from the PKG-INFO of an sdist.

    Without need an environment does not get it: each commit would make another one.
    """
    project = loaded.project
    from_history = version_source(project) is VersionSource.VCS
    return from_history and loaded.repository is not None and not project.has("PKG-INFO")
