"""Writes the jobs of the forge that the repository is on."""

from __future__ import annotations

import dagger

from wheelwright.container.loading import LoadedProject
from wheelwright.errors import RequestError
from wheelwright.github import merging
from wheelwright.github import options as options_of
from wheelwright.github import shell as github
from wheelwright.github.options import Options
from wheelwright.gitlab import plan, report
from wheelwright.repository.pipeline import INCLUDED, MAIN


async def write_jobs(loaded: LoadedProject, package: str, options: Options) -> dagger.Changeset:
    """Return what the jobs of the repository lack, or have too much of, on its forge.

    Files of another forge stay as they are: a repository may be on both.

    Raises:
        RequestError: an option that is not possible.
        ProjectError: marks that do not pair up.
    """
    prepared = await github.prepare(loaded, package, options)
    if prepared.choices.forge != "gitlab":
        return await github.workflows(prepared)
    if options.reusable:
        raise RequestError(
            "--reusable is for GitHub",
            "on GitLab another project has the pipeline by `include: project`",
        )
    project, repository, choices = prepared.loaded.project, prepared.repository, prepared.choices
    theirs = None if options.overwrite else repository.pipeline
    planned = plan.pipeline(project, prepared.caller, choices, theirs)
    existing = await github.texts_of(prepared.loaded, [MAIN, INCLUDED])
    merged = merging.merged(planned, existing, overwrite=options.overwrite)
    forge = options_of.forge(options, project.settings.github, repository)
    notes = report.found(project, repository, choices, forge, theirs)
    return github.changed(prepared, merged, [*notes, *merged.notes])
