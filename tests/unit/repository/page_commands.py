"""The commands of the pages: fenced blocks, where they run, and why one does not.

    <!-- run in: new -->              from here on in a new place of this kind, see test_pages.py
    <!-- not run: needs GitHub -->    the next block is not run, for this reason
    <!-- exits with 1 -->             the last command of the next block ends with this code

A block of `console` has commands behind `$ `, and what they print; in one of `sh` each line is a
command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.unit.repository.registered import ROOT

PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(path for path in ROOT.glob("docs/**/*.md") if "site" not in path.parts),
)

CLONE = "clone"
"""The place of commands of this repository, whichever page they are on."""
PLACE = "demo"
"""The place where a page names none: a sample package with the toolchain."""

_LINE = re.compile(
    r"^ *(?:"
    r"<!-- run in: (?P<place>.+?) -->"
    r"|<!-- not run: (?P<reason>.+?) -->"
    r"|<!-- exits with (?P<code>\d+) -->"
    r"|```(?P<language>\w*)"
    r")\s*$"
)
_OF_CLONE = re.compile(r"^(?:uv run |build/uv/|python3 -m venv build/uv)")


@dataclass(frozen=True)
class Command:
    """A command, and the lines that the page shows below it."""

    text: str
    shown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Block:
    """A fenced block of commands.

    Attributes:
        line: where it begins on its page.
        place: the kind of place that it runs in.
        begins: whether that place is made for it.
        not_run: why it is not run; empty if it is.
        code: the exit code of its last command.
    """

    line: int
    commands: tuple[Command, ...]
    place: str = PLACE
    begins: bool = False
    not_run: str = ""
    code: int = 0


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of commands of a page."""
    place, begins, reason, code = PLACE, True, "", 0
    body: list[str] = []
    language = None
    start = 0
    for number, line in enumerate(text.splitlines(), 1):
        found = _LINE.match(line)
        if language is not None:
            if found is None or found["language"] is None:
                body.append(line.strip())
                continue
            if language in ("console", "sh"):
                commands = tuple(_commands(body, language))
                here = CLONE if commands and _OF_CLONE.match(commands[0].text) else place
                yield Block(start, commands, here, begins and here == place, reason, code)
                begins = begins and (here != place or bool(reason))
            language, reason, code = None, "", 0
        elif found is None:
            continue
        elif found["place"]:
            place, begins = found["place"], True
        elif found["reason"]:
            reason = found["reason"]
        elif found["code"]:
            code = int(found["code"])
        else:
            language, body, start = found["language"], [], number


def _commands(lines: list[str], language: str) -> Iterator[Command]:
    text = "\n".join(lines).replace("\\\n", " ")
    shown: list[str] = []
    command = ""
    for line in text.splitlines():
        if language == "sh" and line.startswith("#"):
            continue
        if line.startswith("$ ") if language == "console" else line:
            if command:
                yield Command(command, tuple(shown))
            command, shown = line.removeprefix("$ "), []
        elif line:
            shown.append(line)
    if command:
        yield Command(command, tuple(shown))


def of_pages() -> Iterator[tuple[Path, Block]]:
    """Yield every block of every page."""
    for page in PAGES:
        for block in blocks(page.read_text(encoding="utf-8")):
            yield page, block
