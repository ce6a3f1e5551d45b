"""What a checkout of a repository needs beyond its files: submodules, git-lfs. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from wheelwright.release.decide.urls import is_path

ATTRIBUTES = ".gitattributes"
"""Says which files git-lfs has; the one at the root counts."""

MODULES = ".gitmodules"
"""Says which submodules there are."""


@dataclass(frozen=True, slots=True)
class Submodule:
    """A submodule's path, the address that .gitmodules has for it, and whether it has files."""

    path: str
    url: str
    there: bool = True

    @property
    def note(self) -> str:
        """What a job without a credential of its own meets there; empty for a public address."""
        if self.url.startswith(("./", "../")):
            return ""
        if not self.url or is_path(self.url):
            return (
                f"submodule {self.path}: {self.url or 'no address'} cannot be reached by a runner"
            )
        if re.match(r"https?://", self.url):
            return ""
        return (
            f"submodule {self.path}: {self.url} needs a credential; write its address by https, "
            "or give the checkout a key of its own"
        )


def submodules(text: str, names: Collection[str]) -> tuple[Submodule, ...]:
    """Return the submodules that a .gitmodules names (git help gitmodules).

    `names` are all paths of the source.
    """
    found = []
    for section in re.split(r"(?m)^\s*\[submodule\s", text)[1:]:
        values = dict(re.findall(r"(?m)^\s*(path|url)\s*=\s*\"?([^\"\n]*?)\"?\s*$", section))
        if path := values.get("path"):
            there = any(name.startswith(f"{path}/") for name in names)
            found.append(Submodule(path, values.get("url", ""), there))
    return tuple(found)


def lfs_patterns(text: str) -> tuple[str, ...]:
    """Return the patterns that a .gitattributes gives to git-lfs."""
    lines = (line.split() for line in text.splitlines() if not line.lstrip().startswith("#"))
    return tuple(parts[0] for parts in lines if "filter=lfs" in parts[1:])
