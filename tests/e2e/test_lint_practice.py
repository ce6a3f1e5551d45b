"""Lint and format are what the project calls: hooks, runners' environments, its own tools."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .bench import Bench
from .repositories import HATCHLING, commit, repository, write

RUFF = "https://github.com/astral-sh/ruff-pre-commit"
TOX = """\
[testenv:lint]
skip_install = true
deps =
    flake8
    isort
commands =
    flake8 src
    isort --check-only --diff src
    codespell src
"""


@pytest.mark.slow
def test_hooks_run_over_their_own_files(stiletto: Bench, tmp_path: Path) -> None:
    """In the version behind `# frozen:`; what a pattern leaves out is counted."""
    config = (
        f"exclude: ^vendored/\nrepos:\n  - repo: {RUFF}\n"
        "    rev: 65dbdb59d2f2d9c3bdc343c566821ad3319ddaa3  # frozen: v0.16.3\n    hooks:\n"
        "      - id: ruff-check\n        exclude: ^docs/\n        args: [--fix]\n"
        "      - id: ruff-format\n        files: ^src/\n"
        "  - repo: https://github.com/codespell-project/codespell\n    rev: v2.4.1\n"
        "    hooks: [{id: codespell}]\n"
    )
    files = {
        "pyproject.toml": HATCHLING.format(name="barge") + '\n[tool.ruff.lint]\nselect = ["F"]\n',
        ".pre-commit-config.yaml": config,
        "src/barge/__init__.py": "",
        "docs/conf.py": "import sys\ny = {  'b':1 }\n",
        "vendored/x.py": "import os\nx = {  'a':1 }\n",
    }
    source = repository(tmp_path / "barge", files)
    # Not tracked yet: pre-commit does not see it either.
    write(source, {"src/barge/new.py": "import os\n"})

    linted = stiletto.passes(source, "lint").out
    formatted = stiletto.passes(source, "check-format").out

    ruff = "ruff 0.16.3 (fixed in .pre-commit-config.yaml), from .pre-commit-config.yaml"
    assert linted.startswith(f"no issues; {ruff} ruff-check; the hook leaves out 2 files")
    assert "note: hooks not run: codespell" in linted
    assert formatted.startswith(
        f"all files are formatted; {ruff} ruff-format; the hook leaves out 2 files"
    )


@pytest.mark.slow
def test_a_program_without_an_extension_is_linted(stiletto: Bench, tmp_path: Path) -> None:
    """An executable file is of the language that its first line names, as pre-commit has it."""
    config = f"repos:\n  - repo: {RUFF}\n    rev: v0.16.3\n    hooks: [{{id: ruff-check}}]\n"
    files = {
        "pyproject.toml": HATCHLING.format(name="barge") + "\n[tool.ruff]\n",
        ".pre-commit-config.yaml": config,
        "src/barge/__init__.py": "",
        "tools/hoist": "#!/usr/bin/env python3\nimport os\n",
        "tools/lower": "#!/bin/sh\nimport os\n",
        "tools/notes": "#!/usr/bin/env python3\nimport os\n",
    }
    source = write(tmp_path / "barge", files)
    (source / "tools" / "a blob").write_bytes(bytes(range(256)))
    for name in ("hoist", "lower", "a blob"):
        (source / "tools" / name).chmod(0o755)

    error = stiletto.fails(commit(source), "lint").error

    assert "1 issue" in error
    assert "tools/hoist:2:8: F401" in error


@pytest.mark.slow
def test_linters_of_tox_run(stiletto: Bench, tmp_path: Path) -> None:
    """Isort fails and flake8 passes: the verdict has both, and names what it does not run."""
    files = {
        "pyproject.toml": HATCHLING.format(name="flake"),
        "setup.cfg": "[flake8]\nmax-line-length = 100\n\n[isort]\nprofile = black\n",
        "tox.ini": TOX,
        "src/flake/__init__.py": "import sys\nimport os\n\nprint(sys, os)\n",
    }
    source = repository(tmp_path / "flake", files)

    error = stiletto.fails(source, "lint").error
    stiletto.passes(source, "format", "-y", cwd=source)
    passed = stiletto.passes(source, "lint").out

    assert error.startswith("isort would change 1 file (src/flake/__init__.py); `format` writes")
    assert "no issues; flake8 7." in error
    assert "from tox.ini [testenv:lint]" in error
    assert "note: not run of tox.ini [testenv:lint]: codespell" in error
    assert "the imports are sorted; isort" in passed


def test_plugins_of_a_hook_are_installed(stiletto: Bench, tmp_path: Path) -> None:
    """What flake8 finds depends on them."""
    config = (
        "repos:\n  - repo: https://github.com/PyCQA/flake8\n    rev: 7.1.2\n    hooks:\n"
        "      - id: flake8\n        additional_dependencies: [pep8-naming==0.14.1]\n"
    )
    files = {
        "pyproject.toml": HATCHLING.format(name="named"),
        ".pre-commit-config.yaml": config,
        "src/named/__init__.py": "def Camel():\n    pass\n",
    }
    error = stiletto.fails(repository(tmp_path / "named", files), "lint").error
    assert error.startswith("1 issue in 1 file; flake8 7.1.2 (fixed in .pre-commit-config.yaml)")
    assert "src/named/__init__.py:1:6: N802" in error


@pytest.mark.slow
def test_black_and_isort_write_what_they_would_change(stiletto: Bench, tmp_path: Path) -> None:
    """`format` uses the tools that the gates use."""
    pyproject = (
        HATCHLING.format(name="coal") + '\n[tool.black]\n\n[tool.isort]\nprofile = "black"\n'
    )
    files = {
        "pyproject.toml": pyproject,
        "src/coal/__init__.py": "import sys\nimport os\nx = {  }\n",
    }
    source = repository(tmp_path / "coal", files)

    would = stiletto.fails(source, "check-format").error
    stiletto.passes(source, "format", "-y", cwd=source)

    assert would.startswith("1 file would change (src/coal/__init__.py); `format` writes them;")
    assert "import os\nimport sys\n\nx = {}\n" == (source / "src/coal/__init__.py").read_text()
    stiletto.passes(source, "check-format")
    stiletto.passes(source, "lint")


@pytest.mark.slow
def test_a_broken_configuration_fails_only_what_needs_it(stiletto: Bench, tmp_path: Path) -> None:
    """With its line and the setting that goes around it; the build is made."""
    files = {
        "pyproject.toml": HATCHLING.format(name="torn") + "\n[tool.ruff]\n",
        ".pre-commit-config.yaml": "repos:\n  - repo: [\n",
        "src/torn/__init__.py": "",
    }
    source = repository(tmp_path / "torn", files)
    said = stiletto.fails(source, "ci").said
    assert ".pre-commit-config.yaml:" in said
    assert "set lint, format and typecheck in [tool.wheelwright]" in said
    assert re.search(r"^build +passed", said, re.MULTILINE)

    settings = '\n[tool.wheelwright]\nlint = ["ruff", "check", "src"]\n'
    write(source, {"pyproject.toml": files["pyproject.toml"] + settings})
    assert "from pyproject.toml [tool.wheelwright]" in stiletto.passes(source, "lint").out


def test_hooks_above_a_package_count_for_its_files(stiletto: Bench, tmp_path: Path) -> None:
    """A package in a directory of a repository is linted as the root's hooks say."""
    config = f"repos:\n  - repo: {RUFF}\n    rev: v0.16.3\n    hooks: [{{id: ruff-check}}]\n"
    files = {
        ".pre-commit-config.yaml": config,
        "back/pyproject.toml": HATCHLING.format(name="back"),
        "back/src/back/__init__.py": "import os\n",
        "front/x.py": "import sys\n",
    }
    error = stiletto.fails(repository(tmp_path / "repo", files), "--package=back", "lint").error
    assert error.startswith("1 issue in 1 file; ruff 0.16.3 (fixed in .pre-commit-config.yaml)")
    assert "back/src/back/__init__.py:1:8: F401" in error
