"""Where a default comes from, and whether it acts on the machine when it is used (pure).

A `.env` or `dagger.json` may come from another author. A default in it may name a command or a file
of the machine; before it is used, the user must consent (`stiletto.engine.consent`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stiletto.api.definition import ArgDef
from stiletto.errors import ModuleFailed
from stiletto.graph.kind import Kind
from stiletto.module.addresses import secret_arguments
from stiletto.module.git_url import is_git_url
from stiletto.module.remote import expanded


@dataclass(frozen=True, slots=True)
class Origin:
    """A line of a file: its path, its number, the name that it sets, a digest of the whole file."""

    path: str
    line: int
    name: str
    digest: str

    @staticmethod
    def of(path: str, text: str, line: int, name: str) -> Origin:
        """Return the origin of a line of a text."""
        return Origin(path, line, name, hashlib.sha256(text.encode()).hexdigest())


def line_of(text: str, value: str) -> int:
    """Return the first line of a JSON text that contains a value as it is written there; else 1."""
    written = (json.dumps(value), json.dumps(value, ensure_ascii=False))
    for number, line in enumerate(text.split("\n"), 1):
        if any(each in line for each in written):
            return number
    return 1


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
_COLON = re.compile(r"\s*:")


def line_at(text: str, path: Sequence[str | int]) -> int:
    """Return the line of a key or a list's item in a JSON text; else that of what is around it.

    `path` is made of keys and indexes from the top.
    """
    line, deepest = 1, 0
    here: list[str | int] = []
    for token in _TOKEN.finditer(text):
        match token[0]:
            case "}" | "]":
                here = here[:-1]
                continue
            case ",":
                if here and isinstance(here[-1], int):
                    here[-1] += 1
                continue
            case ":":
                continue
            case value if value[0] == '"' and here and not isinstance(here[-1], int):
                if _COLON.match(text, token.end()):
                    here[-1] = json.loads(value, strict=False)
        depth = len(here)
        if deepest < depth <= len(path) and here == list(path[:depth]):
            line, deepest = text.count("\n", 0, token.start()) + 1, depth
        if token[0] in ("{", "["):
            here.append(0 if token[0] == "[" else "")
    return line


def acts(arg: ArgDef, text: str, workdir: Path, root: Path) -> str | None:
    """Return what using this address does to the machine, or None if it needs no consent.

    Environment variables are read unasked, and files and directories beneath `root`.
    """
    if arg.type.kind is Kind.LIST and arg.type.element is not None:
        found = (_acts(arg.type.element.name, t.strip(), workdir, root) for t in text.split(","))
        return next((each for each in found if each is not None), None)
    return _acts(arg.type.name, text, workdir, root)


def _acts(type_name: str, text: str, workdir: Path, root: Path) -> str | None:
    match type_name:
        case "Secret":
            scheme, _, rest = secret_arguments(text)["uri"].partition("://")
            if scheme == "cmd":
                return f"runs the command: {rest}"
            return f"reads the file: {rest}" if scheme == "file" else None
        case "Directory" | "File" | "GitRef" | "GitRepository":
            if is_git_url(text):
                return None
            text = text.partition("#")[0] if type_name == "GitRef" else text
            at = (workdir / expanded(text.removeprefix("file://"))).resolve()
            return None if at.is_relative_to(root.resolve()) else f"reads {at}"
        case "Socket":
            return f"connects to {text}"
        case _:
            return None


def refuse_byte_order_mark(text: str, path: Path, syntax: str) -> None:
    """Refuse a text that begins with a byte order mark, which its syntax does not have.

    Raises:
        ModuleFailed: it does.
    """
    if text.startswith("\ufeff"):
        raise ModuleFailed(
            f"{path}:1: begins with a byte order mark, which {syntax} does not have",
            hint="write the file in UTF-8 without it",
        )
