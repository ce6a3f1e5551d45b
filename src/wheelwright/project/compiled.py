"""Whether a package has extension modules, and in which language: what its builds compile with.

| sign | where |
|---|---|
| a back end that compiles | maturin, meson-python, scikit-build-core, py-build-cmake, ... |
| a build requirement for it | Cython, cffi, pybind11, setuptools-rust, mypy (mypyc), ... |
| setuptools | `[tool.setuptools] ext-modules`; a setup.py that names Extension, cythonize, ... |
| hatch | a build hook that compiles, or that requires one of these |
| PDM, Poetry | `run-setuptools`; a build script |

A name in a comment counts, too: the cost is a larger image, and that of the other mistake is a
build that fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, Final

from wheelwright.project.files import join
from wheelwright.project.model import Project
from wheelwright.project.pyproject import Pyproject
from wheelwright.project.reading import required_name


class Language(Enum):
    """What a compiler is needed for. That of Rust calls one of C, to link."""

    C = "C"
    RUST = "Rust"


# Import names of back ends, up to the first dot.
_BACKENDS: Final[Mapping[str, Language]] = {
    "enscons": Language.C,
    "maturin": Language.RUST,
    "mesonpy": Language.C,
    "py_build_cmake": Language.C,
    "scikit_build_core": Language.C,
    "setuptools_rust": Language.RUST,
    "sipbuild": Language.C,
}
_REQUIREMENTS: Final[Mapping[str, Language]] = {
    "cffi": Language.C,
    "cmake": Language.C,
    "cython": Language.C,
    "hatch-cpp": Language.C,
    "hatch-cython": Language.C,
    "hatch-mypyc": Language.C,
    "hatch-rs": Language.RUST,
    "maturin": Language.RUST,
    "meson": Language.C,
    "meson-python": Language.C,
    # For mypyc: a build has no types to check.
    "mypy": Language.C,
    "nanobind": Language.C,
    "numpy": Language.C,
    "oldest-supported-numpy": Language.C,
    "py-build-cmake": Language.C,
    "pybind11": Language.C,
    "scikit-build": Language.C,
    "scikit-build-core": Language.C,
    "setuptools-rust": Language.RUST,
    "sip": Language.C,
}
_HOOKS: Final[Mapping[str, Language]] = {
    "cython": Language.C,
    "hatch-cpp": Language.C,
    "hatch-rs": Language.RUST,
    "mypyc": Language.C,
    "scikit-build": Language.C,
}
_SETUP_C: Final = re.compile(
    r"\b(?:Extension|CMakeExtension|Pybind11Extension|CUDAExtension|CppExtension|cythonize"
    r"|mypycify|cffi_modules|ext_modules|build_ext)\b"
)
_SETUP_RUST: Final = re.compile(r"\b(?:RustExtension|RustBin|rust_extensions)\b")


def languages(project: Project) -> frozenset[Language]:
    """Return what the package, and the workspace members beside it, are compiled from."""
    found = {language for each in project.members.values() for language in _declared(each)}
    found.update(_declared(project.package))
    found.update(_setup(project))
    return frozenset(found)


def _declared(package: Pyproject) -> Iterator[Language]:
    yield from _of([package.backend.split(".")[0].split(":")[0]], _BACKENDS)
    requires = package.table("build-system").get("requires", ())
    yield from _of(_names(requires), _REQUIREMENTS)
    if package.has("tool", "setuptools", "ext-modules"):
        yield Language.C
    if package.has("tool", "setuptools-rust"):
        yield Language.RUST
    build = package.table("tool", "hatch", "build")
    targets = package.table("tool", "hatch", "build", "targets")
    for owner in (build, *targets.values()):
        hooks = owner.get("hooks") if isinstance(owner, Mapping) else None
        yield from _hooks(hooks if isinstance(hooks, Mapping) else {})
    if package.table("tool", "pdm", "build").get("run-setuptools") is True:
        yield Language.C
    script = package.table("tool", "poetry").get("build")
    # Poetry's script is there for extension modules (its manual, "Building extension modules").
    if isinstance(script, str) or (isinstance(script, Mapping) and "script" in script):
        yield Language.C


def _hooks(hooks: Mapping[str, Any]) -> Iterator[Language]:
    for name, options in hooks.items():
        yield from _of([name], _HOOKS)
        wanted = options.get("dependencies", ()) if isinstance(options, Mapping) else ()
        yield from _of(_names(wanted), _REQUIREMENTS)


def _setup(project: Project) -> Iterator[Language]:
    """Yield what a setup.py names, where setuptools reads it."""
    backend = project.package.backend
    text = project.files.text(join(project.where, "setup.py")) or ""
    if backend and not backend.startswith("setuptools"):
        return
    if _SETUP_C.search(text):
        yield Language.C
    if _SETUP_RUST.search(text):
        yield Language.RUST


def _names(lines: object) -> list[str]:
    if not isinstance(lines, (list, tuple)):
        return []
    return [required_name(line) for line in lines if isinstance(line, str)]


def _of(names: Iterable[str], table: Mapping[str, Language]) -> Iterator[Language]:
    return (table[name] for name in names if name in table)
