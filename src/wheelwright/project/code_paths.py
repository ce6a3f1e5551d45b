"""Where the code is that a package installs: by its back end's table, else by what is there.

| back end | what names it |
|---|---|
| setuptools | `packages`, `package-dir`, `py-modules` of [tool.setuptools], or of setup.cfg |
| flit | `name` of [tool.flit.module] |
| hatchling | `packages` of [tool.hatch.build] and of its wheel |
| PDM | `package-dir` of [tool.pdm.build] |
| Poetry | `packages` of [tool.poetry] |
| uv | `module-name` and `module-root` of [tool.uv.build-backend] |
| maturin | `python-source` of [tool.maturin] |
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from wheelwright.errors import ProjectError
from wheelwright.project.files import join
from wheelwright.project.model import Project
from wheelwright.project.reading import ini

# Directories at the top that setuptools does not take for packages, in its automatic discovery.
_NOT_INSTALLED: Final = frozenset(
    {
        *("benchmark", "benchmarks", "bin", "build", "changelog", "ci", "debian", "doc", "docs"),
        *("documentation", "example", "examples", "exercise", "exercises", "htmlcov", "manpages"),
        *("news", "newsfragments", "node_modules", "python", "script", "scripts", "site_scons"),
        *("tasks", "test", "testing", "tests", "tool", "tools", "unit_test", "unit_tests", "util"),
        *("utils", "venv"),
    }
)


def code_paths(project: Project) -> tuple[str, ...]:
    """Return the paths of what the package installs, from its directory; none where not known.

    The first of these that is there: what the back end's table names, src, the module or package
    with the distribution's name, the namespace package of that, the packages at the top.
    """
    for found in (
        _there(project, _named(project)),
        ("src",) if _has_code(project, "src") else (),
        _there(project, _likely(project))[:1],
    ):
        if found:
            return ("src",) if all(path.startswith("src/") for path in found) else found
    return _at_the_top(project)


def _there(project: Project, paths: Iterable[str]) -> tuple[str, ...]:
    """Return the paths that exist, a module as its file; what lies deeper is not always known."""
    found: dict[str, None] = {}
    for path in paths:
        first, _, deeper = path.partition("/")
        if path.startswith(("/", "..")) or not first:
            continue
        names = [f"{first}/"] if deeper else [f"{path}/"]
        if any(map(project.has, names)) or (path.endswith(".py") and project.has(path)):
            found[path] = None
        elif project.has(f"{path}.py"):
            found[f"{path}.py"] = None
    return tuple(found)


def _likely(project: Project) -> Iterator[str]:
    written = project.package.project.get("name") or project.package.name
    name = written if isinstance(written, str) else ""
    for each in (name, name.lower(), project.package.name):
        yield re.sub(r"[-.]+", "_", each)
    # `zoo.animals` and `zoo-animals` may be in the namespace package `zoo`.
    yield re.split(r"[-._]", name)[0]
    yield re.split(r"[-._]", name.lower())[0]


def _has_code(project: Project, directory: str) -> bool:
    """Whether a directory is there and, as far as its files are known, has code in Python."""
    inside = f"{join(project.where, directory)}/"
    files = [path for path in project.paths if path.startswith(inside)]
    return project.has(f"{directory}/") and (
        not files or any(path.endswith((".py", ".pyi")) for path in files)
    )


def _at_the_top(project: Project) -> tuple[str, ...]:
    start = f"{project.where}/" if project.where else ""
    parts = (
        path.removeprefix(start).split("/") for path in project.paths if path[: len(start)] == start
    )
    packages = {each[0] for each in parts if len(each) == 2 and each[1].startswith("__init__.py")}
    return tuple(sorted(packages - _NOT_INSTALLED))


def _named(project: Project) -> list[str]:
    """Return the packages and modules that the table of a back end names, as paths."""
    tool = project.package.table("tool")
    return [
        posixpath.normpath(path)
        for path in (
            *_of_setuptools(project),
            *_of_setup_cfg(project),
            *(_dotted(name) for name in _strings(_inner(tool, "flit", "module"), "name")),
            *_strings(_inner(tool, "hatch", "build", "targets", "wheel"), "packages"),
            *_strings(_inner(tool, "hatch", "build"), "packages"),
            *_strings(_inner(tool, "pdm", "build"), "package-dir"),
            *_of_poetry(tool),
            *_of_uv(tool),
            *_strings(_inner(tool, "maturin"), "python-source"),
        )
        if posixpath.normpath(path) != "."
    ]


def _of_setuptools(project: Project) -> Iterator[str]:
    table = project.package.table("tool", "setuptools")
    roots = _inner(table, "package-dir")
    base = next(iter(_strings(roots, "")), "")
    yield from _strings(_inner(table, "packages", "find"), "where")
    names = _strings(table, "packages")
    yield from (_placed(name, roots, base) for name in names if "." not in name)
    yield from (f"{join(base, name)}.py" for name in _strings(table, "py-modules"))
    if base:
        yield base


def _of_setup_cfg(project: Project) -> Iterator[str]:
    text = project.files.text(join(project.where, "setup.cfg"))
    if text is None or "[options" not in text:
        return
    try:
        parser = ini("setup.cfg", text)
    except ProjectError:
        # The build says what is wrong with it.
        return

    def lines(section: str, key: str) -> list[str]:
        value = parser.get(section, key, fallback="")
        return [part.strip() for part in re.split(r"[\n,]", value or "") if part.strip()]

    pairs = (line.partition("=") for line in lines("options", "package_dir"))
    roots = {key.strip(): value.strip() for key, _, value in pairs}
    base = roots.get("", "")
    yield from lines("options.packages.find", "where")
    names = [name for name in lines("options", "packages") if ":" not in name and "." not in name]
    yield from (_placed(name, roots, base) for name in names)
    yield from (f"{join(base, name)}.py" for name in lines("options", "py_modules"))
    if base:
        yield base


def _of_poetry(tool: Mapping[str, Any]) -> Iterator[str]:
    packages = _inner(tool, "poetry").get("packages")
    for each in packages if isinstance(packages, list) else ():
        if isinstance(each, Mapping):
            include = next(iter(_strings(each, "include")), "").partition("*")[0]
            yield join(next(iter(_strings(each, "from")), ""), include)


def _of_uv(tool: Mapping[str, Any]) -> Iterator[str]:
    table = _inner(tool, "uv", "build-backend")
    root = next(iter(_strings(table, "module-root")), "src" if "module-name" in table else "")
    names = _strings(table, "module-name")
    yield from (join(root, _dotted(name)) for name in names)
    if root and not names:
        yield root


def _placed(name: str, roots: Mapping[str, Any], base: str) -> str:
    own = roots.get(name)
    return own if isinstance(own, str) and own else join(base, name)


def _dotted(name: str) -> str:
    return name.replace(".", "/")


def _inner(table: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """Return a table in a table; an empty one where it is something else."""
    for key in keys:
        found = table.get(key)
        table = found if isinstance(found, Mapping) else {}
    return table


def _strings(table: Mapping[str, Any], key: str) -> list[str]:
    """Return the texts of a key: those of a list, or the one."""
    value = table.get(key)
    every = value if isinstance(value, list) else [value]
    return [each for each in every if isinstance(each, str)]
