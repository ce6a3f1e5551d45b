"""The files of the release commit: the edit of each text, and what tools have to add."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from packaging.utils import canonicalize_name

from wheelwright.errors import ProjectError
from wheelwright.project import pyproject
from wheelwright.project.files import join
from wheelwright.project.lock import Lock
from wheelwright.project.model import Project
from wheelwright.project.reading import cut, parse_version
from wheelwright.release.decide import edits, places
from wheelwright.release.decide.changelog import reading, titles, tools
from wheelwright.release.decide.changelog.tools import ChangelogSource
from wheelwright.release.decide.last_release import LastRelease
from wheelwright.release.decide.line_changes import New
from wheelwright.release.decide.places import Found, Places
from wheelwright.release.decide.stops import Problem
from wheelwright.release.decide.tokens import spelled
from wheelwright.release.decide.version_sources import locks, version_file
from wheelwright.release.decide.world import Plan

REQUIREMENTS = "requirements.txt"
_TOWNCRIER = "towncrier.toml"


def date_of(plan: Plan) -> str:
    """Return the release's day, in UTC."""
    return day_of(plan.epoch_s).isoformat()


def day_of(epoch_s: int) -> date:
    """Return the day of a time, in UTC."""
    return datetime.fromtimestamp(epoch_s, UTC).date()


def changelog_path(project: Project, source: ChangelogSource, version: str = "") -> str:
    """Return the changelog's path from the root; empty where there is none.

    A tool's own configuration names its file. Otherwise the setting does, or the first file of a
    usual name that has the title of a version. A member without one has the workspace's, where that
    is shared.
    """
    where, files = project.where, project.files
    if source is ChangelogSource.TOWNCRIER:
        return join(towncrier_directory(project), _towncrier_file(project, version))
    if setting := project.settings.release.changelog:
        inner = join(where, setting)
        return inner if files.has(inner) or not files.has(setting) else setting
    if found := _chosen(project, _candidates(project, where)):
        return found
    above = _chosen(project, _candidates(project, project.base)) if project.is_member else ""
    if above and _is_shared(project, above):
        return above
    if source is ChangelogSource.GIT_CLIFF:
        output = project.package.table("tool", "git-cliff", "changelog").get("output")
        named = isinstance(output, str) and not re.search(r"^/|\\|(^|/)\.\.(/|$)", output)
        return join(where, str(output) if named and output else "CHANGELOG.md")
    return ""


def _chosen(project: Project, found: list[str]) -> str:
    texts = project.files
    titled = [path for path in found if _has_versions(path, texts.text(path) or "")]
    # One that was not read is not text.
    found = [path for path in found if texts.text(path) is not None] or found
    return next(iter([*titled, *found]), "")


def _is_shared(project: Project, path: str) -> bool:
    """Whether a workspace's changelog is that of a member, too: it has the member's version."""
    version = edits.current_version(project)
    if isinstance(version, Problem):
        return False
    if not version:
        # It comes from tags: one of all members, or of each, in either case without a file.
        return not project.root.project
    headings = reading.read(path, project.files.text(path) or "").headings
    shown = (parse_version(titles.read(each.title).version) for each in headings)
    return parse_version(version) in [each for each in shown if each]


def is_above(project: Project, path: str) -> bool:
    """Whether a changelog is outside of the member's own directory."""
    return project.is_member and bool(path) and not path.startswith(f"{project.where}/")


def shared_note(project: Project, path: str) -> str:
    """Return a note about a changelog that is the workspace's; empty for the package's own."""
    if not is_above(project, path):
        return ""
    return f"changelog {cut(path)}, of the workspace: {cut(project.where)} has none of its own"


def changelog_candidates(project: Project) -> list[str]:
    """Return the paths, from the root, of files that can be the changelog, the package's first."""
    above = _candidates(project, project.base) if project.is_member else []
    return [*_candidates(project, project.where), *above]


def _candidates(project: Project, where: str) -> list[str]:
    prefix = f"{where}/" if where else ""
    names = [name.removeprefix(prefix) for name in project.files.names if name.startswith(prefix)]
    return [join(where, name) for name in tools.candidates(names)]


def _has_versions(path: str, text: str) -> bool:
    return any(titles.read(each.title).version for each in reading.read(path, text).headings)


def _towncrier_file(project: Project, version: str) -> str:
    """Return the file that towncrier writes, as its `filename` and `single_file` have it."""
    settings = _towncrier(project)
    name = str(settings.get("filename", "NEWS.rst"))
    if settings.get("single_file", True):
        return name
    return name.replace("{version}", version).replace("{name}", project.name)


def towncrier_directory(project: Project) -> str:
    """Return where towncrier has to run: where its table is, the package's or the root's."""
    places = (project.where, project.base)
    tables = (project.package, project.root)
    for where, table in zip(places, tables, strict=True):
        if table.has("tool", "towncrier") or project.files.has(join(where, _TOWNCRIER)):
            return where
    return project.where


def _towncrier(project: Project) -> Mapping[str, Any]:
    """Return towncrier's settings; towncrier.toml is read before pyproject.toml."""
    where = towncrier_directory(project)
    text = project.files.text(join(where, _TOWNCRIER))
    read = project.package if where == project.where else project.root
    read = read if text is None else pyproject.parse(_TOWNCRIER, text)
    return read.table("tool", "towncrier")


def fragment_directories(project: Project) -> tuple[str, ...]:
    """Return the directories, from the root, in which towncrier looks for news fragments.

    As in towncrier's `FragmentsPath`: `directory`, with a directory for each section in it; or
    `newsfragments` in the package, and in each section's directory of it.
    """
    settings = _towncrier(project)
    listed = settings.get("section", ())
    sections = [str(each.get("path", "")) for each in listed if isinstance(each, Mapping)] or [""]
    directory = settings.get("directory")
    if isinstance(directory, str):
        found = [posixpath.join(directory, section) for section in sections]
    else:
        package = str(settings.get("package", "")).replace(".", "/")
        inner = posixpath.join(str(settings.get("package_dir", ".")), package)
        found = [posixpath.join(inner, section, "newsfragments") for section in sections]
    where = towncrier_directory(project)
    paths = (posixpath.normpath(posixpath.join(where, each)) for each in found)
    # The root as a whole is not a directory of fragments.
    return tuple(dict.fromkeys(each for each in paths if not each.startswith((".", "/"))))


def texts(project: Project, plan: Plan) -> Mapping[str, str]:
    """Return the texts that have the version, by path: where it is set, and the lock.

    Raises:
        ProjectError: it is unknown where the version is set.
    """
    changed = dict(version_texts(project, plan))
    if changed and project.lock is not None:
        lock = project.lock
        changed[lock.path] = edits.lock_version(lock.text, plan.package, plan.version)
    return changed


@dataclass(frozen=True, slots=True)
class Placed:
    """The files with the version after the edits, beside the lock and the changelog.

    Attributes:
        texts: by path.
        encodings: of those that are not UTF-8.
        places: the lines that differ, and what is left alone.
    """

    texts: Mapping[str, str]
    encodings: Mapping[str, str]
    places: Places


def current(project: Project, last: LastRelease | None) -> str:
    """Return the version that files of the base have; empty where that is not known."""
    found = edits.current_version(project)
    version = "" if isinstance(found, Problem) else found
    return version or (last.version if last else "")


def placed(
    project: Project, plan: Plan, found: Found, last: LastRelease | None, log: str = ""
) -> Placed:
    """Return the edits of the version, wherever it is but in the changelog, whose path is `log`.

    Raises:
        ProjectError: it is unknown where the version is set.
    """
    texts = dict(version_texts(project, plan))
    done = {
        path: lines
        for path, text in texts.items()
        if (lines := places.differing(project.files.text(path) or "", text))
    }
    new = New(plan.version, date_of(plan))
    decided = places.decide(project, found, last, current(project, last), new, done, (log,))
    encodings = {
        path: found.texts[path].encoding
        for path in texts
        if path in found.texts and found.texts[path].encoding != "utf-8"
    }
    for path, lines in decided.lines.items():
        base = found.texts.get(path)
        text = texts.get(path)
        if text is None and base is not None:
            text = base.text
            if base.encoding != "utf-8":
                encodings[path] = base.encoding
        if text is not None:
            texts[path] = places.applied(text, lines)
    changed = {path: text for path, text in texts.items() if text != project.files.text(path)}
    return Placed(changed, encodings, decided)


def version_texts(project: Project, plan: Plan) -> Mapping[str, str]:
    """Return the file from which the back end has the version; none for version control.

    Raises:
        ProjectError: it is unknown where the version is set.
    """
    found = version_file(project)
    if isinstance(found, Problem):
        raise ProjectError(found.text())
    path, pattern = found
    if not path:
        return {}
    files = project.files
    text = files.text(path)
    if text is None:
        raise ProjectError(f"no {path} in the source", "correct where the version is read from")
    version = spelled(path, plan.version)
    changed = {path: edits.version_edit(text, pattern, version)}
    lock = next((each for each in locks(path) if files.text(each) is not None), "")
    if lock:
        # It is the one that cargo reads, and `cargo build --locked` would refuse the old version.
        old = edits.static_version(text, pattern)
        changed[lock] = edits.crate_versions(files.text(lock) or "", old, version)
    return changed


def rewrites_requirements(project: Project, requested: bool | None = None) -> bool:
    """Whether requirements.txt is made from the lock.

    An export that is there is, unless that is refused. A file that is not there is made only where
    that is requested and it would have content. What was written by hand stays.
    """
    if project.lock is None or requested is False:
        return False
    there = project.files.text(join(project.where, REQUIREMENTS))
    if there is None:
        return requested is True and _needs_something(project, project.lock)
    return edits.is_export(there)


def _needs_something(project: Project, lock: Lock) -> bool:
    """Whether the lock has dependencies of the package itself: those that `uv export` lists."""
    return any(
        bool(package.get("dependencies"))
        for package in lock.packages
        if canonicalize_name(package.get("name", "")) == project.metadata.name
    )
