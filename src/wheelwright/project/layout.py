"""Where a package's code is, and its tests, as far as no build can see them.

What installs the package need not run again when only tests were edited: for a large package
that is the difference between seconds and minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from wheelwright.project.code_paths import code_paths
from wheelwright.project.files import join
from wheelwright.project.model import Project

_NAMES: Final = ("tests", "test")

# Back ends that package what their tables and their conventions name, and no tests.
# Others (CMake, Meson, Rust) may have build files that walk into any directory.
_BACK_ENDS: Final = ("hatchling", "uv_build", "flit_core", "setuptools", "poetry.core", "pdm.")

# Tables below [tool] that set what is packaged, or where something is built from.
_TABLES: Final = (
    ("flit", "module"),
    ("hatch", "build"),
    ("hatch", "metadata"),
    ("hatch", "version"),
    ("pdm", "build"),
    ("pdm", "version"),
    ("poetry", "build"),
    ("poetry", "include"),
    ("poetry", "packages"),
    ("setuptools",),
    ("setuptools_scm",),
    ("uv", "build-backend"),
    ("uv", "sources"),
    ("uv", "workspace"),
)

# Parts of them that count for an sdist only: what is tested is installed without one.
_OF_SDISTS: Final = (
    ("hatch", "build", "targets", "sdist"),
    ("pdm", "build", "source-includes"),
    ("uv", "build-backend", "source-exclude"),
    ("uv", "build-backend", "source-include"),
)

# Files that set it in another way, or in code.
_CODE: Final = ("setup.py", "setup.cfg", "hatch_build.py", "pdm_build.py")


def own_code(project: Project) -> str:
    """Return the one path of the package's code; `.` where it has several, or none is found."""
    found = code_paths(project)
    return found[0] if len(found) == 1 else "."


def test_directories(project: Project) -> tuple[str, ...]:
    """Return the directories of tests, in the source, that no build of the package looks at.

    None where that is not certain: an unknown back end, code that runs in the build, a table that
    names the directory, a workspace member in it.
    """
    package = project.package
    if not package.backend.startswith(_BACK_ENDS) or any(map(project.has, _CODE)):
        return ()
    named = set().union(
        *(
            _texts(each.table("tool", *tables).get(key), (*tables, key))
            for each in (package, project.root)
            for *tables, key in _TABLES
        )
    )
    # A back end or a hook in the tree reads whatever it likes.
    if package.has("build-system", "backend-path") or "custom" in named:
        return ()
    inside = [*project.members, project.metadata.name]
    return tuple(
        join(project.where, name)
        for name in _NAMES
        if project.has(f"{name}/")
        and not any(name in text.replace("\\", "/").split("/") for text in (*named, *inside))
    )


def _texts(value: Any, place: tuple[str, ...]) -> set[str]:
    """Return every key and text of a table of [tool], without what counts for an sdist only."""
    if place in _OF_SDISTS:
        return set()
    if isinstance(value, Mapping):
        inner = (_texts(each, (*place, str(key))) for key, each in value.items())
        return {str(key) for key in value}.union(*inner)
    if isinstance(value, list):
        return set().union(*(_texts(each, place) for each in value if not _of_sdists(each)))
    return {value} if isinstance(value, str) else set()


def _of_sdists(entry: Any) -> bool:
    """Whether an entry of `include` of Poetry is for the sdist only."""
    return isinstance(entry, Mapping) and entry.get("format") in ("sdist", ["sdist"])
