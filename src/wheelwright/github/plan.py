"""Which workflows a repository gets and what is in them, from its metadata: pure.

| file | starts | does |
|---|---|---|
| ci.yml | push, pull request, merge queue | gates, matrix, cells of other systems |
| nightly.yml | every night | the matrix in every resolution |
| audit.yml | every week | known vulnerabilities |
| release.yml | a person | `release` |
| publish.yml | a tag `v*` | `publish` |
| dependabot.yml | | newer actions and dependencies |

With `reusable`, ci.yml calls wheelwright.yml, which other repositories may call, too; releases
stay in ordinary workflows. A package that nothing can build has neither release nor publish.
"""

from __future__ import annotations

import re
import shlex
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from packaging.requirements import InvalidRequirement, Requirement

from wheelwright.errors import RequestError
from wheelwright.github import block
from wheelwright.github.actions import ACTIONS, DAGGER, UV
from wheelwright.github.template import fill, quoted, read
from wheelwright.github.words import CALLS, SECRETS, Caller
from wheelwright.project.files import join
from wheelwright.project.model import Project
from wheelwright.project.version import VersionSource, version_source

__all__ = ["CHECK", "Options", "merged", "workflows"]

# The check that the branch's rules require: the job `passed` of ci.yml.
CHECK = "ci passed"

_WORKFLOWS = ".github/workflows"
# What GitHub takes as a pattern in `branches` is no letter of a name here.
_BRANCH = re.compile(r"[A-Za-z0-9._/-]+")
_ENVIRONMENT = re.compile(r"[A-Za-z0-9._ /-]+")


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller chose.

    Attributes:
        stiletto: requirement that `uv tool install` gets where the engine is Stiletto.
        environment: GitHub's environment of the jobs that publish; the index checks its name.
    """

    branch: str = "main"
    environment: str = "pypi"
    stiletto: str = "wheelwright[stiletto]"
    reusable: bool = False


def workflows(
    project: Project, caller: Caller, options: Options, prefix: str = ""
) -> dict[str, str]:
    """Return the contents of each file's block by path; `prefix` is where the package lies.

    Raises:
        RequestError: a branch or an environment that cannot be one; a broken
            requirement; nothing to call from elsewhere.
    """
    _check(caller, options)
    values = {
        **SECRETS,
        **_pins(),
        **_install(caller, options),
        **_project(project, prefix),
        "branch": quoted(options.branch),
        "environment": quoted(options.environment),
        "job_env": "",
        "matrix_args": "",
        "needed": "gates, matrix, native",
        "module_input": quoted(""),
    }
    plain = {**values, **_calls(caller)}
    plain["prepare"] = "@checkout@\n@install@"
    files: dict[str, str] = {}
    if options.reusable:
        called = replace(caller, module='"$MODULE"')
        inner = {
            **values,
            **_calls(called),
            "module_input": quoted(caller.module),
        }
        inner |= {"jobs": read("jobs"), "job_env": "env:\n  MODULE: ${{ inputs.module }}"}
        files[f"{_WORKFLOWS}/wheelwright.yml"] = fill(read("called"), inner)
        outer = {**plain, "jobs": read("caller"), "needed": "ci"}
        files[f"{_WORKFLOWS}/ci.yml"] = fill(read("ci"), outer)
    else:
        files[f"{_WORKFLOWS}/ci.yml"] = fill(
            read("ci"), {**plain, **_cached(), "jobs": read("jobs")}
        )
    resolutions = "locked,lowest-direct,highest" if project.lock else "lowest-direct,highest"
    nightly = {**plain, "matrix_args": f" --resolution {resolutions}"}
    nightly["annotate"] = f"{plain['call_matrix_run']}{nightly['matrix_args']} annotations"
    files[f"{_WORKFLOWS}/nightly.yml"] = fill(read("nightly"), nightly)
    names = ["audit", *(("release", "publish") if project.installable else ())]
    for name in names:
        files[f"{_WORKFLOWS}/{name}.yml"] = fill(read(name), {**plain, "said": name})
    files[".github/dependabot.yml"] = fill(read("dependabot"), plain)
    return files


def merged(
    planned: Mapping[str, str], existing: Mapping[str, str], *, overwrite: bool
) -> dict[str, str]:
    """Return the text of every file whose block changes, by path.

    Raises:
        RequestError: files without the marks are there already; all are named.
        ProjectError: marks that do not pair up.
    """
    foreign = [path for path in planned if path in existing and not block.is_ours(existing[path])]
    if foreign and not overwrite:
        are = "is" if len(foreign) == 1 else "are"
        raise RequestError(
            f"{', '.join(foreign)} {are} there already, without the mark {block.BEGIN!r}",
            "move them away, or pass --overwrite to replace them",
        )
    texts = {path: block.merge(path, existing.get(path), body) for path, body in planned.items()}
    return {path: text for path, text in texts.items() if text != existing.get(path)}


def _check(caller: Caller, options: Options) -> None:
    if not _BRANCH.fullmatch(options.branch):
        raise RequestError(
            f'"{options.branch}" is no branch that workflows can name', "pass --branch main"
        )
    if not _ENVIRONMENT.fullmatch(options.environment):
        raise RequestError(
            f'"{options.environment}" is no environment that workflows can name',
            "pass --environment pypi",
        )
    try:
        Requirement(options.stiletto)
    except InvalidRequirement as error:
        raise RequestError(
            f"--stiletto {options.stiletto!r} is no requirement: {error}",
            'pass one such as "wheelwright[stiletto]==1.0"',
        ) from error
    if options.reusable and not caller.module:
        raise RequestError(
            "a reusable workflow runs in repositories that do not hold this module",
            "pass --module REFERENCE, which they will use",
        )


def _pins() -> dict[str, str]:
    pins = {f"use_{word}": str(action) for word, action in ACTIONS.items()}
    return {**pins, "dagger_version": quoted(DAGGER), "uv_version": quoted(UV)}


def _install(caller: Caller, options: Options) -> dict[str, str]:
    engine = caller.engine.value
    return {
        "program": caller.program,
        "checkout": read("checkout"),
        "install": read(f"install-{engine}"),
        "install_tool": "" if caller.own else read("install-tool"),
        "stiletto": shlex.quote(options.stiletto),
        "text_summary": read("text-summary"),
        "matrix_steps": read("matrix-steps"),
        "restore": read(f"restore-{engine}"),
        **_cached(),
        "keep": read(f"keep-{engine}"),
    }


def _cached() -> dict[str, str]:
    return {"prepare": "@checkout@\n@install@\n@restore@"}


def _project(project: Project, prefix: str) -> dict[str, str]:
    # The start is spread over the hour: GitHub delays or drops what starts with everything else.
    minute = zlib.crc32(project.name.encode()) % 60
    deep = version_source(project.package) is VersionSource.VCS
    return {
        "fetch_depth": "fetch-depth: 0 # the version comes from the tags" if deep else "",
        "cron_nightly": quoted(f"{minute} 2 * * *"),
        "cron_audit": quoted(f"{minute} 4 * * 1"),
        "ecosystem": "uv" if project.lock else "pip",
        "directory": quoted("/" + join(prefix, "" if project.lock else project.where)),
    }


def _calls(caller: Caller) -> dict[str, str]:
    calls = {word: caller.call(function) for word, function in CALLS.items()}
    # In ci those of ruff and of the type checkers, too; at night the matrix alone.
    return {**calls, "annotate": calls["call_annotations"]}
