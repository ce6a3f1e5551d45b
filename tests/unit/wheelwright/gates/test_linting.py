"""The first place that names a linter or a formatter decides what runs."""

from __future__ import annotations

import pytest

from tests.unit.wheelwright.gates.linted import BARE, RUFF, hooked, ruff_hooks
from tests.unit.wheelwright.samples import project
from wheelwright.errors import ProjectError
from wheelwright.gates import linting
from wheelwright.gates.format import Format
from wheelwright.gates.gate import Ran
from wheelwright.gates.lint import Lint
from wheelwright.gates.result import Verdict

NOX = """\
import nox

@nox.session
def lint(session):
    session.install("flake8")
    session.run("flake8", "src")
    session.run("black", "--check", "src")
"""
SET = '[tool.wheelwright]\nlint = ["flake8", "src"]\nformat = ["black", "src"]\n'


@pytest.mark.parametrize("gate", ["lint", "format"])
def test_a_setting_is_first_then_hooks_then_runners_then_configuration(gate: str) -> None:
    """Each of them is named as the place."""
    config = ruff_hooks("id: ruff-check", "id: ruff-format")
    nox = {"noxfile.py": NOX}
    packages = [
        hooked(config, ["a.py"], RUFF + SET, **nox),
        hooked(config, ["a.py"], RUFF, **nox),
        project(RUFF, nox),
        project(RUFF),
    ]
    name = {"lint": "ruff-check", "format": "ruff-format"}[gate]
    assert [
        "pyproject.toml [tool.wheelwright]",
        f".pre-commit-config.yaml {name}",
        "noxfile.py lint",
        "pyproject.toml [tool.ruff]",
    ] == [call.place for each in packages for call in linting.choose(each, gate, "3.12").calls]


def test_a_setting_is_run_as_one_that_looks() -> None:
    """The command as written, from the package's directory."""
    package = project(BARE + SET)
    (lint,), (formatting,) = (gate.plan(package, "3.12") for gate in (Lint(), Format()))
    assert ("flake8", "src", "--format=default") == lint.args
    assert ("black", "--check", "--diff", "src") == formatting.args


def test_a_setting_with_another_program_is_refused() -> None:
    """With those that are known."""
    package = project(BARE + '[tool.wheelwright]\nlint = ["pylint", "src"]\n')
    with pytest.raises(ProjectError, match='unknown program "pylint"; start the command with'):
        Lint().plan(package, "3.12")


def test_imports_may_be_sorted_by_another_place() -> None:
    """A hook of isort does not hide that nox runs flake8."""
    isort = "  - repo: https://github.com/PyCQA/isort\n    rev: 6.0.1\n    hooks: [{id: isort}]\n"
    package = hooked(f"repos:\n{isort}", ["a.py"], **{"noxfile.py": NOX})
    calls = linting.choose(package, "lint", "3.12").calls
    assert ["noxfile.py lint", ".pre-commit-config.yaml isort"] == [call.place for call in calls]


def test_ruff_replaces_what_is_configured_and_not_called() -> None:
    """Sections of flake8 and isort are often left behind: a note names them."""
    chosen = linting.choose(project(RUFF, {"setup.cfg": "[flake8]\n[isort]\n"}), "lint", "3.12")
    assert ["ruff"] == [call.tool.name for call in chosen.calls]
    assert (
        "flake8 is configured, and nothing calls it",
        "isort is configured, and nothing calls it",
    ) == chosen.notes


def test_several_linters_are_one_verdict() -> None:
    """The failed one comes first, and each is named."""
    package = project(BARE, {"setup.cfg": "[flake8]\n[isort]\n"})
    unsorted = "ERROR: /src/src/b.py Imports are incorrectly sorted and/or formatted.\n"
    result = Lint().judge(
        package, "3.12", [Ran(0, tool="flake8 1"), Ran(1, "diff", unsorted, tool="isort 1")]
    )
    assert Verdict.FAILED is result.verdict
    assert result.note.startswith("isort would change 1 file (src/b.py); `format` writes them;")
    assert "; no issues; flake8 1, from setup.cfg [flake8]" in result.note


def test_a_version_that_only_the_index_knows_is_the_printed_one() -> None:
    """A range in a group is installed as it is."""
    package = project(BARE + '[dependency-groups]\nlint = ["ruff>=0.5"]\n')
    (step,) = Lint().plan(package, "3.12")
    assert step.matches_version("ruff 0.16.3\n")
    result = Lint().judge(package, "3.12", [Ran(0, "[]", version="ruff 0.16.3\n", tool="x")])
    assert 'no issues; ruff 0.16.3 (from pyproject.toml), from pyproject.toml group "lint"' == (
        result.note
    )
