"""Values that Python code states literally: read by its syntax, never executed."""

from __future__ import annotations

import ast
import posixpath
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from wheelwright.errors import ProjectError
from wheelwright.project.reading import is_strings, shortened

_CHARACTERS: Final = 256 * 1024
"""The parser takes memory of some hundred times the text; the longest real files have 30,000."""

_DEPTH: Final = 20
_VALUES: Final = 10_000
"""Of one value, each as often as a name repeats it: a name of names could mean a million."""

NOT_LITERAL: Final = object()
"""Stands for a value that the code computes."""


def parsed(path: str, text: str) -> ast.Module:
    """Return the syntax of a module.

    Raises:
        ProjectError: not Python, or too large.
    """
    if len(text) > _CHARACTERS:
        raise ProjectError(
            f"{path} has {len(text)} characters, more than the {_CHARACTERS} that are read",
            "make it smaller",
        )
    try:
        with warnings.catch_warnings():
            # A wrong escape in a string is the project's, and no word of ours.
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        raise ProjectError(
            f"{path}:{error.lineno or 1}: not valid Python: {shortened(error.msg)}", "correct it"
        ) from error
    except (ValueError, RecursionError, MemoryError) as error:
        # A null byte, and brackets that are too deep for the parser.
        raise ProjectError(
            f"{path} is not valid Python: {shortened(error)}", "correct it"
        ) from error


@dataclass(frozen=True)
class Names:
    """The names of a module that are assigned once, at its top, and never changed."""

    values: Mapping[str, ast.expr]

    def value(self, node: ast.expr) -> object:
        """Return the value of an expression; NOT_LITERAL for one that is computed.

        Texts, numbers, lists, tuples, dictionaries, and names that stand for one of these.
        """
        return _Evaluation(self.values).value(node, 0)


@dataclass(slots=True)
class _Evaluation:
    """The evaluation of one expression, and how many values it may still have."""

    names: Mapping[str, ast.expr]
    left: int = _VALUES

    def value(self, node: ast.expr, depth: int) -> object:
        self.left -= 1
        if depth > _DEPTH or self.left < 0:
            return NOT_LITERAL
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            found = self.names.get(node.id)
            return NOT_LITERAL if found is None else self.value(found, depth + 1)
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return self._all(node.elts, depth)
        if isinstance(node, ast.Dict) and all(node.keys):
            keys = self._all([key for key in node.keys if key], depth)
            items = self._all(node.values, depth)
            if isinstance(keys, list) and isinstance(items, list) and is_strings(keys):
                return dict(zip(keys, items, strict=True))
        return NOT_LITERAL

    def _all(self, nodes: Sequence[ast.expr], depth: int) -> object:
        found = []
        for node in nodes:
            value = self.value(node, depth + 1)
            if value is NOT_LITERAL:
                return NOT_LITERAL
            found.append(value)
        return found


def names(tree: ast.Module, allowed: ast.AST | None = None) -> Names:
    """Return the names of a module with one literal value.

    A list or a dictionary may be changed wherever its name is used: it counts only if every use is
    inside `allowed`, or in the value of another name.
    """
    assigned = {
        target.id: node.value
        for node in tree.body
        for target in _targets(node)
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
    }
    stored: Counter[str] = Counter()
    used: Counter[str] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else stored)[node.id] += 1
        elif isinstance(node, ast.Global):
            stored.update(node.names)
    inside = Counter(
        node.id
        for part in (allowed, *assigned.values())
        if part is not None
        for node in ast.walk(part)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    )
    return Names(
        {
            name: value
            for name, value in assigned.items()
            if stored[name] == 1 and (isinstance(value, ast.Constant) or used[name] <= inside[name])
        }
    )


def _targets(node: ast.stmt) -> list[ast.Name]:
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign):
        targets = [node.target]
    return [target for target in targets if isinstance(target, ast.Name)]


def attribute(path: str, text: str, name: str) -> str | None:
    """Return the text that a module assigns to a name; None where it is computed or not there.

    A tuple of numbers is joined by dots, as setuptools does.

    Raises:
        ProjectError: not Python.
    """
    tree = parsed(path, text)
    found = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and any(target.id == name for target in _targets(node))
        and node.value is not None
    ]
    if not found:
        return None
    value = names(tree).value(found[-1])
    if isinstance(value, list) and value and all(isinstance(part, int | str) for part in value):
        return ".".join(map(str, value))
    return value if isinstance(value, str) else None


def module_paths(module: str, package_dir: Mapping[str, str]) -> list[str]:
    """Return where setuptools looks for a module, in its order; `package_dir` is its own mapping.

    Without one for the whole, `src` is tried first: setuptools finds that by itself.
    """
    parts = module.split(".")
    starts = []
    for count in range(len(parts), 0, -1):
        if (found := package_dir.get(".".join(parts[:count]))) is not None:
            starts = [posixpath.join(found, *parts[count:])]
            break
    if not starts:
        roots = [package_dir[""]] if "" in package_dir else ["src", ""]
        starts = [posixpath.join(root, *parts) for root in roots]
    return [f"{start}{end}" for start in starts for end in (".py", "/__init__.py")]
