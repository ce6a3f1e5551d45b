"""What the containers of a release are prepared with: programs, and a fresh start."""

from __future__ import annotations

import uuid
from importlib.resources import files
from typing import Final

import dagger

PROGRAMS: Final = "/opt/wheelwright"
"""Where programs of `release/inside` are."""

IMPORTED: Final = {
    "history.py": ("plumbing.py",),
    "refs.py": ("plumbing.py",),
    "search.py": ("plumbing.py",),
    "tree.py": ("lfs.py", "plumbing.py", "refs.py"),
}
"""The modules that a program imports, from beside it."""


def fresh(container: dagger.Container) -> dagger.Container:
    """Make the next command one that is never cached."""
    return container.with_env_variable("WHEELWRIGHT_NONCE", uuid.uuid4().hex)


def with_program(container: dagger.Container, name: str) -> dagger.Container:
    """Put a program of `inside` into a container, with the modules that it imports."""
    inside = files("wheelwright.release.inside")

    def text(of: str) -> str:
        return (inside / of).read_text(encoding="utf-8")

    imported = IMPORTED.get(name, ())
    package = f"{PROGRAMS}/wheelwright"
    for inner in ("", "/release", "/release/inside") if imported else ():
        container = container.with_new_file(f"{package}{inner}/__init__.py", "")
    for each in imported:
        container = container.with_new_file(f"{package}/release/inside/{each}", text(each))
    return container.with_new_file(f"{PROGRAMS}/{name}", text(name))
