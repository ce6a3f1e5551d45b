"""Which checks a module has, and which of them a pattern matches.

A check is a function marked as one that needs no arguments, on the main object or on an object
that such functions and fields lead to. A generator counts as a check that fails when it would
change something. Names are paths in kebab case joined by `:`, the module's name first.

A toolchain's checks go by the toolchain's name in place of the module's; those that its
`ignoreChecks` mean are not there.

Source: core/modtree.go, core/checks.go and core/schema/workspace.go. Patterns are those of
doublestar, over the path with `/` for `:`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from stiletto.api.definition import ModuleDef, ObjectDef
from stiletto.cli.names import closest, kebab
from stiletto.errors import UsageError
from stiletto.graph.kind import Kind
from stiletto.module.toolchain import WorkspaceDef

LISTED_MAX = 20
"""Of more checks a message names the command that lists them."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: API names from the main object down to the function.

    Of a toolchain, the first of them is the function that makes the toolchain's main object.
    """

    module: str
    path: tuple[str, ...]
    description: str
    generator: bool
    of_toolchain: bool = False

    @property
    def call_args(self) -> tuple[str, ...]:
        """The arguments of `stiletto call` that run it."""
        return tuple(kebab(part) for part in self.path)

    @property
    def parts(self) -> tuple[str, ...]:
        """The whole path in kebab case, module or toolchain first."""
        return self.call_args if self.of_toolchain else (kebab(self.module), *self.call_args)

    @property
    def name(self) -> str:
        """The whole path as a user writes it."""
        return ":".join(self.parts)


def checks_of(module: ModuleDef) -> list[Check]:
    """Return all checks, then all generators, each sorted by name."""
    found: dict[tuple[str, ...], Check] = {}
    toolchains = module.toolchains if isinstance(module, WorkspaceDef) else {}
    for check in _walk(module, module.main_object, (), frozenset()):
        ignored = toolchains.get(check.path[0])
        if ignored is not None:
            check = replace(check, of_toolchain=True)
        if not any(matches(pattern, check) for pattern in ignored or ()):
            found.setdefault(check.path, check)
    return sorted(found.values(), key=lambda check: (check.generator, check.name))


def _walk(
    module: ModuleDef,
    definition: ObjectDef,
    path: tuple[str, ...],
    above: frozenset[str],
) -> Iterator[Check]:
    # A type beneath itself would go on without end.
    if definition.name in above:
        return
    above |= {definition.name}
    leads: list[tuple[str, str]] = []
    for function in definition.functions.values():
        if any(arg.required for arg in function.args):
            continue
        function_path = (*path, function.name)
        if function.check or function.generator:
            # What is marked as both is a check.
            yield Check(module.name, function_path, function.description, not function.check)
        if function.returns.kind is Kind.OBJECT:
            leads.append((function.name, function.returns.name))
    leads += [
        (field.name, field.type.name)
        for field in definition.fields.values()
        if field.type.kind is Kind.OBJECT
    ]
    for name, type_name in leads:
        # Core objects have no checks.
        beneath = module.objects.get(type_name)
        if beneath is not None:
            yield from _walk(module, beneath, (*path, name), above)


def choose(checks: Sequence[Check], patterns: Iterable[str]) -> list[Check]:
    """Return the checks that any pattern means, in their order; all without patterns.

    Raises:
        UsageError: a pattern that means no check.
    """
    patterns = list(patterns)
    for pattern in patterns:
        if not any(matches(pattern, check) for check in checks):
            raise UsageError(f'no check matches "{pattern}"', hint=_near(pattern, checks))
    if not patterns:
        return list(checks)
    return [check for check in checks if any(matches(pattern, check) for pattern in patterns)]


def _near(pattern: str, checks: Sequence[Check]) -> str:
    """Return the hint for a pattern that means no check: the nearest one, else the list."""
    modules = {check.parts[0] for check in checks}
    first, _, rest = pattern.partition(":")
    # A module's name in front is right, and would make everything behind it look near.
    named = bool(rest) and closest(first, modules) is not None
    own = rest if named else pattern
    names = {":".join(check.parts[1:]).replace(":", "-"): check for check in checks}
    if meant := closest(own.replace(":", "-"), names):
        name = names[meant].name if named else ":".join(names[meant].parts[1:])
        return f'did you mean "{name}"? see stiletto check --list'
    if len(checks) > LISTED_MAX:
        return "see stiletto check --list"
    return f"checks here: {', '.join(check.name for check in checks) or 'none'}"


def command_of(checks: Sequence[Check], mod: str | None = None) -> str:
    """Return the command before a function's name that calls what these checks call.

    Of checks on several objects it has only what comes before all of them.
    """
    paths = {check.call_args[:-1] for check in checks}
    shared = next(iter(paths)) if len(paths) == 1 else ()
    return shlex.join(["stiletto", "call", *(("-m", mod) if mod else ()), *shared])


def matches(pattern: str, check: Check) -> bool:
    """Whether a pattern means this check, with the module's name in front or without."""
    segments = tuple(kebab(segment) for segment in pattern.split(":"))
    for parts in (check.parts, check.parts[1:]):
        if parts[: len(segments)] == segments:
            return True
        if _glob("/".join(segments)).fullmatch("/".join(parts)):
            return True
    return False


def _glob(pattern: str) -> re.Pattern[str]:
    """Translate a doublestar pattern: `*`, `?`, `[...]`, `{a,b}`, `**` as a whole segment."""
    out: list[str] = []
    at, depth = 0, 0
    while at < len(pattern):
        char = pattern[at]
        starts = at == 0 or pattern[at - 1] == "/"
        if starts and re.match(r"\*\*(/|$)", pattern[at:]):
            # `**` matches any number of segments, also none; so does its slash.
            whole = at + 2 >= len(pattern)
            if whole and out and out[-1] == "/":
                out[-1] = "(?:/.*)?"
            else:
                out.append(".*" if whole else "(?:.*/)?")
            at += 3
            continue
        if char == "[" and (found := re.match(r"\[([!^]?)((?:\\.|[^\]\\])+)\]", pattern[at:])):
            negated = "^" if found[1] else ""
            out.append(f"[{negated}{found[2].replace('[', chr(92) + '[')}]")
            at += found.end()
            continue
        match char:
            case "*":
                out.append("[^/]*")
            case "?":
                out.append("[^/]")
            case "{":
                out.append("(?:")
                depth += 1
            case "}" if depth:
                out.append(")")
                depth -= 1
            case "," if depth:
                out.append("|")
            case "/":
                out.append("/")
            case "\\" if at + 1 < len(pattern):
                at += 1
                out.append(re.escape(pattern[at]))
            case _:
                out.append(re.escape(char))
        at += 1
    if depth:
        raise UsageError(f'missing closing brace in the pattern "{pattern}"')
    try:
        return re.compile("".join(out))
    except re.error as error:
        raise UsageError(f'the pattern "{pattern}" cannot be read: {error}') from error
