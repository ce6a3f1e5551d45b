"""What a command line becomes: arguments of pytest, a command that tests, a gate (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wheelwright.project.runners.calling import IGNORED, in_environment, programs

GATES: Final = {
    **dict.fromkeys(("flake8", "isort", "pre-commit", "prek"), "lint"),
    "black": "format",
    **dict.fromkeys(("mypy", "pyright", "basedpyright", "ty", "pyrefly"), "typecheck"),
    "bandit": "security",
    "pip-audit": "audit",
    **dict.fromkeys(("build", "twine", "check-wheel-contents"), "build"),
}
"""Programs that a function of this module runs by itself."""


def gate(command: Sequence[str]) -> tuple[str, str]:
    """Return the function that does what a command does, and its program; empty without one."""
    called = programs(command)
    if not called:
        return "", ""
    name = called[-1]
    if name == "ruff":
        return ("format" if "format" in command else "lint"), name
    if name == "coverage":
        return "matrix", "coverage"
    return GATES.get(name, ""), name


def pytest_arguments(command: Sequence[str]) -> tuple[str, ...] | None:
    """Return the arguments of pytest in a command; None where it does more than call pytest."""
    words = in_environment(command)
    if words[:4] == IGNORED or "pytest" not in programs(words, nested=False):
        return None
    at = next(
        (at for at, word in enumerate(words) if word.rpartition("/")[2] in ("pytest", "py.test")),
        None,
    )
    if at is None or any("=" in word and not word.startswith("-") for word in words[:at]):
        return None
    return tuple(words[at + 1 :])
