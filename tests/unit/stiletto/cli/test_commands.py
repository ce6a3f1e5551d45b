"""`stiletto functions`, and the help of a module that cannot be loaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.stiletto.cli.cli_fake import MODULE, SAMPLE, SMALL, FakeLauncher, Shell


def test_help_of_a_broken_module_still_teaches(tmp_path: Path) -> None:
    """The error is shown, and the flags that are known without the module."""
    ended = Shell(tmp_path)("call", "-m", "missing", "--help")
    assert ended.out.startswith("Call one or more functions")
    assert ended.err.startswith("Error: no dagger.json at missing\n")
    wanted = 1
    assert wanted == ended.code


FUNCTIONS = """\
Name        Description
echo        Say it again.
set-level   Return the level.
tests       The tests.
version     The version of the sample.

Skipped 1 function(s) with unsupported types: combine
"""


def test_functions_are_listed_by_name(tmp_path: Path) -> None:
    """Fields are functions; what cannot be called is counted."""
    ended = Shell(tmp_path, launcher=FakeLauncher(module=SMALL))("functions")
    wanted = (0, FUNCTIONS, "")
    assert wanted == (ended.code, ended.out, ended.err)


@pytest.mark.parametrize("name", ["tests", "Tests"])
def test_functions_follow_a_chain(tmp_path: Path, name: str) -> None:
    """The functions of what a function returns, also of a list's elements."""
    shell = Shell(tmp_path)
    assert "unit    Fast tests.\n" in shell("functions", name).out
    assert "contents   Retrieve the contents.\n" in shell("functions", "wheels").out
    assert "file      Retrieve a file.\n" in shell("functions", "sources").out


def test_no_functions_is_said(tmp_path: Path) -> None:
    """An object without functions is no error."""
    module = replace(
        MODULE, objects={"Sample": replace(SAMPLE, functions={}, fields={}, constructor=None)}
    )
    ended = Shell(tmp_path, launcher=FakeLauncher(module=module))("functions")
    wanted = (0, "", "No functions found.\n")
    assert wanted == (ended.code, ended.out, ended.err)


def test_a_call_on_nothing_names_the_file(tmp_path: Path) -> None:
    """A dagger.json alone has nothing to call, whatever was typed."""
    (tmp_path / "dagger.json").write_text('{"name": "x"}')
    module = replace(
        MODULE, objects={"Sample": replace(SAMPLE, functions={}, fields={}, constructor=None)}
    )
    ended = Shell(tmp_path, launcher=FakeLauncher(module=module))("call", "test")
    wanted = (
        f"Error: {tmp_path}/dagger.json has neither a module with functions nor toolchains\n"
        "  hint: add a toolchain with `stiletto init` or `stiletto toolchain install ADDRESS`\n"
    )
    assert (1, "", wanted) == (ended.code, ended.out, ended.err)
