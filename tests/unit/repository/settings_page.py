"""docs/settings.md, made from the code: tables, functions, options and environment variables.

Tables of pyproject.toml come from the fields of their dataclasses, functions from what the SDK
registers, options from the command line. What a variable does is written here; the code shows which
there are.

Run as a program, this writes the page.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from stiletto.api.definition import ArgDef, FunctionDef, TypeRef
from stiletto.cli.commands import CHECK_FLAGS
from stiletto.cli.describe import default_text, flag_rows, short
from stiletto.cli.flags import Flag
from stiletto.cli.init import FLAGS as INIT_FLAGS
from stiletto.cli.line import arg_flags, functions_of
from stiletto.cli.options import GLOBALS, OUTPUTS
from stiletto.cli.prune import PRUNE_FLAGS
from stiletto.graph.kind import Kind
from tests.unit.repository.registered import MODULE, ROOT, TYPES
from wheelwright.project.github_settings import GitHubSettings
from wheelwright.project.matrix import Entry, MatrixSettings
from wheelwright.project.release_settings import ReleaseSettings
from wheelwright.project.settings import Settings

PAGE = ROOT / "docs" / "settings.md"

TABLES: Mapping[str, tuple[type[Any], str]] = {
    "tool.wheelwright": (
        Settings,
        "All of them are optional: what is not set is read from the package's own files, and "
        "[`describe`](functions.md) shows what was found. An unknown key is an error that names "
        "the nearest known one.",
    ),
    "tool.wheelwright.matrix": (
        MatrixSettings,
        "[The matrix](matrix.md#in-pyprojecttoml). An axis value that joins nothing is an empty "
        "string. A table of `include` has `python`; both kinds of tables may have ENTRY.",
    ),
    "tool.wheelwright.release": (
        ReleaseSettings,
        "[What a release reads from the last one](release.md#as-the-repository-does).",
    ),
    "tool.wheelwright.github": (
        GitHubSettings,
        "[What `workflows` writes](ci.md#getting-the-workflows). An option of the call replaces "
        "the key for one call.",
    ),
}

SHARED_FROM = 4
"""An argument that this many functions have alike is listed once."""

READ: Mapping[str, tuple[str, str]] = {
    "STILETTO_CACHE": (
        "where results are stored",
        "`stiletto` in `$XDG_CACHE_HOME`, else `~/.cache/stiletto`",
    ),
    "STILETTO_CACHE_SIZE": (
        "the [maximum size of the cache](engine.md#the-cache), such as `20GB`; `0` for none",
        "10 GB, at most a fifth of the file system",
    ),
    "STILETTO_IDLE": (
        "how long [a module's process](engine.md#processes-that-are-kept) waits for the next "
        "command: seconds, or such as `20m`; `0` keeps none",
        "`5m`",
    ),
    "STILETTO_SANDBOX": ("`auto`, `bubblewrap` or `plain`, as `--sandbox`", "`auto`"),
    "STILETTO_PYTHON_INSTALL": ("`0`: never let uv install a missing interpreter", "install"),
    "STILETTO_LOOPBACK": (
        "which ports of this machine's loopback steps can reach if they have [a network of their "
        "own](engine.md#network): `3141,8080`; with `all` they share the machine's network",
        "none, but for proxies and name servers",
    ),
    "STILETTO_CACHING": (
        "what a step is found again by: `content`, or as [on "
        "Dagger](engine.md#the-cache-of-dagger) `dagger-0.21`, `dagger-1.0`",
        "`content`",
    ),
    "DAGGER_MODULE": ("the module, as `-m`", "the one around the working directory"),
    "DAGGER_PROGRESS": (
        "`auto`, `plain`, `tty`, `dots`, `report` or `none`, as `--progress`",
        "`auto`",
    ),
    "NO_COLOR": ("any text: no colours", "colours on a terminal"),
    "TERM": ("`dumb`: plain lines in place of live progress", ""),
    "COLUMNS": ("the width of tables and help", "that of the terminal, else 80"),
    "GITHUB_ACTIONS": ("`true`: a group of the log for each check, cell and gate", ""),
    "GITLAB_CI": ("`true`: the same, in GitLab's form", ""),
    "XDG_CACHE_HOME": ("where caches are", "`~/.cache`"),
    "XDG_STATE_HOME": ("where consents of `--allow-env` are kept", "`~/.local/state`"),
    "XDG_DATA_HOME": ("where uv's interpreters are looked for", "`~/.local/share`"),
    "UV_PYTHON_INSTALL_DIR": ("where uv's interpreters are looked for", "as uv"),
    "PYENV_ROOT": ("where pyenv's interpreters are looked for", "`~/.pyenv`"),
    "CARGO_HOME": ("where cargo is looked for", "`~/.cargo`"),
    "RUSTUP_HOME": ("where toolchains of Rust are looked for", "`~/.rustup`"),
    "RUSTUP_TOOLCHAIN": ("which of them", "rustup's default"),
    "SSH_AUTH_SOCK": ("the agent for git addresses with ssh", ""),
    "SSL_CERT_FILE": ("[certificates](functions.md#certificates) that are trusted", "the system's"),
    "GIT_ALLOW_PROTOCOL": ("what git may use", "`file:git:http:https:ssh`"),
    "HOME": ("where `~` is", ""),
    "PATH": ("where programs and interpreters are looked for", ""),
}
"""Variables that `stiletto` reads -> what they set, and what counts without."""

SEEN: Mapping[str, str] = {
    "DAGGER_SESSION_PORT": "set by `stiletto run`: where an SDK finds the session",
    "DAGGER_SESSION_TOKEN": "set with it: the session's token",
    "STILETTO_SERVICE_ADDRESS": "set for a service that shares the machine's network: its address",
    "WHEELWRIGHT_BUILD": "set for both builds of a release, whose results are compared",
    "WHEELWRIGHT_RUN": "set by a schedule of GitLab: nightly or audit, which its pipeline runs",
    "WHEELWRIGHT_RELEASE": "set for the steps of a release, so that none is of another call",
}
"""Variables that a step or a program sees -> what they are."""

INTERNAL = frozenset(
    {
        *("DAGGER_DEFAULT_PYTHON_PACKAGE", "DAGGER_MAIN_OBJECT"),
        *("STILETTO", "STILETTO_GIT_PASSWORD", "STILETTO_GIT_USER", "STILETTO_SERVER"),
        *("WHEELWRIGHT_ASKED_AT", "WHEELWRIGHT_ATTEMPT", "WHEELWRIGHT_CALL", "WHEELWRIGHT_CELL"),
        *("WHEELWRIGHT_NONCE", "WHEELWRIGHT_PYTHONS", "WHEELWRIGHT_UPLOADED_AT"),
        *("GIT_CONFIG_COUNT", "GIT_SSL_CAINFO", "GITHUB_TOKEN", "PYTHONPATH"),
        "UV_PROJECT_ENVIRONMENT",
    }
)
"""Variables between our own programs, and those of a step that only make it another one."""

KINDS = {
    "str": "string",
    "int": "number",
    "bool": "`true` or `false`",
    "tuple[str, ...]": "list",
    "tuple[Entry, ...]": "list of tables",
    "Mapping[str, str]": "table",
}
"""Annotations of fields -> what TOML has."""


def rows(head: Sequence[str], body: Sequence[Sequence[str]]) -> list[str]:
    """Return a table of Markdown."""

    def line(cells: Sequence[str]) -> str:
        return (
            "".join(f"| {cell.replace('|', chr(92) + '|')} " if cell else "| " for cell in cells)
            + "|"
        )

    return [line(head), "|" + "---|" * len(head), *map(line, body), ""]


def key_rows(settings: type[Any]) -> Iterator[tuple[str, str, str, str]]:
    """Yield the keys of a table of pyproject.toml: name, value, what counts without it, effect."""
    for field in fields(settings):
        annotation = str(field.type).removesuffix(" | None")
        kind, value = KINDS.get(annotation, "table"), field.metadata["value"]
        effect = field.metadata["effect"]
        if annotation.endswith("Settings"):
            effect += f": [below](#toolwheelwright{field.name})"
        shown = f"{kind}: {value}" if value else kind
        yield f"`{field.name.replace('_', '-')}`", shown, field.metadata["unset"], effect


def tables() -> Iterator[str]:
    """Yield the lines about pyproject.toml."""
    for name, (settings, text) in TABLES.items():
        entry = ", ".join(f"`{field.name}`" for field in fields(Entry))
        yield from (f"### [{name}]", "", text.replace("ENTRY", entry), "")
        yield from rows(("key", "value", "without it", "effect"), [*key_rows(settings)])


def plain(text: str) -> str:
    """Return text with the characters that Markdown reads as marks made literal."""
    return re.sub(r"([\[\]<>*_])", r"\\\1", " ".join(text.split())) if "`" not in text else text


def type_text(type_: TypeRef) -> str:
    """Return a type as the command line names it."""
    match type_.kind:
        case Kind.LIST if type_.element:
            return f"list: {type_text(type_.element)}"
        case Kind.ENUM:
            return ", ".join(f"`{name}`" for name in MODULE.enums[type_.name].members)
        case Kind.OBJECT:
            own = MODULE.objects.get(type_.name)
            return (
                f"[{own.name.removeprefix(MODULE.main)}](#{own.name.lower()})"
                if own
                else type_.name
            )
    return {"STRING": "string", "INTEGER": "int", "FLOAT": "float", "BOOLEAN": "flag"}.get(
        type_.kind.name, "nothing"
    )


Argument = tuple[str, str, str, str]


def argument(name: str, arg: ArgDef) -> Argument:
    """Return an argument as a row: name, type, default, help."""
    text, _, default = " ".join(arg.description.split()).partition(" Default: ")
    default = plain(default.removesuffix("."))
    if arg.default_path:
        default = default or "the repository"
    elif shown := default_text(arg):
        default = f"`{shown}`"
    if arg.required:
        default = "required"
    return f"`--{name}`", type_text(arg.type), default, plain(text)


def arguments(function: FunctionDef | None) -> list[Argument]:
    """Return the arguments of a function that the command line knows."""
    found = arg_flags(function, TYPES) if function else {}
    return [argument(name, arg) for name, (arg, _) in found.items()]


def functions() -> Iterator[str]:
    """Yield the lines about the functions."""
    main = MODULE.main_object
    known = {name: functions_of(main)[name] for name in sorted(functions_of(main))}
    given = {name: arguments(function) for name, function in known.items()}
    often = Counter(row for each in given.values() for row in each)
    shared = [row for row, times in sorted(often.items()) if times >= SHARED_FROM]
    head = ("argument", "type", "default", "what it does")
    yield from (
        "### Before the function",
        "",
        "`stiletto call wheelwright --python 3.12 FUNCTION`: for every function.",
        "",
    )
    yield from rows(head, arguments(main.constructor))
    yield from ("### Arguments of several functions", "")
    yield from rows(head, shared)
    for name, function in known.items():
        own = [row for row in given[name] if row not in shared]
        common = ", ".join(row[0] for row in given[name] if row in shared)
        check = "A check. " if function.check else ""
        kind = (
            ""
            if function.returns.kind is Kind.STRING
            else f"Returns {type_text(function.returns)}. "
        )
        also = (
            f"{'Also ' if own else 'Takes '}[as others](#arguments-of-several-functions): {common}."
            if common
            else ""
        )
        yield from (f"### {name}", "", f"{short(function.description)} {check}{kind}".strip(), "")
        yield from rows(head, own) if own else ()
        yield from (also, "") if also else ()
    for type_name, definition in sorted(MODULE.objects.items()):
        if type_name != MODULE.main:
            yield from (
                f"### {type_name}",
                "",
                f"{definition.description.strip()} Behind the function, after a blank:",
                "",
            )
            yield from rows(
                ("function", "returns", "what it is"),
                [
                    (f"`{name}`", type_text(function.returns), plain(short(function.description)))
                    for name, function in sorted(functions_of(definition).items())
                ],
            )


def options(flags: Sequence[Flag]) -> list[str]:
    """Return options of the command line as a table."""
    body = [(f"`{name.strip()}`", plain(text)) for name, text in flag_rows(flags)]
    return rows(("option", "what it does"), body)


def variables() -> Iterator[str]:
    """Yield the lines about the environment."""
    yield from ("## Environment variables", "", "`stiletto` reads:", "")
    yield from rows(
        ("variable", "what it sets", "without it"),
        [(f"`{name}`", what, without) for name, (what, without) in READ.items()],
    )
    yield from (
        "Proxies (`HTTPS_PROXY` and so on) are read, too, and passed to steps without their",
        "password: see [the network of a step](engine.md#network). `dagger` has variables of its",
        "own; `_EXPERIMENTAL_DAGGER_RUNNER_HOST` names its engine. The module reads none: what",
        "decides is in the package's files and in the arguments, so that a call is the same",
        "everywhere.",
        "",
        "Programs see:",
        "",
    )
    yield from rows(
        ("variable", "what it is"), [(f"`{name}`", what) for name, what in SEEN.items()]
    )


def in_code() -> set[str]:
    """Return the variables that the code reads or sets: ours, Dagger's, and all of `environ`."""
    found: set[str] = set()
    ours = re.compile(r"(?:STILETTO|DAGGER|WHEELWRIGHT)(?:_[A-Z]+)*")
    for path in sorted((ROOT / "src").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'\b(?:env|environ)(?:\.get\(|\[)"([A-Z][A-Z_]+)"', text))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {node.value} if ours.fullmatch(node.value) else set()
    return found


def page() -> str:
    """Return the whole page."""
    lines = [
        "# Settings",
        "",
        "Everything that can be set: in pyproject.toml, by arguments, by variables. Nothing has to",
        "be. This page is made from the code by",
        "`uv run python -m tests.unit.repository.settings_page`; a test compares.",
        "",
        "## pyproject.toml",
        "",
        *tables(),
        "## Functions",
        "",
        "`stiletto call wheelwright FUNCTION --help` prints the same, and so does `dagger`. What a",
        "function reads and decides: [functions](functions.md).",
        "",
        *functions(),
        "## The command line of Stiletto",
        "",
        "Of every command, before the module's own arguments:",
        "",
        *options(GLOBALS),
        "Of `stiletto call`:",
        "",
        *options(OUTPUTS),
        "Of `stiletto check`, which takes names of checks or patterns:",
        "",
        *options(CHECK_FLAGS),
        "Of `stiletto init`:",
        "",
        *options(INIT_FLAGS),
        "Of `stiletto prune`:",
        "",
        *options(PRUNE_FLAGS),
        *variables(),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
