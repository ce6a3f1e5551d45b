"""Requirements as [tool.uv.sources] means them, for a resolution that does not read uv.lock.

`uv pip` takes requirement lines, which know nothing of that table: a name that the table sends
elsewhere would come from the index, perhaps as another project's package.

| source | here |
|---|---|
| `workspace` | the member's own requirements; the member itself is installed from the source |
| `git`, `url` | a direct reference (PEP 508) |
| `path` of a distribution | the same, to the file in the source |
| `path` of a directory, `index`, a list | refused: only uv.lock has what they resolve to |

Source: uv's documentation, concepts/projects/dependencies.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from wheelwright.environment.places import SOURCE
from wheelwright.errors import RequestError
from wheelwright.project.metadata import Metadata
from wheelwright.project.model import Project
from wheelwright.project.pyproject import Pyproject
from wheelwright.project.reading import requirement_or_none

# What uv installs from a file: a wheel, or a source distribution (PEP 625) as older ones are, too.
_DISTRIBUTIONS = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz")


@dataclass(slots=True)
class Expanded:
    """Lines that can be resolved, and the directories of workspace members they stood for."""

    lines: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)


def expand(project: Project, lines: Iterable[str]) -> Expanded:
    """Return the lines with the package itself, its workspace and its sources followed.

    `demo[tests]` in the package demo becomes what that extra needs.

    Raises:
        RequestError: a source that only uv.lock resolves.
    """
    found = Expanded()
    local: dict[str, tuple[str, Pyproject | Metadata]] = {
        pyproject.name: (where, pyproject) for where, pyproject in project.members.items()
    }
    local[project.metadata.name] = (project.where, project.metadata)
    local.pop("", None)
    done: set[tuple[str, str]] = set()
    # The last one is read next: what a line expands to comes in its place.
    left = list(reversed(list(lines)))
    while left:
        line = left.pop()
        wanted = requirement_or_none(line)
        if wanted is None:
            found.lines.append(line)
            continue
        name = canonicalize_name(wanted.name)
        if name not in local:
            found.lines.append(_followed(project, wanted, line))
            continue
        where, member = local[name]
        parts: dict[str, Sequence[str]] = {}
        for extra in map(canonicalize_name, wanted.extras):
            parts[extra] = member.extras.get(extra, ())
        if isinstance(member, Pyproject):
            parts[""] = member.dependencies
            if where not in found.members:
                found.members.append(where)
        new = {key: inner for key, inner in parts.items() if (name, key) not in done}
        done.update((name, key) for key in new)
        left += reversed([each for key in sorted(new) for each in new[key]])
    found.lines = list(dict.fromkeys(found.lines))
    return found


def _followed(project: Project, requirement: Requirement, line: str) -> str:
    name = canonicalize_name(requirement.name)
    source = project.sources.get(name)
    if source is None:
        return line
    reference = _reference(source, project.base) if isinstance(source, Mapping) else ""
    if not reference:
        raise RequestError(
            f"[tool.uv.sources] sets the source of {requirement.name}, which only a locked "
            f"resolution of {project.name} uses",
            "run `uv lock` and leave that cell's resolution locked",
        )
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    marker = f" ; {requirement.marker}" if requirement.marker else ""
    return f"{requirement.name}{extras} @ {reference}{marker}"


def archives(project: Project) -> list[str]:
    """Return the distributions of the source that [tool.uv.sources] names."""
    tables = (each for each in project.sources.values() if isinstance(each, Mapping))
    return [path for each in tables if (path := _archive(each, project.base))]


def _archive(source: Mapping[str, Any], base: str) -> str:
    path = source.get("path")
    if not isinstance(path, str) or not path.endswith(_DISTRIBUTIONS):
        return ""
    found = posixpath.normpath(posixpath.join(base, path))
    return "" if found.startswith(("../", "/")) else found


def _reference(source: Mapping[str, Any], base: str) -> str:
    if "url" in source:
        return str(source["url"])
    if path := _archive(source, base):
        return f"file://{quote(f'{SOURCE}/{path}')}"
    if "git" not in source:
        return ""
    at = next((f"@{source[key]}" for key in ("rev", "tag", "branch") if key in source), "")
    below = f"#subdirectory={source['subdirectory']}" if "subdirectory" in source else ""
    return f"git+{source['git']}{at}{below}"
