"""Parses the arguments after `call` against the module's definition; runs nothing.

    [globals] [constructor flags] FUNCTION [its flags] [FUNCTION [its flags] ...]

Each function is one of the object that the part before it returns (of each object, where that
part returns a list). A field is a function without arguments. Flags of `call` itself may follow
a function too, unless the function has an argument of that name.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from stiletto.api.definition import ArgDef, FunctionDef, ModuleDef, ObjectDef, TypeRef
from stiletto.cli.flags import Flag, FlagSet, Given, invalid, requests_help
from stiletto.cli.misplaced import argument_hint, context_hint, flag_hint
from stiletto.cli.names import closest, kebab
from stiletto.cli.options import CONTEXT, GLOBALS, OUTPUTS, UNSUPPORTED, Options, with_given
from stiletto.cli.ports import Types
from stiletto.cli.values import FlagType, Parsed, flag_type
from stiletto.errors import UsageError
from stiletto.graph.kind import Kind


@dataclass(frozen=True, slots=True)
class Link:
    """One function of the chain with the arguments that were given."""

    function: FunctionDef
    args: Mapping[str, Parsed]


@dataclass(frozen=True, slots=True)
class Level:
    """Where the reading ended: the command so far, its function, and what it returns.

    The function is the constructor where no function was named, or None without one.
    """

    command: str
    function: FunctionDef | None
    provider: ObjectDef | None
    is_root: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A whole chain: the constructor with its arguments, and the links."""

    constructor: FunctionDef | None
    constructor_args: Mapping[str, Parsed]
    links: tuple[Link, ...]
    returns: TypeRef
    options: Options
    level: Level


def entry(names: Sequence[str], toolchains: Iterable[str]) -> Sequence[str]:
    """Return the functions of a chain up to the first of the main object, or of a toolchain's.

    What follows is called on its result: another function of the module cannot stand there.
    """
    return names[: 2 if names[:1] and names[0] in toolchains else 1]


def command_before(names: Sequence[str], args: Sequence[str], mod: str | None = None) -> str:
    """Return the command up to its last function, as it can be pasted before another function.

    It is "stiletto call" where that cannot be told, or where a word runs a command, which may have
    a secret in it. `mod` is the module where it was named before the command.
    """
    named = ("-m", mod) if mod else ()
    plain = shlex.join(["stiletto", "call", *named])
    if not names or any("cmd:" in word for word in args):
        return plain
    at = [index for index, word in enumerate(args) if kebab(word) == kebab(names[-1])]
    if len(at) > 1:
        # One of them is a value.
        at = [index for index in at if not args[index - 1].startswith("-")]
    if len(at) != 1:
        return plain
    return shlex.join(["stiletto", "call", *named, *args[: at[0]]])


def functions_of(definition: ObjectDef) -> dict[str, FunctionDef]:
    """Return what can be called on an object, by its name in kebab case; fields first.

    `id` is left out: no command can use it (core/schema/coremod.go).
    """
    return {
        kebab(function.name): function
        for function in definition.all_functions
        if function.name != "id" and not function.name.startswith("_")
    }


def skipped(function: FunctionDef, types: Types) -> bool:
    """Whether a required argument has a type that no flag can give."""
    return any(
        arg.required and flag_type(arg.type, types.enum_def) is None for arg in function.args
    )


def provider_of(type_: TypeRef, types: Types) -> ObjectDef | None:
    """Return the object whose functions can follow, also for a list of it."""
    if type_.kind is Kind.LIST and type_.element is not None:
        type_ = type_.element
    if type_.kind in (Kind.OBJECT, Kind.INTERFACE):
        return types.object_def(type_.name)
    return None


def arg_flags(function: FunctionDef, types: Types) -> dict[str, tuple[ArgDef, FlagType]]:
    """Return the arguments that have flags, by flag name."""
    found: dict[str, tuple[ArgDef, FlagType]] = {}
    for arg in function.args:
        type_ = flag_type(arg.type, types.enum_def)
        if type_ is not None:
            found[kebab(arg.name)] = (arg, type_)
    return found


def read_line(arguments: Sequence[str], module: ModuleDef, types: Types, options: Options) -> Line:
    """Read the arguments of `call`.

    With a request for help anywhere, required flags may be missing, so that every function has
    help.

    Raises:
        UsageError: an unknown function or flag, a value of the wrong type, a missing required flag.
    """
    helping = requests_help(arguments)
    command = "stiletto call"
    main = module.main_object
    returns = TypeRef(Kind.OBJECT, module.main)
    level = Level(command, main.constructor, main, is_root=True)
    constructor_args, options, rest = _read_level(
        arguments, level, None, types, options, helping=helping
    )
    links: list[Link] = []
    while rest:
        name = rest[0]
        function = _find(rest, level, types)
        command = f"{command} {name}"
        returns = function.returns
        level = Level(command, function, provider_of(returns, types), is_root=False)
        args, options, rest = _read_level(
            rest[1:], level, main.constructor, types, options, helping=helping
        )
        links.append(Link(function, args))
    options = replace(options, help=helping)
    return Line(main.constructor, constructor_args, tuple(links), returns, options, level)


def _find(arguments: Sequence[str], level: Level, types: Types) -> FunctionDef:
    name = arguments[0]
    functions = functions_of(level.provider) if level.provider else {}
    usable = {key: value for key, value in functions.items() if not skipped(value, types)}
    if name in usable:
        return usable[name]
    if name in functions:
        raise UsageError(
            f'function "{name}" cannot be called from the command line: '
            "a required argument has a type that no flag can give"
        )
    message = f'unknown command "{name}" for "{level.command}"'
    see = f"see {level.command} --help"
    function = None if level.is_root else level.function
    if level.is_root and (within := _within(name, usable, types)):
        raise UsageError(message, hint=f'did you mean "{within} {name}"? {see}')
    if meant := closest(name, usable):
        raise UsageError(message, hint=f'did you mean "{meant}"? {see}')
    if flag := argument_hint(function, arguments):
        raise UsageError(message, hint=f"did you mean {flag}? {see}")
    raise UsageError(message + ("" if usable else ": it returns nothing to call on"), hint=see)


def _within(name: str, functions: Mapping[str, FunctionDef], types: Types) -> str:
    """Return the toolchain, or another object, whose function has a name; empty where none has."""
    for key, function in functions.items():
        provider = provider_of(function.returns, types)
        if provider is not None and name in functions_of(provider):
            return key
    return ""


def _read_level(
    arguments: Sequence[str],
    level: Level,
    constructor: FunctionDef | None,
    types: Types,
    options: Options,
    *,
    helping: bool,
) -> tuple[dict[str, Parsed], Options, list[str]]:
    """Read one function's flags; return its arguments, the options, and what follows.

    `constructor` is the one whose flags come before, where that is another function.
    """
    function = level.function
    after = functions_of(level.provider) if level.provider else {}

    def explain(name: str, unread: Sequence[str], near: bool) -> str:
        passing = None if level.is_root or near else function
        return flag_hint(name, unread, constructor, passing, after)

    args = arg_flags(function, types) if function else {}
    own = [
        Flag(name, implied="true" if type_.boolean else None) for name, (_, type_) in args.items()
    ]
    flags = FlagSet(
        [*own, *GLOBALS, *OUTPUTS, *UNSUPPORTED], command=level.command, explain=explain
    )
    given, rest = flags.take(arguments)
    texts: dict[str, list[Given]] = {}
    for item in given:
        if item.flag.name in args:
            texts.setdefault(item.flag.name, []).append(item)
        elif item.flag.name in CONTEXT and not level.is_root:
            raise UsageError(
                f"--{item.flag.name} must come before the first function",
                hint=context_hint(function, item, arguments) or None,
            )
        else:
            options = with_given(options, [item])
    values = {
        args[name][0].name: _read_value(name, args[name][1], items) for name, items in texts.items()
    }
    missing = [name for name, (arg, _) in args.items() if arg.required and name not in texts]
    if missing and not helping:
        names = '", "'.join(missing)
        raise UsageError(f'required flag(s) "{names}" not set', hint=flags.see_help)
    return values, options, rest


def _read_value(name: str, type_: FlagType, given: Sequence[Given]) -> Parsed:
    values: list[Parsed] = []
    for item in given:
        try:
            values.append(type_.read(item.text))
        except UsageError as problem:
            raise invalid(name, item.text, problem.message) from problem
    if not type_.repeated:
        return values[-1]
    return [item for value in values if isinstance(value, list) for item in value]
