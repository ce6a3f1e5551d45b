"""Which entries of a working copy belong to the source: what git tracks, or would add (pure).

The rules are git's own. `inside/worktree.py` asks git for them in a container, because on Dagger an
argument is a directory without them; here its answer is read and becomes patterns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from wheelwright.errors import ProjectError
from wheelwright.project.files import literal
from wheelwright.project.reading import is_strings, json_data

CACHES: Final = (
    "**/.venv",
    "**/.tox",
    "**/.nox",
    "**/__pycache__",
    "**/.mypy_cache",
    "**/.pytest_cache",
    "**/.ruff_cache",
    "**/node_modules",
)
"""Left out before git is asked, to save an upload: patterns of the argument itself."""

_BUG: Final = "report this as a bug; --git with an empty directory goes around it"

_CACHE_NAMES: Final = frozenset(pattern.removeprefix("**/") for pattern in CACHES)

GIT_FILES: Final = (
    ".git/HEAD",
    ".git/config",
    ".git/index",
    ".git/sharedindex.*",
    ".git/info/**",
    ".git/packed-refs",
    ".git/refs/**",
    ".git/reftable/**",
    ".git/shallow",
    ".git/modules/**",
)
"""What of .git says which paths are tracked; contents are not among it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What git says of a working copy.

    Attributes:
        ignored: entries that git neither tracks nor would add; directories end with `/`.
        left_out: tracked files that `CACHES` left out.
        submodules: whether the files of each are there, by path.
        shallow: whether the history ends before its beginning.
    """

    ignored: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    submodules: Mapping[str, bool] = field(default_factory=dict)
    shallow: bool = False

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of a verdict should know, each with the command that changes it."""
        empty = [path for path, present in self.submodules.items() if not present]
        return tuple(
            f"the submodule {path} is empty: run `git submodule update --init {path}`"
            for path in empty
        )


def read(text: str) -> Kept:
    """Read what the program printed.

    Raises:
        ProjectError: it is not what the program prints.
    """
    try:
        data = json_data(text)
    except ValueError as error:
        raise ProjectError(f"git's list of files is not JSON: {error}", _BUG) from error
    if not _fits(data):
        raise ProjectError("git's list of files has an unknown form", _BUG)
    left_out = tuple(path for path in data["missing"] if _CACHE_NAMES & set(path.split("/")))
    return Kept(tuple(data["ignored"]), left_out, data["submodules"], data["shallow"])


def _fits(data: Any) -> bool:
    return (
        isinstance(data, dict)
        and is_strings(data.get("ignored"))
        and is_strings(data.get("missing"))
        and isinstance(data.get("submodules"), dict)
        and all(isinstance(each, bool) for each in data["submodules"].values())
        and isinstance(data.get("shallow"), bool)
    )


def listed(names: Iterable[str]) -> list[str]:
    """Return the entries that git is asked about: not the files of .git, nor of one deeper."""
    return [name for name in names if ".git" not in name.rstrip("/").split("/")]


def exclusions(names: Iterable[str], ignored: Iterable[str]) -> list[str]:
    """Return patterns that take exactly the ignored entries out, and .git wherever it is.

    A directory of which nothing is kept has one pattern, and what lies below it none: git knows no
    empty directories.
    """
    names, gone = list(names), set(ignored)
    filled = {parent for name in names for parent in _parents(name)}
    kept = {
        parent
        for name in names
        if name not in gone and name not in filled
        for parent in _parents(name)
    }
    out = {name for name in names if name not in kept and (name in gone or name in filled)}
    least = [name for name in out if not out.intersection(_parents(name))]
    return ["**/.git", *literal(sorted(name.rstrip("/") for name in least))]


def _parents(name: str) -> list[str]:
    parts = name.rstrip("/").split("/")
    return ["/".join(parts[:count]) + "/" for count in range(1, len(parts))]
