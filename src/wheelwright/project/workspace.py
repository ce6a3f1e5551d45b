"""Several packages in one source: uv workspaces, and packages in directories of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

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


# Directories whose packages are samples, or another project's.
_NOT_OURS: Final = frozenset(
    (
        *("tests", "test", "testing", "testdata", "fixtures", "examples", "example", "samples"),
        *("docs", "doc", "templates", "vendor", "third_party", "benchmarks"),
    )
)
_PROJECT: Final = re.compile(r"(?m)^\s*\[(?:project|tool\.poetry)\]")
NAMING: Final = ("pyproject.toml", "setup.cfg", "setup.py")
"""Files in which a package says what it is called."""


def below(texts: Mapping[str, str]) -> list[str]:
    """Return the directories of the packages that lie deeper, given the texts of `NAMING` files.

    A package in another one is a part of it, and samples of tests and documentation do not count.
    """
    found: list[str] = []
    for path, text in sorted(texts.items(), key=lambda each: (each[0].count("/"), each[0])):
        directory, _, name = path.rpartition("/")
        parts = directory.split("/")
        if not directory or _NOT_OURS.intersection(parts):
            continue
        named = name != "pyproject.toml" or _PROJECT.search(text)
        inner = any(f"{directory}/".startswith(f"{each}/") for each in found)
        if named and not inner:
            found.append(directory)
    return sorted(found)


def only(directories: Sequence[str]) -> str:
    """Return the one package of a source whose root is none; empty where there is none at all.

    Raises:
        RequestError: there are several; all are named.
    """
    if len(directories) > 1:
        raise RequestError(
            f"the source has several packages: {', '.join(directories)}",
            "pass --package with one of these paths",
        )
    return directories[0] if directories else ""


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
