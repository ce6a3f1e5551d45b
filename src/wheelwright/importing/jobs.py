"""What tox, nox, hatch and PDM do, as settings (pure).

The job that the gates would run is carried over; jobs that test beside it become cells of the
matrix where they differ in what a cell can have. What a session of nox installs and runs stays in
the noxfile, where the gates read it: only its Pythons are settings.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from packaging.utils import canonicalize_name

from wheelwright.environment import runner_jobs
from wheelwright.environment.places import SOURCE
from wheelwright.errors import RequestError, WheelwrightError
from wheelwright.importing.carried import Carried
from wheelwright.importing.commands import gate, pytest_arguments
from wheelwright.importing.versions import usable
from wheelwright.pins import DEFAULT_PYTHON
from wheelwright.project.matrix import RESOLUTIONS
from wheelwright.project.model import Project
from wheelwright.project.runners.choice import Choice
from wheelwright.project.runners.job import Job, local_path
from wheelwright.project.runners.tox import is_test
from wheelwright.project.runners.tox_config import version_named
from wheelwright.project.settings import is_variable

_GROUPS: Final = ("tests", "test", "dev")
# What tox and hatch put into a command by themselves.
_ADDED: Final = {"hatch": ("-p", "no:randomly")}


def carry(project: Project, runner: str, carried: Carried) -> bool:
    """Add what a runner does; return whether it tests."""
    try:
        every = runner_jobs.jobs(project, runner, DEFAULT_PYTHON)
    except WheelwrightError as error:
        carried.lost.append(f"{runner}: {error}")
        return False
    if runner == "tox":
        every = tuple(runner_jobs.unwrapped_job(project, job) for job in every)
    testing = [job for job in every if _tests(job)]
    choice = _chosen(project, runner, testing)
    if choice is not None:
        reader = _Reader(project, choice.job, carried)
        reader.main([job for job in testing if _family(job) == _family(choice.job)])
        reader.beside([job for job in testing if _is_beside(job, choice.job)])
    for job in every:
        if not _tests(job) and (choice is None or _base(job) != _base(choice.job)):
            _other(job, carried)
    return choice is not None


def _tests(job: Job) -> bool:
    return any(map(is_test, job.commands))


def _chosen(project: Project, runner: str, testing: Sequence[Job]) -> Choice | None:
    """Return the job that the gates would run, on the first Python that the jobs name."""
    named = [python for job in testing for python in _pythons(job)]
    settings = replace(project.settings, runner=runner)
    try:
        return runner_jobs.job_that_tests(
            replace(project, settings=settings), named[0] if named else DEFAULT_PYTHON
        )
    except RequestError:
        return None


def _base(job: Job) -> str:
    """Return a job's name without its Python, its parameters and its script."""
    name = job.name.partition("(")[0]
    match job.runner:
        case "hatch":
            return name.partition(":")[0].partition(".")[0]
        case "tox":
            return "-".join(each for each in name.split("-") if not _is_python(each))
    return name


def _family(job: Job) -> str:
    """Return what jobs have in common that differ in their Python or their parameters alone."""
    if job.runner != "hatch":
        return _base(job)
    environment, _, script = job.name.partition(":")
    base, _, variant = environment.partition(".")
    rest = [each for each in variant.split("-") if each and not _is_python(each)]
    return ":".join(("-".join([base, *rest]), script))


def _is_beside(job: Job, main: Job) -> bool:
    """Whether it is neither one of the main jobs nor another script of their environments."""
    if _family(job) == _family(main):
        return False
    return (
        job.runner != "hatch" or _family(job).partition(":")[0] != (_family(main).partition(":")[0])
    )


def _is_python(factor: str) -> bool:
    return factor == "py" or bool(version_named(factor))


def _pythons(job: Job) -> tuple[str, ...]:
    if job.runner == "tox":
        factors = [each for part in job.name.split("-") if (each := version_named(part))]
        return tuple(factors) or job.pythons
    return job.pythons


def _where(job: Job) -> str:
    """Return the file and the job, as a line about it begins."""
    if job.runner == "tox":
        return f"{job.place.path}, {f'testenv:{job.name}' if _base(job) else 'testenv'}"
    return f"{job.place.path}, {_base(job)}"


def _other(job: Job, carried: Carried) -> None:
    """Report a job that tests nothing."""
    where = _where(job)
    if not job.commands:
        return
    found = [gate(command) for command in job.commands]
    if found and all(function for function, _ in found):
        carried.needless += [
            f"{where}: `{function}` runs {tool} by itself" for function, tool in found
        ]
    else:
        carried.lost.append(f"{where}: no gate of this kind")


class _Reader:
    """Carries over the jobs of one runner that test."""

    def __init__(self, project: Project, job: Job, carried: Carried) -> None:
        self._project = project
        self._job = job
        self._carried = carried
        self._group = ""

    def main(self, family: Sequence[Job]) -> None:
        """Carry over the job that the gates would run, and the Pythons of those like it."""
        job, carried = self._job, self._carried
        where = _where(job)
        if job.runner == "nox":
            self._parameters(family)
            carried.needless.append(f"{where}: `test` reads what the session installs and runs")
        else:
            self._dependencies(job, where)
            self._commands(job, where)
            self._variables(job, where)
            if job.workdir != self._project.where:
                carried.lost.append(f"{where}: the directory {job.workdir or '.'}")
            carried.lost += [f"{where}: {each.text} ({each.subject})" for each in job.unread]
        pythons = usable(
            self._project, (each for one in family for each in _pythons(one)), where, carried
        )
        if pythons:
            carried.matrix["python"] = pythons

    def _parameters(self, family: Sequence[Job]) -> None:
        """Report the parameters of nox's sessions: a cell has none."""
        found: dict[str, dict[str, None]] = {}
        for job in family:
            inside = job.name.partition("(")[2].removesuffix(")")
            for part in inside.split(", ") if inside else ():
                name, _, value = part.partition("=")
                found.setdefault(name, {})[value.strip("'\"")] = None
        for name, values in found.items():
            listed = (
                f' "{name}" ({", ".join(each for each in values if each)})'
                if any(values)
                else f" {name}"
            )
            self._carried.lost.append(f"{_where(family[0])}: parameter{listed}")

    def _dependencies(self, job: Job, where: str) -> None:
        carried = self._carried
        groups = list(job.groups)
        own, files = self._plain(job.requirements, where)
        own = [each for each in own if canonicalize_name(each) != "pip"]
        if own:
            self._group = self._name_of_group(job.runner)
            carried.groups[self._group] = own
            if groups or self._group not in _GROUPS:
                groups.append(self._group)
        if groups:
            carried.settings["groups"] = groups
        if job.extras:
            carried.settings["extras"] = list(job.extras)
        if files:
            carried.settings["requirements"] = files

    def _plain(self, lines: Iterable[str], where: str) -> tuple[list[str], list[str]]:
        """Return the requirements that a group can have, and the requirements files."""
        own: list[str] = []
        files: list[str] = []
        for line in lines:
            path = local_path(line)
            if path is not None and path.option == "-r":
                files.append(path.path)
            elif path is not None or line.startswith("-"):
                self._carried.lost.append(f"{where}: {line} (not a requirement of a group)")
            else:
                own.append(line)
        return own, files

    def _name_of_group(self, name: str) -> str:
        """Return a name that the project has no group of; "tests" is found without a setting."""
        own = self._project.package.table("dependency-groups")
        known: set[str] = {canonicalize_name(each) for each in (*own, *self._carried.groups)}
        if not known.intersection(_GROUPS):
            return "tests"
        return next(
            each
            for each in (f"{name}-tests", *(f"{name}-tests-{n}" for n in range(99)))
            if each not in known
        )

    def _commands(self, job: Job, where: str) -> None:
        carried = self._carried
        tested = False
        for command in job.commands:
            if command[:2] == ("mkdir", "-p"):
                continue
            line = shlex.join(command)
            function, tool = gate(command)
            if not is_test(command):
                if function:
                    carried.needless.append(f"{where}: `{function}` runs {tool} by itself")
                else:
                    carried.lost.append(f"{where}: command `{line}`")
            elif tested or f"{SOURCE}/" in line or "/tmp/tox" in line:  # noqa: S108 - tox's, see tox_config
                carried.lost.append(f"{where}: command `{line}`")
            else:
                tested = True
                self._tested(command, where)

    def _tested(self, command: tuple[str, ...], where: str) -> None:
        carried = self._carried
        arguments = pytest_arguments(command)
        if arguments is None:
            carried.settings["test"] = list(command)
            return
        added = _ADDED.get(self._job.runner, ())
        if added and arguments[: len(added)] == added:
            arguments = arguments[len(added) :]
            carried.lost.append(f"{where}: {shlex.join(added)}, which {self._job.runner} adds")
        if arguments:
            carried.settings["pytest-args"] = list(arguments)

    def _variables(self, job: Job, where: str) -> None:
        env = {}
        for name, value in job.variables.items():
            if not is_variable(name) or SOURCE in value or "/tmp/tox" in value:  # noqa: S108 - as above
                self._carried.lost.append(f"{where}: variable {name}")
            else:
                env[name] = value
        if env:
            self._carried.settings["env"] = env

    # -- the jobs beside it -----------------------------------------------------------------------

    def beside(self, jobs: Sequence[Job]) -> None:
        """Carry over each job that a cell can be; report what is different in the others."""
        cells = []
        for job in jobs:
            where = _where(job)
            if self._job.runner == "nox":
                self._carried.lost.append(
                    f"{where}: a session that tests beside {_base(self._job)}"
                )
                continue
            if different := self._different(job):
                self._carried.lost.append(f"{where}: {different}, which a cell has not")
                continue
            named = _pythons(job) or tuple(self._carried.matrix.get("python", ()))[-1:]
            pythons = usable(self._project, named, where, self._carried)
            cells += [self._cell(job, python, where) for python in pythons]
        if cells:
            self._carried.matrix["include"] = cells

    def _different(self, job: Job) -> str:
        """Return what of a job no cell can have, compared with the main one."""
        main = self._job
        if [each for each in job.commands if is_test(each)] != [
            each for each in main.commands if is_test(each)
        ]:
            return f"command `{shlex.join(next(each for each in job.commands if is_test(each)))}`"
        if job.variables != main.variables:
            changed = {*job.variables.items()} ^ {*main.variables.items()}
            return f"variables {', '.join(sorted({name for name, _ in changed}))}"
        if job.workdir != main.workdir:
            return f"the directory {job.workdir or '.'}"
        if job.resolution not in ("", *RESOLUTIONS):
            return f"resolution {job.resolution}"
        return f"{job.unread[0].text}" if job.unread != main.unread and job.unread else ""

    def _cell(self, job: Job, python: str, where: str) -> dict[str, Any]:
        cell: dict[str, Any] = {"python": python}
        if job.resolution:
            cell["resolution"] = job.resolution
        extra = [each for each in job.requirements if each not in self._job.requirements]
        own, files = self._plain(extra, where)
        self._carried.lost += [f"{where}: -r {each}" for each in files]
        groups = list(job.groups)
        if own:
            name = canonicalize_name(_base(job).replace(".", "-") or job.name)
            self._carried.groups.setdefault(name, own)
            main = [*self._job.groups, *([self._group] if self._group else [])]
            groups = [*(groups or main), name]
        if groups != list(self._job.groups):
            cell["groups"] = groups
        if job.extras != self._job.extras:
            cell["extras"] = list(job.extras)
        one = _pythons(job) == (python,)
        return {**cell, "name": job.name if one else f"{job.name}-{python}"}
