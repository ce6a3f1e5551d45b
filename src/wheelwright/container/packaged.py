"""Builds a package once, and adds what that installs to the environment of every Python.

It is built beside the installation of dependencies, in an environment of its own, and what an
environment gets by it is copied: no further step installs it. So a matrix builds once, and in a
single run the build is not waited for. Each file is copied by itself, because Dagger finds a file
that a step left by its contents, but not a directory: then it does not matter which Python has
built it.

Where one build may not be enough (`environment.apart`), each environment builds for itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files

import anyio
import dagger
import tomlkit
from dagger import dag

from wheelwright.container import fetching, steps, users
from wheelwright.environment import apart
from wheelwright.environment.apart import Left
from wheelwright.environment.plan import SOURCE, VENV, Environment

_PROGRAM = "/opt/wheelwright/package.py"
_OUT = "/opt/wheelwright/packaged"
_SETTINGS = "/root/.config/uv/uv.toml"
"""Settings of uv for this user: those of the project stay beside them."""


@dataclass(frozen=True, slots=True)
class Packaged:
    """What a build left, as three directories: `site`, `prefix` and `source`."""

    left: Left
    tree: dagger.Directory


@dataclass(slots=True)
class Builds:
    """The builds of one call: each package is built once for all of its environments.

    Attributes:
        pythons: what may build, the first that the engine has.
    """

    pythons: Sequence[str]
    _made: dict[str, Packaged | None] = field(default_factory=dict)
    _lock: anyio.Lock = field(default_factory=anyio.Lock)

    async def made(
        self, source: dagger.Directory, plan: Environment, git: dagger.Directory | None
    ) -> Packaged | None:
        """Return what a build in `source` leaves; None where each environment has to build."""
        parts = (plan.apart, plan.workdir, plan.later, plan.requires, plan.variables)
        key = repr((*parts, plan.built_with, plan.system.packages, git is None))
        async with self._lock:
            if key not in self._made:
                self._made[key] = await self._build(source, plan, git)
            return self._made[key]

    async def _build(
        self, source: dagger.Directory, plan: Environment, git: dagger.Directory | None
    ) -> Packaged | None:
        for python in self.pythons:
            try:
                return await _build(source, plan, git, python)
            except dagger.ExecError:
                # What fails here fails again where it is not built apart, and is reported there.
                return None
            except dagger.QueryError:
                # The engine has no such Python.
                continue
        return None


async def _build(
    source: dagger.Directory, plan: Environment, git: dagger.Directory | None, python: str
) -> Packaged | None:
    system = apart.beneath(plan.system, plan.python, python)
    container = (await steps.provided(system, python)).with_workdir(plan.workdir)
    container = container.with_directory(SOURCE, source)
    fetched = await fetching.build_requirements(system, python, plan.requires)
    container = ready(container, plan, git, [fetched])
    program = (files("wheelwright.inside") / "package.py").read_text(encoding="utf-8")
    container = container.with_new_file(_PROGRAM, program)
    wrapped = ("python", _PROGRAM, SOURCE, VENV, _OUT, "--", *plan.apart)
    out = steps.package(container, wrapped).directory(_OUT)
    left = apart.read(await out.file("facts.json").contents())
    if isinstance(left, str):
        return None
    tree = dag.directory()
    named = {"site": left.site, "prefix": left.prefix, "source": left.source}
    for name, paths in named.items():
        for path in paths:
            tree = tree.with_file(f"{name}/{path}", out.file(f"{name}/{path}"))
    for path in left.directories:
        tree = tree.with_new_directory(f"source/{path}", permissions=0o755)
    return Packaged(left, await tree.sync())


def ready(
    container: dagger.Container,
    plan: Environment,
    git: dagger.Directory | None,
    fetched: Iterable[dagger.Directory],
) -> dagger.Container:
    """Add to a container with the source what its build asks for; `built` takes it out again."""
    for directory in fetched:
        container = container.with_directory(steps.CACHE, directory)
    if git is not None:
        container = steps.with_git(container, git)
    container = steps.with_variables(container, plan.variables)
    if plan.built_with:
        text = tomlkit.dumps({"extra-build-variables": plan.built_with})
        container = container.with_new_file(_SETTINGS, text)
    return container


def built(container: dagger.Container, plan: Environment) -> dagger.Container:
    """Take out of a container what only the build was to see."""
    container = steps.without_variables(container, plan.variables)
    return container.without_file(_SETTINGS) if plan.built_with else container


async def added(
    container: dagger.Container,
    made: Packaged,
    source: dagger.Directory,
    plan: Environment,
    git: dagger.Directory | None,
    user: str,
) -> dagger.Container | None:
    """Return a container with dependencies, with the source and the package; owned by the user.

    None where that environment has to build for itself.
    """
    left, owner = made.left, users.owner(user)
    if not apart.fits(left, plan.python):
        return None
    site = apart.site_packages(plan.python)
    try:
        names = await container.directory(site).entries()
    except dagger.QueryError:
        return None
    if earlier := apart.replaced(left, names):
        # A dependency requires the package itself, and the index has a release of it.
        container = steps.package(container, ("uv", "pip", "uninstall", *earlier))
    container = users.owned(container, SOURCE, user)
    container = container.with_directory(SOURCE, source, owner=owner)
    if git is not None:
        container = steps.with_git(container, git, owner=owner)
    for name, place in (("site", site), ("prefix", VENV), ("source", SOURCE)):
        if any(path.startswith(f"{name}/") for path in left.paths):
            container = container.with_directory(place, made.tree.directory(name), owner=owner)
    return container
