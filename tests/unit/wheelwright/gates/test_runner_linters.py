"""What an environment of a runner calls, and what else it does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.wheelwright.gates.linted import BARE, RUFF
from tests.unit.wheelwright.samples import project
from wheelwright.errors import ProjectError
from wheelwright.gates import linting
from wheelwright.gates.lint import Lint

HOOK = (
    "repos:\n- repo: https://github.com/astral-sh/ruff-pre-commit\n  rev: v0.9.0\n"
    "  hooks: [{id: ruff}]\n"
)
SESSION = "import nox\n\n@nox.session\ndef {name}(session):\n{body}\n"


def nox(body: str, name: str = "lint") -> dict[str, str]:
    """Return a noxfile with a session."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return {"noxfile.py": SESSION.format(name=name, body=lines)}


def test_a_session_runs_with_its_plugins_versions_and_variables() -> None:
    """What else it calls is named as not run."""
    files = nox(
        'session.install("flake8==7.1.1", "flake8-bugbear", "pylint")\n'
        'session.run("flake8", "src", env={"MODE": "all"})\n'
        'session.run("pylint", "src")\nsession.run("sphinx-build")'
    )
    chosen = linting.choose(project(BARE, files), "lint", "3.12")
    (call,) = chosen.calls
    (step,) = call.steps()
    assert "flake8==7.1.1" == call.tool.requirement
    assert ("flake8-bugbear",) == call.tool.beside
    assert {"MODE": "all"} == dict(step.variables)
    assert (
        "not run of noxfile.py lint: sphinx-build",
        "pylint is called by lint of noxfile.py, and no gate runs it",
    ) == chosen.notes


def test_a_linter_that_no_gate_runs_is_named() -> None:
    """It may be in another environment than the one that is run, or beside a configuration."""
    files = nox('session.run("pylint", "src")', "deep") | {"ruff.toml": ""}
    chosen = linting.choose(project(BARE, files), "lint", "3.12")
    assert ("pylint is called by deep of noxfile.py, and no gate runs it",) == chosen.notes
    assert not linting.choose(project(BARE, files), "format", "3.12").notes
    broken = {"noxfile.py": "not python", "ruff.toml": "", ".pre-commit-config.yaml": HOOK}
    found = linting.choose(replace(project(BARE, broken), paths=("a.py",)), "lint", "3.12")
    assert ("ruff check", ()) == (found.calls[0].program.name, found.notes)


def test_what_writes_gives_way_to_what_checks() -> None:
    """A session that formats is used only where nothing checks; it is run as a check."""
    writes = 'session.run("black", "."){more}'
    both = project(BARE, nox(writes.format(more='\nsession.run("black", "--check", "src")')))
    alone = project(BARE, nox(writes.format(more="")))
    assert [("black", "--check", "src")] == [
        call.line for call in linting.choose(both, "format", "3.12").calls
    ]
    (call,) = linting.choose(alone, "format", "3.12").calls
    assert ("black", "--check", "--diff", ".") == call.checking
    assert ("black", ".") == call.writing


def test_a_command_that_may_fail_decides_nothing() -> None:
    """A script whose exit code is ignored is no check."""
    table = '[tool.hatch.envs.style.scripts]\ncheck = "- flake8 src"\n'
    assert () == linting.choose(project(BARE + table), "lint", "3.12").calls


def test_scripts_of_hatch_are_read_through_a_shell() -> None:
    """`ruff check . && ruff format --check .` is a line of a shell."""
    table = '[tool.hatch.envs.style.scripts]\ncheck = "ruff check src && black --check src"\n'
    package = project(BARE + table)
    lines = [
        call.line
        for gate in ("lint", "format")
        for call in linting.choose(package, gate, "3.12").calls
    ]
    assert [("ruff", "check", "src"), ("black", "--check", "src")] == lines


def test_a_broken_runner_names_the_setting_that_goes_around_it() -> None:
    """Only for the gate that needs it."""
    with pytest.raises(ProjectError, match=r"noxfile\.py.*lint in \[tool\.wheelwright\]"):
        Lint().configured(project(RUFF, {"noxfile.py": "def (\n"}))
    around = RUFF + '[tool.wheelwright]\nlint = ["ruff", "check"]\n'
    assert "" == Lint().configured(project(around, {"noxfile.py": "def (\n"}))


def test_a_computed_command_is_named() -> None:
    """Where nothing else names a linter, the line that computes one is part of the reason."""
    files = nox("import tools\nsession.run(*tools.flake8())")
    assert "noxfile.py:6" in Lint().configured(project(BARE, files))
