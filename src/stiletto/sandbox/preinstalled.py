"""What is installed in the machine's interpreter, and is not in an image of Python.

A step must not find it: what imports such a package here, or runs its program, fails with the real
image.
"""

from __future__ import annotations

import re
from pathlib import Path

from stiletto.sandbox.interpreters import Interpreter

OF_IMAGES = re.compile(
    r"(?:pip|setuptools|wheel)(?:-.*|\.egg-link)?|pkg_resources|_distutils_hack"
    r"|distutils-precedence\.pth|sitecustomize\.py|README.*|__pycache__"
)
"""What an image of Python has in site-packages."""

PROGRAMS_OF_IMAGES = re.compile(r"(?:python|pypy|pip|idle|pydoc|2to3|wheel|libpy).*|__pycache__")
"""What it has beside its interpreter."""


def packages_of(python: Interpreter) -> tuple[str, ...]:
    """Return what was installed in an interpreter of its own directory, which an image lacks.

    What a .pth file that only imports does, such as adding a certificate, is the machine's and
    stays. Under `/usr` packages belong to the system's own programs.
    """
    if python.prefix in (Path("/"), Path("/usr")):
        return ()
    names = (f"python{python.name}", python.name)
    found = [
        entry
        for name in names
        for entry in _entries(python.prefix / "lib" / name / "site-packages")
        if not OF_IMAGES.fullmatch(entry.name) and not _only_imports(entry)
    ]
    if python.prefix != Path("/usr/local"):
        programs = _entries(python.prefix / "bin")
        found += (each for each in programs if not PROGRAMS_OF_IMAGES.fullmatch(each.name))
    return tuple(sorted(map(str, found)))


def _entries(directory: Path) -> list[Path]:
    try:
        return list(directory.iterdir())
    except OSError:
        return []


def _only_imports(entry: Path) -> bool:
    if entry.suffix != ".pth" or entry.name.startswith("__editable__"):
        return False
    try:
        lines = entry.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return all(line.startswith(("import ", "#")) or not line.strip() for line in lines)
