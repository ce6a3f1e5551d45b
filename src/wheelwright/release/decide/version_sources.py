"""Where the back end reads the version: what is edited, and what has to be read before.

| the version comes from                           | edit                                  |
|--------------------------------------------------|---------------------------------------|
| [project] version, [tool.poetry] version         | that value                            |
| [tool.hatch.version] path                        | what its pattern finds in that file   |
| [tool.setuptools.dynamic] version.attr           | the attribute's literal               |
| [tool.setuptools.dynamic] version.file           | the whole file                        |
| setup.cfg: [metadata] version                    | that value; attr: and file: as above  |
| setup.py: a literal                              | that value                            |
| flit: __version__ of the module                  | the same                              |
| [tool.pdm.version] path                          | the same                              |
| version control (hatch-vcs, setuptools-scm, ...) | none: the tag decides                 |

"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from wheelwright.project import setup_cfg, setup_py
from wheelwright.project.files import join
from wheelwright.project.model import Project
from wheelwright.project.reading import ini, search
from wheelwright.project.version import VersionSource, version_source
from wheelwright.release.decide.stops import Problem, Reason

# hatchling's own default: src/hatchling/version/source/regex.py of hatch.
_HATCH: Final = r"""(?im)^(?:__version__|VERSION)(?:\s*:\s*str)?\s*=\s*(['"])v?(?P<version>.+?)\1"""
_ATTRIBUTE: Final = r"""(?m)^{name}(?:[ \t]*:[^=\n]+)?\s*=\s*(['"])(?P<version>.+?)\1"""
# A section ends where the next one begins; a value of setup.cfg has no comment on its line.
_SETUP_CFG: Final = (
    r"""(?im)^\[metadata\][^\n]*\n(?:(?!\[)[^\n]*\n)*?"""
    r"""version[ \t]*[=:][ \t]*(?P<version>[^\s#;]+)"""
)
SETUP_PY: Final = (
    r"""(?m)\b(?:version|__version__|VERSION)[ \t]*=[ \t]*(['"])(?P<version>[^'"\n]+)\1"""
)
_WHOLE: Final = r"""\A\ufeff?\s*(?P<version>\S+)\s*\Z"""


def version_file(project: Project) -> tuple[str, str] | Problem:
    """Return where the version is set: a path from the root, and the pattern that finds it.

    pyproject.toml has no pattern: it is edited by key. The path is empty for version control.
    """
    package = project.package
    source = version_source(project)
    if source is VersionSource.STATIC or isinstance(
        package.table("tool", "poetry").get("version"), str
    ):
        return package.path, ""
    if source is VersionSource.VCS:
        return "", ""
    place = _place(project) or _setup(project)
    if place is None and (set_at := project.metadata.places.get("version")):
        return Problem(
            Reason.NOT_BUILDABLE,
            f"{set_at} sets the version, which a release does not edit there",
            "write [project] version, or [tool.setuptools.dynamic] version, in pyproject.toml",
        )
    if place is None:
        backend = package.backend or "the back end"
        return Problem(
            Reason.NOT_BUILDABLE,
            f"{package.path} does not set where {backend} reads the version",
            "write [project] version, or tool.hatch.version.path",
        )
    if not place.attribute:
        return place.paths[0], place.pattern
    for path in place.paths:
        text = project.files.text(path)
        if text is not None and search(place.pattern, text, path):
            return path, place.pattern
    return Problem(
        Reason.NOT_BUILDABLE,
        f"no {place.attribute} in {' or '.join(place.paths)}",
        f"write it as a literal: {place.attribute} = '1.2.3'",
    )


class _Place(NamedTuple):
    """The paths of which one has the version, its pattern, and the attribute of a module."""

    paths: list[str]
    pattern: str
    attribute: str = ""


def _place(project: Project) -> _Place | None:
    """Return where the back end reads the version; None where it is not set."""
    package, where = project.package, project.where
    hatch = package.table("tool", "hatch", "version")
    if isinstance(path := hatch.get("path"), str):
        pattern = hatch.get("pattern", _HATCH)
        # hatchling takes `pattern = true` for its default; and it compiles with MULTILINE.
        pattern = _HATCH if pattern is True else str(pattern)
        return _Place([join(where, path)], pattern if pattern == _HATCH else f"(?m){pattern}")
    if isinstance(path := package.table("tool", "pdm", "version").get("path"), str):
        return _Place([join(where, path)], _ATTRIBUTE.format(name="__version__"))
    setuptools = package.table("tool", "setuptools", "dynamic", "version")
    if isinstance(setuptools.get("attr"), str):
        module, _, attribute = setuptools["attr"].rpartition(".")
    elif isinstance(file := setuptools.get("file"), str | list) and file:
        return _file(file if isinstance(file, str) else str(file[0]), where)
    elif package.backend.startswith("flit"):
        named = package.table("tool", "flit", "module").get("name") or package.project.get("name")
        module, attribute = str(named).replace("-", "_"), "__version__"
    else:
        return None
    return _module(project, module, attribute)


def _module(project: Project, module: str, attribute: str) -> _Place:
    inner = module.replace(".", "/")
    ends = (f"{inner}/__init__.py", f"{inner}.py")
    paths = [join(project.where, source, end) for source in ("src", "") for end in ends]
    return _Place(paths, _ATTRIBUTE.format(name=re.escape(attribute)), attribute)


def _file(path: str, where: str) -> _Place | None:
    """Return a file that has nothing but the version; None for one outside of the package."""
    paths = setup_cfg.file_paths(path, where)
    return _Place(paths[:1], _WHOLE) if paths else None


def _setup(project: Project) -> _Place | None:
    """Return where setup.py or setup.cfg has the version, or what it names in its place."""
    set_at = project.metadata.places.get("version")
    if set_at is not None and set_at.path == join(project.where, setup_py.PATH):
        return _Place([set_at.path], SETUP_PY)
    path = join(project.where, setup_cfg.PATH)
    text = project.files.text(path)
    if text is None or (set_at is not None and set_at.path != path):
        return None
    written = ini(path, text).get("metadata", "version", fallback="").strip()
    kind, _, named = written.partition(":")
    if kind == "attr":
        module, _, attribute = named.strip().rpartition(".")
        return _module(project, module, attribute)
    if kind == "file":
        return _file(named.strip(), project.where)
    return _Place([path], _SETUP_CFG) if written else None


def candidates(project: Project) -> list[str]:
    """Return the paths, beside pyproject.toml, that may have the version: to be read first."""
    place = _place(project) or _setup(project)
    return place.paths if place else []
