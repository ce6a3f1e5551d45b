"""The pipeline of a repository on GitLab, planned from its metadata: pure.

| job | runs | does |
|---|---|---|
| gates | push to the branch, merge request, by hand | every gate |
| matrix | the same | the test matrix; JUnit, coverage and the page are kept |
| nightly | a schedule whose variable WHEELWRIGHT_RUN is nightly | the matrix in every resolution |
| audit | a schedule whose variable WHEELWRIGHT_RUN is audit | known vulnerabilities |
| notify | one of them failed on the branch or in a schedule | a message, where it is requested |

All of it is one file. Where a person's file is `.gitlab-ci.yml`, ours has another name, and its
jobs have a prefix, as GitLab merges what is included into one pipeline.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from wheelwright.github import again
from wheelwright.github.calls import CALLS, Caller, Engine
from wheelwright.github.encoding import scalar, word
from wheelwright.github.members import VARIABLE, Member
from wheelwright.github.options import Choices
from wheelwright.github.template import fill, read
from wheelwright.pins import DAGGER, DOCKER_CLI_IMAGE, DOCKER_IMAGE, UV_PYTHON_IMAGE
from wheelwright.project.model import Project
from wheelwright.project.version import VersionSource, version_source
from wheelwright.repository.checkout import ATTRIBUTES, MODULES, lfs_patterns
from wheelwright.repository.pipeline import INCLUDED, MAIN, Pipeline

SELECTION: Final = "WHEELWRIGHT_RUN"
"""The variable of a schedule that names what it runs."""
SCHEDULED: Final = ("nightly", "audit")

_PACKAGE: Final = "wheelwright.gitlab"
_JOBS: Final = ("gates", "matrix", "nightly", "audit", "notify")
_STAGE: Final = "test"
"""One of GitLab's own stages; those of a file replace them."""


def path_of(theirs: Pipeline | None) -> str:
    """Return the path of our file, beside the pipeline that a person wrote."""
    return INCLUDED if theirs else MAIN


def pipeline(
    project: Project, caller: Caller, choices: Choices, theirs: Pipeline | None = None
) -> dict[str, str]:
    """Return the contents of the file's block, by its path.

    Raises:
        RequestError: a value that is not allowed in a pipeline.
    """
    members = choices.members
    caller = replace(
        caller,
        package=VARIABLE if members else caller.package,
        netrc=bool(choices.netrc),
    )
    prefix = "wheelwright:" if theirs else ""
    calls = {name: caller.call(function) for name, function in CALLS.items()}
    coverage = " --coverage" if choices.codecov else ""
    values = {
        **{name: f"{prefix}{name}" for name in _JOBS},
        **calls,
        **_engine(caller),
        "hidden": ".wheelwright",
        "stage": _stage(theirs),
        "variables": "\n".join(_variables(project, caller, members)),
        "on_change": _read("on-change"),
        "branch": scalar("--branch", choices.branch),
        "parallel": _parallel(members),
        "matrix_args": coverage,
        "matrix_steps": _read("matrix-steps"),
        "upload_coverage": _read("codecov") if choices.codecov else "",
        "codecov_secret": choices.codecov,
        "reports": _read("reports"),
        "retention": str(choices.retention_days),
        "netrc": _read("netrc") if choices.netrc else "",
        "netrc_name": choices.netrc,
        "again_gates": _again(caller, "ci"),
        "again_matrix": _again(caller, f"matrix{coverage}"),
        "again_audit": _again(caller, "audit"),
        "nightly_job": "",
        "audit_job": "",
        "notify_job": "",
    }
    needed = ["gates", "matrix"]
    for name in SCHEDULED:
        if name not in choices.without:
            needed.append(name)
            values[f"{name}_job"] = _read(name)
    resolutions = "locked,lowest-direct,highest" if project.lock else "lowest-direct,highest"
    nightly = {"matrix_args": f" --resolution {resolutions}", "upload_coverage": ""}
    values["nightly_steps"] = fill(_read("matrix-steps"), {**values, **nightly})
    values["again_nightly"] = _again(caller, f"matrix{nightly['matrix_args']}")
    if choices.notify:
        # Nothing of a message is of one package.
        first = replace(caller, package=members[0].name) if members else caller
        values |= {
            "notify_job": _read("notify"),
            "notify_secret": choices.notify,
            "notify_needs": "\n".join(
                f"- {{ job: {scalar('its name', values[name])}, optional: true }}"
                for name in needed
            ),
            "call_notify": first.call(CALLS["call_notify"]),
        }
    return {path_of(theirs): fill(_read("pipeline"), values)}


def _stage(theirs: Pipeline | None) -> str:
    """Return a stage that there is: each job of ours starts at once, whichever it is."""
    stages = theirs.stages if theirs else ()
    if not stages or _STAGE in stages:
        return _STAGE
    # An input of their file is nothing in ours; the first stage of GitLab's own is always there.
    known = (each for each in stages if each.isprintable() and "$" not in each)
    return scalar("stages", next(known, ".pre"))


def _engine(caller: Caller) -> dict[str, str]:
    """Return how a job gets the engine, and how its store is kept for the next run."""
    if caller.engine is Engine.DAGGER:
        return {
            "image": DOCKER_CLI_IMAGE,
            "services": f"services: [{DOCKER_IMAGE}]",
            "prepare": _read("dagger"),
            "cache": "",
            "keep": "",
        }
    home = caller.home
    directory = word("the module's directory", home.directory) if home.directory else ""
    values = {
        "image": UV_PYTHON_IMAGE,
        "services": "",
        "prepare": _read("stiletto"),
        "cache": _read("cache"),
        "keep": _read("keep"),
        "program": caller.program,
    }
    if caller.own:
        return {**values, "install": "", "path_again": ""}
    if home.local:
        path = f'"$PWD/{directory or "."}/.venv/bin:$PATH"'
        return {
            **values,
            "install": _read("here"),
            "module": f"./{directory}",
            "path": path,
            "path_again": f"PATH={path}",
        }
    module = f'"$WHEELWRIGHT_DIR/module/{directory}"' if directory else '"$WHEELWRIGHT_DIR/module"'
    path = f'{module[:-1]}/.venv/bin:$PATH"'
    return {
        **values,
        "install": _read("fetch"),
        "address": word("the module's address", home.address),
        "commit": word("the module's commit", home.commit),
        "module": module,
        "path": path,
        "path_again": f"PATH={path}",
    }


def _variables(project: Project, caller: Caller, members: Sequence[Member]) -> Iterator[str]:
    """Yield what each job has: its checkout is complete, and its engine is set up."""
    if version_source(project) is VersionSource.VCS or any(each.deep for each in members):
        yield 'GIT_DEPTH: "0" # the version comes from the tags'
    if project.files.has(MODULES):
        yield "GIT_SUBMODULE_STRATEGY: recursive"
        yield 'GIT_SUBMODULE_FORCE_HTTPS: "true" # of this GitLab, with the token of the job'
    if lfs_patterns(project.files.text(ATTRIBUTES) or ""):
        yield 'GIT_LFS_SKIP_SMUDGE: "0" # with the files that git-lfs has'
    # Beside the checkout, and on the same volume: a layer of a container takes no overlay.
    yield "WHEELWRIGHT_DIR: ${CI_PROJECT_DIR}.wheelwright"
    if caller.engine is Engine.STILETTO:
        yield "STILETTO_CACHE: ${CI_PROJECT_DIR}.wheelwright/store"
        yield "UV_LINK_MODE: copy # uv's own cache is on another volume"
        return
    yield f'DAGGER_VERSION: "{DAGGER}"'
    yield "DOCKER_HOST: tcp://docker:2376"
    yield "DOCKER_TLS_CERTDIR: /certs"
    yield 'DOCKER_TLS_VERIFY: "1"'
    yield "DOCKER_CERT_PATH: /certs/client"


def _parallel(members: Sequence[Member]) -> str:
    if not members:
        return ""
    names = (
        scalar("the package's name", word("the package's name", each.name)) for each in members
    )
    return f"parallel:\n  matrix:\n    - PACKAGE: [{', '.join(names)}]"


def _again(caller: Caller, function: str) -> str:
    """Return the lines that end a log: how to run the job again, with either engine."""
    lines = " \\\n".join(f"  {each}" for each in again.lines(caller, function))
    return f"printf '\\n    %s\\n' \\\n{lines}"


def _read(name: str) -> str:
    return read(name, _PACKAGE).rstrip("\n")
