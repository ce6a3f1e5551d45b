"""The files shown in docs/reuse.md are files that Stiletto reads."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from stiletto.module.config import parse_config
from stiletto.module.defaults import parse_env
from stiletto.module.remote import is_remote, parse_reference
from wheelwright import identity

TEXT = (Path(__file__).parents[3] / "docs/reuse.md").read_text()


def blocks(language: str) -> list[str]:
    """Return the text of the blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def test_configurations() -> None:
    """Every dagger.json that is shown can be read, and its sources are references."""
    configs = [parse_config(text, Path("dagger.json")) for text in blocks("json")]

    assert 2 == len(configs)
    for config in configs:
        for related in (*config.dependencies, *config.toolchains):
            found = parse_reference(related.source, Path())
            assert (identity.repository(), "") == found.candidates[0]
            assert found.names_tag


def test_references() -> None:
    """Every reference that is shown means a repository, but for the directory."""
    (text,) = blocks("")[:1]
    found = [line.split()[0].replace("HOST", "example.org") for line in text.splitlines()]

    assert [False, True, True, True, True] == [is_remote(ref, Path()) for ref in found[:5]]


def test_defaults() -> None:
    """The `.env` that is shown means the arguments that its comments name."""
    (text,) = blocks("ini")
    values = parse_env(text).namespace("wheelwright")

    assert "./packages/quay" == values.lookup("source", {})
    assert "quay" == values.lookup("package", {})
    assert "3.12" == values.namespace("test").lookup("python", {})


def test_code() -> None:
    """The code that is shown is Python."""
    programs = [ast.parse(text) for text in blocks("python")]

    assert programs
    assert all(program.body for program in programs)
