"""Follows calls in a Python file: of its own functions, and of what it imports (pure)."""

from __future__ import annotations

import ast
import posixpath
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Final

from wheelwright.project.runners.python import operators, values
from wheelwright.project.runners.python.expressions import Expressions, Names
from wheelwright.project.runners.python.values import (
    Dotted,
    Function,
    Located,
    Options,
    Unknown,
)

_CALLS: Final = 8
"""Functions that call each other."""

Signal = str | tuple[str, Any]
"""How a block ended: `next`, `break`, `continue`, `stop`, or `return` and the value."""


class Calls(Expressions):
    """The reading of expressions with calls.

    Attributes:
        ended: whether a call has ended what is followed: no statement comes after it.
    """

    def __init__(self, path: str, environment: Mapping[str, str]) -> None:
        super().__init__(path, environment)
        self.ended = False
        self._calls = 0

    @abstractmethod
    def call(self, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """Return what a function of another module returns; an empty name is not known."""

    @abstractmethod
    def block(self, body: Sequence[ast.stmt], names: Names) -> Signal:
        """Follow statements in their order."""

    @abstractmethod
    def unsure(self, body: Sequence[ast.stmt], names: Names, found: Unknown) -> None:
        """Take note of statements that may run or not: their condition is not known."""

    def called(self, node: ast.Call, names: Names, depth: int) -> Any:
        """Return what a call returns."""
        line = node.lineno
        keywords: dict[str, Any] = {}
        if isinstance(node.func, ast.Attribute):
            owner = self.value(node.func.value, names, depth)
            attr = node.func.attr
        else:
            owner, attr = self.value(node.func, names, depth), ""
        arguments = self._items(node.args, names, depth)
        for keyword in node.keywords:
            value = self.value(keyword.value, names, depth)
            if keyword.arg is not None:
                keywords[keyword.arg] = value
            elif isinstance(value, dict) and all(isinstance(key, str) for key in value):
                keywords.update(value)
            else:
                keywords["**"] = value if isinstance(value, Unknown) else Unknown(line)
        if isinstance(owner, Dotted):
            name = f"{owner.name}.{attr}" if attr else owner.name
            return self._outer(name, arguments, keywords, line)
        if isinstance(owner, Function) and not attr:
            return self._inner(owner, arguments, keywords, line)
        if isinstance(owner, Options):
            return operators.parsed_options(owner, attr, arguments, keywords, line)
        if attr in values.CHANGING and isinstance(owner, list | set | dict):
            given = [self.held(each) for each in arguments]
            changed = operators.changed(owner, attr, given, keywords, line)
            if isinstance(node.func, ast.Attribute):
                self.bind(node.func.value, changed, names)
            return None if attr in ("add", "append", "extend", "insert") else Unknown(line)
        if isinstance(owner, Unknown):
            # A call of something unknown may use what it is given.
            self.call("", arguments, keywords, owner.line)
            return owner
        if isinstance(owner, Located) and attr == "read_text":
            return self.text(owner.path, line)
        if keywords or not attr:
            return Unknown(line)
        return values.method(owner, attr, arguments, line)

    @abstractmethod
    def text(self, path: str, line: int) -> Any:
        """Return a file's text, if it is one of those that are read."""

    def _outer(self, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """Return what a function returns that the file does not define."""
        module, _, short = name.partition(".")
        if module == "builtins" and short in values.BUILTINS:
            given = [self.held(each) for each in arguments]
            found = values.builtin(short, given, line)
            if not keywords:
                return found
            if short == "dict" and isinstance(found, dict) and "**" not in keywords:
                return values.bounded({**found, **keywords}, line)
            return Unknown(line)
        if name == "builtins.isinstance" and len(arguments) == 2:
            return values.is_of(arguments[0], arguments[1], line)
        if name == "builtins.map" and len(arguments) == 2 and isinstance(arguments[0], Dotted):
            each_of = values.listed(arguments[1], line)
            return [self._outer(arguments[0].name, [each], {}, line) for each in each_of]
        if name.startswith("os.environ.") or name == "os.getenv":
            return self._environ(name.rpartition(".")[2], arguments, keywords, line)
        if name in ("os.path.join", "pathlib.Path", "pathlib.PurePath", "os.fspath"):
            found = values.located(arguments, line)
            return found if name.startswith("pathlib") or isinstance(found, Unknown) else str(found)
        if name in ("pathlib.Path.cwd", "os.getcwd"):
            if isinstance(self.workdir, Unknown):
                return self.workdir
            return Located(self.workdir) if name == "pathlib.Path.cwd" else self.workdir or "."
        if name in ("os.path.abspath", "os.path.realpath", "os.path.normpath", "os.path.dirname"):
            found = values.located(arguments, line)
            if isinstance(found, Unknown):
                return found
            return posixpath.dirname(found.path) if name.endswith("dirname") else str(found)
        if name == "platform.system":
            return "Linux"
        if name == "argparse.ArgumentParser":
            return Options()
        return self.call(name, arguments, keywords, line)

    def _environ(self, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        if name in ("get", "getenv", "pop") and arguments:
            fallback = arguments[1] if len(arguments) > 1 else keywords.get("default")
            if isinstance(arguments[0], str):
                return self.environment.get(arguments[0], fallback)
        if name == "copy":
            return dict(self.environment)
        if name == "setdefault" and len(arguments) == 2 and isinstance(arguments[0], str):
            if arguments[0] not in self.environment:
                self.export(arguments[0], arguments[1])
            return self.environment[arguments[0]]
        if name == "update":
            given = arguments[0] if arguments and isinstance(arguments[0], dict) else {}
            for key, value in {**given, **keywords}.items():
                self.export(key, value)
            return None
        return Unknown(line)

    def export(self, key: Any, value: Any) -> None:
        """Set a variable of the environment."""
        if isinstance(key, str):
            self.environment[key] = self.exported[key] = value

    def _inner(
        self, function: Function, arguments: list[Any], keywords: dict[str, Any], line: int
    ) -> Any:
        """Follow a function of the file."""
        local = self.parameters(function, arguments, keywords, line)
        if self._calls >= _CALLS:
            self.unsure(function.node.body, (local, *function.names), Unknown(line))
            return Unknown(line)
        self._calls += 1
        try:
            signal = self.block(function.node.body, (local, *function.names))
        finally:
            self._calls -= 1
        if isinstance(signal, tuple):
            return signal[1]
        return None if signal == "next" else Unknown(line)

    def apply(self, function: Function, argument: Any, line: int) -> Any:
        """Return what a function of the file returns for one argument."""
        return self._inner(function, [argument], {}, line)

    def parameters(
        self, function: Function, arguments: list[Any], keywords: dict[str, Any], line: int
    ) -> dict[str, Any]:
        """Return what a function's parameters are in a call."""
        given = function.node.args
        positional = [*given.posonlyargs, *given.args]
        local: dict[str, Any] = {}
        for parameter, default in zip(reversed(positional), reversed(given.defaults), strict=False):
            local[parameter.arg] = self.value(default, function.names)
        for parameter, fallback in zip(given.kwonlyargs, given.kw_defaults, strict=True):
            if fallback is not None:
                local[parameter.arg] = self.value(fallback, function.names)
        local.update(
            (parameter.arg, value) for parameter, value in zip(positional, arguments, strict=False)
        )
        if given.vararg is not None:
            local[given.vararg.arg] = tuple(arguments[len(positional) :])
        named = {each.arg for each in (*positional, *given.kwonlyargs)}
        local.update({name: value for name, value in keywords.items() if name in named})
        if given.kwarg is not None:
            rest = {name: value for name, value in keywords.items() if name not in named}
            local[given.kwarg.arg] = rest
        unknown = Unknown(line) if "**" not in keywords else keywords["**"]
        for each in (*positional, *given.kwonlyargs):
            local.setdefault(each.arg, unknown)
        return local
