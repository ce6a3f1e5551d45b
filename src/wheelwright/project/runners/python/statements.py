"""Reads the statements of a Python file, without running any of it (pure).

Loops over known lists and conditions on known values are followed; statements that may run or not
are reported to the subclass (`unsure`), and what they change is unknown from there on.
"""

from __future__ import annotations

import ast
import warnings
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Final

from wheelwright.errors import ProjectError
from wheelwright.project.reading import bounded, shortened
from wheelwright.project.runners.python import operators, values
from wheelwright.project.runners.python.calls import Calls, Signal
from wheelwright.project.runners.python.expressions import Names
from wheelwright.project.runners.python.values import Dotted, Function, Unknown

_CHARACTERS: Final = 300_000
"""The largest file: ten times that of a real project."""


def parsed(path: str, text: str) -> ast.Module:
    """Parse Python.

    Raises:
        ProjectError: not Python of this interpreter's version, or too large.
    """
    bounded(path, text)
    if len(text) > _CHARACTERS:
        raise ProjectError(
            f"{path} has {len(text)} characters, more than the {_CHARACTERS} that are read",
            "make it smaller",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # escapes that the file should not have
            return ast.parse(text.removeprefix("\ufeff"))
    except SyntaxError as error:
        where = f"{path}:{error.lineno}" if error.lineno else path
        raise ProjectError(
            f"{where}: not valid Python: {shortened(error.msg)}", "correct that line"
        ) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ProjectError(
            f"{path} cannot be read as Python: {shortened(error) or 'nested too deeply'}",
            "correct it",
        ) from error


class Reading(Calls):
    """One reading of a file; subclasses add what its own modules mean."""

    @abstractmethod
    def assign(self, name: str, key: Any, value: Any, line: int) -> None:
        """Take note of `name = value`, or of `name[key] = value`, for a name of another module."""

    def define(self, node: ast.FunctionDef, names: Names) -> Any:
        """Return what a `def` makes."""
        return Function(node, names)

    def block(self, body: Sequence[ast.stmt], names: Names) -> Signal:
        """Follow statements in their order."""
        for statement in body:
            self.steps -= 1
            if self.spent or self.ended:
                return "stop"
            signal = self._statement(statement, names)
            if signal != "next":
                return signal
        return "next"

    def _statement(self, node: ast.stmt, names: Names) -> Signal:
        match node:
            case ast.Expr(value=value):
                self.value(value, names)
            case ast.Assign(targets=targets, value=value):
                found = self.value(value, names)
                for target in targets:
                    self.bind(target, found, names)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.bind(target, self.value(value, names), names)
            case ast.AugAssign(target=target, op=operator, value=value):
                left, right = self.value(target, names), self.value(value, names)
                self.bind(target, operators.binary(operator, left, right, node.lineno), names)
            case ast.FunctionDef(name=name):
                names[0][name] = self.define(node, names)
            case ast.If(test=test, body=body, orelse=orelse):
                return self._if(test, body, orelse, names)
            case ast.For():
                return self._for(node, names)
            case ast.With(items=items, body=body):
                before = self.workdir
                for item in items:
                    entered = self.value(item.context_expr, names)
                    if item.optional_vars is not None:
                        self.bind(item.optional_vars, entered, names)
                moved = before != self.workdir
                signal = self.block(body, names)
                if moved:
                    self.workdir = before
                return signal
            case ast.Try(body=body, orelse=orelse, finalbody=finalbody):
                signal = self.block([*body, *orelse], names)
                last = self.block(finalbody, names)
                return signal if last == "next" else last
            case ast.Return(value=value):
                return ("return", self.value(value, names) if value is not None else None)
            case ast.Raise():
                return "stop"
            case ast.Break():
                return "break"
            case ast.Continue():
                return "continue"
            case ast.Import() | ast.ImportFrom():
                names[0].update(operators.imported(node))
            case ast.While(body=body, orelse=orelse):
                self._skip([*body, *orelse], names, Unknown(node.lineno))
            case ast.Match(cases=cases):
                inside = [each for case in cases for each in case.body]
                self._skip(inside, names, Unknown(node.lineno))
            case ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
                names[0][name] = Unknown(node.lineno)
        return "next"

    def _if(
        self,
        test: ast.expr,
        body: list[ast.stmt],
        orelse: list[ast.stmt],
        names: Names,
    ) -> Signal:
        found = self.value(test, names)
        known = values.truth(found)
        if known is None:
            unknown = values.unknown_within(found) or Unknown(test.lineno)
            self._skip([*body, *orelse], names, unknown)
            return "next"
        return self.block(body if known else orelse, names)

    def _for(self, node: ast.For, names: Names) -> Signal:
        for item in values.listed(self.value(node.iter, names), node.iter.lineno):
            if isinstance(item, Unknown):
                self._skip([*node.body, *node.orelse], names, item)
                self.bind(node.target, item, names)
                return "next"
            self.bind(node.target, item, names)
            signal = self.block(node.body, names)
            if signal == "break":
                return "next"
            if signal not in ("next", "continue"):
                return signal
        return self.block(node.orelse, names)

    def _skip(self, body: Sequence[ast.stmt], names: Names, found: Unknown) -> None:
        """Leave statements out that may run or not; what they change is unknown from here on."""
        self.unsure(body, names, found)
        for node in (inner for statement in body for inner in ast.walk(statement)):
            self.steps -= 1
            match node:
                case ast.Name(id=name, ctx=ast.Store()):
                    names[0][name] = found
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if (
                    attr in values.CHANGING
                ):
                    self._spoil(name, names, found)
                case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()):
                    self._spoil(name, names, found)
                case ast.FunctionDef(name=name):
                    names[0][name] = found

    def _spoil(self, name: str, names: Names, found: Unknown) -> None:
        if not isinstance(self.name(name, names), Dotted):
            names[0][name] = found

    def bind(self, target: ast.expr, value: Any, names: Names) -> None:
        """Give a value to what is on the left of a `=`."""
        match target:
            case ast.Name(id=name):
                names[0][name] = value
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                self._unpack(elements, value, names)
            case ast.Starred(value=inner):
                self.bind(inner, value, names)
            case ast.Attribute(value=owner, attr=attr):
                found = self.value(owner, names)
                if isinstance(found, Dotted):
                    self.assign(f"{found.name}.{attr}", None, value, target.lineno)
            case ast.Subscript(value=ast.Name(id=name) as owner, slice=key):
                found = self.value(owner, names)
                place = self.value(key, names)
                if isinstance(found, Dotted):
                    self.assign(found.name, place, value, target.lineno)
                else:
                    names[0][name] = operators.with_item(found, place, value, target.lineno)
            case ast.Subscript(value=owner, slice=key):
                found = self.value(owner, names)
                if isinstance(found, Dotted):
                    self.assign(found.name, self.value(key, names), value, target.lineno)

    def _unpack(self, targets: list[ast.expr], value: Any, names: Names) -> None:
        line = targets[0].lineno if targets else 0
        items = values.listed(value, line)
        star = next((n for n, each in enumerate(targets) if isinstance(each, ast.Starred)), -1)
        if star >= 0 and len(items) >= len(targets) - 1:
            after = len(targets) - star - 1
            end = len(items) - after
            items = [*items[:star], items[star:end], *items[end:]]
        if len(items) != len(targets):
            unknown = next((each for each in items if isinstance(each, Unknown)), Unknown(line))
            items = [unknown] * len(targets)
        for each, item in zip(targets, items, strict=True):
            self.bind(each, item, names)
