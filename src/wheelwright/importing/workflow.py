"""What the jobs of a GitHub workflow do that test, as settings (pure).

Of `strategy.matrix` the axes of Pythons and of runners are carried over. A value that an expression
computes is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from wheelwright.errors import ProjectError
from wheelwright.importing.carried import Carried
from wheelwright.importing.commands import pytest_arguments
from wheelwright.importing.versions import usable
from wheelwright.project.model import Project
from wheelwright.project.runners.calling import programs
from wheelwright.project.runners.commands import split
from wheelwright.project.runners.tox import TESTERS
from wheelwright.project.settings import is_variable
from wheelwright.project.yaml_data import Items, Scalar, Table, Value, read

_RUNNERS: Final = frozenset({"tox", "nox", "hatch"})
_MATRIX: Final = re.compile(r"\$\{\{\s*matrix\.([\w-]{1,100})\s*\}\}")
_PYTHON: Final = re.compile(r"(?:py|python)[-_]?(?:versions?)?", re.IGNORECASE)
_SECRET: Final = re.compile(r"\$\{\{\s*secrets\.")
_USUAL: Final = ["ubuntu-latest"]


def carry(project: Project, workflows: Mapping[str, str], carried: Carried, *, tests: bool) -> None:
    """Add what the workflows have; `tests` is whether a runner says how the tests run."""
    for path, text in sorted(workflows.items()):
        try:
            root = read(path, text)
        except ProjectError as error:
            carried.lost.append(str(error))
            continue
        jobs = _at(root, "jobs")
        for name, job in jobs.values.items() if isinstance(jobs, Table) else ():
            if isinstance(job, Table) and (lines := [*_testing(job)]):
                reader = _Job(project, f"{path}, job {name}", job, carried)
                reader.matrix()
                if not tests:
                    reader.command(lines)
                    reader.variables(_at(root, "env"))
                    tests = True


def _at(value: Value | None, *keys: str) -> Value | None:
    for key in keys:
        value = value.values.get(key) if isinstance(value, Table) else None
    return value


def _text(value: Value | None) -> str:
    return value.text if isinstance(value, Scalar) else ""


def _steps(job: Table) -> Iterator[Table]:
    steps = _at(job, "steps")
    if isinstance(steps, Items):
        yield from (step for step in steps.values if isinstance(step, Table))


def _lines(step: Table) -> Iterator[tuple[str, ...]]:
    """Yield the commands of a step; one that needs a shell is a shell's."""
    joined = _text(step.values.get("run")).replace("\\\n", " ")
    for line in joined.splitlines():
        # A shell's variable is one of the runner; an expression stays as it is.
        if command := split(line):
            yield command


def _testing(job: Table) -> Iterator[tuple[Table, tuple[str, ...]]]:
    """Yield the steps that test, with the command that does."""
    for step in _steps(job):
        for command in _lines(step):
            if (TESTERS | _RUNNERS).intersection(programs(command)):
                yield step, command


class _Job:
    """Carries over one job."""

    def __init__(self, project: Project, where: str, job: Table, carried: Carried) -> None:
        self._project = project
        self._where = where
        self._job = job
        self._carried = carried

    def _lose(self, what: str) -> None:
        self._carried.lost.append(f"{self._where}: {what}")

    # -- strategy.matrix --------------------------------------------------------------------------

    def matrix(self) -> None:
        """Carry over the axes of Pythons and runners, cells added, and cells removed."""
        matrix = _at(self._job, "strategy", "matrix")
        if isinstance(matrix, Scalar) and matrix.text:
            self._lose("strategy.matrix, which an expression computes")
        if not isinstance(matrix, Table):
            self._single()
            return
        pythons, runners = self._axes(matrix)
        for name, value in matrix.values.items():
            if name in ("include", "exclude"):
                continue
            if not isinstance(value, Items):
                self._lose(f'axis "{name}", which an expression computes')
            elif name in pythons:
                self._pythons(value)
            elif name in runners:
                self._runners(value)
            else:
                self._lose(f'axis "{name}" ({", ".join(map(_text, value.values))})')
        names = {**dict.fromkeys(pythons, "python"), **dict.fromkeys(runners, "os")}
        for key in ("include", "exclude"):
            self._entries(key, matrix.values.get(key), names)

    def _axes(self, matrix: Table) -> tuple[set[str], set[str]]:
        """Return the names of the axes of Pythons and of runners: by their use, else their name."""
        used = {
            name
            for step in _steps(self._job)
            for name in _MATRIX.findall(_text(_at(step, "with", "python-version")))
        }
        known = set(matrix.values)
        include = matrix.values.get("include")
        for entry in include.values if isinstance(include, Items) else ():
            known |= set(entry.values) if isinstance(entry, Table) else set()
        named = {name for name in known if _PYTHON.fullmatch(name)}
        runners = set(_MATRIX.findall(_text(self._job.values.get("runs-on"))))
        return used or named, runners

    def _single(self) -> None:
        """Carry over the only Python of a job without a matrix."""
        versions = {_text(_at(step, "with", "python-version")) for step in _steps(self._job)}
        named = sorted(
            line for text in versions if text and "${{" not in text for line in text.split()
        )
        if named:
            self._add("python", usable(self._project, named, self._where, self._carried))

    def _pythons(self, value: Items) -> None:
        named = list(map(_text, value.values))
        self._add("python", usable(self._project, named, self._where, self._carried))

    def _runners(self, value: Items) -> None:
        names = [_text(each) for each in value.values]
        if computed := [name for name in names if not name or "${{" in name]:
            self._lose(f"{len(computed)} runner(s) that no name stands for")
        self._add("os", [name for name in names if name not in computed])

    def _add(self, key: str, values: list[str]) -> None:
        """Set an axis that nothing has set before."""
        if not values or values == _USUAL:
            return
        own = self._carried.matrix.setdefault(key, values)
        if more := [each for each in values if each not in own]:
            self._lose(f"{key} {', '.join(more)}, beside {', '.join(own)} of another place")

    def _entries(self, key: str, value: Value | None, names: Mapping[str, str]) -> None:
        if value is None:
            return
        if not isinstance(value, Items):
            self._lose(f"{key}, which an expression computes")
            return
        found: list[dict[str, Any]] = []
        for entry in value.values:
            values = entry.values if isinstance(entry, Table) else {}
            texts = {name: _text(each) for name, each in values.items()}
            shown = ", ".join(f"{name}: {text}" for name, text in texts.items())
            cell = {names[name]: text for name, text in texts.items() if name in names}
            others = [name for name in texts if name not in names]
            if others or not cell or any("${{" in text for text in texts.values()):
                self._lose(f"{key} of {{{shown}}}")
                continue
            if "python" in cell:
                python = usable(self._project, [cell["python"]], self._where, self._carried)
                if not python:
                    continue
                cell["python"] = python[0]
            elif key == "include":
                self._lose(f"{key} of {{{shown}}}, without a Python")
                continue
            found.append(cell)
        if found:
            self._carried.matrix.setdefault(key, []).extend(found)

    # -- steps ------------------------------------------------------------------------------------

    def command(self, lines: list[tuple[Table, tuple[str, ...]]]) -> None:
        """Carry over the arguments of the first command that tests; report the others."""
        for number, (_, command) in enumerate(lines):
            shown = " ".join(command[2:] if command[:2] == ("sh", "-c") else command)
            arguments = pytest_arguments(command)
            if _RUNNERS.intersection(programs(command)):
                self._lose(f"command `{shown}`, whose own file was read")
            elif arguments is None or number or any("$" in each for each in arguments):
                self._lose(f"command `{shown}`")
            elif arguments:
                self._carried.settings["pytest-args"] = list(arguments)

    def variables(self, everywhere: Value | None) -> None:
        """Carry over the variables of the steps that test; report secrets and expressions."""
        env: dict[str, str] = {}
        places = [everywhere, self._job.values.get("env")]
        places += [step.values.get("env") for step, _ in _testing(self._job)]
        for place in places:
            for name, value in place.values.items() if isinstance(place, Table) else ():
                text = _text(value)
                if _SECRET.search(text):
                    self._lose(f"variable {name} (a secret)")
                elif "${{" in text or not is_variable(name):
                    self._lose(f"variable {name} (an expression)")
                else:
                    env[name] = text
        if env:
            self._carried.settings["env"] = env
        if (services := self._job.values.get("services")) is not None:
            names = ", ".join(services.values) if isinstance(services, Table) else "an expression"
            self._lose(f'services {names}; set `services`, such as ["postgres:16"]')
        if "container" in self._job.values:
            self._lose("container; set `image`")
