"""setup.py as far as its text says it: a call of `setup` with literal arguments, never executed.

Of an argument that is computed only its line is known. Where a file has several calls, such as one
in each branch of a condition, they count if they agree. Source: setuptools' documentation of
keywords.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Final

from packaging.utils import canonicalize_name

from wheelwright.project.declared import Declared
from wheelwright.project.literals import NOT_LITERAL, Names, names, parsed
from wheelwright.project.reading import is_strings, shortened
from wheelwright.project.runners.job import Place

PATH: Final = "setup.py"

_KEYWORDS: Final = {
    "name": "name",
    "version": "version",
    "python_requires": "requires_python",
    "classifiers": "classifiers",
    "install_requires": "dependencies",
    "extras_require": "extras",
}
# Keywords of plugins, and what they set. Sources: the manuals of setuptools-scm, pbr,
# setuptools-git-versioning, versioningit and calver.
_PLUGINS: Final[Mapping[str, tuple[str, ...]]] = {
    "use_scm_version": ("version",),
    "setuptools_git_versioning": ("version",),
    "version_config": ("version",),
    "use_calver": ("version",),
    "pbr": ("version", "requires_python", "dependencies", "extras"),
}
# Those that ask git for the version: the tool of a keyword, and of a module that is imported to
# compute it.
_KEYWORD_TOOLS: Final = {
    "use_scm_version": "setuptools-scm",
    "setuptools_git_versioning": "setuptools-git-versioning",
    "version_config": "setuptools-git-versioning",
    "pbr": "pbr",
}
_MODULE_TOOLS: Final = {"setuptools_scm": "setuptools-scm", "versioneer": "versioneer"}


def version_tool(path: str, text: str) -> str:
    """Return the tool that a setup.py has ask git for the version; empty for none.

    Raises:
        ProjectError: not Python.
    """
    tree = parsed(path, text)
    calls = _calls(tree)
    known = _known(tree, calls)
    written = [keyword for call in calls for keyword in call.keywords]
    for keyword in written:
        tool = _KEYWORD_TOOLS.get(keyword.arg or "")
        if tool and not _is_false(known, keyword.value):
            return tool
    computed = any(
        keyword.arg == "version" and known.value(keyword.value) is NOT_LITERAL
        for keyword in written
    )
    modules = _imported(tree) if computed else set()
    return next((tool for module, tool in _MODULE_TOOLS.items() if module in modules), "")


def build_requires(path: str, text: str) -> tuple[str, ...]:
    """Return what a setup.py requires while it is built: its literal `setup_requires`.

    Raises:
        ProjectError: not Python.
    """
    tree = parsed(path, text)
    calls = _calls(tree)
    known = _known(tree, calls)
    values = (
        _texts(known.value(keyword.value))
        for call in calls
        for keyword in call.keywords
        if keyword.arg == "setup_requires"
    )
    return tuple(dict.fromkeys(line for lines in values if lines for line in lines))


def read(path: str, text: str) -> Declared:
    """Read what a setup.py says.

    Raises:
        ProjectError: not Python.
    """
    tree = parsed(path, text)
    calls = _calls(tree)
    if not calls:
        return Declared(complete=False, rest=f"{path} has no call of setup")
    known = _known(tree, calls)
    found: dict[str, object] = {}
    places: dict[str, Place] = {}
    computed: dict[str, str] = {}
    rest = ""
    for keyword in (keyword for call in calls for keyword in call.keywords):
        line = keyword.value.lineno
        if keyword.arg is None:
            rest = f"{path}:{line} has ** in the call of setup"
        for field in _PLUGINS.get(keyword.arg or "", ()):
            if not _is_false(known, keyword.value):
                computed[field] = f"{path}:{line}: {keyword.arg} sets it"
        if (field := _KEYWORDS.get(keyword.arg or "", "")) != "":
            value = _shaped(field, known.value(keyword.value))
            if value is None or found.get(field, value) != value:
                source = shortened(ast.unparse(keyword)) if _is_short(keyword.value) else ""
                computed[field] = f"{path}:{line} computes it{f': {source}' if source else ''}"
            else:
                found[field] = value
                places.setdefault(field, Place(path, line, "setup()"))
    for field in computed:
        found.pop(field, None)
        places.pop(field, None)
    dependencies, extras = found.get("dependencies"), found.get("extras")
    if isinstance(extras, dict):
        conditional, found["extras"] = _conditions(extras)
        if isinstance(dependencies, tuple):
            found["dependencies"] = (*dependencies, *conditional)
        elif conditional and "dependencies" not in computed:
            found["dependencies"], places["dependencies"] = conditional, places["extras"]
    return Declared(**found, places=places, computed=computed, rest=rest)  # type: ignore[arg-type]  # by name


def _calls(tree: ast.Module) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_setup(node)]


def _known(tree: ast.Module, calls: Sequence[ast.Call]) -> Names:
    return names(tree, ast.Module(body=[ast.Expr(call) for call in calls], type_ignores=[]))


def _imported(tree: ast.Module) -> set[str]:
    """Return the modules that are imported anywhere."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def _is_setup(call: ast.Call) -> bool:
    called = call.func
    if isinstance(called, ast.Attribute):
        return called.attr == "setup" and isinstance(called.value, ast.Name | ast.Attribute)
    return isinstance(called, ast.Name) and called.id == "setup"


def _is_short(node: ast.expr) -> bool:
    """Whether the source of an expression is fit for a message, and may be written out."""
    return node.end_lineno == node.lineno and (node.end_col_offset or 0) - node.col_offset < 200


def _is_false(known: Names, node: ast.expr) -> bool:
    return known.value(node) in (False, None)


def _shaped(field: str, value: object) -> object:
    """Return the value of a field in the type that it has here; None for any other."""
    if value is NOT_LITERAL:
        return None
    if field in ("name", "version", "requires_python"):
        return value if isinstance(value, str) else None
    if field != "extras":
        return _texts(value)
    if not isinstance(value, dict):
        return None
    extras = {name: _texts(lines) for name, lines in value.items()}
    return None if None in extras.values() else extras


def _texts(value: object) -> tuple[str, ...] | None:
    """Return lines: setuptools takes a list, and a text with one on each line."""
    if isinstance(value, str):
        value = [line.strip() for line in value.splitlines()]
        value = [line for line in value if line and not line.startswith("#")]
    return tuple(value) if isinstance(value, list) and is_strings(value) else None


def _conditions(
    extras: Mapping[str, tuple[str, ...]],
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Return the lines of no extra, and those of each; `name:marker` is a key of setuptools."""
    main: list[str] = []
    found: dict[str, tuple[str, ...]] = {}
    for key, lines in extras.items():
        name, _, marker = key.partition(":")
        conditional = tuple(f"{line} ; {marker}" if marker else line for line in lines)
        if name:
            name = canonicalize_name(name)
            found[name] = (*found.get(name, ()), *conditional)
        else:
            main += conditional
    return tuple(main), found
