"""`init`: puts the module into a repository: dagger.json, the workflows, a changelog.

Nothing is overwritten, so a second call changes nothing. A changeset has no text of its own: what
was written and what was kept is printed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import dagger

from wheelwright import identity
from wheelwright.container.loading import LoadedProject
from wheelwright.errors import RequestError
from wheelwright.github.calls import Engine
from wheelwright.github.options import Options as Workflows
from wheelwright.github.reach import reach
from wheelwright.gitlab.shell import write_jobs
from wheelwright.project.arguments import argument
from wheelwright.project.files import join
from wheelwright.repository.facts import Found
from wheelwright.repository.look import look
from wheelwright.start import dagger_json
from wheelwright.start.dagger_json import Toolchain

_DESCRIBING: Final = (
    *("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt"),
    *("tox.ini", "noxfile.py", "Pipfile"),
)
_REQUIREMENTS: Final = re.compile(r"(?:dev-|test-)?requirements[\w.-]*\.(?:txt|in)$|requirements/")


@dataclass(frozen=True)
class Options:
    """The arguments of `init`."""

    module: str = argument(
        "This module, as HOST/OWNER/REPOSITORY@TAG. Default: its own repository and version.", ""
    )
    engine: str = argument(
        "The command line that the workflows install: dagger, or stiletto. Default: dagger; on "
        "GitLab stiletto.",
        "",
    )
    forge: str = argument(
        "Whose workflows to write: github or gitlab. Default: as the remote names it.", ""
    )


async def init(loaded: LoadedProject, package: str, options: Options) -> dagger.Changeset:
    """Return what the repository lacks of the module.

    Raises:
        RequestError: the module's address is not known, the repository is the module itself, or
            it has nothing of Python.
        ProjectError: a dagger.json that cannot be read.
    """
    project, before = loaded.project, loaded.source
    if not is_python(loaded.files.names, project.where):
        raise RequestError(
            f"the source has no Python package, and no file that describes its tests: none of "
            f"{', '.join(_DESCRIBING)}",
            "change to the repository of a package; or add pyproject.toml with [project] and its "
            "name and version",
        )
    # Only its tags count here. Whoever writes the jobs asks the remote for the branch.
    repository = await look(loaded, Found("", "not asked"))
    notes: list[str] = []
    text = (
        await before.file(dagger_json.PATH).contents() if _has(loaded, dagger_json.PATH) else None
    )
    present = dagger_json.installed(text)
    after = loaded
    if present:
        notes.append(f"{dagger_json.PATH}: kept, it has the toolchain {present.source}")
    else:
        toolchain = await _toolchain(options.module)
        made = dagger_json.with_toolchain(text, project.metadata.name or "", toolchain)
        after = _with_file(after, dagger_json.PATH, made)
        pin = f", pinned to {toolchain.pin[:12]}" if toolchain.pin else ""
        notes.append(f"{dagger_json.PATH}: adds the toolchain {toolchain.source}{pin}")
    if project.installable:
        from wheelwright.start import changelog

        keeps = changelog.kept(project, loaded.files.names)
        path = join(project.where, changelog.NAME)
        if keeps:
            notes.append(f"changelog: kept, {keeps}")
        else:
            released = bool(repository.tags(project).found)
            after = _with_file(after, path, changelog.skeleton(released=released))
            notes.append(f"{path}: a first changelog")
    sys.stderr.writelines(f"{note}\n" for note in notes)
    sys.stderr.flush()
    workflows = Workflows(engine=options.engine, forge=options.forge)
    changes = await write_jobs(after, package, workflows)
    return changes.after().changes(before)


async def _toolchain(module: str) -> Toolchain:
    """Return the toolchain that --module means, at its commit.

    Raises:
        RequestError: it is unknown, or nothing that a runner can fetch.
    """
    # Without dagger.json it is --module, or the commit of this code, or the own version's tag.
    home = (await reach(None, Engine.DAGGER, module, "")).home
    if home.local:
        return Toolchain(module)
    return Toolchain(module or identity.origin() or identity.reference(), home.commit)


def is_python(names: Iterable[str], where: str) -> bool:
    """Whether a directory has what a package, or an application in Python, is described by."""
    start = f"{where}/" if where else ""
    below = {name.removeprefix(start) for name in names if name.startswith(start)}
    return not below.isdisjoint(_DESCRIBING) or any(map(_REQUIREMENTS.match, below))


def _has(loaded: LoadedProject, path: str) -> bool:
    return path in loaded.files.names


def _with_file(loaded: LoadedProject, path: str, text: str) -> LoadedProject:
    """Return a source with one more file, or another text in one."""
    source = loaded.source.with_new_file(path, text)
    restored = {**loaded.files.restored, path: source.file(path)}
    return replace(loaded, source=source, files=replace(loaded.files, restored=restored))
