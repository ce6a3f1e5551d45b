"""Which packages of a uv workspace a change can affect (pure).

A package is affected by a changed file of its own, and by any package that it needs. Whatever lies
outside of all packages may matter to each of them, as the configuration of a tool does: so it
affects all, unless it is documentation. Tests are never chosen by file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from packaging.utils import canonicalize_name

from wheelwright.errors import ProjectError
from wheelwright.project.files import join, upward
from wheelwright.project.lock import Lock
from wheelwright.project.model import Project
from wheelwright.project.pyproject import Pyproject, parse
from wheelwright.project.reading import requirement_or_none
from wheelwright.project.workspace import members

_DOCUMENTS: Final = (".md", ".rst", ".adoc")
_TEXTS: Final = ("license", "licence", "copying", "notice", "authors", "changelog", "changes")
_DIRECTORIES: Final = (".github", ".gitlab", ".vscode", ".idea", "docs", "doc")
_CODE: Final = ("src", "tests", "test")
_PYPROJECT: Final = "pyproject.toml"


@dataclass(frozen=True, slots=True)
class Changes:
    """What is not as it was.

    Attributes:
        paths: files that were added, changed or deleted, from the root of the source.
        root: the root's pyproject.toml as it was; None where there was none.
    """

    paths: Sequence[str] = ()
    root: str | None = None


@dataclass(frozen=True, slots=True)
class Affected:
    """Which packages a change affects.

    Attributes:
        reasons: why each of them is, by its directory.
        count: how many files changed.
    """

    reasons: Mapping[str, str]
    count: int


def affected(root: Project, changes: Changes) -> Affected:
    """Return the packages of a workspace that a change can affect; `root` is its root.

    A project without a workspace is one package.
    """
    inner = {join(directory): each for directory, each in root.members.items()}
    packages = {root.where: root.root, **inner} if root.installable or not inner else inner
    own: dict[str, list[str]] = {}
    outside: list[str] = []
    for path in sorted(changes.paths):
        owner = next((at for at in upward(path.rpartition("/")[0]) if at in inner), None)
        document = _is_document(path, root.base)
        if owner is None and root.where in packages and (document or _is_of_root(root, path)):
            owner = root.where
        if owner is not None:
            own.setdefault(owner, []).append(path)
        elif not document:
            outside.append(path)
    reasons = {at: _files(paths) for at, paths in own.items() if at in packages}
    before = _before(root, changes)
    gone = _removed(changes, before, root.base)
    outside = [path for path in outside if not path.startswith(gone)]
    manifest = join(root.base, _PYPROJECT)
    moved: set[str] = set()
    if manifest in outside and before is not None and _differs_in_packages(before, root.root):
        outside.remove(manifest)
        moved = _moved(before, root.root)
    if outside:
        why = f"{_files(outside)}, outside of its packages" if inner else _files(outside)
        return Affected({at: reasons.get(at, why) for at in packages}, len(changes.paths))
    names = {each.name: at for at, each in packages.items() if each.name}
    needs = {at: _needs(root, each, names) for at, each in packages.items()}
    for at in packages:
        if at not in reasons and (names_of := sorted(moved & _required(packages[at], root.lock))):
            reasons[at] = f"where it gets {names_of[0]} from changed"
    return Affected(_with_dependents(reasons, needs, packages), len(changes.paths))


def _with_dependents(
    reasons: Mapping[str, str],
    needs: Mapping[str, frozenset[str]],
    packages: Mapping[str, Pyproject],
) -> dict[str, str]:
    found = dict(reasons)
    new = list(found)
    while new:
        cause = new.pop(0)
        for at in sorted(packages):
            if at not in found and cause in needs[at]:
                found[at] = f"it needs {packages[cause].name or cause}"
                new.append(at)
    return {at: found[at] for at in packages if at in found}


def _needs(root: Project, package: Pyproject, names: Mapping[str, str]) -> frozenset[str]:
    """Return the directories of the packages that one needs, in any of its environments."""
    if "dependencies" in package.dynamic and root.lock is None:
        # Its back end knows them, and nothing else does.
        return frozenset(names.values())
    required = _required(package, root.lock)
    if root.root is not package and root.root.groups:
        if not package.groups and not package.extras:
            # Its tests get a group of the root, which uv installs with all packages.
            return frozenset(names.values())
        required |= _names(root.root.group_lines(root.root.groups))
    return frozenset(at for name, at in names.items() if name in required)


def _required(package: Pyproject, lock: Lock | None) -> set[str]:
    """Return the names of all that a package requires, by its own file and by the lock."""
    lines = [*package.dependencies, *(line for extra in package.extras.values() for line in extra)]
    lines += package.group_lines(package.groups)
    lines += _lines(package.table("tool", "uv").get("dev-dependencies"))
    found = _names(lines) | package.build_requires
    for sources in package.table("tool", "uv", "sources"):
        found.add(canonicalize_name(sources))
    found |= _poetry(package)
    if lock is not None and package.name:
        found |= _locked(lock, package.name)
    return found - {package.name}


def _poetry(package: Pyproject) -> set[str]:
    table = package.table("tool", "poetry")
    groups = [table.get("dependencies"), table.get("dev-dependencies")]
    groups += [
        each.get("dependencies")
        for each in package.table("tool", "poetry", "group").values()
        if isinstance(each, Mapping)
    ]
    named = [name for group in groups if isinstance(group, Mapping) for name in group]
    return {str(canonicalize_name(name)) for name in named}


def _locked(lock: Lock, name: str) -> set[str]:
    found: set[str] = set()
    for entry in lock.packages:
        if canonicalize_name(entry.get("name", "")) == name:
            lists = [entry.get("dependencies")]
            for key in ("optional-dependencies", "dev-dependencies"):
                table = entry.get(key)
                lists += table.values() if isinstance(table, Mapping) else []
            found |= {
                canonicalize_name(each["name"])
                for one in lists
                if isinstance(one, list)
                for each in one
                if isinstance(each, Mapping) and isinstance(each.get("name"), str)
            }
    return found


def _lines(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _names(lines: Iterable[str]) -> set[str]:
    found = (requirement_or_none(line) for line in lines)
    return {str(canonicalize_name(each.name)) for each in found if each is not None}


# -- the root -------------------------------------------------------------------------------------


def _before(root: Project, changes: Changes) -> Pyproject | None:
    if changes.root is None:
        return None
    try:
        return parse(join(root.base, _PYPROJECT), changes.root)
    except ProjectError:
        # What it was cannot be compared: then it affects all.
        return None


def _removed(changes: Changes, before: Pyproject | None, base: str) -> tuple[str, ...]:
    """Return the directories, with a `/`, of packages that are no more."""
    if before is None:
        return ()
    start = f"{base}/" if base else ""
    manifests = [
        path.removeprefix(start)
        for path in changes.paths
        if path.startswith(start) and path.rpartition("/")[2] == _PYPROJECT
    ]
    return tuple(f"{join(base, directory)}/" for directory in members(before, manifests))


def _differs_in_packages(before: Pyproject, now: Pyproject) -> bool:
    """Whether two roots differ, and only in which packages there are.

    An edit that changes no value, such as a comment, may be of what a tool reads as text.
    """
    return before.data != now.data and _settings(before) == _settings(now)


def _settings(root: Pyproject) -> dict[str, Any]:
    """Return what a root's file says, without which packages there are."""
    data = dict(root.data)
    tool = dict(root.table("tool"))
    uv = dict(root.table("tool", "uv"))
    uv.pop("workspace", None)
    sources = uv.pop("sources", {})
    others = {name: at for name, at in sources.items() if not _in_workspace(at)}
    tool["uv"] = {**uv, "sources": others}
    data["tool"] = tool
    return data


def _moved(before: Pyproject, now: Pyproject) -> set[str]:
    """Return the names that only one of two roots finds in the workspace."""
    named = [
        {
            str(canonicalize_name(name))
            for name, at in each.table("tool", "uv", "sources").items()
            if _in_workspace(at)
        }
        for each in (before, now)
    ]
    return named[0] ^ named[1]


def _in_workspace(source: object) -> bool:
    return isinstance(source, Mapping) and source.get("workspace") is True


def _is_of_root(root: Project, path: str) -> bool:
    """Whether a path outside of all members is the root's own: its code, or its tests."""
    if not root.members:
        return True
    first, _, rest = (path.removeprefix(f"{root.base}/") if root.base else path).partition("/")
    return bool(rest) and first in (*_CODE, root.root.name.replace("-", "_"))


def _is_document(path: str, base: str) -> bool:
    """Whether a file outside of all packages is for readers alone."""
    inner = path.removeprefix(f"{base}/") if base else path
    first, _, rest = inner.partition("/")
    name = inner.rpartition("/")[2].lower()
    if rest and first in _DIRECTORIES:
        return True
    stem, _, suffix = name.partition(".")
    return name.endswith(_DOCUMENTS) or (stem in _TEXTS and suffix in ("", "txt"))


def _files(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{paths[0]}{more} changed"
