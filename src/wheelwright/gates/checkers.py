"""Type checkers, and where a project configures each of them.

| checker | configured by | environment given as | no errors | errors |
|---|---|---|---|---|
| mypy | mypy.ini, .mypy.ini, [tool.mypy], [mypy] in setup.cfg | --python-executable | 0 | 1 |
| basedpyright | [tool.basedpyright] | --pythonpath | 0 | 1 |
| pyright | [tool.pyright], pyrightconfig.json | --pythonpath | 0 | 1 |
| ty | [tool.ty], ty.toml | --python | 0 | 1 |
| pyrefly | [tool.pyrefly], pyrefly.toml | --python-interpreter-path | 0 | 1 |

mypy reads the first of its files that is there, and a table or a section of its own alone.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from wheelwright.environment.plan import VENV
from wheelwright.environment.tools import listed_in
from wheelwright.errors import ProjectError
from wheelwright.project.files import join, upward
from wheelwright.project.model import Project
from wheelwright.project.pyproject import Pyproject
from wheelwright.project.reading import ini, json_data
from wheelwright.project.runners.calling import programs

HINT: Final = "correct it, or set typecheck in [tool.wheelwright]"

_PYTHON: Final = f"{VENV}/bin/python"
_PATH: Final = ("--pythonpath", _PYTHON)


@dataclass(frozen=True, slots=True)
class Checker:
    """One row of the table above.

    Attributes:
        name: also that of its table in pyproject.toml, and of what is installed for it.
        files: other files that configure it.
        environment: arguments that show it the project's interpreter.
        version: the option for a Python version.
        command: what runs where nothing says how.
        module: the package that its program imports, where that has the version of the program.
    """

    name: str
    files: tuple[str, ...]
    environment: tuple[str, ...]
    version: str
    command: tuple[str, ...]
    module: str = ""

    @property
    def prints(self) -> str:
        """The pattern of what it prints as its version."""
        return rf"^{self.name} \d+\.\d"


CHECKERS: Final = (
    Checker(
        "mypy",
        ("mypy.ini", ".mypy.ini"),
        (f"--python-executable={_PYTHON}",),
        "--python-version",
        ("mypy",),
        module="mypy",
    ),
    Checker("basedpyright", (), _PATH, "--pythonversion", ("basedpyright", "--stats")),
    Checker("pyright", ("pyrightconfig.json",), _PATH, "--pythonversion", ("pyright", "--stats")),
    # Without --no-progress, which older ones refuse: no terminal, no progress.
    Checker("ty", ("ty.toml",), ("--python", VENV), "--python-version", ("ty", "check")),
    Checker(
        "pyrefly",
        ("pyrefly.toml",),
        (f"--python-interpreter-path={_PYTHON}",),
        "--python-version",
        ("pyrefly", "check", "--summary=none"),
    ),
)
BY_NAME: Final[Mapping[str, Checker]] = {checker.name: checker for checker in CHECKERS}

# With these a checker checks nothing.
_OTHER: Final = frozenset({"--version", "-V", "--help", "-h"})
# Programs that come with mypy.
_OTHER_PROGRAMS: Final = {"stubtest": "mypy", "mypy.stubtest": "mypy", "dmypy": "mypy"}


def called(command: Sequence[str]) -> Checker | None:
    """Return the checker that checks in a command line; None where none does."""
    if _OTHER.intersection(command):
        return None
    names = (_OTHER_PROGRAMS.get(name, name) for name in programs(command))
    return next((BY_NAME[name] for name in names if name in BY_NAME), None)


# -- configuration --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Configured:
    """Where a project configures a checker.

    Attributes:
        place: for people.
        names_targets: whether it says what is checked; only mypy checks nothing without.
        where: the directory of the file, from the root.
    """

    checker: Checker
    place: str
    names_targets: bool = True
    where: str = ""


def configured(project: Project) -> tuple[Configured, ...]:
    """Return every checker that the project configures, in the order of the table.

    Raises:
        ProjectError: an ini file that mypy reads is broken.
    """
    found = [each for checker in CHECKERS if (each := _configured(project, checker))]
    names = {each.checker.name for each in found}
    based = BY_NAME["basedpyright"]
    # basedpyright also reads pyright's table: one of the two is meant.
    if "pyright" in names and based.name not in names and listed_in(project, based.name):
        return tuple(
            replace(each, checker=based) if each.checker.name == "pyright" else each
            for each in found
        )
    return tuple(found)


def _configured(project: Project, checker: Checker) -> Configured | None:
    for where in upward(project.where):
        for file in checker.files:
            path = join(where, file)
            text = project.files.text(path)
            if text is not None:
                targets = checker.name != "mypy" or _targets(_section(path, text))
                return Configured(checker, path, targets, where)
        pyproject = _pyproject(project, where)
        if pyproject and pyproject.has("tool", checker.name):
            targets = checker.name != "mypy" or _targets(pyproject.table("tool", "mypy"))
            return Configured(checker, f"{pyproject.path} [tool.{checker.name}]", targets, where)
        path = join(where, "setup.cfg")
        text = project.files.text(path) if checker.name == "mypy" else None
        section = _section(path, text) if text and "[mypy]" in text else None
        if section is not None:
            return Configured(checker, f"{path} [mypy]", _targets(section), where)
    return None


def environment_of(project: Project) -> str:
    """Return the directory, from the root, where pyright's configuration has the environment.

    It is empty where none is configured, or one outside the source.
    """
    for where in upward(project.where):
        if (table := _of_pyright(project, where)) is not None:
            above, name = table.get("venvPath"), table.get("venv")
            if not (isinstance(above, str) and isinstance(name, str) and name):
                return ""
            path = posixpath.normpath(posixpath.join(where, above, name))
            return "" if path.startswith(("/", "..", "~")) or path == "." else path
    return ""


def _of_pyright(project: Project, where: str) -> Mapping[str, Any] | None:
    """Return the configuration that pyright and basedpyright find in a directory."""
    if (text := project.files.text(join(where, "pyrightconfig.json"))) is not None:
        try:
            return dict(json_data(text))
        except (ValueError, TypeError):
            # With comments, or broken: the checker itself says so.
            return {}
    pyproject = _pyproject(project, where)
    names = [
        name for name in ("basedpyright", "pyright") if pyproject and pyproject.has("tool", name)
    ]
    return pyproject.table("tool", names[0]) if pyproject and names else None


def _pyproject(project: Project, where: str) -> Pyproject | None:
    if where == project.where:
        return project.package
    return project.root if where == project.base else None


def _section(path: str, text: str) -> Mapping[str, Any] | None:
    """Return the section [mypy] of an ini file; None where it has none."""
    try:
        parser = ini(path, text)
    except ProjectError as error:
        raise ProjectError(error.message, HINT) from error
    return dict(parser["mypy"]) if parser.has_section("mypy") else None


def _targets(section: Mapping[str, Any] | None) -> bool:
    return any((section or {}).get(key) for key in ("files", "packages", "modules"))
