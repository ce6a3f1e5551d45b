"""The released package as a commit of the remote has it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import dagger

from wheelwright.ci import skippable
from wheelwright.container.cut import Tree
from wheelwright.container.loading import LoadedProject, load, python_of, text_of
from wheelwright.container.runners import with_runners
from wheelwright.container.source import Source
from wheelwright.errors import ProjectError
from wheelwright.project.files import Snapshot, join
from wheelwright.project.model import Project
from wheelwright.project.reading import LOST
from wheelwright.release.act.git import TREE, RemoteGit
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.decide import (
    editing,
    edits,
    noted,
    places,
    version_sources,
    version_tools,
)
from wheelwright.release.decide.changelog import tools
from wheelwright.release.decide.changelog.tools import ChangelogSource
from wheelwright.release.decide.commit import ReleaseCommit
from wheelwright.release.decide.last_release import LastRelease
from wheelwright.release.decide.noted import Past
from wheelwright.release.decide.refs import RemoteRefs
from wheelwright.release.decide.tags import Tags
from wheelwright.release.decide.version_tags import version_tags


@dataclass(frozen=True, slots=True)
class Package:
    """The package at a commit.

    Attributes:
        container: has the commit's work tree, and a clone without the token.
        git: only the same `.git`, with the remote's tags, and the release's own on its commit.
        changelog_source: who keeps its changelog.
        wanted: the requested Python; empty: its own.
    """

    container: dagger.Container
    loaded: LoadedProject
    git: dagger.Directory
    changelog_source: ChangelogSource
    wanted: str

    @property
    def project(self) -> Project:
        """Its files, with every one read that a release edits."""
        return self.loaded.project

    @property
    def name(self) -> str:
        """Its normalized name."""
        return self.project.metadata.name

    @property
    def python(self) -> str:
        """The Python that it is released with."""
        return python_of(self.loaded, self.wanted)

    @property
    def where(self) -> str:
        """Its directory from the clone's root; empty when it is the root."""
        return self.project.where

    @property
    def member(self) -> bool:
        """Whether it is one of several in the repository."""
        return bool(self.where)

    def tags(self, observed: RemoteRefs) -> Tags:
        """Return its version tags among the remote's refs."""
        return version_tags(self.project, observed.refs)

    def past(self, observed: RemoteRefs, version: str, last: LastRelease | None = None) -> Past:
        """Return what came before a version, for its changelog."""
        current = edits.current_version(self.project)
        known = current if isinstance(current, str) else ""
        return noted.past(self.tags(observed), version, known, last)

    def path(self, path: str) -> str:
        """Return a path in the clone for one from its root."""
        return join(TREE, path)

    @property
    def changelog_path(self) -> str:
        """The changelog's path from the clone's root; empty where there is none."""
        return editing.changelog_path(self.project, self.changelog_source)

    def edited(self, made: ReleaseCommit) -> Package:
        """Return the package with the texts of a release commit that is made on it."""
        files = self.project.files
        texts = {**files.texts, **{each.path: each.text or "" for each in made.edits}}
        names = files.names | {each.path for each in made.edits}
        project = replace(self.project, files=Snapshot(texts, names))
        return replace(self, loaded=replace(self.loaded, project=project))

    def changelog_of(self, version: str) -> str:
        """Return the path for a version: towncrier may write a file for each."""
        return editing.changelog_path(self.project, self.changelog_source, version)

    def notes(self, version: str) -> str:
        """Return the changelog's section of a version, for people who read the release."""
        return noted.of_version(self.project, self.changelog_of(version), version)

    def added(self, version: str, before: Package) -> str:
        """Return what the release of a version added to the changelog of the commit before."""
        path = self.changelog_of(version)
        return noted.added(self.project, path, version, before.project.files.text(path) or "")

    async def with_changelog_of(self, version: str) -> Package:
        """Return the package with the changelog of a version read: that may be a file of its own.

        Raises:
            ProjectError: it is not UTF-8.
        """
        files, path = self.project.files, self.changelog_of(version)
        if not path or files.text(path) is not None or not await self.loaded.source.exists(path):
            return self
        text = await text_of(path, self.loaded.source.file(path))
        project = replace(self.project, files=Snapshot({**files.texts, path: text}, files.names))
        return replace(self, loaded=replace(self.loaded, project=project))


async def package_at(
    options: ReleaseOptions, remote: RemoteGit, commit: str, tag: str = ""
) -> Package:
    """Return the package as a commit has it; a release commit has its `tag` on it."""
    container = await remote.tree(commit, tag)
    whole = container.directory(TREE)
    git = dagger.dag.directory().with_directory(".git", whole.directory(".git"))
    every = await whole.glob("**")
    kept = [name for name in every if not name.startswith(".git/")]
    source = Source(Tree(whole, tuple(every), frozenset(kept)), git)
    loaded = await with_runners(await load(source, skippable(), options.package))
    loaded = replace(loaded, project=await _with_texts(loaded))
    loaded = replace(loaded, project=await _with_bytes(remote, commit, loaded.project))
    path = editing.changelog_path(loaded.project, ChangelogSource.HAND)
    changelog_source = tools.source_of(loaded.project, loaded.project.files.text(path))
    return Package(container, loaded, git, changelog_source, options.python)


async def _with_texts(loaded: LoadedProject) -> Project:
    """Return the project with the files read that only a release edits."""
    loaded = replace(loaded, project=await _with_docs(loaded))
    project = loaded.project
    files = project.files
    wanted = {
        *version_sources.candidates(project),
        *version_tools.files(project),
        editing.changelog_path(project, ChangelogSource.TOWNCRIER),
        *editing.changelog_candidates(project),
        *_set(project),
        join(project.where, editing.REQUIREMENTS),
    }
    # Another file of a usual name may be in another encoding: it is not the changelog.
    own = editing.changelog_path(project, tools.source_of(project, None))
    others = set(editing.changelog_candidates(project)[1:]) - {own, *_set(project)}
    texts = dict(files.texts)
    for path in sorted(wanted - texts.keys()):
        if not await loaded.source.exists(path):
            continue
        try:
            texts[path] = await text_of(path, loaded.source.file(path))
        except ProjectError:
            if path not in others:
                raise
    return replace(project, files=Snapshot(texts, files.names))


async def _with_bytes(remote: RemoteGit, commit: str, project: Project) -> Project:
    """Return the project with the texts that may be edited read as they are, byte by byte."""
    files = project.files
    lost = [
        each for each in version_sources.candidates(project) if LOST in (files.text(each) or "")
    ]
    if not lost:
        return project
    request = json.dumps({"tokens": [], "paths": lost})
    found = places.read(await remote.search(commit, request)).texts
    texts = {**files.texts, **{path: text.text for path, text in found.items()}}
    return replace(project, files=Snapshot(texts, files.names))


async def _with_docs(loaded: LoadedProject) -> Project:
    """Return the project with the names of the files in its directories of documents."""
    project = loaded.project
    names: set[str] = set()
    folders = [folder.rstrip("/") for folder in tools.FOLDERS if folder]
    for path in {join(at, each) for at in (project.where, project.base) for each in folders}:
        if f"{path}/" in project.files.names:
            names |= {f"{path}/{name}" for name in await loaded.source.entries(path=path)}
    if not names:
        return project
    more = Snapshot(project.files.texts, project.files.names | names)
    return replace(project, files=more)


def _set(project: Project) -> set[str]:
    """Return where the setting of the changelog's file can lead to."""
    setting = project.settings.release.changelog
    return {setting, join(project.where, setting)} if setting else set()
