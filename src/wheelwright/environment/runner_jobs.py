"""What the project's runners do: every job of tox, nox, hatch and PDM that concerns the package.

tox and nox may be configured above the package, in the root of its repository. Then those of their
jobs count that install the package's directory or run in it.
"""

from __future__ import annotations

import contextlib
import posixpath
import shlex
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from wheelwright.environment.places import SOURCE, VENV
from wheelwright.environment.requirements import included
from wheelwright.errors import ProjectError, RequestError
from wheelwright.pins import DEFAULT_PYTHON
from wheelwright.project.files import join, upward
from wheelwright.project.model import Project
from wheelwright.project.reading import shortened
from wheelwright.project.runners import choice, hatch, nox, pdm, tox_config
from wheelwright.project.runners.calling import IGNORED, INVERTED
from wheelwright.project.runners.choice import Choice
from wheelwright.project.runners.installing import Installed, Known, known, unwrapped
from wheelwright.project.runners.job import Job, Unread, concerns, local_path, moved
from wheelwright.project.runners.tox import alike, job_for_tests

REQUIREMENTS: Final = (".txt", ".in", ".pip")
"""How the names of requirements files end."""

RUNNERS: Final = ("tox", "nox", "hatch", "pdm")
"""In the order in which they decide how the package is tested."""


def jobs(project: Project, runner: str, python: str) -> tuple[Job, ...]:
    """Return the jobs of a runner ("tox", "nox", "hatch", "pdm"), with paths from the root.

    Those of tox are known once `container.runners.with_runners` was called.

    Raises:
        ProjectError: the runner's file is broken.
    """
    match runner:
        case "tox":
            found = tox_environments(project, python)
            return found.jobs if found else ()
        case "nox":
            return _of_nox(project, python)
        case "hatch":
            own = hatch.read(project.files.under(project.where))
        case "pdm":
            own = pdm.read(project.files.under(project.where))
        case _:
            raise ValueError(f"no runner: {runner}")
    return tuple(moved(job, project.where) for job in own)


def tox_environments(project: Project, python: str) -> tox_config.Environments | None:
    """Return the environments of tox that concern the package; None without any.

    Raises:
        ProjectError: tox cannot read its configuration.
    """
    if (printed := project.tox) is None:
        return None
    if printed.error is not None:
        raise printed.error
    layout = tox_config.Layout(SOURCE, VENV, python)
    found = tox_config.read(printed.text, project.files, printed.place, layout)
    if posixpath.dirname(printed.place.path) == project.where:
        return found
    own, implied = (
        tuple(job for job in every if concerns(job, project.where))
        for every in (found.jobs, found.implied)
    )
    return tox_config.Environments(found.place, own, implied) if own or implied else None


def _of_nox(project: Project, python: str) -> tuple[Job, ...]:
    for where in upward(project.where):
        if project.files.text(join(where, nox.PATH)) is None:
            continue
        found = [moved(job, where) for job in nox.read(project.files.under(where), python)]
        own = where == project.where
        return tuple(job for job in found if own or concerns(job, project.where))
    return ()


# -- the job that tests ---------------------------------------------------------------------------


def job_that_tests(project: Project, python: str) -> Choice | None:
    """Return the job of the first runner that has one for the tests on a Python; None without.

    `runner` of [tool.wheelwright] names a runner, or one of its jobs, such as `tox:py312-dj52`.

    Raises:
        RequestError: there is no such job.
        ProjectError: the file of a runner is broken.
    """
    wanted, _, name = project.settings.runner.partition(":")
    if wanted and wanted not in RUNNERS:
        return None
    for runner in (wanted,) if wanted else RUNNERS:
        if found := _job_that_tests(project, runner, python, name):
            return found
    if wanted:
        raise RequestError(
            f'runner = "{project.settings.runner}" in [tool.wheelwright]: {wanted} has no job that '
            "tests",
            "name another runner, or the command: test in [tool.wheelwright]",
        )
    return None


def _job_that_tests(project: Project, runner: str, python: str, name: str) -> Choice | None:
    if runner != "tox":
        return choice.job_that_tests(jobs(project, runner, python), python, name)
    environments = tox_environments(project, python)
    job = job_for_tests(environments, python, name) if environments else None
    if environments is None or job is None:
        return None
    others = [each.name for each in alike(environments, python) if each.name != job.name]
    note = (
        f"{job.name} is one of {len(others) + 1} environments of tox for Python {python}; not run: "
        f"{shortened(', '.join(others))} (choose with `runner`)"
    )
    chosen = bool(name) or job.name not in (each.name for each in alike(environments, python))
    return Choice(unwrapped_job(project, job), (note,) if others and not chosen else ())


def unwrapped_job(project: Project, job: Job) -> Job:
    """Return a job of tox whose commands run without `uv run`, `poetry run` and their like.

    What these install, and what `uv sync` and `poetry install` do, is among its dependencies.
    """
    names = known(project.package)
    found = Installed(list(job.requirements), list(job.groups), list(job.extras), job.installs)
    commands: list[tuple[str, ...]] = []
    for command in job.commands:
        prefix = command[:4] if command[:4] in (IGNORED, INVERTED) else ()
        more, left = unwrapped(command[len(prefix) :], names, job.workdir)
        if more is not None:
            found.add(more)
        if left:
            commands.append((*prefix, *left))
    unread = []
    for each in job.unread:
        more = _installed(each, names, job.workdir)
        if more is None:
            unread.append(each)
        else:
            found.add(more)
    return replace(
        job,
        commands=tuple(commands),
        requirements=tuple(found.requirements),
        groups=tuple(found.groups),
        extras=tuple(found.extras),
        installs=found.installs,
        unread=tuple(unread),
    )


def _installed(unread: Unread, names: Known, workdir: str) -> Installed | None:
    """Return what a command of another installer installs; None where that is not known."""
    if unread.subject != "requirements":
        return None
    try:
        words = shlex.split(unread.text)
    except ValueError:
        return None
    found, left = unwrapped(words, names, workdir)
    return found if found is not None and not left and not found.unread else None


# -- the files that jobs name ---------------------------------------------------------------------


def files_named(project: Project) -> set[str]:
    """Return the paths, from the root, of requirements files that are named anywhere.

    A file that is broken names none; it is an error of whatever needs it.
    """
    found = {join(project.where, path) for path in project.settings.requirements}
    for job in _every_job(project):
        paths = [path for line in job.requirements if (path := local_path(line))]
        found |= {each.path for each in paths if each.option in ("-r", "-c")}
    for file, text in project.files.texts.items():
        if file.endswith(REQUIREMENTS):
            with contextlib.suppress(ProjectError):
                found |= set(included(file, text))
    return {each for each in found if each and not each.startswith(("/", ".."))}


def _every_job(project: Project) -> Iterator[Job]:
    for runner in RUNNERS:
        with contextlib.suppress(ProjectError):
            yield from jobs(project, runner, DEFAULT_PYTHON)
    with contextlib.suppress(ProjectError):
        if environments := tox_environments(project, DEFAULT_PYTHON):
            yield from environments.implied
