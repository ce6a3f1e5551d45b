"""Runs a function for every package of a workspace, or for those that changed, and sums up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import anyio
import dagger
from dagger import dag

from wheelwright.container.changed import changes
from wheelwright.container.loading import LoadedProject, load
from wheelwright.container.source import Source
from wheelwright.container.together import together
from wheelwright.errors import GateFailed, RequestError, WheelwrightError
from wheelwright.project import workspace
from wheelwright.project.affected import affected

_AT_ONCE = 2
"""Packages worked on together; their steps share what they can."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The packages that a call is about, the workspace's root first where it is one.

    Attributes:
        others: the names of those that it is not about.
        title: what goes before the results; empty without `--since`.
    """

    packages: list[LoadedProject]
    others: Sequence[str] = ()
    title: str = ""


async def all_loaded(source: Source, gates: Sequence[str], requested: str) -> Chosen:
    """Return every package of the workspace.

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
    return Chosen([*own, *[await load(source, gates, name) for name in names]])


async def since(source: Source, gates: Sequence[str], requested: str, revision: str) -> Chosen:
    """Return the packages that what changed since a revision can affect; or of these the one asked.

    Raises:
        RequestError: no such package, no such revision, or no repository.
    """
    root = await load(source, gates)
    found = affected(root.project, await changes(source, revision))
    project = root.project
    own = {project.where: project.name} if project.installable or not project.members else {}
    names = own | {
        at: each.name or at
        for at, each in sorted(project.members.items(), key=lambda item: item[1].name)
    }
    if requested:
        asked = (await load(source, gates, requested)).project.where
        names = {asked: names.get(asked, requested)}
    chosen = [at for at in names if at in found.reasons]
    files = f"{found.count} file{'' if found.count == 1 else 's'} changed since {revision}"
    lines = [f"  {names[at]}: {found.reasons[at]}" for at in chosen]
    head = f"{files}; affected:" if chosen else f"{files}: no package is affected"
    return Chosen(
        [
            root if at == project.where else await load(source, gates, _inner(at, source.place))
            for at in chosen
        ],
        [name for at, name in names.items() if at not in chosen],
        "\n".join([head, *lines]),
    )


def _inner(directory: str, place: str) -> str:
    return directory.removeprefix(f"{place}/") if place else directory


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
    chosen: Chosen,
    function: Callable[[LoadedProject], Awaitable[str]],
    *,
    fail_fast: bool = False,
) -> str:
    """Return the result of each package, one after the other.

    Raises:
        GateFailed: at least one failed; the first line names which, the rest is everything.
    """
    packages = chosen.packages
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
    names = [loaded.project.name for loaded in packages]
    others = [f"{name}: not affected" for name in chosen.others]
    parts = [chosen.title, *(texts[name] for name in names), "\n".join(others)]
    text = "\n\n".join(filter(None, parts))
    if failed:
        which = ", ".join(name for name in names if name in failed)
        raise GateFailed(f"{len(failed)} of {len(names)} packages failed: {which}\n\n{text}")
    count = f"{len(names)} package{'' if len(names) == 1 else 's'}"
    last = f"passed: {count} ({', '.join(names)})" if names else "nothing ran"
    return f"{text}\n\n{last}"


async def gather(
    chosen: Chosen, function: Callable[[LoadedProject], Awaitable[dagger.Directory]]
) -> dagger.Directory:
    """Return the files of every package in one directory; names of distributions do not clash."""
    files = dag.directory()
    for loaded in chosen.packages:
        files = files.with_directory("/", await function(loaded))
    return files
