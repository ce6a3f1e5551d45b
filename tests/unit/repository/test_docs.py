"""The docs match the code: paths, links, commands, folders, and the table of calls."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from stiletto.cli.main import COMMANDS
from stiletto.engine.calls import CALLS
from stiletto.wire.schema import core_schema
from tests.unit.repository.calls_table import BEGIN, END, ENGINE, LIMITED, REFUSED, ROOT, table

OWN = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]
LINK = re.compile(r"\[[^]]+\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:src|tests|docs|\.ci)/[\w./-]*)`")
BLOCK = re.compile(r"^ *```console\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[str]:
    """Return the commands of a page's console blocks, continued lines joined."""
    found = []
    for block in BLOCK.findall(text):
        joined = block.replace("\\\n", " ")
        found += [line[2:] for line in map(str.strip, joined.splitlines()) if line.startswith("$ ")]
    return found


def test_what_the_table_says_of_calls_is_so() -> None:
    """A call that is limited is implemented; what is refused exists, and is not implemented."""
    types = core_schema().objects
    named = [name for family in REFUSED for name in family.calls]
    whole = {name for family in REFUSED for name in family.types}

    assert set() == LIMITED.keys() - CALLS.keys()
    assert [] == [name for name in named if name in CALLS]
    assert [] == [
        name
        for name in named
        if name.partition(".")[2] not in types[name.partition(".")[0]].functions
    ]
    assert set() == whole - types.keys()
    assert [] == [name for name in CALLS if name.partition(".")[0] in whole]


def test_table_of_calls_is_current() -> None:
    """docs/engine.md has exactly the calls of the schema, as they are implemented."""
    text = ENGINE.read_text(encoding="utf-8")
    written = text.partition(BEGIN)[2].partition(END)[0]

    assert table() == written, "run: uv run python -m tests.unit.repository.calls_table"


@pytest.mark.parametrize("page", OWN, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_paths_lead_somewhere(page: Path) -> None:
    """Every relative link, and every path of this repository that a page names, exists."""
    text = page.read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in LINK.findall(text) if "://" not in link]
    missing = [link for link in links if link and not (page.parent / link).exists()]
    missing += [path for path in PATH.findall(text) if not (ROOT / path).exists()]

    assert [] == missing


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.strip().lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", OWN, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_headings(page: Path) -> None:
    """A link with an anchor names a heading of its page."""
    links = [link.partition("#") for link in LINK.findall(page.read_text(encoding="utf-8"))]
    missing = [
        f"{path}#{anchor}"
        for path, _, anchor in links
        if anchor and "://" not in path
        if anchor not in anchors(page.parent / path if path else page)
    ]

    assert [] == missing


@pytest.mark.parametrize("page", OWN, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_of_stiletto_exist(page: Path) -> None:
    """Every `stiletto WORD` of a console block is a command of the command line."""
    unknown = []
    for command in commands(page.read_text(encoding="utf-8")):
        words = shlex.split(command, comments=True)
        if "stiletto" in words:
            rest = words[words.index("stiletto") + 1 :]
            if not set(rest) & {*COMMANDS, "check", "--version"}:
                unknown.append(command)

    assert [] == unknown
