"""What the project's runners do: every job of tox, nox, hatch and PDM that concerns the package.

tox and nox may be configured above the package, in the root of its repository. Then those of their
jobs count that install the package's directory or run in it.
"""

from __future__ import annotations

import posixpath

from wheelwright.environment.plan import SOURCE, VENV
from wheelwright.project.files import join, upward
from wheelwright.project.model import Project
from wheelwright.project.runners import hatch, nox, pdm, tox_config
from wheelwright.project.runners.job import Job, concerns, moved


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
