"""`uv build`: which command, and whether it produced one sdist and its wheels."""

from __future__ import annotations

from collections.abc import Iterable

from wheelwright.errors import ProjectError, ToolFailed
from wheelwright.project.model import Project
from wheelwright.project.version import VersionSource, version_source

DIST = "/dist"


def configured(project: Project) -> str:
    """Return why there is nothing to build; empty where there is."""
    why = project.unbuildable
    if not why:
        return ""
    if not project.metadata.name:
        return f"not configured: an application, nothing to build: it {why}"
    return f"not configured: {project.name} {why}, nothing to build"


def require_version(project: Project, *, history: bool, pointer: str = "") -> None:
    """Stop before a build whose version cannot be known; `pointer` says where .git leads to.

    Raises:
        ProjectError: the version comes from git, and there is neither .git nor PKG-INFO.
    """
    if version_source(project) is not VersionSource.VCS:
        return
    if not history and not project.has("PKG-INFO"):
        if pointer:
            message, _, hint = pointer.partition(": ")
            raise ProjectError(
                f"{project.name} takes its version from version control, and {message}", hint
            )
        raise ProjectError(
            f"{project.name} takes its version from version control, and the source has neither "
            "a .git of this package nor a PKG-INFO",
            "pass --git DIR with the directory that contains its .git, or an unpacked sdist",
        )


def command(project: Project) -> tuple[str, ...]:
    """Return the command that builds the sdist, and the wheel from the sdist."""
    member = (f"--package={project.metadata.name}",) if project.is_member else ()
    return ("uv", "build", f"--out-dir={DIST}", *member)


def verify(project: Project, names: Iterable[str]) -> list[str]:
    """Return the distributions' names, the sdist first.

    Raises:
        ToolFailed: not exactly one sdist, or no wheel.
    """
    found = [name for name in names if name.endswith((".tar.gz", ".whl"))]
    sdists = [name for name in found if name.endswith(".tar.gz")]
    wheels = sorted(name for name in found if name.endswith(".whl"))
    if len(sdists) != 1 or not wheels:
        listed = ", ".join(found) or "nothing"
        raise ToolFailed(f"building {project.name} made {listed} instead of one sdist and a wheel")
    return [*sdists, *wheels]
