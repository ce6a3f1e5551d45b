"""Names of interpreters, as uv takes them: `3.12`, `3.12.1`, `3.14t`, `pypy3.11`.

A `t` is CPython without its global lock (PEP 703). Tools of a project's own, such as linters, run
on the CPython of the same release: they have wheels for it.
"""

from __future__ import annotations

import re
from typing import Final

PYPY: Final = "pypy"
FREE_THREADED: Final = "t"

_NAME: Final = re.compile(r"(pypy)?(3\.[0-9]{1,3}(?:\.[0-9]{1,3})?)(t)?")
# uv and pyenv write an implementation in front, and uv a variant behind the version.
_WRITTEN: Final = re.compile(
    r"(?:cpython[-@]?|python[-@]?)?(3\.[0-9]{1,3}(?:\.[0-9]{1,3})?)(t|\+freethreaded)?"
    r"|pypy[-@]?(3\.[0-9]{1,3})(?:\.[0-9]{1,3})?(?:-v?[0-9.]{1,20})?"
)


def is_name(text: str) -> bool:
    """Whether a text names an interpreter that can be asked for."""
    found = _NAME.fullmatch(text)
    return found is not None and not (found[1] and (found[3] or found[2].count(".") > 1))


def written(text: str) -> str:
    """Return the name of what a line of .python-version names; empty for anything else."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return ""
    if found[3]:
        return f"{PYPY}{found[3]}"
    return found[1] + (FREE_THREADED if found[2] else "")


def release_of(python: str) -> str:
    """Return `3.14` of `3.14t` and of `pypy3.14`: the release of the language, patch and all."""
    return python.removeprefix(PYPY).removesuffix(FREE_THREADED)


def implementation_of(python: str) -> str:
    """Return what `implementation_name` of a marker is (PEP 508)."""
    return PYPY if python.startswith(PYPY) else "cpython"


def is_free_threaded(python: str) -> bool:
    """Whether it is CPython without its global lock."""
    return python.endswith(FREE_THREADED)


def cpython(python: str) -> str:
    """Return the CPython of the same release, with its lock: what tools run on."""
    return release_of(python)
