"""What the pipeline of GitLab is made from, and what is left to do there, as lines: pure."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from wheelwright.github import native
from wheelwright.github.options import TABLE, Choices
from wheelwright.github.report import of_checkout, overlapping
from wheelwright.gitlab.plan import SCHEDULED, SELECTION
from wheelwright.project.model import Project
from wheelwright.release.decide.urls import https, is_path
from wheelwright.repository.facts import Found, Repository
from wheelwright.repository.pipeline import INCLUDED, Pipeline
from wheelwright.testing.cells import Selection, plan

_CRON = {"nightly": "{minute} 2 * * *", "audit": "{minute} 4 * * 1"}
_PAGE = "/-/pipeline_schedules"


def found(
    project: Project,
    repository: Repository,
    choices: Choices,
    forge: Found,
    theirs: Pipeline | None,
) -> Iterator[str]:
    """Yield a line for each fact that decided something, with its place, and what is to be done."""
    yield f"forge: gitlab, from {forge.origin}; --forge github writes workflows instead"
    branch = repository.branch
    yield f"branch: {branch.value}, from {branch.origin}"
    for each in choices.members:
        yield f"package: {each.name}, a member of the workspace"
    yield from _kept(theirs)
    yield from of_checkout(project, repository, choices, "a CI/CD variable of the type File")
    yield from _schedules(project, repository, choices)
    yield from _not_there(project, choices)


def _kept(theirs: Pipeline | None) -> Iterator[str]:
    """Yield what was left as it is, which of its jobs overlap with ours, and how it has ours."""
    if theirs is None:
        return
    if theirs.error:
        yield f"{theirs.error}; kept as it is"
    yield f"{theirs.path}: kept as it is; ours is {INCLUDED}{overlapping(theirs.jobs)}"
    if not theirs.includes:
        yield f"add to {theirs.path}, below include:, the line  - local: /{INCLUDED}"
    for job in theirs.jobs:
        if job.upload:
            yield f"publish: theirs: {theirs.path} uploads ({job.upload} in job {job.name})"


def schedules(project: Project, choices: Choices) -> Iterator[tuple[str, str]]:
    """Yield the name and the fields of each schedule, which GitLab has on a page and in no file."""
    minute = zlib.crc32(project.name.encode()) % 60
    for each in SCHEDULED:
        if each not in choices.without:
            yield each, f'"{_CRON[each].format(minute=minute)}", variable {SELECTION} = {each}'


def _schedules(project: Project, repository: Repository, choices: Choices) -> Iterator[str]:
    shown = " and ".join(fields for _, fields in schedules(project, choices))
    if not shown:
        return
    yield f"schedules: make them at {page_of(repository) or 'Build, Pipeline schedules'}: {shown}"


def page_of(repository: Repository, page: str = _PAGE) -> str:
    """Return the address of a page of the project; empty without a remote."""
    remote = repository.remote
    if not remote or is_path(remote) or repository.forge != "gitlab":
        return ""
    return https(remote).removesuffix("/").removesuffix(".git") + page


def _not_there(project: Project, choices: Choices) -> Iterator[str]:
    """Yield what is requested, and is written for GitHub only."""
    requested = {
        "sarif": choices.sarif,
        "history": choices.history and not choices.shards,
        "jobs": choices.in_parts,
        "needs": bool(choices.needs),
    }
    for key, is_requested in requested.items():
        if is_requested:
            yield f"{key} of {TABLE}: not written for GitLab"
    if cells := native.native(plan(project, Selection())):
        names = ", ".join(f"{cell.name} on {runner}" for cell, runner in cells)
        yield f"cells of other systems: not run on GitLab: {names}"
    if project.installable and choices.publish != "theirs":
        yield f"release: not written for GitLab: {RELEASE}"


RELEASE = "it needs GitHub's API; set version and tag by hand, then `publish --tag TAG`"
