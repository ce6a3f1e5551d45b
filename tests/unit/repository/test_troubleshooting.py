"""The page of messages has messages that exist, and messages lead to pages that exist."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from stiletto import distribution
from tests.unit.repository.test_docs import anchors
from tests.unit.repository.test_named_commands import messages
from wheelwright import identity
from wheelwright.release.decide.stops import Reason

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "troubleshooting.md"
SOURCES = sorted((ROOT / "src").rglob("*.py"))
SECTIONS = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
DOCUMENTATION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"][
    "Documentation"
]

OTHERS = {
    "Skipped 1 function(s) with unsupported types: with": "Dagger's own, of a field of its own",
    "  replay: sh ~/.cache/stiletto/replay/cc325332259d0bf6.sh": "a label and a command",
    "again: stiletto call wheelwright test --python 3.12 --args=tests/test_a.py::test_b": "too",
}
"""A message that no string of the sources has -> why."""

LEAST_CHARS = 12
"""What a string of the sources must have in common with a message."""


def blocks(section: str) -> list[str]:
    """Return the lines of the messages of a section."""
    found = re.findall(r"^```text\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return [line for block in found for line in block.splitlines()]


def known() -> Iterator[re.Pattern[str]]:
    """Yield the strings of the sources as patterns, values in them as anything."""
    for path in SOURCES:
        for text in messages(path):
            for part in text.splitlines():
                if len(part.replace("VALUE", "").strip()) >= LEAST_CHARS:
                    fixed = [re.escape(each.strip(" ")) for each in part.split("VALUE")]
                    yield re.compile(r".*?".join(fixed))


PATTERNS = tuple(known())


@pytest.mark.parametrize("section", SECTIONS, ids=lambda text: text.partition("\n")[0])
def test_section_begins_with_a_message_of_the_sources(section: str) -> None:
    """Below each heading is a message, and a string of the sources makes it."""
    lines = blocks(section)

    assert section.partition("\n\n")[2].startswith("```text\n")
    assert [] == [
        line
        for line in lines
        if line not in OTHERS and not any(pattern.search(line) for pattern in PATTERNS)
    ]


def pages_of(path: Path) -> Iterator[tuple[str, str]]:
    """Yield page and heading of each address that a module builds from literals."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "page":
            values = [each.value for each in node.args if isinstance(each, ast.Constant)]
            if len(values) == len(node.args):
                yield str(values[0]), str(values[1]) if len(values) > 1 else ""


def test_addresses_in_messages_are_pages_and_headings() -> None:
    """Each page that a message names is in docs/, with that heading."""
    named = {found for path in SOURCES for found in pages_of(path)}
    urls = {(page, identity.page(page, heading).partition("#")[2]) for page, heading in named}

    assert named
    assert [] == [page for page, _ in urls if not (ROOT / "docs" / f"{page}.md").is_file()]
    assert [] == [
        (page, anchor)
        for page, anchor in urls
        if anchor and anchor not in anchors(ROOT / "docs" / f"{page}.md")
    ]


@pytest.mark.parametrize("reason", Reason)
def test_address_of_a_stop_is_a_heading(reason: Reason) -> None:
    """The page of recovery has the heading that the address of a stop ends with."""
    address = identity.page("recovery", reason.value)

    assert address.partition("#")[2] in anchors(ROOT / "docs" / "recovery.md")


def test_messages_name_no_path_of_this_repository() -> None:
    """A user has no docs/ of ours: a message gives the page's address instead."""
    pages = "|".join(path.stem for path in (ROOT / "docs").glob("*.md"))
    named = re.compile(rf"\b(?:docs/)?(?:{pages})\.md\b")
    found = {
        f"{path.name}: {text}" for path in SOURCES for text in messages(path) if named.search(text)
    }
    assert set() == found


def test_both_packages_build_the_same_address() -> None:
    """Pages are beneath the address of `[project.urls] Documentation`."""
    arguments = ("functions", "Which Python")

    assert f"{DOCUMENTATION}/functions.md#which-python" == identity.page(*arguments)
    assert identity.page(*arguments) == distribution.page(*arguments)
    assert f"{DOCUMENTATION}/ci.md" == identity.page("ci")
