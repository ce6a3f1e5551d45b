"""Reads the repository, and returns what the pure modules plan."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import dagger
from dagger import dag

from wheelwright.ci import skippable
from wheelwright.container import steps
from wheelwright.container.loading import LoadedProject, load, with_files
from wheelwright.container.privileges import DATA, KEEP
from wheelwright.container.source import Source
from wheelwright.container.together import together
from wheelwright.environment.audited import find
from wheelwright.github import actions, merging, native, plan, remembering, report, ruleset
from wheelwright.github import options as options_of
from wheelwright.github.calls import Caller
from wheelwright.github.members import Member, patterns
from wheelwright.github.merging import Merged
from wheelwright.github.options import Choices, Options
from wheelwright.github.reach import reach
from wheelwright.pins import DEFAULT_PYTHON, slim_image
from wheelwright.project import building
from wheelwright.project.files import join
from wheelwright.project.model import Project
from wheelwright.project.version import VersionSource, version_source
from wheelwright.release.decide.tags import Tags
from wheelwright.release.decide.wheels import are_built_elsewhere
from wheelwright.repository.branch import tags as tags_of
from wheelwright.repository.checkout import ATTRIBUTES
from wheelwright.repository.facts import Repository
from wheelwright.repository.look import asked, git_files, look
from wheelwright.testing import cells
from wheelwright.testing.plan import TestOptions, make

_SAVED = "/saved"
_NOT_OF_TAG = "; that version's tag has another commit"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was read and decided before anything is planned.

    Attributes:
        taken: the directory of the package that was found without a name; empty otherwise.
    """

    loaded: LoadedProject
    options: Options
    caller: Caller
    repository: Repository
    choices: Choices
    tags: Tags
    taken: str = ""


async def prepare(loaded: LoadedProject, package: str, options: Options) -> Prepared:
    """Look at the repository, and decide what its jobs are.

    Raises:
        RequestError: an option that is not possible, or nothing names the branch or the module.
    """
    loaded = await with_files(await _root(loaded), lambda _: [ATTRIBUTES])
    project = loaded.project
    settings = project.settings.github
    dagger_json = (await texts_of(loaded, ["dagger.json"])).get("dagger.json")
    repository = await look(loaded, options_of.branch(options, settings))
    engine = options_of.engine(options, settings, repository)
    taken = "" if package else project.where
    reached = "" if project.members else package or taken
    called_by = await reach(dagger_json, engine, options.module, reached, options.stiletto)
    audited = bool(find(project).places)
    choices = options_of.choose(options, settings, repository, audited=audited)
    tags = repository.tags(project)
    choices = replace(choices, members=await _members(loaded, repository))
    return Prepared(loaded, options, called_by, repository, choices, tags, taken)


async def workflows(prepared: Prepared) -> dagger.Changeset:
    """Return what the workflows of the repository lack, or have too much of.

    What was found, decided and kept is printed; pins that are kept, too: a commit that another
    person put there runs with the jobs' rights.
    """
    loaded, options, repository = prepared.loaded, prepared.options, prepared.repository
    project, choices, tags = loaded.project, prepared.choices, prepared.tags
    planned = plan.workflows(project, prepared.caller, choices, tags.form)
    paths = {*planned, *(each.path for each in repository.workflows if each.ours)}
    existing = await texts_of(loaded, paths)
    entries = plan.dependabot_entries(project)
    merged = merging.merged(planned, existing, entries, overwrite=options.overwrite)
    judged = await _judged({pin for pins in merged.kept.values() for pin in pins})
    if wrong := [pin for pin, fact in judged.items() if fact == _NOT_OF_TAG]:
        trusted = {path: actions.without(text, wrong) for path, text in existing.items()}
        merged = merging.merged(planned, trusted, entries, overwrite=options.overwrite)
    notes = [*report.found(project, repository, choices, tags, planned), *merged.notes]
    for path, pins in merged.kept.items():
        notes += [f"{path}: kept a newer pin: {pin}{judged[pin]}" for pin in pins]
    notes += [f"replaced a pin: {pin}{_NOT_OF_TAG}" for pin in wrong]
    return changed(prepared, merged, notes)


def changed(prepared: Prepared, merged: Merged, notes: Sequence[str]) -> dagger.Changeset:
    """Return what changes, and print what a person should know of it.

    A changeset has no text of its own.
    """
    loaded, project = prepared.loaded, prepared.loaded.project
    texts, taken = dict(merged.texts), prepared.taken
    gone = (f"{path}: removed: nothing is written there any more" for path in merged.removed)
    notes = [*notes, *gone]
    if taken:
        notes = [f"package: {project.name} in {taken}, the only one of the source", *notes]
    on = prepared.repository.works_on.value
    usual = {"forge": on, "engine": options_of.usual_engine(prepared.choices.forge).value}
    new = remembering.lines(prepared.options, project.settings.github, usual)
    if new:
        path = join(project.where, "pyproject.toml")
        text = project.files.text(path)
        more = remembering.added(text, new) if text is not None else None
        if more is not None:
            texts[path] = more
            notes.append(f"{path}: added to {options_of.TABLE}: {'; '.join(new)}")
        else:
            # The files themselves show the engine to the next call.
            lines = new if text is not None else [x for x in new if not x.startswith("engine =")]
            if lines:
                shown = "; ".join(lines)
                notes.append(f"{path}: add {shown} to {options_of.TABLE}, or pass it to each call")
    sys.stderr.writelines(f"{note}\n" for note in notes)
    sys.stderr.flush()
    after = loaded.source
    for path, text in texts.items():
        after = after.with_new_file(path, text)
    if merged.removed:
        after = after.without_files(list(merged.removed))
    return after.changes(loaded.source)


async def _root(loaded: LoadedProject) -> LoadedProject:
    """Return the workspace that a package is a member of; one set of files is for all of it."""
    if not loaded.project.is_member:
        return loaded
    source = Source(loaded.files, loaded.repository, loaded.project.base)
    return await load(source, skippable())


async def _members(loaded: LoadedProject, repository: Repository) -> tuple[Member, ...]:
    """Return the packages of a workspace, its root first where that is one; empty for a package."""
    root = loaded.project
    if not root.members:
        return ()
    source = Source(loaded.files, loaded.repository, root.base)
    names = sorted(each.name for each in root.members.values() if each.name)
    every = [await load(source, skippable(), name) for name in names]
    own = [loaded] if root.installable else []
    return tuple(_member(each.project, repository) for each in (*own, *every))


def _member(project: Project, repository: Repository) -> Member:
    return Member(
        project.metadata.name,
        repository.tags(project).form,
        released=project.installable,
        deep=version_source(project) is VersionSource.VCS,
        compiled=are_built_elsewhere(project),
        where=project.where,
    )


async def _judged(pins: Collection[str]) -> dict[str, str]:
    """Return of each pin whether its commit is that of its version's tag."""

    async def judge(pin: str) -> str:
        address, tag = actions.tag_of(pin)
        listed = await asked(address, "--", address, tag, f"{tag}^{{}}")
        if listed is None:
            return f"; {address} cannot be asked whether its tag has that commit"
        return "" if actions.is_of(pin, listed) else _NOT_OF_TAG

    return await together({pin: partial(judge, pin) for pin in sorted(pins)})


async def texts_of(loaded: LoadedProject, paths: Iterable[str]) -> dict[str, str]:
    """Return the text of each path that exists."""
    found = sorted(set(paths).intersection(loaded.files.names))
    return await together({path: loaded.source.file(path).contents for path in found})


async def native_matrix(loaded: LoadedProject) -> str:
    """Return the cells for runners of other systems, with their commands, as one line of JSON."""
    loaded.project.require_package()
    project = loaded.project
    # One set of workflows is for all of a workspace, and so is what they pass.
    credentials = bool((await _root(loaded)).project.settings.github.netrc)
    # A checkout brings .git along.
    history = version_source(project) is VersionSource.VCS
    rows: list[tuple[cells.Cell, str, str]] = []
    for cell, runner in native.native(cells.plan(project, cells.Selection())):
        planned = make(project, cell, TestOptions(), history=history)
        script = native.script(planned, credentials=credentials)
        rows.append((cell, runner, script))
    return native.strategy(rows)


async def tag_patterns(loaded: LoadedProject) -> tuple[str, ...]:
    """Return the patterns of the package's tags, as its .git has them; of each in a workspace."""
    refs = (await git_files(loaded.repository)).refs if loaded.repository is not None else ()
    repository = Repository(refs=tags_of(refs))
    members = await _members(loaded, repository)
    return patterns(members, repository.tags(loaded.project).form)


def rules(options: ruleset.Options, tags: Sequence[str] = ()) -> dagger.File:
    """Return the ruleset of the default branch, or that of tags of these patterns."""
    if options.tags:
        # Without a bypass no release could make its tag.
        made = ruleset.tags(bypass=options.bypass or ["admin"], pattern=tags)
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
