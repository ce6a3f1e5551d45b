"""Downloads with the credential what is then built without it.

uv downloads and builds in one command, and what it builds runs its own code. So that such code
sees no credential of an index, an installing step fetches first: what builds require, and the
sdists that uv.lock names. The step that builds finds all of it in its layer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files

import dagger
from dagger import dag

from wheelwright.container.privileges import BUILD, INSTALL
from wheelwright.container.steps import (
    CACHE,
    base,
    install,
    offline,
    provided,
    step,
    with_variables,
)
from wheelwright.environment.plan import Environment
from wheelwright.environment.system import System
from wheelwright.errors import ProjectError
from wheelwright.pins import full_image
from wheelwright.project import building
from wheelwright.project.building import Sdist
from wheelwright.project.interpreters import cpython
from wheelwright.project.pyproject import parse

_REQUIRES = "/opt/wheelwright/requires"
_SDISTS = "/opt/wheelwright/sdists"
_CLONES = "/opt/wheelwright/clones"
_PROGRAM = "/opt/wheelwright/fetch.py"
_LISTED = "/opt/wheelwright/sdists.json"
_HASHED = "/opt/wheelwright/sdists.txt"


async def build_requirements(
    system: System, python: str, requires: Mapping[str, str]
) -> dagger.Directory:
    """Return a cache with what builds need, so that they need no index and no credential."""
    container = (await provided(system, python)).with_workdir(_REQUIRES)
    for name, text in requires.items():
        container = container.with_new_file(f"{_REQUIRES}/{name}", text)
    bounds = ("--constraints", building.CONSTRAINTS) if building.CONSTRAINTS in requires else ()
    target = f"--target={_REQUIRES}/unused"
    flags = (f"--cache-dir={CACHE}", target, *bounds, "-r", "pyproject.toml")
    installed = install(container, ["uv", "pip", "install", "--quiet", *flags])
    try:
        return await installed.directory(CACHE).sync()
    except dagger.ExecError:
        # Requirements without a wheel, or two packages of a workspace that need different ones:
        # then the build downloads what it needs by itself, without a credential.
        return dag.directory()


async def prepared(system: System, python: str, requires: Mapping[str, str]) -> dagger.Container:
    """Return a container to build in, without the source, with what `requires` lists."""
    fetched = await build_requirements(system, python, requires)
    return (await provided(system, python)).with_directory(CACHE, fetched)


async def sdists(
    container: dagger.Container, plan: Environment, wanted: Sequence[Sdist], owner: str
) -> dagger.Container:
    """Install packages from their sdists: fetched with the credential, built without it.

    They belong to `owner`, as in `steps.step`.
    """
    program = (files("wheelwright") / "inside" / "fetch.py").read_text(encoding="utf-8")
    listed = [{"name": each.name, "url": each.url, "sha256": each.sha256} for each in wanted]
    clean = (
        (await provided(plan.system, plan.python))
        .with_new_file(_PROGRAM, program)
        .with_new_file(_LISTED, json.dumps(listed))
    )
    fetched = step(clean, INSTALL, ["python", _PROGRAM, _LISTED, _SDISTS]).directory(_SDISTS)
    lines: list[str] = []
    pinned: list[str] = []
    for each in wanted:
        lines += _requires(await fetched.file(f"{each.name}.toml").contents())
        # Not every index has digests. What was fetched is what is built, wherever uv looks.
        digest = await fetched.file(f"{each.name}.sha256").contents()
        pinned.append(f"{each.name}=={each.version} --hash=sha256:{digest}\n")
    needed = building.files_for(plan.requires, lines)
    cache = await build_requirements(plan.system, plan.python, needed)
    ready = (
        container.with_directory(_SDISTS, fetched)
        .with_directory(CACHE, cache)
        .with_new_file(_HASHED, "".join(pinned))
    )
    flags = ("--no-deps", "--require-hashes", f"--find-links={_SDISTS}", "-r", _HASHED)
    return step(ready, BUILD, offline(["uv", "pip", "install", *flags]), owner=owner)


def repositories(
    container: dagger.Container, plan: Environment, command: tuple[str, ...], owner: str
) -> dagger.Container:
    """Build commits of git repositories: cloned with the credential, built without it.

    They belong to `owner`, as in `steps.step`.
    """
    # git and libcurl are only in the full image; nothing is checked out, so that no hook, filter
    # or submodule of a repository acts.
    python = cpython(plan.python)
    clean = base(full_image(python), python).with_workdir(_CLONES)
    settings: dict[str, str] = {"GIT_CONFIG_COUNT": str(len(plan.repositories))}
    for number, url in enumerate(plan.repositories):
        clone = ["git", "clone", "--quiet", "--mirror", "--template=", "--", url, f"{number}.git"]
        clean = step(clean, INSTALL, clone)
        settings[f"GIT_CONFIG_KEY_{number}"] = f"url.file://{_CLONES}/{number}.git.insteadOf"
        settings[f"GIT_CONFIG_VALUE_{number}"] = url
    ready = container.with_directory(_CLONES, clean.directory(_CLONES))
    built = step(with_variables(ready, settings), BUILD, command, volume=plan.volume, owner=owner)
    for name in settings:
        built = built.without_env_variable(name)
    return built


def _requires(text: str) -> list[str]:
    try:
        return building.requires(parse("pyproject.toml", text))
    except ProjectError:
        # uv reports it when it builds.
        return []
