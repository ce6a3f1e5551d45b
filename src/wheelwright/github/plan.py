"""The workflows of a repository, planned from its metadata: pure.

| file | starts | does |
|---|---|---|
| ci.yml | push, pull request, merge queue | gates, matrix, cells of other systems |
| nightly.yml | every night | the matrix in every resolution |
| audit.yml | every week | known vulnerabilities |
| release.yml | by hand | `release` |
| publish.yml | a tag of the package's form, such as `v*` | `publish`, in place of release.yml |
| dependabot.yml | | newer actions and dependencies |

One of the last two is written: the index gets each version from one workflow. A file has another
name where a person's file has its own (`options.py`).

With `reusable`, ci.yml calls wheelwright.yml, which other repositories may call, too; releases
stay in ordinary workflows. A package that nothing can build has neither release nor publish.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from wheelwright.environment.tools import pinned
from wheelwright.errors import RequestError
from wheelwright.github import again, parts, requested, wheels
from wheelwright.github import members as several
from wheelwright.github.calls import (
    CALLS,
    CALLS_APART,
    REQUEST,
    SECRETS,
    Caller,
    Engine,
)
from wheelwright.github.dependabot import Entry
from wheelwright.github.encoding import scalar, word
from wheelwright.github.home import option
from wheelwright.github.members import VARIABLE, Member, patterns
from wheelwright.github.options import Choices
from wheelwright.github.template import fill, read
from wheelwright.pins import ACTIONS, DAGGER, DEFAULT_PYTHON, UV
from wheelwright.project.model import Project
from wheelwright.project.version import VersionSource, version_source
from wheelwright.release.decide.stops import Problem
from wheelwright.release.decide.tags import Form
from wheelwright.release.decide.urls import index_urls
from wheelwright.repository.checkout import ATTRIBUTES, MODULES, lfs_patterns

# The check that the branch's rules require: the job `passed` of ci.yml.
CHECK = "ci passed"

# Jobs of a release, whose output is summed up.
_SUMMED_UP = ("build", "propose", "publish", "finish")
_TAGS = Form()
# Jobs of a workflow of which a message is sent.
_JOBS = {
    "audit": "audit",
    "release": "build, propose, publish, finish",
    "publish": "build, publish",
}


def workflows(
    project: Project, caller: Caller, choices: Choices, tags: Form = _TAGS
) -> dict[str, str]:
    """Return the contents of each file's block by path; `tags` is the form of the package's tags.

    Raises:
        RequestError: a value that is not allowed in a workflow; nothing to call from elsewhere.
    """
    if choices.reusable and not caller.module:
        raise RequestError(
            "a reusable workflow runs in repositories that do not contain this module",
            f"pass {option()}, which they will use",
        )
    members = choices.members
    caller = replace(
        caller,
        package=VARIABLE if members else caller.package,
        netrc=bool(choices.netrc),
    )
    values = {
        **SECRETS,
        **_pins(),
        **_install(caller),
        **_project(project, members),
        "branch": scalar("--branch", choices.branch),
        "environment": scalar("--environment", choices.environment),
        "proposing": scalar("--propose-environment", choices.propose_environment),
        **_index(project, choices.index),
        "handed_if": "",
        "app_token": read("app-token"),
        "request": read("request"),
        "write_notes": read("write-notes"),
        **REQUEST,
        "tag_patterns": ", ".join(
            scalar("the form of tags", each) for each in patterns(members, tags)
        ),
        **wheels.values(project, members),
        "matrix_args": "",
        "needed": ", ".join(_needed(choices)),
        "module_input": scalar("--module", ""),
        "retention": str(choices.retention_days),
        "prepare_plain": "@checkout@\n@install@",
        **several.values(members),
        **requested.values(choices),
    }
    values |= parts.values(choices, caller.engine.value)
    plain = {**values, **_calls(caller, values)}
    if members:
        # Nothing of a message is of one package.
        first = replace(caller, package=members[0].name)
        plain["call_notify"] = first.call(CALLS["call_notify"])
    plain["prepare"] = "@prepare_plain@"
    plain["prepare_whole"] = "@checkout_whole@\n@install@"
    files: dict[str, str] = {}

    def add(kind: str, template: str, own: Mapping[str, str]) -> None:
        path = choices.path(kind)
        name = choices.name(kind)
        plain_name = name == kind or name.startswith("wheelwright-")
        files[path] = fill(
            read(template), {**own, "name": name if plain_name else scalar("its name", name)}
        )

    of_matrix = parts.of_matrix(choices, requested.of_matrix(choices))
    told = requested.notify(choices, values["needed"], on_branch=True)
    if choices.reusable:
        called = replace(caller, module='"$MODULE"')
        inner = {**values, **_calls(called, {**values, **of_matrix}), **of_matrix}
        inner |= {"module_input": scalar("--module", caller.module), "jobs": read("jobs")}
        inner |= several.values(members, "MODULE: ${{ inputs.module }}")
        add("wheelwright", "called", inner)
        needed = ", ".join(_needed(choices, "ci"))
        uses = f"$/{choices.path('wheelwright')}"
        told = requested.notify(choices, needed, on_branch=True)
        outer = {**plain, "jobs": read("caller"), "needed": needed, "called": uses}
        add("ci", "ci", {**outer, **told})
    else:
        inner = {**plain, "prepare": values["prepare"], "jobs": read("jobs"), **of_matrix, **told}
        add("ci", "ci", {**inner, **_calls(caller, inner)})
    if "nightly" not in choices.without:
        resolutions = "locked,lowest-direct,highest" if project.lock else "lowest-direct,highest"
        nightly = {**plain, "matrix_args": f" --resolution {resolutions}"}
        jobs = ", ".join(parts.needed(choices))
        nightly |= {**_again(caller, nightly), **requested.notify(choices, jobs)}
        nightly |= {"matrix_name": "every resolution", "matrix_minutes": "120", "keep_matrix": ""}
        nightly |= {"prepare_part": "@prepare_plain@", "keep_part": ""}
        add("nightly", "nightly", {**nightly, "annotate": ""})
    for kind in _single(project, choices):
        own = {**plain, "said": kind, **requested.notify(choices, _JOBS[kind])}
        if kind == "publish":
            own["handed_if"] = "if: ${{ steps.build.outputs.released != 'true' }}"
        add(kind, kind, own)
    if "dependabot" not in choices.without:
        files[choices.dependabot] = fill(read("dependabot"), plain)
    return files


def dependabot_entries(project: Project) -> tuple[Entry, ...]:
    """Return what dependabot.yml updates: the actions, and the package's dependencies."""
    directory = project.base if project.lock else project.where
    ecosystem = "uv" if project.lock else "pip"
    return Entry("github-actions", "/", "actions"), Entry(ecosystem, f"/{directory}", "python")


def _needed(choices: Choices, *checks: str) -> Iterator[str]:
    """Yield the jobs that the required check waits for."""
    others = ("cells",) if choices.members else ()
    yield from checks or ("gates", *parts.needed(choices), *others, "native")
    if choices.sarif:
        yield "security"
    yield from choices.needs


def _single(project: Project, choices: Choices) -> Iterator[str]:
    """Yield the workflows beside the checks: exactly one of them uploads to the index."""
    if "audit" not in choices.without:
        yield "audit"
    released = any(each.released for each in choices.members)
    if not (released if choices.members else project.installable):
        return
    uploads = {"release": "release", "tag": "publish"}.get(choices.publish, "")
    if uploads and uploads not in choices.without:
        yield uploads


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


def _project(project: Project, members: Sequence[Member]) -> dict[str, str]:
    # The start is spread over the hour: GitHub delays or drops what starts with everything else.
    minute = zlib.crc32(project.name.encode()) % 60
    deep = version_source(project) is VersionSource.VCS or any(each.deep for each in members)
    directory = project.base if project.lock else project.where
    return {
        "fetch_depth": "fetch-depth: 0 # the version comes from the tags" if deep else "",
        # A checkout brings neither by itself, and what is built and tested needs them.
        "submodules": "submodules: recursive" if project.files.has(MODULES) else "",
        "lfs": "lfs: true" if lfs_patterns(project.files.text(ATTRIBUTES) or "") else "",
        "cron_nightly": scalar("cron", f"{minute} 2 * * *"),
        "cron_audit": scalar("cron", f"{minute} 4 * * 1"),
        "ecosystem": "uv" if project.lock else "pip",
        "directory": scalar("the package's directory", f"/{directory}"),
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


def _calls(caller: Caller, values: Mapping[str, str]) -> dict[str, str]:
    calls = {name: caller.call(function) for name, function in CALLS.items()}
    calls |= {name: caller.call_apart(function) for name, function in CALLS_APART.items()}
    # In ci those of ruff and of the type checkers, too; at night only the matrix.
    return {**calls, "annotate": read("annotate"), **_again(caller, values)}


def _again(caller: Caller, values: Mapping[str, str]) -> dict[str, str]:
    build = values["build_request"]
    requests = values["request"], values["request"] if build == "@request@" else build
    return again.steps(caller, values["matrix_args"], requests, values["package_line"])
