"""docs/settings.md is what the code has: tables, functions, options, variables."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from stiletto.cli.line import functions_of
from tests.unit.repository.registered import MODULE
from tests.unit.repository.settings_page import (
    INTERNAL,
    PAGE,
    READ,
    SEEN,
    TABLES,
    in_code,
    key_rows,
    page,
)
from tests.unit.wheelwright.samples import LIKE_CLICK, project
from wheelwright.errors import ProjectError

KEYS = [
    (name, key.strip("`"), value)
    for name, (settings, _) in TABLES.items()
    for key, value, _, _ in key_rows(settings)
]


def test_page_is_current() -> None:
    """The page is exactly what the code has."""
    assert page() == PAGE.read_text(encoding="utf-8"), (
        "run: uv run python -m tests.unit.repository.settings_page"
    )


@pytest.mark.parametrize(("table", "key"), [(table, key) for table, key, _ in KEYS])
def test_key_is_known(table: str, key: str) -> None:
    """A key of the page with a value that no key takes is a wrong value, not an unknown key."""
    with pytest.raises(ProjectError) as caught:
        project(f"{LIKE_CLICK}[{table}]\n{key} = 2026-01-31\n")

    assert "unknown key" not in caught.value.message


@pytest.mark.parametrize(("table", "key", "value"), KEYS)
def test_values_of_the_page_are_read(table: str, key: str, value: str) -> None:
    """Each value that the page names for a key is one that the key takes."""
    kind, _, shown = value.partition(": ")
    for example in re.findall(r"`([^`]+)`", shown):
        one = f"[{example}]" if kind == "list" and not example.startswith("[") else example
        project(f"{LIKE_CLICK}[{table}]\n{key} = {one}\n")


@pytest.mark.parametrize("name", TABLES)
def test_every_key_is_described(name: str) -> None:
    """Each has an effect, and a default that counts where it is not set is that of the page."""
    settings, _ = TABLES[name]
    for field in fields(settings):
        assert field.metadata["effect"]
        if field.default and isinstance(field.default, (str, int)):
            assert f"`{field.default}`" == field.metadata["unset"]


def test_every_function_has_a_section() -> None:
    """The page has each function of the module once, by the name that is typed."""
    text = PAGE.read_text(encoding="utf-8")
    sections = re.findall(r"^### ([a-z][a-z-]+)$", text, re.MULTILINE)

    assert sorted(functions_of(MODULE.main_object)) == sections


def test_every_variable_of_the_code_is_described() -> None:
    """What the code reads or sets is on the page, or named as internal; nothing else is."""
    described = READ.keys() | SEEN.keys()

    assert in_code() == described | INTERNAL
    assert set() == described & INTERNAL
