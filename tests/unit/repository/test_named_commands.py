"""Every command that a page or a message names exists, with those options.

Stiletto's command line reads them against the module's recorded definition, as it would read them
from a terminal: an unknown function, an unknown option or a value of another kind is refused.
"""

from __future__ import annotations

import ast
import dataclasses
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stiletto.cli.line import arg_flags, functions_of, read_line, skipped
from stiletto.cli.options import Options
from stiletto.errors import UsageError
from tests.unit.repository.registered import MODULE, ROOT, TYPES
from wheelwright.release.act.calling import commands
from wheelwright.release.act.options import ReleaseOptions

FUNCTIONS = functions_of(MODULE.main_object)
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]
SOURCES = sorted((ROOT / "src" / "wheelwright").rglob("*.py"))

FENCE = re.compile(r"^ *```(?:console|sh)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^ {4}((?:dagger|stiletto) call .*)$", re.MULTILINE)
SPAN = re.compile(r"`([^`\n]+)`")
FLAG = re.compile(r"(?<![\w-])--([a-z][a-z-]+)")

OTHERS = {
    "--unshallow": "git fetch",
    "--hash": "a line of requirements.txt",
    "--print-build-identifiers": "cibuildwheel",
}
"""Options in messages about releases that are of another program -> which."""


KNOWN = {
    f"--{flag}"
    for function in (*FUNCTIONS.values(), MODULE.main_object.constructor)
    if function is not None
    for flag in arg_flags(function, TYPES)
}


def refusal(command: str, *, whole: bool = True) -> str:
    """Return why the command line refuses a command; empty where it reads it.

    What is not `whole` may lack required options.
    """
    words = [word for word in shlex.split(command, comments=True) if word != "..."]
    for at, word in enumerate(words):
        if word in (">", "|", "&&"):
            words = words[:at]
            break
    if words[:1] in (["dagger"], ["stiletto"]):
        words = words[2:]
    words = [word for word in words if word != "wheelwright"]
    words = [re.sub(r"^\[|\]$", "", word).replace("SECRET", "env:SECRET") for word in words]
    words = ["1" if word == "N" else re.sub(r"\\?\|.*", "", word) for word in words]
    try:
        read_line([*words, *([] if whole else ["--help"])], MODULE, TYPES, Options())
    except UsageError as error:
        return f"{command}: {error.message}"
    return ""


def blocks(text: str) -> Iterator[str]:
    """Yield the calls of a page's blocks."""
    for block in FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            if found := re.search(r"\b(?:dagger|stiletto) call\b.*", line):
                yield found[0]
    yield from INDENTED.findall(text)


def spans(text: str) -> Iterator[str]:
    """Yield the calls that stand in a sentence or a table: a function with an option."""
    for span in SPAN.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        words = span.split()
        if "FUNCTION" in words:
            continue
        if words[:2] in (["dagger", "call"], ["stiletto", "call"]) or (
            len(words) > 1 and words[0] in FUNCTIONS and words[1].lstrip("[").startswith("-")
        ):
            yield span


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_calls_of_the_pages_are_possible(page: Path) -> None:
    """Blocks have whole commands; a sentence may leave out what is required."""
    text = page.read_text(encoding="utf-8")
    found = [refusal(each) for each in blocks(text)]
    found += [refusal(each, whole=False) for each in spans(text)]

    assert [] == [each for each in found if each]


def messages(path: Path) -> Iterator[str]:
    """Yield the strings of a module that have a blank, a value in one as `VALUE`; no docstrings."""
    passed: set[int] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        text = ""
        if isinstance(node, ast.Expr):
            passed.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            passed |= {id(value) for value in node.values}
            text = "".join(
                str(value.value) if isinstance(value, ast.Constant) else "VALUE"
                for value in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = "" if id(node) in passed else node.value
        if " " in text.strip():
            yield text


def test_calls_of_messages_are_possible() -> None:
    """What a message has in code marks can be called."""
    found = [
        refusal(call, whole=False)
        for path in SOURCES
        for text in messages(path)
        for call in spans(text)
    ]

    assert [] == [each for each in found if each]


def test_options_of_messages_about_releases_exist() -> None:
    """Each option that a message names is one of a function, or of a program that is known here."""
    releases = ROOT / "src" / "wheelwright" / "release"
    unknown = {
        f"{path.name}: --{flag}"
        for folder in ("act", "decide")
        for path in (releases / folder).rglob("*.py")
        for text in messages(path)
        for flag in FLAG.findall(text)
        if f"--{flag}" not in KNOWN | set(OTHERS)
    }

    assert set() == unknown


def given(name: str, value: object) -> object:
    """Return a value for an option that differs from its default."""
    match value:
        case bool() | None if name in ("attest", "requirements", "post", "allow_lower"):
            return not value
        case int():
            return 7
        case str():
            return "2026" if name == "source_date_epoch" else "https://h/x.git"
    return value


def test_every_command_of_a_stop_can_be_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With every option given, each command that a stop can name is read without a refusal."""
    monkeypatch.delenv("STILETTO", raising=False)
    every = {
        field.name: given(field.name, field.default)
        for field in dataclasses.fields(ReleaseOptions)
        if field.metadata
    }
    made: Any = ReleaseOptions
    kept = commands(made(**{**every, "package": "x"}))
    named = [
        kept.again,
        kept.status,
        kept.of_version("1.2.4"),
        kept.from_tag("v1.2.4"),
        kept.at_time(7),
        kept.bumped("patch"),
        kept.below(),
        kept.taking_over("a b", "1.2.4"),
        kept.taking_over("$(id)"),
        kept.continuing("run-1", named=False),
    ]

    assert [] == [found for found in map(refusal, named) if found]


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("dagger call release --bumpp patch", "unknown flag: --bumpp"),
        ("stiletto call relase --bump patch", 'unknown command "relase"'),
        ("dagger call release-replay --last many", "invalid argument"),
        ("dagger call publish", "required flag"),
        ("dagger call --package x release --bump patch --take-over='a b'", ""),
    ],
)
def test_what_the_rule_finds(command: str, why: str) -> None:
    """A misspelt function or option, a value of another kind and a missing one are refused."""
    found = refusal(command)
    assert (why in found, bool(why)) == (True, bool(found))


def test_every_function_can_be_called_from_the_command_line() -> None:
    """`functions` skips nothing of ours; on Dagger it names `with`, a field of its own."""
    provided = (MODULE.main_object, *MODULE.objects.values())
    skipped_ones = [
        f"{definition.name}.{name}"
        for definition in provided
        for name, function in functions_of(definition).items()
        if skipped(function, TYPES)
    ]
    assert [] == skipped_ones
