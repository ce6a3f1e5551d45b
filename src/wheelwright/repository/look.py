"""Reads what is known of the repository around a package, and asks its remote where it has to."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from functools import partial

import dagger

from wheelwright.container import steps
from wheelwright.container.loading import LoadedProject
from wheelwright.container.privileges import GIT
from wheelwright.container.together import together
from wheelwright.project.addresses import without_credentials
from wheelwright.release.decide.urls import https
from wheelwright.repository import branch as branches
from wheelwright.repository import checkout, existing, pipeline
from wheelwright.repository.branch import GitFiles
from wheelwright.repository.facts import Found, Repository

_LONGEST = 100_000
"""How much of a script is looked at."""
_SECONDS = "20"
"""How long a server may take to answer a question whose answer can be given by hand."""


async def look(loaded: LoadedProject, branch: Found | None = None) -> Repository:
    """Return the facts about the repository of a package.

    `branch` is the default branch where a person has said it: then no remote is asked.
    """
    texts = await _texts(loaded, _read(loaded.files.names))
    git = await git_files(loaded.repository) if loaded.repository is not None else None
    names = loaded.files.names
    scripts = await _scripts(loaded, existing.called(texts, names))
    found = [
        existing.read(path, text, scripts)
        for path, text in sorted(texts.items())
        if existing.is_workflow(path)
    ]
    return Repository(
        branch=branch or (await _branch(git) if git else Repository().branch),
        remote=without_credentials(git.remote[1]) if git else "",
        refs=branches.tags(git.refs) if git else {},
        shallow=await _shallow(loaded.repository),
        submodules=checkout.submodules(texts.get(checkout.MODULES, ""), names),
        lfs=checkout.lfs_patterns(texts.get(checkout.ATTRIBUTES, "")),
        workflows=tuple(found),
        pipelines=tuple(
            pipeline.read(path, text)
            for path, text in sorted(texts.items())
            if pipeline.is_pipeline(path)
        ),
        dependabot=next((path for path in existing.DEPENDABOT if path in names), ""),
        renovate=_renovate(names, texts),
        has_git=git is not None,
    )


async def git_files(repository: dagger.Directory) -> GitFiles:
    """Read of a .git what says its branches, tags and remotes."""
    refs = [
        name.rstrip("/")
        for pattern in (".git/refs/tags/**", ".git/refs/heads/**", ".git/refs/remotes/**")
        for name in await repository.glob(pattern)
        if not name.endswith("/")
    ]
    kind = dagger.ExistsType.REGULAR_TYPE
    wanted = [".git/HEAD", ".git/config", ".git/packed-refs"]
    wanted += [
        name for name in refs if name.startswith(".git/refs/remotes/") and name.endswith("/HEAD")
    ]
    there = [path for path in wanted if await repository.exists(path, expected_type=kind)]
    texts = await together({path: repository.file(path).contents for path in there})
    names = [name.removeprefix(".git/") for name in refs]
    names += branches.packed(texts.get(".git/packed-refs", ""))
    return GitFiles(
        texts.get(".git/HEAD", ""),
        texts.get(".git/config", ""),
        tuple(dict.fromkeys(names)),
        {
            path.removeprefix(".git/"): text
            for path, text in texts.items()
            if path.startswith(".git/refs/remotes/")
        },
    )


async def asked(address: str, *args: str) -> str | None:
    """Return what `git ls-remote` prints for an address; None where it cannot be read.

    No credential is sent, and nothing of the answer is kept: a server may say another thing later.
    """
    question = steps.git().with_env_variable("WHEELWRIGHT_CALL", uuid.uuid4().hex)
    question = question.with_env_variable("GIT_TERMINAL_PROMPT", "0")
    # git ends with 128, which engines take for a signal: such an end is never a result.
    script = 'timeout "$0" git ls-remote "$@" || exit 1'
    command = ["sh", "-c", script, _SECONDS, *args]
    step = steps.step(question, GIT, command, may_fail=True)
    done = await steps.output(step, f"git ls-remote {address}")
    return None if done.exit_code else done.stdout


async def _branch(git: GitFiles) -> Found:
    answer = None
    if address := branches.to_ask(git):
        url = without_credentials(https(address))
        answer = await asked(url, "--symref", "--", url, "HEAD")
    return Found(*branches.decide(git, answer))


async def _shallow(repository: dagger.Directory | None) -> bool:
    return repository is not None and await repository.exists(".git/shallow")


def _read(names: Iterable[str]) -> list[str]:
    """Return the files that are read."""
    wanted = {checkout.MODULES, checkout.ATTRIBUTES, "package.json"}
    return [
        name
        for name in names
        if name in wanted or existing.is_workflow(name) or pipeline.is_pipeline(name)
    ]


def _renovate(names: Iterable[str], texts: dict[str, str]) -> str:
    present = set(names)
    found = next((path for path in existing.RENOVATE if path in present), "")
    return found or ("package.json" if '"renovate"' in texts.get("package.json", "") else "")


async def _texts(loaded: LoadedProject, paths: Iterable[str]) -> dict[str, str]:
    found = sorted(set(paths).intersection(loaded.files.names))
    return await together({path: partial(_contents, loaded, path) for path in found})


async def _scripts(loaded: LoadedProject, paths: Iterable[str]) -> dict[str, str]:
    """Return the texts of files that workflows call; one that is no text is left out."""

    async def text(path: str) -> str:
        try:
            return (await _contents(loaded, path))[:_LONGEST]
        except dagger.QueryError:
            return ""

    return await together({path: partial(text, path) for path in sorted(paths)})


async def _contents(loaded: LoadedProject, path: str) -> str:
    return await loaded.source.file(path).contents()
