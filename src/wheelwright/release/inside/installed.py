"""Looks at installed distributions; runs in a container that has them.

installed.py first SETTINGS          let the installed files be what is imported: `finder.py`
installed.py import ANSWER NAME ...  import modules; tell what failed, and each `__version__`
installed.py compare ANSWER ONE TWO  tell how two directories of installed files differ
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Callable, Mapping
from pathlib import Path

MODULE = "wheelwright_installed"
TEXT_MAX = 300

# What an installer writes; which of the two files it was made from; and what names its maker.
OWN = re.compile(
    r"(^|/)(RECORD|INSTALLER|REQUESTED|WHEEL|direct_url\.json|uv_[a-z]+\.json|\.lock)$"
    r"|(^|/)__pycache__/"
)
# The path of the build may stand in them.
COMPILED = re.compile(r"\.(so|pyd|dylib|dll|a)$")


def first(settings: str, source: str, log: str) -> None:
    """Put `finder.py` among the installed packages, with its settings."""
    where = Path(sysconfig.get_path("purelib"))
    own = json.loads(settings)
    tests = {name: str(Path(source, path)) for name, path in own["tests"].items()}
    settings = json.dumps({"names": own["names"], "tests": tests, "source": source, "log": log})
    shutil.copyfile(Path(__file__).with_name("finder.py"), where / f"{MODULE}.py")
    (where / f"{MODULE}.json").write_text(settings, encoding="utf-8")
    (where / f"{MODULE}.pth").write_text(f"import {MODULE}\n", encoding="utf-8")


def imported(answer: str, *names: str) -> None:
    """Import modules, and tell."""
    sys.dont_write_bytecode = True
    found: dict[str, dict[str, str | None]] = {}
    for name in names:
        # If it ends the process, this is what is known.
        found[name] = {"error": "the process ended", "version": None}
        _tell(answer, found)
        error, version = "", None
        try:
            module = importlib.import_module(name)
            value = getattr(module, "__version__", None)
            version = value[:TEXT_MAX] if isinstance(value, str) else None
        except BaseException as problem:  # a module may raise anything
            error = f"{type(problem).__name__}: {problem}"[:TEXT_MAX]
        found[name] = {"error": error, "version": version}
        _tell(answer, found)
    # Threads that an import has started are not waited for.
    sys.stdout.flush()
    os._exit(0)


def compare(answer: str, one: str, two: str) -> None:
    """Compare two directories."""
    first_, second = _files(Path(one)), _files(Path(two))
    found = [[f"only in {one}", name] for name in sorted(first_.keys() - second.keys())]
    found += [[f"only in {two}", name] for name in sorted(second.keys() - first_.keys())]
    both = sorted(first_.keys() & second.keys())
    found += [["differs", name] for name in both if first_[name] != second[name]]
    _tell(answer, found)


def _files(directory: Path) -> dict[str, str]:
    """Return the digest of each file's contents, by its path."""
    found = {}
    for path in directory.rglob("*"):
        name = path.relative_to(directory).as_posix()
        if path.is_file() and not OWN.search(name):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found[name] = "" if COMPILED.search(name) else digest
    return found


def _tell(answer: str, found: object) -> None:
    Path(answer).write_text(json.dumps(found), encoding="utf-8")


COMMANDS: Mapping[str, Callable[..., None]] = {
    "compare": compare,
    "first": first,
    "import": imported,
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
