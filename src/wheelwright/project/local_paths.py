"""The paths in the source that uv's settings and uv.lock name: what uv reads beside its own files.

| place | keys |
|---|---|
| `[tool.uv]`, uv.toml, `pip` in both | `find-links`, `index-url`, `extra-index-url`, the `url` of \
an `index` |
| `[tool.uv.sources]` | `path`, in a table or in a list of tables |
| uv.lock | the source of each package: what a path leads to may name others |

Members of the workspace are not among them. Source: uv's documentation, reference/settings and
concepts/projects/dependencies.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from wheelwright.project.files import join
from wheelwright.project.model import Project
from wheelwright.project.reading import toml

_ONE: Final = ("index-url",)
_MANY: Final = ("extra-index-url", "find-links")
_PACKAGES: Final = ("directory", "editable", "path", "virtual")
# How uv writes the root of the project into an address.
_ROOT: Final = "file://${PROJECT_ROOT}"


def local_paths(project: Project) -> tuple[str, ...]:
    """Return them in order, each once; a directory stands for all that is in it.

    Raises:
        ProjectError: uv.toml or uv.lock is broken.
    """
    own = {project.base, project.where, *project.members}
    packages = (_within(*each) for each in _packages(project))
    paths = [path for path in packages if path not in own]
    found: dict[str, None] = {}
    for path in (*(_within(*each) for each in _settings(project)), *paths):
        if path:
            found[path] = None
        elif path is not None:
            # A pattern for the root itself would match nothing.
            names = {name.partition("/")[0] for name in project.files.names}
            found.update((name, None) for name in sorted(names))
    return tuple(path for path in found if not _covered(path, found))


def local_packages(project: Project) -> bool:
    """Whether uv reads, and may build, something in the source beside the workspace.

    Raises:
        ProjectError: uv.lock is broken.
    """
    own = {project.base, project.where, *project.members}
    return any(_within(where, text) not in {None, *own} for where, text in _packages(project))


def is_local(address: str) -> bool:
    """Whether an address of an index, or a place of files, is a path."""
    return bool(address) and ("://" not in address or address.startswith(_ROOT))


def _settings(project: Project) -> Iterator[tuple[str, str]]:
    """Yield each place of files, with the directory that it is relative to."""
    for pyproject in (project.root, project.package, *project.members.values()):
        where = posixpath.dirname(pyproject.path)
        for text in _places(pyproject.table("tool", "uv")):
            yield where, text
    path = join(project.base, "uv.toml")
    settings = project.files.text(path)
    if settings is not None:
        for written in _places(toml(path, settings)):
            yield project.base, written
    # Of a directory of files uv.lock has the path.
    yield from _locked(project, ("registry",))


def _packages(project: Project) -> Iterator[tuple[str, str]]:
    """Yield each path of a package, with the directory that it is relative to."""
    for pyproject in (project.root, project.package, *project.members.values()):
        where = posixpath.dirname(pyproject.path)
        for source in pyproject.table("tool", "uv", "sources").values():
            for each in source if isinstance(source, list) else [source]:
                if isinstance(each, Mapping) and isinstance(path := each.get("path"), str):
                    yield where, path
    yield from _locked(project, _PACKAGES)


def _locked(project: Project, keys: Iterable[str]) -> Iterator[tuple[str, str]]:
    for package in project.lock.packages if project.lock else ():
        source = package.get("source", {})
        for key in keys if isinstance(source, Mapping) else ():
            if isinstance(path := source.get(key), str):
                yield project.base, path


def _places(settings: Mapping[str, Any]) -> Iterator[str]:
    pip = settings.get("pip")
    for table in (settings, pip if isinstance(pip, Mapping) else {}):
        values = [table.get(key) for key in _ONE]
        values += [value for key in _MANY for value in _listed(table.get(key))]
        values += [
            index.get("url") for index in _listed(table.get("index")) if isinstance(index, Mapping)
        ]
        yield from (value for value in values if isinstance(value, str))


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _within(where: str, text: str) -> str | None:
    """Return a path from the source's root; None for an address, and for a path outside of it."""
    if not is_local(text) or text.startswith("/"):
        return None
    path = join(where, text.removeprefix(_ROOT).lstrip("/"))
    return None if path == ".." or path.startswith("../") else path


def _covered(path: str, others: Mapping[str, None]) -> bool:
    """Whether a directory above is there already."""
    parts = path.split("/")
    return any("/".join(parts[:count]) in others for count in range(1, len(parts)))
