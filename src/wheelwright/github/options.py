"""What `workflows` writes: the caller's options, the package's settings, and what was found. Pure.

An option decides for one call, then [tool.wheelwright.github], then the repository itself, then the
default. Each choice that the repository decided is noted with its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from wheelwright.errors import RequestError
from wheelwright.github.calls import Engine
from wheelwright.github.members import Member
from wheelwright.project.arguments import argument
from wheelwright.project.github_settings import (
    FILES,
    FORGES,
    JOBS,
    SHARDS_MAX,
    GitHubSettings,
    is_branch,
    is_environment,
)
from wheelwright.project.suggestions import unknown
from wheelwright.repository.existing import DEPENDABOT, DIRECTORY, Workflow
from wheelwright.repository.facts import Found, Repository

TABLE: Final = "[tool.wheelwright.github]"
_ENVIRONMENTS: Final = {"environment": "pypi", "propose_environment": "release"}


@dataclass(frozen=True)
class Options:
    """The arguments of `workflows`. The index checks the name of `environment`."""

    branch: str = argument("The default branch. Default: as the clone or its remote names it.", "")
    forge: str = argument(
        "Whose jobs to write: github or gitlab. Default: as the remote names it.", ""
    )
    engine: str = argument(
        "The command line to install: dagger, or stiletto where no Docker is. Default: dagger; "
        "on GitLab stiletto.",
        "",
    )
    module: str = argument(
        "This module at a commit, for -m. Default: the toolchain in dagger.json.", ""
    )
    stiletto: str = argument(
        "Where the stiletto command comes from: NAME[stiletto] @ git+https://...@COMMIT. "
        "Default: the commit that dagger.json pins.",
        "",
    )
    environment: str = argument("GitHub's environment of the jobs that publish. Default: pypi.", "")
    propose_environment: str = argument(
        "GitHub's environment of the jobs that push. Its secrets: RELEASE_APP_ID and "
        "RELEASE_APP_KEY of an app, or RELEASE_TOKEN. Default: release.",
        "",
    )
    index: str = argument("Name of a [[tool.uv.index]] to publish to. Default: PyPI.", "")
    reusable: bool = argument(
        "Put the checks into a workflow that other repositories can call, too.", False
    )
    jobs: str = argument(
        "one for the whole matrix, or cells: one for each cell, which a last one combines. "
        "Default: one.",
        "",
    )
    shards: int = argument(
        "So many jobs for the cells, of about the same duration by their history; "
        "implies --jobs cells.",
        0,
    )
    overwrite: bool = argument("Replace files of the same names that a person wrote.", False)


@dataclass(frozen=True, slots=True)
class Choices:
    """What is written, decided.

    Attributes:
        files: the file of each workflow that does not have its usual name.
        names: the name of each workflow that is not that of its file.
        members: the packages, where there are several.
        publish: who uploads to the index: "release", "tag", or "theirs".
        jobs: "one" for the whole matrix, or "cells" for one for each part of it.
        shards: how many parts at most; 0 for as many as there are cells.
    """

    branch: str = "main"
    forge: str = "github"
    engine: Engine = Engine.DAGGER
    environment: str = "pypi"
    propose_environment: str = "release"
    index: str = ""
    reusable: bool = False
    publish: str = "release"
    without: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    dependabot: str = DEPENDABOT[0]
    members: tuple[Member, ...] = ()
    needs: tuple[str, ...] = ()
    sarif: bool = False
    codecov: str = ""
    notify: str = ""
    history: bool = False
    netrc: str = ""
    retention_days: int = 14
    jobs: str = "one"
    shards: int = 0

    @property
    def in_parts(self) -> bool:
        """Whether the matrix has a job for each of its parts."""
        return self.jobs == "cells"

    def path(self, kind: str) -> str:
        """Return the path of a workflow."""
        return f"{DIRECTORY}/{self.files.get(kind, f'{kind}.yml')}"

    def name(self, kind: str) -> str:
        """Return the name of a workflow: on GitHub's pages, and of its group of runs."""
        stem = self.files.get(kind, f"{kind}.yml").rpartition(".")[0]
        return self.names.get(kind, stem)


def forge(options: Options, settings: GitHubSettings, found: Repository) -> Found:
    """Return the forge whose jobs are written, and what says so.

    Raises:
        RequestError: there is no such forge.
    """
    if options.forge:
        if options.forge not in FORGES:
            raise RequestError(
                unknown("--forge", options.forge, FORGES), "leave it out to detect it"
            )
        return Found(options.forge, "--forge")
    return Found(settings.forge, f"{TABLE} forge") if settings.forge else found.works_on


def engine(options: Options, settings: GitHubSettings, found: Repository) -> Engine:
    """Return the engine whose command line is installed in a forge's jobs; else an earlier call's.

    Raises:
        RequestError: there is no such engine.
    """
    on = forge(options, settings, found).value
    files = found.pipelines if on == "gitlab" else found.workflows
    before = next((each.engine for each in files if each.engine), "")
    named = options.engine or settings.engine or before or usual_engine(on).value
    known = [each.value for each in Engine]
    if named not in known:
        raise RequestError(f'unknown engine "{named}"', f"choose from {', '.join(known)}")
    return Engine(named)


def usual_engine(on: str) -> Engine:
    """Return the engine of a forge where nobody chose one."""
    # Docker in a job needs a privileged runner there.
    return Engine.STILETTO if on == "gitlab" else Engine.DAGGER


def branch(options: Options, settings: GitHubSettings) -> Found | None:
    """Return the branch that a person named; None where it is to be found out.

    Raises:
        RequestError: a name that GitHub would take for a pattern.
    """
    if options.branch:
        if not is_branch(options.branch):
            raise RequestError(
                f"--branch: invalid branch name {options.branch!r}", "pass --branch main"
            )
        return Found(options.branch, "--branch")
    return Found(settings.branch, f"{TABLE} branch") if settings.branch else None


def choose(
    options: Options, settings: GitHubSettings, found: Repository, *, audited: bool = True
) -> Choices:
    """Decide everything; `audited` is whether anything is pinned that `audit` could look up.

    Raises:
        RequestError: nothing says the default branch; an environment that cannot exist.
    """
    if not found.branch.value:
        raise RequestError(
            f"the default branch is not known: {found.branch.origin}",
            f'pass --branch NAME, or set branch = "NAME" in {TABLE}',
        )
    if not is_branch(found.branch.value):
        raise RequestError(
            f"invalid branch name {found.branch.value!r}, from {found.branch.origin}",
            "pass --branch main",
        )
    jobs, shards = _jobs(options, settings)
    environments = {}
    for field_name, usual in _ENVIRONMENTS.items():
        named = getattr(options, field_name)
        if named and not is_environment(named):
            flag = f"--{field_name.replace('_', '-')}"
            raise RequestError(
                f"{flag}: invalid environment name {named!r}", f"pass {flag} {usual}"
            )
        environments[field_name] = named or getattr(settings, field_name) or usual
    on = forge(options, settings, found).value
    left_out = set(settings.without)
    others = () if options.overwrite else found.workflows
    files = dict(_files(settings, others))
    if not audited and not _is_ours(files, "audit", found.workflows):
        left_out.add("audit")
    if found.renovate:
        left_out.add("dependabot")
    return Choices(
        branch=found.branch.value,
        forge=on,
        engine=engine(options, settings, found),
        environment=environments["environment"],
        propose_environment=environments["propose_environment"],
        index=options.index or settings.index,
        reusable=options.reusable or _is_ours(files, "wheelwright", found.workflows),
        publish=settings.publish or ("theirs" if found.publishers else "release"),
        without=tuple(sorted(left_out)),
        files=files,
        names=dict(_names(files, others)),
        dependabot=found.dependabot or DEPENDABOT[0],
        needs=settings.needs,
        sarif=settings.sarif,
        codecov=settings.codecov,
        notify=settings.notify,
        history=settings.history or shards > 0,
        netrc=settings.netrc,
        retention_days=settings.retention_days,
        jobs=jobs,
        shards=shards,
    )


def _jobs(options: Options, settings: GitHubSettings) -> tuple[str, int]:
    """Return how many jobs the matrix has: one, or one for each cell; and how many at most.

    Raises:
        RequestError: unknown jobs, or a number of shards that no workflow can have.
    """
    if options.jobs and options.jobs not in JOBS:
        raise RequestError(f'unknown jobs "{options.jobs}"', f"choose from {', '.join(JOBS)}")
    if options.shards and not 1 <= options.shards <= SHARDS_MAX:
        raise RequestError(f"--shards must be 1 to {SHARDS_MAX}, not {options.shards}")
    if options.shards and options.jobs == "one":
        raise RequestError("--shards needs --jobs cells", "leave one of the two out")
    shards = options.shards or settings.shards
    jobs = options.jobs or ("cells" if shards else settings.jobs or "one")
    return jobs, shards if jobs == "cells" else 0


def _files(settings: GitHubSettings, workflows: Sequence[Workflow]) -> Iterator[tuple[str, str]]:
    """Yield the file of each workflow that does not have its usual name."""
    ours = {each.path.rpartition("/")[2] for each in workflows if each.ours}
    foreign = {each.path.rpartition("/")[2] for each in workflows if not each.ours}
    stems = {name.rpartition(".")[0] for name in foreign}
    for kind in FILES:
        usual = settings.files.get(kind, f"{kind}.yml")
        stem, _, extension = usual.rpartition(".")
        other = f"wheelwright-{stem}.{extension}"
        number = 1
        while other in foreign:
            number += 1
            other = f"wheelwright-{stem}-{number}.{extension}"
        if usual in foreign or (usual not in ours and (stem in stems or other in ours)):
            yield kind, other
        elif kind in settings.files:
            yield kind, usual


def _is_ours(files: Mapping[str, str], kind: str, workflows: Sequence[Workflow]) -> bool:
    """Whether an earlier call wrote a workflow."""
    path = f"{DIRECTORY}/{files.get(kind, f'{kind}.yml')}"
    return any(each.ours and each.path == path for each in workflows)


def _names(files: Mapping[str, str], workflows: Sequence[Workflow]) -> Iterator[tuple[str, str]]:
    """Yield another name for each workflow whose own one is taken.

    Runs of workflows with the same name would be of one group, and cancel each other.
    """
    taken = {each.name.lower() for each in workflows if not each.ours}
    for kind in FILES:
        stem = files.get(kind, f"{kind}.yml").rpartition(".")[0]
        if stem.lower() in taken:
            yield kind, f"wheelwright-{kind}"
