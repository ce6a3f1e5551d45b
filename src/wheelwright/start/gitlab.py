"""What `doctor` reports of a repository on GitLab: its files, and the pages to open. Pure.

GitLab's own settings are not read: the API that `doctor` asks is GitHub's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wheelwright.github.options import Choices
from wheelwright.gitlab.report import RELEASE, page_of, schedules
from wheelwright.project.model import Project
from wheelwright.repository.facts import Repository
from wheelwright.start.findings import Finding, State

AREA: Final = "GitLab"


def files(repository: Repository, program: str) -> Iterator[Finding]:
    """Yield which pipeline checks the package, and who publishes it."""
    theirs = repository.pipeline
    ours = [each.path for each in repository.pipelines if each.ours]
    if ours and (theirs is None or theirs.includes):
        yield Finding("files", "pipeline", State.FOUND, ", ".join(ours))
    elif ours and theirs:
        step = f"add to {theirs.path}, below include:, the line  - local: /{ours[0]}"
        seen = f"{theirs.path} does not include {ours[0]}"
        yield Finding("files", "pipeline", State.MISSING, seen, (step,))
    else:
        step = f"{program} workflows -y"
        yield Finding("files", "pipeline", State.MISSING, "none of this module", (step,))
    if theirs and theirs.error:
        yield Finding("files", theirs.path, State.MISSING, theirs.error, ("correct it",))
    jobs = theirs.jobs if theirs else ()
    tests = [f"{theirs.path}: job {job.name}" for job in jobs if theirs and "tests" in job.kinds]
    if tests:
        yield Finding("files", "who tests, too", State.FOUND, ", ".join(tests))
    uploads = [f"job {job.name} ({job.upload})" for job in jobs if job.upload]
    yield Finding("files", "who publishes", State.FOUND, ", ".join(uploads) or "no job")


def updates(repository: Repository) -> Finding:
    """Return what updates the dependencies."""
    if repository.renovate:
        return Finding("files", "updates", State.FOUND, repository.renovate)
    seen = "Renovate is not configured, and Dependabot is of GitHub"
    return Finding("files", "updates", State.MISSING, seen, ("add a renovate.json",))


def settings(project: Project, repository: Repository, choices: Choices) -> Iterator[Finding]:
    """Yield the pages of GitLab's settings, with the value of each field."""
    named = dict(schedules(project, choices))
    if named:
        page = page_of(repository) or "Build, Pipeline schedules"
        fields = tuple(f"{name}: {fields}" for name, fields in named.items())
        seen = "they are on a page, and in no file"
        yield Finding(AREA, "schedules", State.UNSEEN, seen, (f"open {page}, New:", *fields))
    page = page_of(repository, "/-/settings/merge_requests") or "Settings, Merge requests"
    step = f"open {page}: Pipelines must succeed"
    yield Finding(AREA, "merge requests", State.UNSEEN, "whether they need the checks", (step,))
    if project.installable:
        pattern = repository.tags(project).form.pattern
        page = page_of(repository, "/-/settings/repository") or "Settings, Repository"
        step = f"open {page}, Protected tags: {pattern}"
        yield Finding(AREA, "version tags", State.UNSEEN, "whether they are protected", (step,))
        yield Finding(AREA, "release", State.FOUND, f"by hand: {RELEASE}")
