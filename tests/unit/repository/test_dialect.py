"""One way to write a call: `stiletto call wheelwright ci`, and with Dagger the same after `dagger`.

A call of the module by its address (`-m`) has no name of a toolchain. CONTRIBUTING.md is about this
repository, in which the module is called as itself; so is a sample package in README.md.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.repository.registered import RECORD
from tests.unit.repository.test_named_commands import messages

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
TEMPLATES = sorted(path for path in (ROOT / "src/wheelwright/github/templates").iterdir())
CALL = re.compile(r"\b(?:dagger|stiletto)(?: -m \S+)? call\b(?! wheelwright\b)(?P<rest>[^`\n]*)")

OTHERS = {
    "": "the command itself",
    " -m": "the module by its address",
    " --source .": "the same, with `-m` before the command",
    " --source tests/fixtures/": "a sample of this repository, by the module around it",
    " --help": "help of the command",
    " ...": "the command, with anything",
    " [options]": "its help",
    " FUNCTION": "the table of Dagger 1.0",
    " VALUE": "what the caller typed, as it was",
}
"""How a call may continue beside the toolchain's name -> what that is."""


def other_forms(text: str) -> list[str]:
    """Return the calls that are written in another way, in prose and in blocks."""
    found = (match["rest"].rstrip() for match in CALL.finditer(text))
    allowed = tuple(filter(None, OTHERS))
    return [rest for rest in found if rest and not rest.startswith(allowed)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_call_the_toolchain(page: Path) -> None:
    """Every call of a page is one of the toolchain, or has the module's address."""
    text = page.read_text(encoding="utf-8")
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    blocks = re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)

    assert [] == [form for part in (*spans, *blocks) for form in other_forms(part)]


def test_messages_call_the_toolchain() -> None:
    """So is every call that a message or a help names."""
    found = {
        f"{path.name}: {form}"
        for path in SOURCES
        for text in messages(path)
        for form in other_forms(text)
    }
    assert set() == found


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_call_the_toolchain(template: Path) -> None:
    """So is every call in what is generated."""
    lines = template.read_text(encoding="utf-8").splitlines()

    assert [] == [form for line in lines for form in other_forms(line)]


def test_help_calls_the_toolchain() -> None:
    """So is every call in the help that functions and the module have."""
    lines = RECORD.read_text(encoding="utf-8").replace("\\n", "\n").splitlines()

    assert [] == [form for line in lines for form in other_forms(line)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dagger call ci", [" ci"]),
        ("stiletto call matrix --plan", [" matrix --plan"]),
        ("stiletto call --source . wheelwright", []),
        ("$ stiletto call wheelwright ci", []),
        ("stiletto call wheel", [" wheel"]),
        ("stiletto -m ADDRESS call --source . lint", []),
        ("dagger call -m ADDRESS --source . init -y", []),
    ],
)
def test_what_the_rule_finds(text: str, expected: list[str]) -> None:
    """Functions directly behind `call` are found; addresses and the toolchain's name are not."""
    assert expected == other_forms(text)
