"""Reads the repository, and returns what the pure modules plan."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterable

import dagger
from dagger import dag

from wheelwright.container import steps
from wheelwright.container.loading import LoadedProject, with_files
from wheelwright.container.privileges import DATA, KEEP
from wheelwright.container.together import together
from wheelwright.errors import RequestError
from wheelwright.github import native, plan, ruleset
from wheelwright.github.calls import Engine
from wheelwright.github.plan import Options
from wheelwright.github.reach import reach
from wheelwright.pins import DEFAULT_PYTHON, slim_image
from wheelwright.project import building
from wheelwright.project.version import VersionSource, version_source
from wheelwright.release.decide import edits, tags, version_tools
from wheelwright.release.decide.tags import Form
from wheelwright.testing import cells
from wheelwright.testing.plan import TestOptions, make

_SAVED = "/saved"
# Where git keeps tags: a file each, or lines of one file (git help pack-refs).
_TAGS = ".git/refs/tags/"
_PACKED = ".git/packed-refs"


async def workflows(loaded: LoadedProject, package: str, options: Options) -> dagger.Changeset:
    """Return what the workflows of the repository lack, or have too much of.

    Pins that are kept are printed: a commit that another person put there runs with the jobs'
    rights.
    """
    names = [each.value for each in Engine]
    if options.engine not in names:
        raise RequestError(f'unknown engine "{options.engine}"', f"choose from {', '.join(names)}")
    dagger_json = (await _texts(loaded, ["dagger.json"])).get("dagger.json")
    engine = Engine(options.engine)
    called_by = await reach(dagger_json, engine, options.module, package, options.stiletto)
    project = (await with_files(loaded, lambda _: [plan.ATTRIBUTES])).project
    planned = plan.workflows(project, called_by, options, await tag_form(loaded))
    existing = await _texts(loaded, planned)
    after = loaded.source
    merged = plan.merged(planned, existing, overwrite=options.overwrite)
    for path, text in merged.texts.items():
        after = after.with_new_file(path, text)
    for path, pins in merged.kept.items():
        sys.stderr.writelines(f"{path}: kept a newer pin: {pin}\n" for pin in pins)
    sys.stderr.flush()
    return after.changes(loaded.source)


async def _texts(loaded: LoadedProject, paths: Iterable[str]) -> dict[str, str]:
    """Return the text of each path that exists."""
    found = sorted(set(paths).intersection(loaded.files.names))
    return await together({path: loaded.source.file(path).contents for path in found})


def native_matrix(loaded: LoadedProject) -> str:
    """Return the cells for runners of other systems, with their commands, as one line of JSON."""
    loaded.project.require_package()
    project = loaded.project
    # A checkout brings .git along.
    history = version_source(project) is VersionSource.VCS
    rows: list[tuple[cells.Cell, str, str]] = []
    for cell, runner in native.native(cells.plan(project, cells.Selection())):
        script = native.script(make(project, cell, TestOptions(), history=history))
        rows.append((cell, runner, script))
    return native.strategy(rows)


async def tag_form(loaded: LoadedProject) -> Form:
    """Return the form of the package's tags, as its .git has them."""
    project, repository = loaded.project, loaded.repository
    names: set[str] = set()
    if repository is not None:
        names |= {each.rstrip("/") for each in await repository.glob(f"{_TAGS}**")}
        if await repository.exists(_PACKED, expected_type=dagger.ExistsType.REGULAR_TYPE):
            lines = (await repository.file(_PACKED).contents()).splitlines()
            names |= {f".git/{line.partition(' ')[2]}" for line in lines}
    current = edits.current_version(project)
    return tags.read(
        {name.removeprefix(".git/"): "" for name in names},
        project.metadata.name,
        member=bool(project.where),
        current=current if isinstance(current, str) else "",
        setting=project.settings.release.tag,
        usual=version_tools.tag_form(project),
    ).form


def rules(options: ruleset.Options, tags: Form) -> dagger.File:
    """Return the ruleset of the default branch, or that of tags of a form."""
    if options.tags:
        # Without a bypass no release could make its tag.
        made = ruleset.tags(bypass=options.bypass or ["admin"], pattern=tags.pattern)
        return dag.file("tag-ruleset.json", ruleset.text(made))
    return dag.file("ruleset.json", ruleset.text(ruleset.branch(options)))


def saved_cache(loaded: LoadedProject) -> dagger.Directory:
    """Return the part of uv's cache that cannot be downloaded again: what was built.

    That is the volume of this package's dependencies; the shared cache has wheels of the index.
    """
    container = _uv().with_directory(_SAVED, dag.directory())
    # Pruned is the copy: the cache itself may be in use.
    copied = _keep(container, loaded, ["sh", "-c", f'cp -a "$UV_CACHE_DIR/." {_SAVED}'])
    prune = ["uv", "cache", "prune", "--ci", f"--cache-dir={_SAVED}"]
    return steps.run(copied, prune, kind=DATA).directory(_SAVED)


async def restore_cache(loaded: LoadedProject, saved: dagger.Directory) -> str:
    """Add a saved cache to uv's cache, and report how many entries were saved."""
    count = len(await saved.entries())
    archive = "/tmp/saved.tar"  # noqa: S108 - a path of the container
    # Never over an entry: one that is in use must stay whole.
    pack = ["tar", "--create", "--directory", _SAVED, "--file", archive, "."]
    packed = steps.run(_uv().with_mounted_directory(_SAVED, saved), pack, kind=DATA)
    unpack = f'exec tar --extract --skip-old-files --directory "$UV_CACHE_DIR" --file {archive}'
    await _keep(packed, loaded, ["sh", "-c", unpack]).sync()
    return f"restored {count} entries of uv's cache"


def _keep(container: dagger.Container, loaded: LoadedProject, args: list[str]) -> dagger.Container:
    return steps.step(container, KEEP, args, volume=building.volume(loaded.project))


def _uv() -> dagger.Container:
    # The contents of a cache volume are in no step's key: without a variable of its own, each of
    # these steps would return its first result.
    base = steps.base(slim_image(DEFAULT_PYTHON), DEFAULT_PYTHON)
    return base.with_env_variable("WHEELWRIGHT_CALL", uuid.uuid4().hex)
