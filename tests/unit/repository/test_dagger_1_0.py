"""What keeps the module's one source right for Dagger 0.21 and Dagger 1.0."""

from __future__ import annotations

import ast
import inspect
import re
import typing
from collections.abc import Iterator
from pathlib import Path

from dagger import Doc

from wheelwright.main import Wheelwright

ROOT = Path(__file__).parents[3] / "src" / "wheelwright"

REMOVED = re.compile(r"load_\w+_from_id|CheckGroup|GeneratorGroup|Env|Binding|[A-Z]\w+ID")
"""Names of the SDK 0.21 that are not in that of 1.0.0b21."""

CHANGED = {"stat"}
"""Calls that 1.0 awaits, and 0.21 does not: no source is right for both."""


def named(tree: ast.Module) -> Iterator[str]:
    """Yield the names that are read from the SDK, and every name that is called."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="dagger"):
                yield from (each.name for each in node.names)
            case ast.Attribute(value=ast.Name(id="dagger" | "dag"), attr=name):
                yield name
            case ast.Call(func=ast.Attribute(attr=name)):
                yield name


def test_no_call_is_used_that_dagger_1_0_has_not() -> None:
    """Neither ids of a type, nor what loads an object by one, nor groups of checks."""
    found = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in ROOT.rglob("*.py")
        # Programs that run in a step: they do not see the SDK.
        if "inside" not in path.parts
        for name in named(ast.parse(path.read_text(encoding="utf-8")))
    }

    assert len(found) > 100
    assert [] == sorted(each for each in found if REMOVED.fullmatch(each[1]) or each[1] in CHANGED)


def helps() -> dict[str, str]:
    """Return the help of each argument of the constructor."""
    hints = typing.get_type_hints(Wheelwright, include_extras=True)
    names = [name for name in inspect.signature(Wheelwright).parameters if name[0] != "_"]
    found = {name: getattr(hints[name], "__metadata__", ()) for name in names}
    return {
        name: next((each.documentation for each in extras if isinstance(each, Doc)), "")
        for name, extras in found.items()
    }


def test_help_of_the_constructor_is_fit_for_a_file() -> None:
    """Dagger 1.0 writes it into dagger.toml, as comments: a line each, with the default."""
    every = helps()

    assert {"source", "package", "python", "netrc"} <= every.keys()
    assert {} == {
        name: text
        for name, text in every.items()
        if not re.fullmatch(r"[^\n]{20,99}\.", text) or "Default: " not in text
    }
