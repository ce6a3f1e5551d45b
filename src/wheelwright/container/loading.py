"""Reads the files of the source that decide anything, and finds the package in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import anyio
import dagger

from wheelwright.container.source import Source
from wheelwright.errors import ProjectError
from wheelwright.project import pyproject as toml
from wheelwright.project.files import Snapshot, join, literal, upward, wanted
from wheelwright.project.model import Project, describe, further, is_python, with_texts
from wheelwright.project.pythons import choose
from wheelwright.project.reading import not_text
from wheelwright.project.workspace import locate, members

# Directories, beside the root, whose entries are looked at.
_LISTED = (".config/", "requirements/")


@dataclass(frozen=True, slots=True)
class LoadedProject:
    """A package and its source: what every gate works with.

    Attributes:
        source: the source without what git ignores; paths of the project are paths in it.
        repository: the directory that has the source's .git; None where it has none.
        notes: what a reader of a verdict should know of the source, a sentence each.
        pointer: the note that names what a file .git leads to; empty where it is none.
    """

    project: Project
    source: dagger.Directory
    repository: dagger.Directory | None = None
    notes: tuple[str, ...] = ()
    pointer: str = ""


def python_of(loaded: LoadedProject, requested: str) -> str:
    """Return the Python to use; `requested` is empty for the default."""
    project = loaded.project
    own = project.text(".python-version")
    return choose(project.metadata, requested, project.settings.python, own)


async def load(given: Source, gates: Sequence[str], package: str = "") -> LoadedProject:
    """Read the package at the source's root, or the one that `package` names.

    `gates` are the names that `skip` may have.

    Raises:
        ProjectError: no sign of Python, or a broken file.
        RequestError: no such package.
    """
    source, place = given.tree, given.place
    files = await _snapshot(source, place)
    paths: list[str] = []
    root = files.text(join(place, "pyproject.toml"))
    if package or "[tool.uv.workspace]" in (root or ""):
        paths = await source.glob("**/pyproject.toml")
    where = place
    if package:
        names = await _names(source, paths)
        inner = join(place, package.strip("/"))
        plain = inner not in names and await _is_plain(source, inner)
        where = inner if plain or inner in names else locate(package, names)
    members = [join(place, each) for each in _members(files.under(place), _below(paths, place))]
    base = place if where in members else where
    if base != place:
        files = await _snapshot(source, base)
    directories = [join(base, one) for one in _members(files.under(base), _below(paths, base))]
    for above in upward(where):
        if above != base:
            files = files.with_more(await _snapshot(source, above))
    texts = await _texts(source, [f"{directory}/pyproject.toml" for directory in directories])
    by_directory = {path.rpartition("/")[0]: text for path, text in texts.items()}
    project = describe(files, where, by_directory, gates, base)
    project = with_texts(project, await _present(source, further(project)))
    return LoadedProject(project, source, given.repository, given.notes, given.pointer)


def _below(paths: Iterable[str], base: str) -> list[str]:
    start = f"{base}/" if base else ""
    return [path.removeprefix(start) for path in paths if path.startswith(start)]


def _members(files: Snapshot, paths: Iterable[str]) -> list[str]:
    text = files.text("pyproject.toml")
    return members(toml.parse("pyproject.toml", text), paths) if text is not None else []


async def _snapshot(source: dagger.Directory, where: str) -> Snapshot:
    names = await _entries(source, where)
    listed = [join(where, name) + "/" for name in _LISTED if name in names]
    for directory in listed:
        inner = await _entries(source, directory)
        names += [f"{directory.removeprefix(f'{where}/')}{name}" for name in inner]
    read = [name for name in names if name.rpartition("/")[2] in wanted([name.rpartition("/")[2]])]
    read += [name for name in names if name.startswith(_LISTED) and name.endswith(".txt")]
    texts = await _texts(source, {join(where, name) for name in read})
    prefix = f"{where}/" if where else ""
    return Snapshot(texts, frozenset(prefix + name for name in names))


async def _entries(source: dagger.Directory, where: str) -> list[str]:
    return await (source.entries(path=where) if where else source.entries())


async def _names(source: dagger.Directory, paths: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path, text in (await _texts(source, paths)).items():
        try:
            name = toml.parse(path, text).name
        except ProjectError:
            # A broken file, such as a fixture, has no name; errors of the chosen one are reported
            # when it is parsed again.
            name = ""
        found[path.rpartition("/")[0]] = name
    return found


async def _texts(source: dagger.Directory, paths: Iterable[str]) -> dict[str, str]:
    return await together(
        {path: partial(text_of, path, source.file(path)) for path in sorted(paths)}
    )


async def _is_plain(source: dagger.Directory, where: str) -> bool:
    """Whether a directory has no pyproject.toml, and is one of Python all the same."""
    kind = dagger.ExistsType.DIRECTORY_TYPE
    if not where or where.startswith("..") or not await source.exists(where, expected_type=kind):
        return False
    return is_python(await _snapshot(source, where), where)


async def _present(source: dagger.Directory, paths: Iterable[str]) -> dict[str, str]:
    """Return the texts of those paths that are there."""
    requested = set(paths)
    if not requested:
        return {}
    found = await source.filter(include=literal(sorted(requested))).glob("**")
    return await _texts(source, requested.intersection(found))


async def text_of(path: str, file: dagger.File) -> str:
    """Return a file's text.

    Raises:
        ProjectError: it is not UTF-8.
    """
    text = await file.contents()
    # What cannot be read becomes U+FFFD, of three bytes; the character itself may be meant, too.
    if "\ufffd" in text and await file.size() != len(text.encode()):
        raise not_text(path, text)
    return text


async def together(calls: Mapping[str, Callable[[], Awaitable[str]]]) -> dict[str, str]:
    """Return the result of each key, all of them requested at the same time."""
    results: dict[str, str] = {}

    async def ask(key: str) -> None:
        results[key] = await calls[key]()

    async with anyio.create_task_group() as group:
        for key in calls:
            group.start_soon(ask, key)
    return results
