"""The hints for arguments at a place where no function takes them.

call release patch          --bump patch           a flag whose help names the value
call test tests/a.py        --args=tests/a.py      the flag that passes arguments on
call test -k bad            --args=-k,bad
call test --source .        --source before test   a flag of the constructor
call --bump minor release   --bump after release   a flag of a function
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

from stiletto.api.definition import ArgDef, FunctionDef
from stiletto.cli.flags import Given, is_flag
from stiletto.cli.names import kebab
from stiletto.graph.kind import Kind

PASSING = "args"
"""The name, by convention, of a list of texts that a function passes on to what it runs."""


def passed_on(function: FunctionDef | None, arguments: Sequence[str]) -> str:
    """Return the flag that passes these arguments on; empty where a function has none."""
    arg = function.arg(PASSING) if function else None
    if arg is None or arg.type.kind is not Kind.LIST or not arguments:
        return ""
    return f"--{PASSING}={shlex.quote(','.join(map(_field, arguments)))}"


def _field(text: str) -> str:
    """Return one field of a list on the command line."""
    if text and not re.search(r'[",\r\n]', text):
        return text
    return '"' + text.replace('"', '""') + '"'


def argument_hint(function: FunctionDef | None, arguments: Sequence[str]) -> str:
    """Return the flag that these arguments belong to; empty where none is obvious.

    A value belongs to the flag whose help or default names it, or one of its shape, if exactly one
    does.
    """
    if function is None or not arguments:
        return ""
    value = arguments[0]
    named = [
        arg
        for arg in function.args
        if arg.type.kind in (Kind.STRING, Kind.ENUM) and _shape(value) in _values(arg)
    ]
    if len(named) == 1 and not is_flag(value):
        return f"--{kebab(named[0].name)} {shlex.quote(value)}"
    return passed_on(function, arguments)


def _values(arg: ArgDef) -> set[str]:
    """Return the shapes of what stands in the help of an argument like a value, and its default."""
    texts = [*re.findall(r"[\w.-]*\w", arg.description), (arg.default or "").strip('"')]
    return {_shape(text) for text in texts if text}


def _shape(text: str) -> str:
    """Return a text with its numbers alike: 3.13 has the shape of the example 3.12."""
    return re.sub(r"\d+", "0", text)


def flag_hint(
    name: str,
    arguments: Sequence[str],
    before: FunctionDef | None,
    function: FunctionDef | None,
    after: Mapping[str, FunctionDef],
) -> str:
    """Return the hint for an unknown flag; empty where its place is not known.

    Args:
        name: the flag without dashes, in kebab case.
        arguments: the flag as it was given, and what follows it.
        before: the constructor, if it is another function.
        function: the one that does not know the flag; None where a flag of it may be meant.
        after: the functions that can follow.
    """
    if before is not None and _has(before, name):
        return f"write --{name} before the first function"
    for following in arguments[1:]:
        later = after.get(kebab(following))
        if later is not None and _has(later, name):
            return f"write --{name} after {following}"
    alone = len(arguments) < 2 or "=" in arguments[0] or is_flag(arguments[1])
    passed = passed_on(function, arguments[: 1 if alone else 2])
    return f"pass it on with {passed}" if passed else ""


def context_hint(function: FunctionDef | None, given: Given, arguments: Sequence[str]) -> str:
    """Return the hint for a flag of `call` itself after a function: a tool may have it, too."""
    letter = f"-{given.flag.short}"
    if not given.flag.short or not any(arg.startswith(letter) for arg in arguments):
        return ""
    passed = passed_on(function, [letter, given.text])
    return f"pass it on with {passed}" if passed else ""


def _has(function: FunctionDef, name: str) -> bool:
    return any(kebab(arg.name) == name for arg in function.args)
