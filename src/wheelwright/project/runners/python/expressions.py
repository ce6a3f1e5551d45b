"""Reads the expressions of a Python file, without running any of it (pure).

What is literal is followed: constants, lists, f-strings of known parts, conditions on known values,
functions of the file. All else is `Unknown`, and whatever is made from it, too. Nothing is
imported, opened or called.

The world is that of a fresh Linux container: `sys.platform` is `linux`, and the environment has the
variables that it is given, not the caller's.
"""

from __future__ import annotations

import ast
import posixpath
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Final

from wheelwright.project.runners.python import operators, values
from wheelwright.project.runners.python.values import (
    Dotted,
    Function,
    Located,
    Namespace,
    Unknown,
)

STEPS: Final = 100_000
"""Expressions and statements that are followed in one file; nox's own takes 900."""

Names = tuple[dict[str, Any], ...]
"""What a name means: the innermost scope first."""

_CONSTANTS: Final[Mapping[str, Any]] = {
    "os.curdir": ".",
    "os.name": "posix",
    "os.pathsep": ":",
    "os.sep": "/",
    "sys.argv": ["nox"],
    "sys.platform": "linux",
}


class Expressions(ABC):
    """The reading of expressions; subclasses add what the modules of the file mean.

    Attributes:
        workdir: where commands run, from the root; `Unknown` after a computed `chdir`.
        environment: variables that are set, the file's own assignments included.
        exported: those that the file itself sets.
    """

    def __init__(self, path: str, environment: Mapping[str, str]) -> None:
        self.path = path
        self.environment: dict[Any, Any] = dict(environment)
        self.exported: dict[Any, Any] = {}
        self.workdir: str | Unknown = ""
        self.steps = STEPS

    @abstractmethod
    def attribute(self, name: str) -> Any:
        """Return something of another module; its name as `Dotted` where it means nothing."""

    @abstractmethod
    def called(self, node: ast.Call, names: Names, depth: int) -> Any:
        """Return what a call returns."""

    @abstractmethod
    def bind(self, target: ast.expr, value: Any, names: Names) -> None:
        """Give a value to what is on the left of a `=`."""

    def held(self, value: Any) -> Any:
        """Return the dictionary that a name of another module stands for; else the value."""
        return self.environment if value == Dotted("os.environ") else value

    @property
    def spent(self) -> bool:
        """Whether the file has taken all of its steps: nothing more is followed."""
        return self.steps < 0

    def value(self, node: ast.expr, names: Names, depth: int = 0) -> Any:
        """Return what an expression is worth."""
        self.steps -= 1
        if self.spent or depth > values.DEPTH:
            return Unknown(node.lineno)
        found = self._value(node, names, depth + 1)
        size = len(found) if isinstance(found, list | tuple | dict | set) else 0
        self.steps -= size // 8
        return found

    def _value(self, node: ast.expr, names: Names, depth: int) -> Any:
        line = node.lineno
        match node:
            case ast.Constant(value=value):
                plain = isinstance(value, str | int | float | bool | None)
                return value if plain else Unknown(line)
            case ast.Name(id=name):
                return self.name(name, names)
            case ast.List(elts=elements):
                return values.bounded(self._items(elements, names, depth), line)
            case ast.Tuple(elts=elements):
                found = values.bounded(self._items(elements, names, depth), line)
                return tuple(found) if isinstance(found, list) else found
            case ast.Set(elts=elements):
                return operators.as_set(self._items(elements, names, depth), line)
            case ast.Dict(keys=keys, values=inner):
                return self._dict(keys, inner, names, depth, line)
            case ast.JoinedStr(values=parts):
                return self._joined(parts, names, depth, line)
            case ast.Attribute(value=owner, attr=attr):
                return self._attribute(self.value(owner, names, depth), attr, line)
            case ast.Subscript(value=owner, slice=key):
                return self._subscript(owner, key, names, depth, line)
            case ast.BinOp(left=left, op=operator, right=right):
                one, other = self.value(left, names, depth), self.value(right, names, depth)
                return operators.binary(operator, one, other, line)
            case ast.BoolOp(op=operator, values=parts):
                return self._boolean(operator, parts, names, depth)
            case ast.UnaryOp(op=operator, operand=operand):
                return operators.unary(operator, self.value(operand, names, depth), line)
            case ast.Compare(left=left, ops=operations, comparators=others):
                items = [self.held(self.value(each, names, depth)) for each in (left, *others)]
                return operators.compared(operations, items, line)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                found = self.value(test, names, depth)
                known = values.truth(found)
                if known is None:
                    return values.unknown_within(found) or Unknown(line)
                return self.value(body if known else orelse, names, depth)
            case ast.Call():
                return self.called(node, names, depth)
            case ast.NamedExpr(target=ast.Name(id=name), value=inner_value):
                names[0][name] = found = self.value(inner_value, names, depth)
                return found
            case (
                ast.ListComp(elt=element, generators=generators)
                | ast.GeneratorExp(elt=element, generators=generators)
            ):
                return self._comprehension([element], generators, names, depth, line)
            case ast.SetComp(elt=element, generators=generators):
                found = self._comprehension([element], generators, names, depth, line)
                return operators.as_set(found, line) if isinstance(found, list) else found
            case ast.DictComp(key=key, value=item, generators=generators):
                found = self._comprehension([key, item], generators, names, depth, line)
                return operators.as_dict(found, line) if isinstance(found, list) else found
        return Unknown(line)

    def name(self, name: str, names: Names) -> Any:
        """Return what a name means."""
        for scope in names:
            if name in scope:
                return scope[name]
        if name == "__file__":
            return Located(self.path)
        return Dotted(f"builtins.{name}")

    def _items(self, nodes: Sequence[ast.expr], names: Names, depth: int) -> list[Any]:
        found: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                found += values.listed(self.value(node.value, names, depth), node.lineno)
            else:
                found.append(self.value(node, names, depth))
        return found

    def _dict(
        self,
        keys: list[ast.expr | None],
        items: list[ast.expr],
        names: Names,
        depth: int,
        line: int,
    ) -> Any:
        pairs: list[Any] = []
        for key, item in zip(keys, items, strict=True):
            value = self.held(self.value(item, names, depth))
            if key is not None:
                pairs.append([self.value(key, names, depth), value])
            elif isinstance(value, dict):
                pairs += [list(each) for each in value.items()]
            else:
                return value if isinstance(value, Unknown) else Unknown(line)
        return operators.as_dict(pairs, line)

    def _joined(
        self,
        parts: list[ast.expr],
        names: Names,
        depth: int,
        line: int,
    ) -> Any:
        text = ""
        for part in parts:
            if isinstance(part, ast.FormattedValue):
                found = self.value(part.value, names, depth)
                if isinstance(found, Unknown):
                    return found
                plain = isinstance(found, str | int | float | Located | None)
                if not plain or part.format_spec is not None or part.conversion != -1:
                    return Unknown(line)
                text += str(found)
            elif isinstance(part, ast.Constant):
                text += str(part.value)
            if len(text) > values.CHARACTERS:
                return Unknown(line)
        return text

    def _attribute(self, owner: Any, attr: str, line: int) -> Any:
        if isinstance(owner, Dotted):
            name = f"{owner.name}.{attr}"
            if name in _CONSTANTS:
                return _CONSTANTS[name]
            return self.attribute(name)
        if isinstance(owner, Function) and attr == "__name__":
            return owner.node.name
        if isinstance(owner, Namespace):
            return owner.values.get(attr, Unknown(line))
        if isinstance(owner, Located):
            if attr == "parent":
                return Located(posixpath.dirname(owner.path))
            if attr in ("name", "stem"):
                name = posixpath.basename(owner.path)
                return name if attr == "name" else posixpath.splitext(name)[0]
        return owner if isinstance(owner, Unknown) else Unknown(line)

    def _subscript(
        self,
        owner: ast.expr,
        key: ast.expr,
        names: Names,
        depth: int,
        line: int,
    ) -> Any:
        found = self.held(self.value(owner, names, depth))
        if isinstance(found, Unknown):
            return found
        if isinstance(key, ast.Slice):
            ends = [
                None if end is None else self.value(end, names, depth)
                for end in (key.lower, key.upper, key.step)
            ]
            whole = all(end is None or isinstance(end, int) for end in ends)
            if whole and ends[2] != 0 and isinstance(found, str | list | tuple):
                return found[slice(*ends)]
            return values.unknown_within(ends) or Unknown(line)
        place = self.value(key, names, depth)
        if isinstance(place, Unknown):
            return place
        try:
            if isinstance(found, dict) or (
                isinstance(found, str | list | tuple) and isinstance(place, int)
            ):
                return found[place]
        except (KeyError, IndexError, TypeError):
            pass
        return Unknown(line)

    def _boolean(
        self,
        operator: ast.boolop,
        parts: list[ast.expr],
        names: Names,
        depth: int,
    ) -> Any:
        """`and`, `or`: one known part may decide, whatever the others are."""
        decides = isinstance(operator, ast.Or)
        found: Any = None
        unsure: Unknown | None = None
        for part in parts:
            found = self.value(part, names, depth)
            known = values.truth(found)
            if known is None:
                unsure = unsure or values.unknown_within(found) or Unknown(part.lineno)
            elif known is decides:
                # A true part of `or` behind an unknown one: true, but not known which value.
                return found if unsure is None else (unsure if decides else False)
        return unsure if unsure is not None else found

    def _comprehension(
        self,
        elements: list[ast.expr],
        generators: list[ast.comprehension],
        names: Names,
        depth: int,
        line: int,
    ) -> Any:
        """Return the items; with two elements, pairs of them."""
        found: list[Any] = []
        inner = ({}, *names)

        def follow(number: int) -> Unknown | None:
            if number == len(generators):
                made = [self.value(each, inner, depth) for each in elements]
                found.append(made if len(made) > 1 else made[0])
                return Unknown(line) if self.spent or len(found) > values.ITEMS else None
            each = generators[number]
            for item in values.listed(self.value(each.iter, inner, depth), line):
                if isinstance(item, Unknown):
                    return item
                self.bind(each.target, item, inner)
                for test in each.ifs:
                    result = self.value(test, inner, depth)
                    known = values.truth(result)
                    if known is None:
                        return values.unknown_within(result) or Unknown(line)
                    if not known:
                        break
                else:
                    if stopped := follow(number + 1):
                        return stopped
            return None

        if len(generators) > 4:
            return Unknown(line)
        stopped = follow(0)
        return stopped if stopped is not None else values.bounded(found, line)
