"""Several packages in one source: uv workspaces, and packages in directories of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from packaging.utils import canonicalize_name

from wheelwright.errors import RequestError
from wheelwright.project.files import join
from wheelwright.project.pyproject import Pyproject


def members(root: Pyproject, paths: Iterable[str]) -> list[str]:
    """Return the directories of the root's uv workspace, given every pyproject.toml's path.

    Source: uv's documentation, concepts/projects/workspaces; a `*` there stays within one name.
    """
    table = root.table("tool", "uv", "workspace")
    included, excluded = table.get("members", []), table.get("exclude", [])
    directories = (path.rpartition("/")[0] for path in paths)
    return sorted(
        directory
        for directory in directories
        if directory
        and any(_matches(directory, pattern) for pattern in included)
        and not any(_matches(directory, pattern) for pattern in excluded)
    )


def _matches(directory: str, pattern: str) -> bool:
    names, patterns = directory.split("/"), join(pattern).split("/")
    if "**" in patterns:
        return fnmatchcase(directory, join(pattern).replace("**", "*"))
    return len(names) == len(patterns) and all(map(fnmatchcase, names, patterns))


def locate(package: str, names: Mapping[str, str]) -> str:
    """Return the directory of a package named by path or by name.

    `names` maps every directory with a pyproject.toml to the distribution's name, which is empty
    where there is none.

    Raises:
        RequestError: neither a path nor a name that is there.
    """
    path = join(package.strip("/"))
    if path in names:
        return path
    named = {name: directory for directory, name in names.items() if name}
    if (found := named.get(canonicalize_name(package))) is not None:
        return found
    known = ", ".join(f"{name} ({path or '.'})" for name, path in sorted(named.items()))
    raise RequestError(
        f'the source has no package "{package}" (it has: {known or "none"})',
        "pass --package with a name or path of these",
    )
