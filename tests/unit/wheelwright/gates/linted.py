"""Packages that are linted in one way or another, and what their linters print."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from tests.unit.wheelwright.samples import project
from wheelwright.project.model import Project
from wheelwright.project.precommit import PATH

BARE = '[project]\nname = "demo"\nversion = "1"\n'
RUFF = BARE + "[tool.ruff]\n"
FINDING = {
    "filename": "/src/pkg/a.py",
    "location": {"row": 2, "column": 8},
    "code": "F401",
    "message": "`os` imported but unused",
    "fix": {"applicability": "safe"},
}
DIFF = "--- a.py\n+++ a.py\n@@ -1 +1 @@\n-x=1\n+x = 1\n"

_RUFF_HOOKS = "https://github.com/astral-sh/ruff-pre-commit"


def found(*findings: Mapping[str, object]) -> str:
    """Return ruff's report."""
    return json.dumps(findings or [FINDING])


def ruff_hooks(*hooks: str, top: str = "") -> str:
    """Return a configuration of pre-commit with ruff's repository, and hooks as YAML."""
    lines = "".join(f"      - {hook}\n" for hook in hooks)
    return f"{top}repos:\n  - repo: {_RUFF_HOOKS}\n    rev: v0.16.3\n    hooks:\n{lines}"


def hook(address: str, rev: str, text: str) -> str:
    """Return one more repository with one hook."""
    return f"  - repo: {address}\n    rev: {rev}\n    hooks:\n      - {text}\n"


def hooked(config: str, paths: Iterable[str], pyproject: str = BARE, **files: str) -> Project:
    """Return a package with hooks, and with the files that git tracks."""
    return replace(project(pyproject, {PATH: config, **files}), paths=tuple(sorted(paths)))
