"""The workflows of a repository, planned from its metadata: pure.

| file | starts | does |
|---|---|---|
| ci.yml | push, pull request, merge queue | gates, matrix, cells of other systems |
| nightly.yml | every night | the matrix in every resolution |
| audit.yml | every week | known vulnerabilities |
| release.yml | by hand | `release` |
| publish.yml | a tag of the package's form, such as `v*` | `publish` |
| dependabot.yml | | newer actions and dependencies |

With `reusable`, ci.yml calls wheelwright.yml, which other repositories may call, too; releases
stay in ordinary workflows. A package that nothing can build has neither release nor publish.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from wheelwright.environment.tools import pinned
from wheelwright.errors import RequestError
from wheelwright.github import block
from wheelwright.github.actions import foreign
from wheelwright.github.calls import (
    CALLS,
    CALLS_APART,
    REQUEST,
    REQUEST_WHEELS,
    SECRETS,
    Caller,
    Engine,
)
from wheelwright.github.encoding import scalar, word
from wheelwright.github.template import fill, read
from wheelwright.pins import ACTIONS, DAGGER, DEFAULT_PYTHON, UV
from wheelwright.project.arguments import argument
from wheelwright.project.model import Project
from wheelwright.project.version import VersionSource, version_source
from wheelwright.release.decide import wheels
from wheelwright.release.decide.stops import Problem
from wheelwright.release.decide.tags import Form
from wheelwright.release.decide.urls import index_urls
from wheelwright.repository.existing import BEGIN

# The check that the branch's rules require: the job `passed` of ci.yml.
CHECK = "ci passed"

_WORKFLOWS = ".github/workflows"
# Jobs of a release, whose output is summed up.
_SUMMED_UP = ("build", "propose", "publish", "finish")
# Without the characters that are a pattern for GitHub.
_BRANCH = re.compile(r"[A-Za-z0-9._/-]+")
_TAGS = Form()
_ENVIRONMENT = re.compile(r"[A-Za-z0-9._ /-]+")

ATTRIBUTES = ".gitattributes"
"""Says which files git-lfs has; the one at the root counts."""


@dataclass(frozen=True)
class Options:
    """The arguments of `workflows`. The index checks the name of `environment`."""

    branch: str = argument("The default branch.", "main")
    engine: str = argument(
        "The command line to install: dagger, or stiletto where no Docker is.", "dagger"
    )
    module: str = argument(
        "This module at a commit, for -m. Default: the toolchain in dagger.json.", ""
    )
    stiletto: str = argument(
        "Where the stiletto command comes from: NAME[stiletto] @ git+https://...@COMMIT. "
        "Default: the commit that dagger.json pins.",
        "",
    )
    environment: str = argument("GitHub's environment of the jobs that publish.", "pypi")
    propose_environment: str = argument(
        "GitHub's environment of the jobs that push. Its secrets: RELEASE_APP_ID and "
        "RELEASE_APP_KEY of an app, or RELEASE_TOKEN.",
        "release",
    )
    index: str = argument("Name of a [[tool.uv.index]] to publish to. Default: PyPI.", "")
    reusable: bool = argument(
        "Put the checks into a workflow that other repositories can call, too.", False
    )
    overwrite: bool = argument("Replace existing files that have no marks of a block.", False)


def workflows(
    project: Project, caller: Caller, options: Options, tags: Form = _TAGS
) -> dict[str, str]:
    """Return the contents of each file's block by path; `tags` is the form of the package's tags.

    Raises:
        RequestError: a value that is not allowed in a workflow; nothing to call from elsewhere.
    """
    _check(caller, options)
    values = {
        **SECRETS,
        **_pins(),
        **_install(caller),
        **_project(project),
        "branch": scalar("--branch", options.branch),
        "environment": scalar("--environment", options.environment),
        "proposing": scalar("--propose-environment", options.propose_environment),
        **_index(project, options.index),
        "job_env": "",
        "handed_if": "",
        "app_token": read("app-token"),
        "request": read("request"),
        **REQUEST,
        "tag_pattern": scalar("the form of tags", tags.pattern),
        **_wheels(project),
        "matrix_args": "",
        "needed": "gates, matrix, native",
        "module_input": scalar("--module", ""),
    }
    plain = {**values, **_calls(caller)}
    plain["prepare"] = "@checkout@\n@install@"
    plain["prepare_whole"] = "@checkout_whole@\n@install@"
    files: dict[str, str] = {}
    if options.reusable:
        called = replace(caller, module='"$MODULE"')
        inner = {**values, **_calls(called), "module_input": scalar("--module", caller.module)}
        inner |= {"jobs": read("jobs"), "job_env": "env:\n  MODULE: ${{ inputs.module }}"}
        files[f"{_WORKFLOWS}/wheelwright.yml"] = fill(read("called"), inner)
        outer = {**plain, "jobs": read("caller"), "needed": "ci"}
        files[f"{_WORKFLOWS}/ci.yml"] = fill(read("ci"), outer)
    else:
        cached = {**plain, "prepare": values["prepare"], "jobs": read("jobs")}
        files[f"{_WORKFLOWS}/ci.yml"] = fill(read("ci"), cached)
    resolutions = "locked,lowest-direct,highest" if project.lock else "lowest-direct,highest"
    nightly = {**plain, "matrix_args": f" --resolution {resolutions}"}
    nightly["annotate"] = f"{plain['call_matrix_run']}{nightly['matrix_args']} annotations"
    files[f"{_WORKFLOWS}/nightly.yml"] = fill(read("nightly"), nightly)
    names = ["audit", *(("release", "publish") if project.installable else ())]
    for name in names:
        own = {**plain, "said": name}
        if name == "publish":
            own["handed_if"] = "if: ${{ steps.build.outputs.released != 'true' }}"
        files[f"{_WORKFLOWS}/{name}.yml"] = fill(read(name), own)
    files[".github/dependabot.yml"] = fill(read("dependabot"), plain)
    return files


@dataclass(frozen=True, slots=True)
class Merged:
    """The text of every file whose block changes, by path; and the pins that were kept.

    Attributes:
        kept: pins by file. They are newer, by their own comments, than those
            which would have been written.
    """

    texts: Mapping[str, str]
    kept: Mapping[str, tuple[str, ...]]


def merged(planned: Mapping[str, str], existing: Mapping[str, str], *, overwrite: bool) -> Merged:
    """Put the blocks into the files that are there.

    Raises:
        RequestError: files without the marks are there already; all are named.
        ProjectError: marks that do not pair up.
    """
    theirs = [path for path in planned if path in existing and not block.is_ours(existing[path])]
    if theirs and not overwrite:
        are = "is" if len(theirs) == 1 else "are"
        raise RequestError(
            f"{', '.join(theirs)} {are} present already, without the mark {BEGIN!r}",
            "move them away, or pass --overwrite to replace them",
        )
    texts = {path: block.merge(path, existing.get(path), body) for path, body in planned.items()}
    kept = {path: foreign(block.inside(text)) for path, text in texts.items()}
    return Merged(
        {path: text for path, text in texts.items() if text != existing.get(path)},
        {path: pins for path, pins in kept.items() if pins},
    )


def _check(caller: Caller, options: Options) -> None:
    if not _BRANCH.fullmatch(options.branch):
        raise RequestError(
            f"--branch: invalid branch name {options.branch!r}",
            "pass --branch main",
        )
    environments = (
        ("--environment", options.environment, "pypi"),
        ("--propose-environment", options.propose_environment, "release"),
    )
    for flag, name, usual in environments:
        if not _ENVIRONMENT.fullmatch(name):
            raise RequestError(f"{flag}: invalid environment name {name!r}", f"pass {flag} {usual}")
    if options.reusable and not caller.module:
        raise RequestError(
            "a reusable workflow runs in repositories that do not contain this module",
            "pass --module REFERENCE, which they will use",
        )


def _pins() -> dict[str, str]:
    pins = {f"use_{name}": str(action) for name, action in ACTIONS.items()}
    return {
        **pins,
        "dagger_version": scalar("dagger", DAGGER),
        "uv_version": scalar("uv", UV),
        "cibuildwheel_version": pinned("cibuildwheel", DEFAULT_PYTHON),
    }


def _install(caller: Caller) -> dict[str, str]:
    engine, home = caller.engine.value, caller.home
    tool = "" if caller.own else read("install-here" if home.local else "install-tool")
    # A job without a checkout fetches what is in the repository from there, at its own commit.
    address = "${{ github.server_url }}/${{ github.repository }}.git"
    apart = read(f"install-{engine}")
    if caller.engine is Engine.STILETTO:
        apart = apart.replace("@install_tool@", read("install-tool"))
    else:
        apart += "@fetch_module@"
    return {
        "program": caller.program,
        "checkout": read("checkout"),
        "checkout_whole": read("checkout").replace(
            "@fetch_depth@", "fetch-depth: 0 # branches, tags"
        ),
        "install": read(f"install-{engine}"),
        "install_tool": tool,
        "fetch_module": read("fetch-module"),
        "install_apart": apart,
        "home_address": scalar("the module's address", home.address) if home.address else address,
        "home_commit": (
            scalar("the module's commit", home.commit) if home.commit else "${{ github.sha }}"
        ),
        "home_directory": scalar("the module's directory", home.directory or "."),
        "text_summary": read("text-summary"),
        "take_over": read("take-over"),
        "hand_over": read("hand-over"),
        **{f"summary_{job}": read("text-summary").replace("@said@", job) for job in _SUMMED_UP},
        "matrix_steps": read("matrix-steps"),
        "restore": read(f"restore-{engine}"),
        "prepare": "@checkout@\n@install@\n@restore@",
        "keep": read(f"keep-{engine}"),
    }


def _project(project: Project) -> dict[str, str]:
    # The start is spread over the hour: GitHub delays or drops what starts with everything else.
    minute = zlib.crc32(project.name.encode()) % 60
    deep = version_source(project) is VersionSource.VCS
    directory = project.base if project.lock else project.where
    attributes = project.files.text(ATTRIBUTES) or ""
    return {
        "fetch_depth": "fetch-depth: 0 # the version comes from the tags" if deep else "",
        # A checkout brings neither by itself, and what is built and tested needs them.
        "submodules": "submodules: recursive" if project.files.has(".gitmodules") else "",
        "lfs": "lfs: true" if "filter=lfs" in attributes else "",
        "cron_nightly": scalar("cron", f"{minute} 2 * * *"),
        "cron_audit": scalar("cron", f"{minute} 4 * * 1"),
        "ecosystem": "uv" if project.lock else "pip",
        "directory": scalar("the package's directory", f"/{directory}"),
    }


def _wheels(project: Project) -> dict[str, str]:
    """Return what release.yml has for a package whose wheels are built on other machines."""
    if not wheels.are_built_elsewhere(project):
        return {
            "wheels_jobs": "",
            "given_wheels": "",
            "build_needs": "if: ${{ !inputs.plan-only }}",
            "build_request": "@request@",
            "build_bump": REQUEST["request_bump"],
            "build_version": REQUEST["request_version"],
        }
    return {
        "wheels_jobs": read("release-wheels"),
        "given_wheels": read("given-wheels"),
        "build_needs": "needs: [edits, wheels]",
        "build_request": read("request-wheels"),
        **REQUEST_WHEELS,
    }


def _index(project: Project, name: str) -> dict[str, str]:
    """Return the flags that name the index: for the build, and for those without a repository.

    Raises:
        RequestError: there is no such index, or it takes no uploads.
    """
    if not name:
        return {"build_index": "", "handed_index": ""}
    urls = index_urls(project, project.metadata.name, name, "", "")
    if isinstance(urls, Problem):
        raise RequestError(f"--index {name!r}: {urls.seen}", "correct --index")
    publish, check = word("publish-url", urls.publish), word("url", urls.check)
    return {
        "build_index": f" --index {word('--index', name)}",
        "handed_index": f" --publish-url {publish} --check-url {check}",
    }


def _calls(caller: Caller) -> dict[str, str]:
    calls = {name: caller.call(function) for name, function in CALLS.items()}
    calls |= {name: caller.call_apart(function) for name, function in CALLS_APART.items()}
    # In ci those of ruff and of the type checkers, too; at night only the matrix.
    return {**calls, "annotate": calls["call_annotations"]}
