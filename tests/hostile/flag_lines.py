"""Command lines that speak of the sample module, or nearly so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flag_sample import CONSTRUCTOR, MAIN, MODULE, RETURNS, TYPES
from hypothesis import strategies as st

from stiletto.api.definition import FunctionDef, ObjectDef, TypeRef
from stiletto.cli.options import GLOBALS, OUTPUTS, UNSUPPORTED

__all__ = ["lines"]

COMMANDS = (
    *("call", "call", "call", "call", "functions", "check", "checks", "prune", "verify"),
    *("toolchain", "run", "session", "version", "help", "nosuch", ""),
)
# No slash in what is drawn freely: what an input names lies in the directory, or one level up.
FREE = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), max_size=6)
BYTES = st.lists(st.integers(0xDC80, 0xDCFF).map(chr), min_size=1, max_size=3).map("".join)
PATHS = (
    *(".", "..", "./src", "src", "a.txt", "b.bin", "nosuch", "file://a.txt", "file://src", "*"),
    *("src/../a.txt", "a.txt/x", "~", "-", "a" * 300, "../toolchain", "file://", "a\nb"),
)
VALUES: Mapping[str, Sequence[str]] = {
    "string": ("hi", "", " ", "a,b", '"', "'", "\\", "-x", "--", "=", "x" * 9_000, "é\U0001f600"),
    "int": ("1", "-1", "0x1F", "0b2", "08", "٣", "1_0", "9" * 19, "9" * 5000, "1e3", "+0", ""),
    "float": ("1", "1.5", "nan", "inf", "1e999", "-0", "1_0", "٣", "9" * 5000, "0x1p3", " 1"),
    "bool": ("true", "F", "yes", "", "1", "TRUE"),
    "json": ("{}", "[" * 9_000, "9" * 5000, "nan", '"\\ud800"', '{"a":1,"a":2}', "", "\ufeff{}"),
    "platform": ("linux/amd64", "current", "", "x"),
    "level": ("LOW", "low", "\u0130", "", "\u017f"),
    "strings": ("a,b", '"a,b",c', '"', 'a"b', '""', ",,", "a\nb", "", "\r\n", '"a"x'),
    "ints": ("1,2", "1, 2", "1,,2", '"1"', "x", ""),
    "floats": ("1,2.5", "nan"),
    "bools": ("true,false", "x"),
    "levels": ("low,HIGH", "x"),
    "directory": PATHS,
    "file": PATHS,
    "secret": (
        *("env://TOKEN", "env:TOKEN", "TOKEN", "EMPTY", "env://EMPTY", "env://", "env://NO"),
        *("file://a.txt", "file://b.bin", "file://src", "file://nosuch", "cmd://true", "cmd://"),
        *("vault://x", "env://TOKEN?cacheKey=a", "env://TOKEN?cacheKey=%ff&a", "://", ":", "?"),
    ),
    "secrets": ("env://TOKEN,file://a.txt", ","),
    "directories": ("src,.", "nosuch"),
    "container": ("scratch", "nosuch:tag", "", "UPPER:", "a@b", "a:" + "x" * 300),
    "cacheVolume": ("uv", "", "a b"),
    "socket": ("unix://sock", "sock", ""),
    "service": ("tcp://localhost:1", "x", "tcp://x:99999999"),
    "gitRepository": (".", "src", "nosuch", "https://h/x", "git@h:x", ""),
    "gitRef": (".#main", "src#", "#", "nosuch#x"),
    "module": (".", "x"),
    "moduleSource": (".", "x"),
}
OPTION_VALUES: Mapping[str, Sequence[str]] = {
    "mod": (".", "", "nosuch", "src", "../toolchain", "file://", "a.txt"),
    "workdir": (".", "src", "..", "nosuch", "", "a.txt"),
    "progress": ("plain", "tty", "dots", "report", "none", "auto", "x"),
    "sandbox": ("auto", "plain", "bubblewrap", "x"),
    "step-memory": ("4g", "16m", "1", "9" * 9 + "t", "9" * 400, "4 g", "٣g", "1.5GiB"),
    "step-processes": ("8", "0", "9999999", "٨٨", "-1"),
    "output": ("out", "src", ".", "src/new/x", "a.txt/x", "x" * 300, ""),
    "keep": ("5GB", "0", "1.5GiB", "9" * 400 + "tb", "9" * 5000, "x", "٣", "1 kB", "-1"),
    "unused-for": ("7d", "0s", "9" * 400 + "w", "1.5h", "x", "٣d", "99999999999999w"),
    "name": ("t", "", "../x", "T T"),
    "label": ("x",),
    "version": ("x",),
}
OWN_FLAGS = (
    *("--list", "-l", "--failfast", "--generate", "--no-generate", "--volumes", "--repair"),
    *("--load-workspace-modules", "--skip-workspace-modules", "-h", "--help", "--version"),
)
OTHERS = ("--", "-", "---", "--=", "-=", "-v=", "-vvqs", "-ox", "--json=", "--nosuch=1", "-é", "=")


def any_value(kind: str) -> st.SearchStrategy[str]:
    """Return values for a type or an option, mostly such as people write."""
    usual = VALUES.get(kind) or OPTION_VALUES.get(kind) or VALUES["string"]
    return st.one_of(*[st.sampled_from(usual)] * 4, FREE, BYTES)


@st.composite
def options(draw: st.DrawFn) -> list[str]:
    """Return one flag that is not the module's, with or without its value."""
    known = st.sampled_from([*GLOBALS, *GLOBALS, *OUTPUTS, *UNSUPPORTED])
    flag = draw(known)
    spelled = f"-{flag.short}" if flag.short and draw(st.booleans()) else f"--{flag.name}"
    if flag.implied is not None and draw(st.integers(0, 3)):
        return [spelled]
    value = draw(any_value(flag.name if flag.implied is None else "bool"))
    return [f"{spelled}={value}"] if draw(st.booleans()) else [spelled, value]


@st.composite
def given(draw: st.DrawFn, function: FunctionDef) -> list[str]:
    """Return flags of a function; mostly those that it requires, each by its type."""
    words: list[str] = []
    for arg in function.args:
        if draw(_MOSTLY if arg.required else _SELDOM) is False:
            continue
        kind = next((name for name, of in TYPES.items() if _same(of, arg.type)), "string")
        for _ in range(draw(st.integers(1, 2))):
            name = draw(st.sampled_from([f"--{arg.name}", f"--{arg.name.upper()}"]))
            value = draw(any_value(kind))
            words += [f"{name}={value}"] if draw(st.booleans()) else [name, value]
    return words


_MOSTLY = st.integers(0, 29).map(bool)
_SELDOM = st.integers(0, 9).map(lambda number: number == 0)


def _same(one: TypeRef, other: TypeRef) -> bool:
    return (one.kind, one.name, one.element) == (other.kind, other.name, other.element)


@st.composite
def chains(draw: st.DrawFn) -> list[str]:
    """Return the words after `call`: options, functions and their flags, or nearly so."""
    words = draw(given(CONSTRUCTOR))
    definition: ObjectDef | None = MAIN
    for _ in range(draw(st.integers(0, 3))):
        words += draw(options()) if draw(_SELDOM) else []
        if definition is None or draw(_SELDOM):
            words.append(draw(st.sampled_from(["entries", "size", "contents", "id", "x"]) | FREE))
            continue
        name = draw(st.sampled_from(sorted(definition.functions)))
        function = definition.functions[name]
        words += [_kebab(name), *draw(given(function))]
        returns = function.returns.element or function.returns
        definition = MODULE.objects.get(returns.name)
        if returns.name in ("Directory", "File", "Changeset") and draw(st.booleans()):
            words += draw(st.sampled_from(LEAVES))
    return words


LEAVES = (
    ["entries"], ["file", "--path", "a.txt", "contents"], ["size"], ["contents"], ["name"],
    ["export", "--path", "out"], ["export", "--path", ".."], ["glob", "--pattern", "*["],
    ["digest"], ["with-new-file", "--path", "x", "--contents", "y"], ["added-paths"], ["is-empty"],
    ["directory", "--path", "../.."], ["with-timestamps", "--timestamp", "9" * 18], ["sync"],
)  # fmt: skip


def _kebab(name: str) -> str:
    return "".join(f"-{char.lower()}" if char.isupper() else char for char in name)


@st.composite
def lines(draw: st.DrawFn) -> list[str]:
    """Return a whole command line."""
    words = draw(options()) if draw(_SELDOM) else []
    command = draw(st.sampled_from(COMMANDS))
    words.append(command)
    if command == "call":
        words += draw(chains())
    tails: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
        "functions": lambda: st.sampled_from([*RETURNS, "takeOwn", "x"]),
        "toolchain": lambda: st.sampled_from(["install", "list", "uninstall", *PATHS]),
        "run": lambda: st.sampled_from(["true", "nosuch", "a\0b", ""]),
        "check": lambda: st.sampled_from(["lint", "sample:*", "**", "[", "format", "{a,b}", ""]),
    }
    for _ in range(draw(st.integers(0, 3))):
        pick = draw(st.integers(0, 9))
        if pick < 4:
            words += draw(options())
        elif pick < 6:
            words += draw(own_options())
        elif pick < 7:
            words.append(draw(st.sampled_from(OTHERS)))
        elif command in tails:
            words.append(draw(tails[command]()))
        else:
            words.append(draw(FREE | BYTES))
    return words


@st.composite
def own_options(draw: st.DrawFn) -> list[str]:
    """Return a flag of some other command."""
    if draw(st.booleans()):
        return [draw(st.sampled_from(OWN_FLAGS))]
    name = draw(st.sampled_from(["keep", "unused-for", "name", "label", "version"]))
    return [f"--{name}", draw(any_value(name))]
