"""Runs a function for every package of a workspace, and sums up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import anyio
import dagger
from dagger import dag

from wheelwright.container.loading import LoadedProject, load
from wheelwright.container.source import Source
from wheelwright.container.together import together
from wheelwright.errors import GateFailed, RequestError, WheelwrightError
from wheelwright.project import workspace

_AT_ONCE = 2
"""Packages worked on together; their steps share what they can."""


async def all_loaded(source: Source, gates: Sequence[str], requested: str) -> list[LoadedProject]:
    """Return every package of the workspace, its root first where that is one.

    Raises:
        RequestError: --package is given as well, or there is no workspace.
    """
    if requested:
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


async def only(source: Source) -> str:
    """Return the directory of the one package of a source whose root is none; empty otherwise.

    Raises:
        RequestError: there are several.
    """
    files = await source.files.whole()
    names = await (files.entries(path=source.place) if source.place else files.entries())
    if set(workspace.NAMING).intersection(names):
        return ""
    paths = [path for name in workspace.NAMING for path in await files.glob(f"**/{name}")]
    start = f"{source.place}/" if source.place else ""
    texts = await together(
        {path: files.file(path).contents for path in paths if path.startswith(start)}
    )
    found = {path.removeprefix(start): text for path, text in texts.items()}
    return workspace.only(workspace.below(found))


async def judge(
    packages: list[LoadedProject],
    function: Callable[[LoadedProject], Awaitable[str]],
    *,
    fail_fast: bool = False,
) -> str:
    """Return the result of each package, one after the other.

    Raises:
        GateFailed: at least one failed; the first line names which, the rest is everything.
    """
    texts: dict[str, str] = {}
    failed: list[str] = []
    limiter = anyio.CapacityLimiter(1 if fail_fast else _AT_ONCE)

    async def run(loaded: LoadedProject) -> None:
        name = loaded.project.name
        async with limiter:
            if fail_fast and failed:
                texts[name] = f"{name}: not run, an earlier package failed"
                return
            try:
                texts[name] = await function(loaded)
            except RequestError:
                raise
            except WheelwrightError as error:
                failed.append(name)
                texts[name] = f"{name}: {error}"

    async with anyio.create_task_group() as group:
        for loaded in packages:
            group.start_soon(run, loaded)
    text = "\n\n".join(texts[loaded.project.name] for loaded in packages)
    names = [loaded.project.name for loaded in packages]
    if failed:
        which = ", ".join(name for name in names if name in failed)
        raise GateFailed(f"{len(failed)} of {len(names)} packages failed: {which}\n\n{text}")
    return f"{text}\n\npassed: {len(names)} packages ({', '.join(names)})"


async def gather(
    packages: list[LoadedProject], function: Callable[[LoadedProject], Awaitable[dagger.Directory]]
) -> dagger.Directory:
    """Return the files of every package in one directory; names of distributions do not clash."""
    files = dag.directory()
    for loaded in packages:
        files = files.with_directory("/", await function(loaded))
    return files
