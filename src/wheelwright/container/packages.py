"""Runs a function for every package of a workspace, and sums up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import anyio
import dagger
from dagger import dag

from wheelwright.container.loading import LoadedProject, load
from wheelwright.errors import GateFailed, RequestError, WheelwrightError

_AT_ONCE = 2
"""Packages worked on together; their steps share what they can."""


async def all_loaded(
    source: dagger.Directory, gates: Sequence[str], asked: str
) -> list[LoadedProject]:
    """Return every package of the workspace, its root first where that is one.

    Raises:
        RequestError: one package was asked for as well, or there is no workspace.
    """
    if asked:
        raise RequestError("--all-packages and --package cannot be combined", "leave one out")
    root = await load(source, gates)
    names = sorted(each.name for each in root.project.members.values() if each.name)
    if not names:
        raise RequestError(
            f"{root.project.name} is not a workspace: [tool.uv.workspace] has no members",
            "leave --all-packages out",
        )
    own = [root] if root.project.installable else []
    return [*own, *[await load(source, gates, name) for name in names]]


async def judge(
    packages: list[LoadedProject],
    one: Callable[[LoadedProject], Awaitable[str]],
    *,
    fail_fast: bool = False,
) -> str:
    """Return what is said of each package, one after the other.

    Raises:
        GateFailed: at least one failed; the first line names which, the rest is everything.
    """
    said: dict[str, str] = {}
    failed: list[str] = []
    limiter = anyio.CapacityLimiter(1 if fail_fast else _AT_ONCE)

    async def run(loaded: LoadedProject) -> None:
        name = loaded.project.name
        async with limiter:
            if fail_fast and failed:
                said[name] = f"{name}: not run, an earlier package failed"
                return
            try:
                said[name] = await one(loaded)
            except RequestError:
                raise
            except WheelwrightError as error:
                failed.append(name)
                said[name] = f"{name}: {error}"

    async with anyio.create_task_group() as group:
        for loaded in packages:
            group.start_soon(run, loaded)
    text = "\n\n".join(said[loaded.project.name] for loaded in packages)
    names = [loaded.project.name for loaded in packages]
    if failed:
        which = ", ".join(name for name in names if name in failed)
        raise GateFailed(f"{len(failed)} of {len(names)} packages failed: {which}\n\n{text}")
    return f"{text}\n\npassed: {len(names)} packages ({', '.join(names)})"


async def gather(
    packages: list[LoadedProject], one: Callable[[LoadedProject], Awaitable[dagger.Directory]]
) -> dagger.Directory:
    """Return the files of every package in one directory; names of distributions do not clash."""
    made = dag.directory()
    for loaded in packages:
        made = made.with_directory("/", await one(loaded))
    return made
