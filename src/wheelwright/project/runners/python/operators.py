"""Operators, and what changes a list or a dictionary, on values that may be unknown (pure)."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from wheelwright.project.runners.python.values import (
    CHARACTERS,
    ITEMS,
    Dotted,
    Located,
    Namespace,
    Options,
    Own,
    Unknown,
    bounded,
    is_plain,
    listed,
    located,
    truth,
    unknown_within,
)

_COMPARISONS: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, inside: item in inside,
    ast.NotIn: lambda item, inside: item not in inside,
    ast.Is: lambda one, other: one is other,
    ast.IsNot: lambda one, other: one is not other,
}

_ADDED: Final = (str, list, tuple, int)


def imported(node: ast.Import | ast.ImportFrom) -> dict[str, Dotted]:
    """Return the names that an import makes."""
    if isinstance(node, ast.Import):
        return {
            alias.asname or alias.name.partition(".")[0]: Dotted(
                alias.name if alias.asname else alias.name.partition(".")[0]
            )
            for alias in node.names
        }
    module = "." * node.level + (node.module or "")
    return {alias.asname or alias.name: Dotted(f"{module}.{alias.name}") for alias in node.names}


def as_set(items: list[Any], line: int) -> Any:
    """Return a set of what is in a list."""
    try:
        return bounded(set(items), line)
    except TypeError:
        return Unknown(line)


def as_dict(pairs: list[Any], line: int) -> Any:
    """Return a dictionary of pairs of key and value; an unknown key makes all of it unknown."""
    found = {}
    for key, value in pairs:
        if isinstance(key, Unknown):
            return key
        try:
            found[key] = value
        except TypeError:
            return Unknown(line)
    return bounded(found, line)


def binary(operation: ast.operator, left: Any, right: Any, line: int) -> Any:
    """Return what an operator makes of two values."""
    for each in (left, right):
        if isinstance(each, Unknown):
            return each
    match operation:
        case ast.Add():
            if any(isinstance(left, kind) and isinstance(right, kind) for kind in _ADDED):
                return bounded(left + right, line)
        case ast.Sub() if isinstance(left, int | set) and isinstance(right, type(left)):
            return left - right  # type: ignore[operator]  # both are of one of these types
        case ast.BitOr() if isinstance(left, dict) and isinstance(right, dict):
            return bounded({**left, **right}, line)
        case ast.BitOr() if isinstance(left, set) and isinstance(right, set):
            return bounded(left | right, line)
        case ast.Div() if isinstance(left, Located) or isinstance(right, Located):
            return located([left, right], line)
        case ast.Mult() if isinstance(left, str | list | tuple) and isinstance(right, int):
            if len(left) * max(right, 1) <= (CHARACTERS if isinstance(left, str) else ITEMS):
                return bounded(left * right, line)
        case ast.Mod() if isinstance(left, str):
            return _interpolated(left, right if isinstance(right, tuple) else (right,), line)
    return Unknown(line)


def _interpolated(template: str, arguments: tuple[Any, ...], line: int) -> Any:
    """Return `template % arguments` where it has `%s` only."""
    pieces = template.split("%s")
    plain = all(isinstance(each, str | int | Located) for each in arguments)
    if not plain or len(pieces) != len(arguments) + 1 or any("%" in piece for piece in pieces):
        return unknown_within(arguments) or Unknown(line)
    text = pieces[0]
    for piece, argument in zip(pieces[1:], arguments, strict=True):
        text += f"{argument}{piece}"
        if len(text) > CHARACTERS:
            return Unknown(line)
    return text


def unary(operation: ast.unaryop, value: Any, line: int) -> Any:
    """Return what `not` or a sign makes of a value."""
    known = truth(value)
    if known is None:
        return unknown_within(value) or Unknown(line)
    if isinstance(operation, ast.Not):
        return not known
    if isinstance(value, int | float) and isinstance(operation, ast.USub | ast.UAdd):
        return -value if isinstance(operation, ast.USub) else value
    return Unknown(line)


def compared(operations: Sequence[ast.cmpop], items: list[Any], line: int) -> Any:
    """Return what a chain of comparisons gives."""
    for operation, left, right in zip(operations, items, items[1:], strict=False):
        found = _one(operation, left, right, line)
        if found is not True:
            return found
    return True


def _one(operation: ast.cmpop, left: Any, right: Any, line: int) -> Any:
    identity = isinstance(operation, ast.Is | ast.IsNot)
    if identity and right is None and not isinstance(left, Unknown | Dotted):
        return (left is None) is isinstance(operation, ast.Is)
    if found := unknown_within([left, right]):
        return found
    if isinstance(right, Own) and isinstance(operation, ast.In | ast.NotIn):
        right = list(right)
    if not is_plain([left, right]) or isinstance(left, Own) or isinstance(right, Own):
        return Unknown(line)
    if identity and not isinstance(right, bool):
        return Unknown(line)
    if any(isinstance(each, str) and len(each) > CHARACTERS for each in (left, right)):
        return Unknown(line)
    try:
        return bool(_COMPARISONS[type(operation)](left, right))
    except TypeError:
        return Unknown(line)


def with_item(owner: Any, key: Any, value: Any, line: int) -> Any:
    """Return a list or a dictionary after `owner[key] = value`."""
    if isinstance(owner, dict) and not isinstance(key, Unknown):
        return as_dict([*owner.items(), (key, value)], line)
    if isinstance(owner, list) and isinstance(key, int) and -len(owner) <= key < len(owner):
        changed_list = list(owner)
        changed_list[key] = value
        return changed_list
    return owner if isinstance(owner, Unknown) else Unknown(line)


def changed(
    owner: Any, name: str, arguments: list[Any], keywords: Mapping[str, Any], line: int
) -> Any:
    """Return a list, a set or a dictionary after one of its methods has changed it."""
    one = arguments[0] if len(arguments) == 1 else None
    if isinstance(owner, list) and len(arguments) == 1 and name == "append":
        return bounded([*owner, one], line)
    if isinstance(owner, list) and len(arguments) == 1 and name == "extend":
        return bounded([*owner, *listed(one, line)], line)
    if isinstance(owner, list) and len(arguments) == 2 and name == "insert":
        place, item = arguments
        if isinstance(place, int):
            return bounded([*owner[:place], item, *owner[place:]], line)
    if isinstance(owner, list) and name == "remove" and is_plain([owner, one]) and one in owner:
        where = owner.index(one)
        return [*owner[:where], *owner[where + 1 :]]
    if isinstance(owner, set) and name == "add" and len(arguments) == 1:
        return as_set([*owner, one], line)
    if isinstance(owner, set) and name == "update" and len(arguments) == 1:
        return as_set([*owner, *listed(one, line)], line)
    if isinstance(owner, dict) and name == "update" and "**" not in keywords:
        if not arguments or isinstance(one, dict):
            return bounded({**owner, **(one or {}), **keywords}, line)
        if isinstance(one, Unknown):
            return one
    if isinstance(owner, dict) and name == "setdefault" and len(arguments) == 2:
        key, value = arguments
        return as_dict([(key, value), *owner.items()], line)
    if name == "clear":
        return type(owner)()
    return unknown_within(arguments) or Unknown(line)


def parsed_options(
    options: Options, name: str, arguments: list[Any], keywords: Mapping[str, Any], line: int
) -> Any:
    """Return what a method of an argument parser returns; the command line is empty."""
    if name == "add_argument":
        options.add(arguments, keywords)
        return None
    if name in ("add_argument_group", "add_mutually_exclusive_group"):
        return options
    given = arguments[0] if arguments else keywords.get("args")
    if name in ("parse_args", "parse_known_args") and given == [] and options.complete:
        found = Namespace(dict(options.defaults))
        return found if name == "parse_args" else (found, [])
    return Unknown(line)
