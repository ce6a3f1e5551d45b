"""Lets Python import the installed files of a package, and no others of the same names.

It lies among the installed packages, with a `.pth` file that imports it whenever Python starts, in
the tests and in all processes that they start. Beside it `wheelwright_installed.json` says:

    names    top-level names that the wheel installs
    tests    test modules inside the package that the wheel leaves out, and where they are
    source   the directory that the tests run in: it has the same names once more
    log      modules that were imported from there all the same go to this file

`PathFinder.find_spec` itself is replaced, because pytest keeps it and calls it before the finders
of `sys.meta_path`. Whatever is put in front of `sys.path`, such as the root of the tests or
PYTHONPATH, then finds nothing of the package.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).absolute().parent
SETTINGS = HERE / "wheelwright_installed.json"
LOGGED_MAX = 20


def install(settings: Mapping[str, Any]) -> None:
    """Find the package's names among the installed ones from here on."""
    names, tests = frozenset(settings["names"]), settings["tests"]
    usual = PathFinder.find_spec

    def find_spec(
        _: type[PathFinder],
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] in names:
            where = tests.get(fullname) or str(HERE.joinpath(*fullname.split(".")[:-1]))
            found = usual(fullname, [where], target)
            # A namespace has no loader: other distributions have parts of it.
            if found is not None and found.loader is not None:
                return found
        return usual(fullname, path, target)

    # That a method of the library is replaced is the point: see above.
    PathFinder.find_spec = classmethod(find_spec)  # type: ignore[assignment, method-assign]
    atexit.register(log, settings)


def log(settings: Mapping[str, Any]) -> None:
    """Write down what a process with tests has imported from the source."""
    if not {"pytest", "unittest"} & sys.modules.keys():
        return
    found = elsewhere(settings, dict(sys.modules))
    # The file is for the tests' user alone; a process of another one has nothing to say.
    with contextlib.suppress(OSError), Path(settings["log"]).open("a", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(each)}\n" for each in found[:LOGGED_MAX])


def elsewhere(
    settings: Mapping[str, Any], modules: Mapping[str, ModuleType]
) -> list[tuple[str, str]]:
    """Return the package's modules that are from the source, test modules left out."""
    source, tests = Path(settings["source"]), tuple(settings["tests"])
    found = []
    for name, module in sorted(modules.items()):
        file = getattr(module, "__file__", None)
        if name.partition(".")[0] not in settings["names"] or not isinstance(file, str):
            continue
        if any(name == each or name.startswith(f"{each}.") for each in tests):
            continue
        if Path(file).absolute().is_relative_to(source):
            found.append((name, file))
    return found


if SETTINGS.exists():
    install(json.loads(SETTINGS.read_text(encoding="utf-8")))
