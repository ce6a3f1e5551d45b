"""What `doctor` reports of the package, of git, and of the repository's files: pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from wheelwright.description import Subject
from wheelwright.release.decide.tags import Tags
from wheelwright.repository.existing import Workflow
from wheelwright.repository.facts import Repository
from wheelwright.start import gitlab
from wheelwright.start.dagger_json import Toolchain
from wheelwright.start.findings import Finding, State

_SHOWN: Final = ("pythons", "tests", "lint", "format", "types", "build")
_OURS: Final = ("ci", "nightly", "audit", "release", "publish")


def package(subjects: Iterable[Subject]) -> Iterator[Finding]:
    """Yield what decides about the package: Pythons, tests, tools, build."""
    for each in subjects:
        if each.name not in _SHOWN:
            continue
        seen = "; ".join(each.value) + (f" ({each.place})" if each.place else "")
        if each.error:
            yield Finding("package", each.name, State.MISSING, each.error)
        elif each.name == "tests" and not each.place:
            step = "add tests, or set test in [tool.wheelwright]"
            yield Finding("package", each.name, State.MISSING, seen, (step,))
        else:
            yield Finding("package", each.name, State.FOUND, seen)


def git(repository: Repository, tags: Tags) -> Iterator[Finding]:
    """Yield what git knows: remote, branch, tags, and what a checkout needs beyond the files."""
    if not repository.has_git:
        step = "git init, or pass --source with the root of the repository"
        yield Finding("git", "repository", State.MISSING, "the source has no .git", (step,))
        return
    if repository.remote:
        yield Finding("git", "remote", State.FOUND, repository.remote)
    else:
        step = "git remote add origin ADDRESS"
        yield Finding("git", "remote", State.MISSING, "there is none", (step,))
    branch = repository.branch
    if branch.value:
        seen = f"{branch.value} ({branch.origin})"
        yield Finding("git", "default branch", State.FOUND, seen)
    else:
        step = "git remote set-head origin --auto"
        yield Finding("git", "default branch", State.MISSING, branch.origin, (step,))
    newest = tags.newest
    seen = f"{tags.form.pattern}, newest {newest.tag}" if newest else "none yet"
    if not newest:
        seen += f"; the first is of the form {tags.form.name('0.1.0')}"
    yield Finding("git", "version tags", State.FOUND, seen)
    if repository.shallow:
        seen, step = "the clone lacks history and tags", "git fetch --unshallow --tags"
        yield Finding("git", "history", State.MISSING, seen, (step,))
    for module in repository.submodules:
        seen = f"{module.url or 'no address'}{f'; {module.note}' if module.note else ''}"
        if module.there:
            yield Finding("git", f"submodule {module.path}", State.FOUND, seen)
        else:
            step = f"git submodule update --init -- {shlex.quote(module.path)}"
            empty = f"{seen}; it is empty here"
            yield Finding("git", f"submodule {module.path}", State.MISSING, empty, (step,))
    if repository.lfs:
        yield Finding("git", "git-lfs", State.FOUND, ", ".join(repository.lfs))


def files(
    repository: Repository,
    toolchain: Toolchain | None,
    changelog: str | None,
    program: str,
    *,
    on_gitlab: bool = False,
) -> Iterator[Finding]:
    """Yield what the files have: the module, the workflows, who tests and who publishes.

    `changelog` is what keeps one, empty for nothing, None where none is needed.
    """
    if toolchain is None:
        seen = "dagger.json has no toolchain of this module"
        yield Finding("files", "module", State.MISSING, seen, (f"{program} init -y",))
    elif not toolchain.pin and "@" in toolchain.source:
        step = f"stiletto toolchain install {toolchain.source}"
        yield Finding("files", "module", State.MISSING, f"{toolchain.source} has no pin", (step,))
    else:
        at = f", pinned to {toolchain.pin[:12]}" if toolchain.pin else ""
        yield Finding("files", "module", State.FOUND, f"{toolchain.source}{at}")
    if on_gitlab:
        yield from gitlab.files(repository, program)
    else:
        yield from _workflows(repository, program)
    if changelog:
        yield Finding("files", "changelog", State.FOUND, changelog)
    elif changelog is not None:
        step = f"{program} init -y"
        yield Finding("files", "changelog", State.MISSING, "nothing keeps one", (step,))
    yield gitlab.updates(repository) if on_gitlab else _updates(repository, program)


def _workflows(repository: Repository, program: str) -> Iterator[Finding]:
    ours = [each for each in repository.workflows if each.ours]
    if ours:
        yield Finding("files", "workflows", State.FOUND, ", ".join(_names(ours)))
    else:
        step = f"{program} workflows -y"
        yield Finding("files", "workflows", State.MISSING, "none of this module", (step,))
    tests = [f"{each.path}: {job}" for each in repository.foreign for job in _of(each, "tests")]
    if tests:
        yield Finding("files", "who tests, too", State.FOUND, ", ".join(tests))
    for each in repository.workflows:
        if each.error:
            yield Finding("files", each.path, State.MISSING, each.error, ("correct it",))
    yield from _publishers(repository, ours)


def _updates(repository: Repository, program: str) -> Finding:
    updates = repository.renovate or repository.dependabot
    if updates:
        return Finding("files", "updates", State.FOUND, updates)
    step = f"{program} workflows -y"
    seen = "neither Dependabot nor Renovate is configured"
    return Finding("files", "updates", State.MISSING, seen, (step,))


def _publishers(repository: Repository, ours: Sequence[Workflow]) -> Iterator[Finding]:
    """Yield who uploads to the index: it should be exactly one."""
    own = [each.path for each in ours if each.stem.removeprefix("wheelwright-") == "release"]
    theirs = [
        f"{each.path} on {', '.join(each.triggers)} ({each.uploads[0].upload})"
        for each in repository.publishers
    ]
    subject = "who publishes"
    if own and theirs:
        seen = f"more than one: {', '.join([*own, *theirs])}; a version would be uploaded twice"
        step = f"remove the upload from {repository.publishers[0].path}"
        step += ', or set publish = "theirs" in [tool.wheelwright.github]'
        yield Finding("files", subject, State.MISSING, seen, (step,))
    elif own or theirs:
        yield Finding("files", subject, State.FOUND, ", ".join([*own, *theirs]))
    else:
        yield Finding("files", subject, State.FOUND, "no workflow")


def _names(workflows: Iterable[Workflow]) -> list[str]:
    return [each.path.rpartition("/")[2] for each in workflows]


def _of(workflow: Workflow, kind: str) -> Iterator[str]:
    return (f"job {job.name}" for job in workflow.jobs if kind in job.kinds)
