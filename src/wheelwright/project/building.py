"""What of a package's dependencies is built from source, and which volume such builds may share.

A build from source runs the code of what it builds and of all that this needs. So the name of
the volume is a digest of everything that decides whose code that is: the requirements, the
packages in uv.lock that have no wheel, uv's settings. A package cannot choose another one's: with
the same digest, the same code would run for both. The package's own back end never sees it,
because the digest says nothing of the package's source.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any, Final

from packaging.utils import canonicalize_name

from wheelwright.project.model import Project
from wheelwright.project.pyproject import Pyproject

__all__ = ["needs_build", "sdists", "unbuilt", "volume", "without_builds"]

_LOCAL = ("editable", "virtual", "directory", "path")
_FILES = re.compile(r"(^|/)(pyproject\.toml|uv\.lock)$")

# uv names one at a time: "Distribution `docopt==0.6.2 @ registry+https://..." and "because it is
# marked as `--no-build` but has no binary distribution".
_UNBUILT: Final = re.compile(r"Distribution `([\w.-]+?)(?:==[^` ]*)? @ [^`]*`[^`]*`--no-build`")

_BUILDING: Final = (
    ("uv", "lock"),
    ("uv", "pip", "compile"),
    ("uv", "pip", "install"),
    ("uv", "pip", "sync"),
    ("uv", "sync"),
    ("uv", "tool", "install"),
)
_SIGNS: Final = ("`--no-build`", "building from source is disabled", "no usable wheels")


def sdists(project: Project) -> tuple[str, ...]:
    """Return the names in uv.lock that have no wheel at all: an sdist alone, or a commit of git."""
    packages = project.lock.packages if project.lock else ()
    found = {canonicalize_name(str(each.get("name", ""))) for each in packages if _builds(each)}
    return tuple(sorted(found))


def unbuilt(said: str) -> str:
    """Return the package that uv could not install without building it; empty for another end."""
    found = _UNBUILT.search(" ".join(said.split()))
    return canonicalize_name(found[1]) if found else ""


def needs_build(said: str) -> bool:
    """Whether uv gave up because it was not allowed to build."""
    words = " ".join(said.split())
    return any(sign in words for sign in _SIGNS)


def volume(project: Project) -> str:
    """Return the name of the volume for builds of this package's dependencies."""
    pyprojects = [project.root, project.package, *project.members.values()]
    decides: dict[str, Any] = {
        "settings": project.root.table("tool", "uv"),
        "texts": {
            path: text for path, text in project.files.texts.items() if not _FILES.search(path)
        },
    }
    if project.lock:
        decides["locked"] = [each for each in project.lock.packages if _builds(each)]
    else:
        decides["wanted"] = {each.path: _wanted(each) for each in pyprojects}
    text = json.dumps(decides, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def without_builds(args: Iterable[str]) -> tuple[str, ...]:
    """Return a command of uv that builds nothing from source; other commands as they are.

    By a flag: `uv pip` does not listen to UV_NO_BUILD.
    """
    args = tuple(args)
    for words in _BUILDING:
        if args[: len(words)] == words:
            return (*words, "--no-build", *args[len(words) :])
    return args


def _builds(package: Any) -> bool:
    source = package.get("source", {})
    return not package.get("wheels") and not any(key in source for key in _LOCAL)


def _wanted(pyproject: Pyproject) -> dict[str, Any]:
    kept = ("dependencies", "optional-dependencies", "dynamic", "requires-python")
    return {
        "project": {key: pyproject.project.get(key) for key in kept},
        "groups": pyproject.table("dependency-groups"),
        "settings": pyproject.table("tool", "uv"),
        "poetry": pyproject.table("tool", "poetry"),
    }
