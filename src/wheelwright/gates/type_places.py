"""Which type checkers run, and how: as the first of these places says.

1. `typecheck` in [tool.wheelwright]
2. an environment of a runner that calls a checker: tox, nox, hatch, PDM. All checkers that it calls
   run, as written, with what it installs
3. hooks of pre-commit: in an environment of their own, over the files that they get
4. configuration: every checker that has a table or a file
5. the first checker that a dependency group names

Where 2 or 3 calls a checker, those that are merely configured do not run, and a note says so. What
a runner computes cannot be read: a note names its line, and the next place decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from wheelwright.environment.places import SOURCE
from wheelwright.environment.tools import declared_in, listed_in
from wheelwright.errors import ProjectError
from wheelwright.gates.checkers import BY_NAME, CHECKERS, Checker, Configured, called, configured
from wheelwright.gates.type_callers import (
    all_jobs,
    chosen_jobs,
    hooked,
    of_hooks,
    of_job,
    own_python,
)
from wheelwright.gates.type_check import Check, in_tests, named
from wheelwright.project.code_paths import code_paths
from wheelwright.project.files import join
from wheelwright.project.model import Project
from wheelwright.project.pythons import minor_of
from wheelwright.project.reading import shortened
from wheelwright.project.runners.job import Job


@dataclass(frozen=True, slots=True)
class Decision:
    """What runs.

    Attributes:
        python: that it runs on.
        notes: what was seen and not taken, a clause each.
        why: where nothing runs although something is there, the reason; empty otherwise.
    """

    python: str
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    why: str = ""


def decide(project: Project, python: str, *, requested: bool = False) -> Decision:
    """Return the checks of a project; with `requested` the caller named the Python.

    Where neither the caller nor [tool.wheelwright] does, an environment that names its own runs on
    that one.

    Raises:
        ProjectError: a file that decides is broken, or `typecheck` names no known checker.
    """
    if line := project.settings.typecheck:
        return Decision(python, (_of_settings(project, line, python, requested=requested),))
    jobs = all_jobs(project, python)
    chosen, notes = chosen_jobs(jobs, python)
    if not requested and not project.settings.python and (own := own_python(chosen, python)):
        # What it installs and runs may be another for that Python.
        python, jobs = own, all_jobs(project, own)
        chosen, notes = chosen_jobs(jobs, python)
    checks = [check for job in chosen for check in of_job(project, job, python)]
    if checks:
        return Decision(python, tuple(checks), (*notes, *_not_called(project, checks, jobs)))
    checks, empty = of_hooks(project, python)
    if checks:
        return Decision(python, tuple(checks), (*notes, *_not_called(project, checks, jobs)))
    if empty:
        return Decision(python, (), notes, empty)
    found = configured(project) or _in_group(project)
    return Decision(
        python,
        tuple(_of_configuration(project, each, python, requested=requested) for each in found),
        notes,
    )


def _in_group(project: Project) -> tuple[Configured, ...]:
    """Return the first checker that a group names."""
    for checker in CHECKERS:
        if groups := declared_in(project, checker.name):
            place = f'{project.package.path}, group "{groups[0]}"'
            return (Configured(checker, place, checker.name != "mypy", project.where),)
        if listed_in(project, checker.name):
            return (
                Configured(checker, project.package.path, checker.name != "mypy", project.where),
            )
    return ()


def _not_called(project: Project, checks: Iterable[Check], jobs: Iterable[Job]) -> Iterator[str]:
    """Yield a note for each checker that is configured and does not run."""
    running = {check.checker.name for check in checks}
    others = hooked(project)
    for job in jobs:
        for command in job.commands:
            if checker := called(command):
                others[checker.name] = named(job.place)
    for each in configured(project):
        name = each.checker.name
        # basedpyright reads pyright's configuration.
        if name in running or (name == "pyright" and "basedpyright" in running):
            continue
        if place := others.get(name):
            yield f"{name} is called by {place}, which is not run"
        else:
            yield f"{name} is configured in {each.place} and nothing calls it"


def _of_settings(project: Project, line: Sequence[str], python: str, *, requested: bool) -> Check:
    checker = called(line)
    path = project.package.path
    if checker is None:
        raise ProjectError(
            f"{path}: typecheck in [tool.wheelwright] starts with the unknown type checker "
            f'"{shortened(line[0])}"',
            f"start the command with one of {', '.join(BY_NAME)}",
        )
    args = (*line, *checker.environment, *_version(checker, python, requested))
    return in_tests(project, Check(checker, args, f"{path} [tool.wheelwright] typecheck"), python)


def _of_configuration(
    project: Project, found: Configured, python: str, *, requested: bool
) -> Check:
    checker = found.checker
    args = (*checker.command, *checker.environment, *_version(checker, python, requested))
    guessed = () if found.names_targets else code_paths(project) or (".",)
    above = checker.name.endswith("pyright") and found.where != project.where
    check = Check(
        checker,
        (*args, *guessed),
        found.place,
        # Where it finds a nearer pyproject.toml, pyright looks no further.
        workdir=join(SOURCE, found.where) if above else "",
        guessed=", ".join(guessed),
    )
    return in_tests(project, check, python)


def _version(checker: Checker, python: str, requested: bool) -> tuple[str, ...]:
    if not requested:
        return ()
    minor = minor_of(python)
    if checker.version == "--pythonversion":
        return (checker.version, minor)
    return (f"{checker.version}={minor}",)
