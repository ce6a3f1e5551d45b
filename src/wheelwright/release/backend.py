"""What a build is made with: the back end and all that it needs, as the release commit records it.

A back end writes its own version into what it builds, so that a rebuild is the same only if it is
made by the same one. When the release commit is made, `[build-system] requires` is resolved once;
the versions stand in that commit's message, and every build of it is constrained to them.

    | in requires                        | recorded                                        |
    |------------------------------------|-------------------------------------------------|
    | a name, with extras or a marker    | its version, and those of what it needs in turn |
    | what [tool.uv.sources] sends away  | nothing: that table decides, not the index      |
    | a direct reference (PEP 508)       | what it needs in turn                           |
    | nothing, a back end in the tree    | nothing: it is in the commit itself             |

Hashes are not recorded, nor is what a back end asks for only while it builds (PEP 517,
`get_requires_for_build_wheel`), nor `[tool.uv] extra-build-dependencies`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from wheelwright.errors import ProjectError
from wheelwright.project.model import Project

__all__ = ["COMPILE", "CONSTRAINTS", "REQUESTED", "bounds", "pins", "requested", "text"]

REQUESTED: Final = "/opt/wheelwright/build.in"
CONSTRAINTS: Final = "/opt/wheelwright/build-constraints.txt"
"""Container paths: what is asked for, and what bounds it."""

COMPILE: Final = (
    *("uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate"),
    # [tool.uv.pip] may ask for these; a list of versions for this Python is what is wanted.
    *("--no-generate-hashes", "--no-universal"),
    *(f"--constraints={CONSTRAINTS}", REQUESTED),
)
"""Prints `name==version` lines."""


def requested(project: Project) -> tuple[str, ...]:
    """Return the lines of `[build-system] requires` that an index resolves."""
    elsewhere = {
        canonicalize_name(name)
        for pyproject in (project.root, project.package)
        for name in pyproject.table("tool", "uv", "sources")
    }
    lines = project.package.table("build-system").get("requires", ())
    return tuple(line for line in lines if _name(line) not in elsewhere)


def bounds(project: Project) -> tuple[str, ...]:
    """Return the project's own constraints of builds; `uv build` adds them by itself.

    Raises:
        ProjectError: uv.toml is not TOML.
    """
    written = project.files.text("uv.toml")
    if written is None:
        settings = project.root.table("tool", "uv")
    else:
        # It takes the place of [tool.uv] as a whole.
        try:
            settings = tomllib.loads(written)
        except tomllib.TOMLDecodeError as error:
            raise ProjectError(f"uv.toml is not valid TOML: {error}", "correct it") from error
    return tuple(settings.get("build-constraint-dependencies", ()))


def text(lines: Iterable[str]) -> str:
    """Return a file of requirements or constraints."""
    return "".join(f"{line}\n" for line in lines)


def pins(compiled: str) -> tuple[str, ...]:
    """Return the `name==version` lines of what uv printed, sorted; direct references left out."""
    found = set()
    for line in compiled.splitlines():
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            # A comment, or an option such as --index-url.
            continue
        versions = [each.version for each in requirement.specifier if each.operator == "=="]
        if len(versions) == 1:
            found.add(f"{canonicalize_name(requirement.name)}=={versions[0]}")
    return tuple(sorted(found))


def _name(line: str) -> str:
    try:
        return canonicalize_name(Requirement(line).name)
    except InvalidRequirement:
        return ""
