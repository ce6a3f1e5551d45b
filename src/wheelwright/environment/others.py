"""Tools that a package uses, but no gate runs: named beside "not configured"."""

from __future__ import annotations

from collections.abc import Container

from wheelwright.environment.tools import declared_in
from wheelwright.project.model import Project

_LOCKS = ("poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml")
# For each tool: its files, and its sections in ini files.
_TOOLS: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "lint": {
        "isort": ((".isort.cfg",), ("isort", "settings")),
        "flake8": ((".flake8",), ("flake8",)),
        "pylint": (("pylintrc", ".pylintrc", "pylintrc.toml"), ("pylint",)),
        "pyflakes": ((), ()),
        "pycodestyle": ((), ("pycodestyle",)),
        "pydocstyle": ((".pydocstyle", ".pydocstyle.ini"), ("pydocstyle",)),
    },
    "format": {
        "black": ((), ()),
        "yapf": ((".style.yapf",), ("yapf",)),
        "autopep8": ((), ("autopep8",)),
    },
    "types": {
        "pytype": (("pytype.cfg",), ("pytype",)),
        "pyre": ((".pyre_configuration",), ()),
    },
}


def unchecked(project: Project, gate: str, checked: Container[str] = ()) -> str:
    """Return what is there for a gate and is not run, as the end of a sentence; else empty.

    `checked` are names of files that are run after all.
    """
    if gate == "lock":
        names = [name for name in _LOCKS if name not in checked]
        there = [name for name in names if project.has(name) or project.files.has(name)]
    else:
        there = [
            name
            for name, (files, sections) in _TOOLS.get(gate, {}).items()
            if _uses(project, name, files, sections)
        ]
    if not there:
        return ""
    return f"; {', '.join(there)} {'is' if len(there) == 1 else 'are'} present but not checked"


def _uses(project: Project, name: str, files: tuple[str, ...], sections: tuple[str, ...]) -> bool:
    inis = [project.text("setup.cfg") or "", project.text("tox.ini") or ""]
    return (
        project.configures("tool", name)
        or any(project.has(file) for file in files)
        or any(f"[{section}" in text for section in sections for text in inis)
        or bool(declared_in(project, name))
    )
