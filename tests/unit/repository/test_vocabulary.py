"""What users read is plain English: messages, help, docs and workflows avoid a list of words.

The list is data: what is refused, and what to write instead. Each exception has its reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

VOCABULARY = {
    r"\bwords\b": "command, arguments, response",
    r"\b(?:says?|said|tells?|told)\b": "prints, reports, shows, names",
    r"(?<!there )\b(?:is|are) no\b(?! (?:longer|more than|limit)\b)": "is not a Y; invalid Y",
    r"\bholds?\b(?! (?:the|its|a) lock\b| them for approval\b)": "contains, has",
    r"\b(?:nobody|somebody|whoever)\b|\bwho alone\b": "no X, another run, anyone who",
    r"\basked for\b|\bas asked\b|% asked|\bit was asked\b": "set, given, requested, required",
    r"\banswered (?:from|by) the store\b|\ban earlier one\b": "cached, from the cache",
    r"\b(?:take|takes|took|taken|taking) (?:in|away)\b": "ingest, remove",
    r"\b(?:lay|lays|laid) (?:over|out)\b": "copy onto, prepare",
    r"\bcannot be (?:had|followed)\b": "not found, cannot be resolved, invalid",
    r"\bthe usual one\b|\bwithout a word\b": "the default, by default",
    r"\bthe other way\b": "from an existing tag",
    r"\bbelongs? into\b|\b(?:stands?|stood) in\b": "belongs in, is in",
    r"\bstands? alone\b|(?<!left )(?<!this Python )\balone\b": "only",
    r"\b(?:bench|gist)\b": "loaded project, content",
    r"\b(?:rooms|house)\b|\b(?:a|the|this|each|every) room\b": "package; module for one file",
    r"\bfails nothing\b|\bdoes nothing of it\b": "does not fail the call",
    r"\b(?:made|makes?|worked out|written) anew\b": "recreated, calculated again",
    r"\b(?:no \w+|what) is called\b": "unknown Y",
    r"\bgo(?:es)? on\b(?! the)": "continues",
}
"""What is refused, as a pattern -> what to write instead."""

EXCEPTIONS = {
    'mv "$health/saying" "$health/said"': "a script that is part of a service's key",
}
"""A part of a text that may stay -> why."""

IN_KEYS = ("wheelwright/inside", "wheelwright/release/inside")
"""Programs whose text is part of a step's key: a new wording would run every stored step again."""

DAGGER_SHOWS = ("wheelwright/main.py", "wheelwright/module/")
"""Modules whose docstrings are the help of functions and types."""

SOURCES = [
    path
    for path in sorted((ROOT / "src").rglob("*.py"))
    if not str(path.relative_to(ROOT / "src")).startswith(IN_KEYS)
]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted((ROOT / "src/wheelwright/github/templates").iterdir()),
]


def refused(text: str) -> list[str]:
    """Return what the vocabulary refuses in a text, each with what to write instead."""
    if any(part in text for part in EXCEPTIONS):
        return []
    return [
        f'"{found[0]}": write {instead}'
        for pattern, instead in VOCABULARY.items()
        if (found := re.search(pattern, text, re.IGNORECASE))
    ]


def docstrings(tree: ast.AST) -> dict[int, ast.AST]:
    """Return what each docstring belongs to, by the identity of its node."""
    return {
        id(statement.value): node
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        for statement in node.body
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    }


def is_help(owner: ast.AST) -> bool:
    """Whether Dagger shows the docstring of this: a decorated function, or a class."""
    return isinstance(owner, ast.ClassDef) or bool(getattr(owner, "decorator_list", ()))


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of every string with a blank in a module, and of docstrings with help.

    A string that is written in the code is printed, raised or shown as help, or it is a program of
    another language; identifiers and keys have no blank.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    owners = docstrings(tree)
    has_help = str(path.relative_to(ROOT / "src")).startswith(DAGGER_SHOWS)
    parts: set[int] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.expr):
            continue
        text = ""
        if isinstance(node, ast.JoinedStr):
            parts |= {id(value) for value in node.values}
            values = (value.value for value in node.values if isinstance(value, ast.Constant))
            text = "{}".join(map(str, values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            owner = owners.get(id(node))
            if id(node) not in parts and (owner is None or (has_help and is_help(owner))):
                text = node.value
        if re.search(r"\w\W* +\W*\w", text):
            yield node.lineno, " ".join(text.split())


def paragraphs(page: Path) -> list[str]:
    """Return the sentences of a page without code, one text for each paragraph, item and cell."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".md":
        text = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", text, flags=re.DOTALL)
    else:
        text = re.sub(r"@\w+@", "", text)
    parts = re.split(r"\n\s*\n|\n\s*(?:[-*|]|\d+\.) ", text)
    return [" ".join(part.split()) for part in parts]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_texts_of_the_sources_are_plain(path: Path) -> None:
    """No message, help or note in a module has a refused word."""
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text}: {'; '.join(wrong)}"
        for line, text in texts(path)
        if (wrong := refused(text))
    ]

    assert [] == found


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_are_plain(page: Path) -> None:
    """No sentence of a page or of a workflow has a refused word."""
    found = [
        f"{paragraph}: {'; '.join(wrong)}"
        for paragraph in paragraphs(page)
        if (wrong := refused(paragraph))
    ]

    assert [] == found


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('raise E(f"{a} is no duration")', True),
        ('raise E("the file holds " "two tables")', True),
        ('say("run the same words with dagger")', True),
        ('HELP = """\nWhat nobody used.\n"""', True),
        ('flag = Flag(doc="Names the engine.")', False),
        ('words = held["words"]', False),
    ],
)
def test_what_the_rule_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, found: bool
) -> None:
    """Messages, parts of texts and help are read; names and keys are not."""
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    module = tmp_path / "src" / "module.py"
    module.parent.mkdir()
    module.write_text(code, encoding="utf-8")

    assert found == any(refused(text) for _, text in texts(module))
