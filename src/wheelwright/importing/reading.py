"""Puts together what the runners and the workflows of a project do (pure)."""

from __future__ import annotations

from collections.abc import Mapping

from wheelwright.environment.runner_jobs import RUNNERS
from wheelwright.importing import jobs, workflow
from wheelwright.importing.carried import Carried
from wheelwright.project.model import Project
from wheelwright.project.runners import hatch, nox


def carried(project: Project, workflows: Mapping[str, str]) -> Carried:
    """Return what is carried over: of the first runner that tests, and of the workflows.

    `workflows` are the texts of the files in .github/workflows, by path.
    """
    found = Carried()
    taken = ""
    for runner in RUNNERS:
        if not _configured(project, runner):
            continue
        if taken:
            found.lost.append(f"{runner}: {taken} was read")
        elif jobs.carry(project, runner, found):
            taken = runner
    workflow.carry(project, workflows, found, tests=bool(taken))
    return found


def _configured(project: Project, runner: str) -> bool:
    match runner:
        case "tox":
            return project.tox is not None
        case "nox":
            return project.text(nox.PATH) is not None
        case "hatch":
            own = project.text(hatch.PATH) is not None
            return own or project.configures("tool", "hatch", "envs")
    return project.configures("tool", "pdm", "scripts")
