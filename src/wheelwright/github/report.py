"""What `workflows` found, decided and kept, as lines for people: pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from wheelwright.github.options import TABLE, Choices
from wheelwright.project.model import Project
from wheelwright.release.decide.tags import Tags
from wheelwright.repository.existing import Workflow
from wheelwright.repository.facts import Repository, host_of, private_indexes
from wheelwright.repository.jobs import Job

GATES = ("lint", "types", "tests", "build", "audit")


def found(
    project: Project, repository: Repository, choices: Choices, tags: Tags, planned: Collection[str]
) -> Iterator[str]:
    """Yield a line for each fact that decided something, with its place."""
    yield from _forge(repository, choices)
    branch = repository.branch
    yield f"branch: {branch.value}, from {branch.origin}"
    for each in choices.members:
        yield f"package: {each.name}, a member of the workspace; tags: {each.tags.pattern}"
    if project.installable and not choices.members:
        yield f"tags: {tags.form.pattern}, {tags.origin or 'the usual form, as there is no tag'}"
    yield from _kept(repository, choices, planned)
    yield from _publisher(repository, choices)
    if repository.renovate:
        yield f"{repository.renovate}: Renovate updates the dependencies; no dependabot.yml"
    yield from of_checkout(project, repository, choices)


def of_checkout(
    project: Project, repository: Repository, choices: Choices, kind: str = "a secret"
) -> Iterator[str]:
    """Yield what a job needs beyond the files, and where it may need a credential."""
    if repository.submodules:
        paths = ", ".join(each.path for each in repository.submodules)
        yield f"submodules: {paths}, from .gitmodules; each checkout has them"
    yield from (each.note for each in repository.submodules if each.note)
    if repository.lfs:
        shown = ", ".join(repository.lfs)
        yield f"git-lfs: {shown}, from .gitattributes; each checkout has these files"
    if not choices.netrc:
        for index in private_indexes(project):
            yield (
                f'index {index.origin}: {index.value} may need a credential; set netrc = "NETRC" '
                f"in {TABLE}, the name of {kind} in netrc's format"
            )


def _forge(repository: Repository, choices: Choices) -> Iterator[str]:
    """Yield which forge the files are for, where the remote does not say so."""
    host = host_of(repository.remote)
    if host and repository.forge != choices.forge:
        yield f"forge: {choices.forge}; --forge gitlab writes a pipeline for {host} instead"


def _kept(repository: Repository, choices: Choices, planned: Collection[str]) -> Iterator[str]:
    """Yield what was left as it is, and which of its jobs overlap with ours."""
    instead = {
        path.rpartition("/")[2].rpartition(".")[0].removeprefix("wheelwright-"): path
        for path in map(choices.path, choices.files)
        if path in planned
    }
    for each in repository.foreign:
        if each.error:
            yield f"{each.error}; kept as it is"
            continue
        beside = f"; ours is {instead[each.stem]}" if each.stem in instead else ""
        double = overlapping(each.jobs)
        if beside or double:
            yield f"{each.path}: kept as it is{beside}{double}"


def overlapping(jobs: Iterable[Job]) -> str:
    """Return which jobs of a person run checks that ours run as well; empty for none."""
    double = [(job.name, [kind for kind in job.kinds if kind in GATES]) for job in jobs]
    listed = ", ".join(f"{name} ({', '.join(kinds)})" for name, kinds in double if kinds)
    return f"; jobs that overlap with ours: {listed}" if listed else ""


def _publisher(repository: Repository, choices: Choices) -> Iterator[str]:
    files = repository.publishers
    if not files:
        return
    shown = "; ".join(map(_uploading, files))
    if choices.publish == "theirs":
        yield (
            f"publish: theirs: {shown}; so no release.yml is written. To have it, remove that "
            f'upload and set publish = "release" in {TABLE}'
        )
    else:
        yield (
            f"publish: {choices.publish}, by {TABLE}: {shown}; remove that upload first, or each "
            "version is uploaded twice"
        )


def _uploading(workflow: Workflow) -> str:
    job = workflow.uploads[0]
    environment = f", environment {job.environment}" if job.environment else ""
    started = " and ".join(workflow.triggers) or "nothing"
    return f"{workflow.path} uploads ({job.upload} in job {job.name}{environment}) on {started}"
