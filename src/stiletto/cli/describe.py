"""Help of every level, as text."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterable, Sequence

from stiletto.api.definition import ArgDef, EnumDef, ModuleDef, ObjectDef
from stiletto.cli.flags import Flag
from stiletto.cli.line import Level, arg_flags, functions_of, skipped
from stiletto.cli.options import GLOBALS, OUTPUTS
from stiletto.cli.ports import Types
from stiletto.graph.kind import Kind

Bold = Callable[[str], str]


def short(description: str) -> str:
    """Return the first line of a description, `-` where there is none."""
    return description.strip().split("\n", 1)[0].strip() or "-"


def table(rows: Sequence[tuple[str, str]], bold: Bold = str) -> str:
    """Return rows of two columns under the heads Name and Description, three blanks between."""
    width = max(len("Name"), *(len(name) for name, _ in rows)) if rows else len("Name")
    head = f"{bold('Name')}{' ' * (width - 4)}   {bold('Description')}"
    return "\n".join([head, *(f"{name:<{width}}   {text}".rstrip() for name, text in rows)])


def functions_table(definition: ObjectDef, types: Types, bold: Bold = str) -> str | None:
    """Return the list that `stiletto functions` prints, or None where there is nothing to call."""
    functions = functions_of(definition)
    usable = sorted(
        (function.name, name, function)
        for name, function in functions.items()
        if not skipped(function, types) and not types.refuses(definition.name, function.name)
    )
    if not usable:
        return None
    lines = [table([(name, short(function.description)) for _, name, function in usable], bold)]
    left_out = [name for name, function in functions.items() if skipped(function, types)]
    if left_out:
        lines += [
            "",
            f"Skipped {len(left_out)} function(s) with unsupported types: {', '.join(left_out)}",
        ]
    return "\n".join(lines)


def flag_rows(flags: Iterable[Flag]) -> list[tuple[str, str]]:
    """Return the rows of help for common flags; those without doc are hidden."""
    rows: list[tuple[str, str]] = []
    for flag in flags:
        if flag.doc:
            letter = f"-{flag.short}, " if flag.short else "    "
            rows.append((f"{letter}--{flag.name} {flag.placeholder}".rstrip(), flag.doc))
    return rows


def command_help(text: str, flags: Iterable[Flag], width: int) -> str:
    """Return the help of a command: its text, and a row for each flag."""
    return f"{text}{columns(flag_rows(flags), width)}\n"


def help_of(level: Level, module: ModuleDef, types: Types, *, width: int, bold: Bold = str) -> str:
    """Return the help of one level: usage, description, functions and arguments.

    The first level also shows the flags that every level understands.
    """
    function = level.function
    if level.is_root:
        about = module.description or module.main_object.description
    else:
        about = function.description if function else ""
    args = arg_flags(function, types) if function else {}
    rows = [_arg_row(name, arg, type_.display, types) for name, (arg, type_) in args.items()]
    functions = functions_of(level.provider) if level.provider else {}
    # What this engine refuses can still be typed: the answer names Dagger.
    usable = {
        key: value
        for key, value in functions.items()
        if not skipped(value, types)
        and not (level.provider and types.refuses(level.provider.name, value.name))
    }

    usage = [level.command, "[options]" if level.is_root else ""]
    usage += ["[arguments]" if rows else "", "<function>" if usable else ""]
    parts = [_paragraphs(about, width)] if about.strip() else []
    if function is not None and function.deprecated is not None:
        parts.append(_paragraphs(f"Deprecated: {function.deprecated}", width))
    parts.append(f"{bold('USAGE')}\n  {' '.join(part for part in usage if part)}")
    if usable:
        listed = [(name, short(usable[name].description)) for name in sorted(usable)]
        parts.append(bold("FUNCTIONS") + "\n" + columns(listed, width))
    if rows:
        parts.append(bold("ARGUMENTS") + "\n" + columns(rows, width))
    if level.is_root:
        parts.append(bold("OPTIONS") + "\n" + columns(flag_rows((*GLOBALS, *OUTPUTS)), width))
    if usable:
        parts.append(
            _paragraphs(
                f'Use "{level.command} [command] --help" for more information about a command.',
                width,
            )
        )
    return "\n\n".join(parts)


def _arg_row(name: str, arg: ArgDef, display: str, types: Types) -> tuple[str, str]:
    facts = [" ".join(arg.description.split())]
    definition = _enum_of(arg, types)
    if definition is not None:
        facts.append(f"(possible values: {', '.join(definition.members)})")
    default = default_text(arg)
    if default:
        facts.append(f"(default {default})")
    if arg.deprecated is not None:
        facts.append(f"(deprecated: {arg.deprecated})")
    if arg.required:
        facts.append("[required]")
    return f"    --{name} {display}".rstrip(), " ".join(fact for fact in facts if fact)


def _enum_of(arg: ArgDef, types: Types) -> EnumDef | None:
    type_ = arg.type.element if arg.type.kind is Kind.LIST and arg.type.element else arg.type
    return types.enum_def(type_.name) if type_.kind is Kind.ENUM else None


def default_text(arg: ArgDef) -> str:
    """Return an argument's default as help shows it; empty if that tells nothing."""
    if arg.default_path:
        return json.dumps(arg.default_path, ensure_ascii=False)
    if arg.default_address:
        return json.dumps(arg.default_address, ensure_ascii=False)
    if arg.default is None:
        return ""
    value = json.loads(arg.default)
    if value in (None, "", False, []):
        return ""
    if isinstance(value, list):
        return f"[{','.join(str(item) for item in value)}]"
    if arg.type.kind is Kind.ENUM:
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def _paragraphs(text: str, width: int) -> str:
    """Wrap text; lines that are indented or listed stay as they are."""
    out: list[str] = []
    for block in text.strip().split("\n\n"):
        lines = block.split("\n")
        if any(line[:1] in " \t-*" for line in lines):
            out.append(block)
        else:
            out.append(textwrap.fill(" ".join(lines), width, break_on_hyphens=False))
    return "\n\n".join(out)


def columns(rows: Sequence[tuple[str, str]], width: int) -> str:
    """Return rows of two columns, indented by two, the second wrapped to the width."""
    indent = 2 + max(len(name) for name, _ in rows) + 3
    lines: list[str] = []
    for name, text in rows:
        if width - indent < 20:
            # Too narrow for two columns: the text goes beneath.
            lines.append(f"  {name}")
            lines += [f"          {line}" for line in textwrap.wrap(text, max(width - 10, 20))]
            continue
        wrapped = textwrap.wrap(text, width - indent, break_on_hyphens=False) or [""]
        lines.append(f"  {name:<{indent - 2}}{wrapped[0]}".rstrip())
        lines += [" " * indent + line for line in wrapped[1:]]
    return "\n".join(lines)
