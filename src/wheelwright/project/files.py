"""Which files of the source are read here, and the copy of them that all decisions use.

A `Snapshot` is plain data, so that everything that is decided from a package's files can be
tested without an engine. Paths are relative to the source's root, directories end with `/`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

# Files whose contents decide something, by name in the package's directory or the root.
_READ = (
    "pyproject.toml",
    "uv.lock",
    "uv.toml",
    "poetry.lock",
    "pdm.lock",
    "pylock.toml",
    ".coveragerc",
    ".python-version",
    ".pre-commit-config.yaml",
    "setup.cfg",
    "setup.py",
    "tox.ini",
    "tox.toml",
    "hatch.toml",
    "towncrier.toml",
    "pytest.ini",
    "noxfile.py",
    "Makefile",
    "ruff.toml",
    ".ruff.toml",
    "mypy.ini",
    ".mypy.ini",
    "ty.toml",
    "pyrefly.toml",
    "pyrightconfig.json",
    "*requirements*.txt",
    "constraints*.txt",
)


def wanted(names: Iterable[str]) -> list[str]:
    """Return those of a directory's entries whose contents are read, sorted."""
    return sorted(name for name in names if any(fnmatchcase(name, pattern) for pattern in _READ))


def literal(paths: Iterable[str]) -> list[str]:
    """Return patterns that match these paths alone, whatever characters their names have.

    Source: moby's patternmatcher, which cuts blanks off at both ends before it reads a pattern,
    and takes `!` in front for a negation.
    """
    return [_literal(path) for path in paths]


def _literal(path: str) -> str:
    text = re.sub(r"[][*?!\\]", r"\\\g<0>", path)
    if text[:1].isspace():
        text = f"[{text[0]}]{text[1:]}"
    if len(path) > 1 and text[-1:].isspace():
        text = f"{text[:-1]}[{text[-1]}]"
    return text


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Texts by path, and the entries of the directories that were listed."""

    texts: Mapping[str, str]
    names: frozenset[str] = field(default_factory=frozenset)

    def text(self, path: str) -> str | None:
        """Return the text at a path, None where there is no such file."""
        return self.texts.get(path)

    def has(self, path: str) -> bool:
        """Whether the path was seen, as a text or as an entry; directories end with `/`."""
        return path in self.texts or path in self.names

    def with_more(self, other: Snapshot) -> Snapshot:
        """Return both together."""
        return Snapshot({**self.texts, **other.texts}, self.names | other.names)

    def under(self, directory: str) -> Snapshot:
        """Return what is below a directory, with paths relative to it."""
        prefix = directory.rstrip("/") + "/" if directory else ""
        return Snapshot(
            {
                path[len(prefix) :]: text
                for path, text in self.texts.items()
                if path.startswith(prefix)
            },
            frozenset(name[len(prefix) :] for name in self.names if name.startswith(prefix)),
        )


def upward(where: str) -> list[str]:
    """Return a directory and all above it, the root, which is empty, last."""
    parts = where.split("/") if where else []
    return ["/".join(parts[:count]) for count in range(len(parts), -1, -1)]


def join(*parts: str) -> str:
    """Join relative paths; the result has no `.` and no leading `./`."""
    joined = posixpath.normpath(posixpath.join(*[part for part in parts if part] or ["."]))
    return "" if joined == "." else joined
