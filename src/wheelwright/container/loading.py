"""Reads the files of the source that decide anything, and finds the package in it."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import dagger

from wheelwright.container.cut import Tree
from wheelwright.container.source import Source, first_lines, tracked
from wheelwright.container.together import together
from wheelwright.errors import ProjectError
from wheelwright.pins import PACKAGE
from wheelwright.project import pyproject as toml
from wheelwright.project.files import Snapshot, join, upward, wanted
from wheelwright.project.model import Project, describe, further, is_python, with_texts
from wheelwright.project.pythons import choose
from wheelwright.project.reading import LOST, declares_encoding, not_text
from wheelwright.project.workspace import locate, members

MODULES_MAX, MODULE_SIZE_MAX = 200, 256 * 1024
SCRIPTS_MAX = 500

# Where modules with tests are looked for.
_TEST_MODULES = (
    *("**/test*.py", "**/*test.py", "**/*tests.py", "**/conftest.py"),
    *("**/tests/**/*.py", "**/test/**/*.py"),
)

# Directories, beside the root, whose entries are looked at.
_LISTED = (".config/", "requirements/")


@dataclass(frozen=True, slots=True)
class LoadedProject:
    """A package and its source: what every gate works with.

    Attributes:
        source: the source without what git ignores; paths of the project are paths in it.
        files: the same, as it can be cut.
        repository: the directory that has the source's .git; None where it has none.
        notes: what a reader of a verdict should know of the source, a sentence each.
        pointer: the note that names what a file .git leads to; empty where it is none.
        around: the note about what is not read because the source came without it; may be empty.
    """

    project: Project
    source: dagger.Directory
    files: Tree
    repository: dagger.Directory | None = None
    notes: tuple[str, ...] = ()
    pointer: str = ""
    around: str = ""

    @property
    def title(self) -> str:
        """The package's name in headlines, with what a caller without --source may not expect."""
        name = self.project.name
        ours = self.project.package.name == PACKAGE and "dagger.json" in self.project.files.names
        return f"{name} (the repository of this module itself)" if ours else name


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
    source, place = await given.files.whole(), given.place
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
    present = set(further(project)).intersection(given.files.names)
    project = with_texts(project, await _texts(source, present))
    known = (given.repository, given.notes, given.pointer, given.around)
    return LoadedProject(project, source, given.files, *known)


async def with_files(
    loaded: LoadedProject, named: Callable[[Project], Iterable[str]]
) -> LoadedProject:
    """Return the project with the files that it names, and those that these name in turn.

    One that does not exist, or is not text, is left out: whatever needs it says so.
    """
    asked: set[str] = set()
    while True:
        project = loaded.project
        new = sorted(set(named(project)) - asked - project.files.texts.keys())
        asked.update(new)
        texts = await together({path: partial(_text_or_nothing, loaded, path) for path in new})
        found = {path: text for path, text in texts.items() if text is not None}
        if not found:
            return loaded
        files = project.files.with_more(Snapshot(found))
        loaded = replace(loaded, project=replace(project, files=files))


async def with_test_modules(loaded: LoadedProject) -> LoadedProject:
    """Return the project with the texts of the modules that are named like tests.

    At most `MODULES_MAX` of `MODULE_SIZE_MAX` bytes are read: one is enough to know.
    """
    project = loaded.project
    if project.test_modules:
        return loaded
    source = loaded.source.directory(project.where) if project.where else loaded.source
    paths = {path for pattern in _TEST_MODULES for path in await source.glob(pattern)}
    # Those of a member of the workspace are its own.
    others = tuple(f"{member}/" for member in project.members if member != project.where)
    every = (join(project.where, path) for path in sorted(paths))
    first = [path for path in every if not path.startswith(others)][:MODULES_MAX]
    texts = await together({path: partial(_module, loaded, path) for path in first})
    found = {path: text for path, text in texts.items() if text is not None}
    return replace(loaded, project=replace(project, test_modules=found))


async def _module(loaded: LoadedProject, path: str) -> str | None:
    try:
        file = loaded.source.file(path)
        return await text_of(path, file) if await file.size() <= MODULE_SIZE_MAX else None
    except (dagger.QueryError, ProjectError):
        # A directory of that name, or no text: nothing that a runner would load.
        return None


async def _text_or_nothing(loaded: LoadedProject, path: str) -> str | None:
    try:
        return await text_of(path, loaded.source.file(path))
    except (dagger.QueryError, ProjectError):
        return None


async def with_paths(loaded: LoadedProject) -> LoadedProject:
    """Return the project with the paths of its files: those that git tracks, where it has git.

    Hooks of pre-commit get them. Links and submodules are not among them. Which files are
    executable is known from git alone.

    Raises:
        ProjectError: git cannot read the repository.
    """
    if loaded.project.paths:
        return loaded
    paths = [path for path in await loaded.source.glob("**") if not path.endswith("/")]
    executables: dict[str, str] = {}
    if loaded.repository is not None:
        there = set(paths)
        found = await tracked(loaded.repository)
        paths = [path for path in found if path in there]
        executables = {path: "" for path in paths if found[path]}
        # What has an extension, or a name that is known, is typed by it.
        nameless = [path for path in executables if "." not in posixpath.basename(path)]
        if nameless := nameless[:SCRIPTS_MAX]:
            lines = await first_lines(loaded.files, nameless)
            executables |= dict(zip(nameless, lines, strict=True))
    project = replace(loaded.project, paths=tuple(sorted(paths)), executables=executables)
    return replace(loaded, project=project)


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


async def text_of(path: str, file: dagger.File) -> str:
    """Return a file's text; of a module in another encoding, with U+FFFD for what is not ASCII.

    Raises:
        ProjectError: it is not UTF-8, and no module that says so.
    """
    text = await file.contents()
    if declares_encoding(path, text):
        return text
    # What cannot be read becomes U+FFFD, of three bytes; the character itself may be meant, too.
    if LOST in text and await file.size() != len(text.encode()):
        raise not_text(path, text)
    return text
