"""Which version of a tool runs: the first of these places that has one.

1. uv.lock, poetry.lock, pdm.lock
2. an exact pin where it is installed from: dependency groups, extras, the groups of Poetry, PDM and
   uv; then requirements files
3. the hook of pre-commit
4. a range in one of the places of 2: then the tool is installed by that
5. the version pinned here
"""

from __future__ import annotations

import contextlib
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelwright.environment.requirements import flatten
from wheelwright.errors import ProjectError
from wheelwright.pins import TOOLS
from wheelwright.project import other_locks, poetry, precommit
from wheelwright.project.files import join, upward
from wheelwright.project.model import Project
from wheelwright.project.precommit import Hook
from wheelwright.project.pythons import minor_key, minor_of
from wheelwright.project.reading import requirement_or_none, specifiers
from wheelwright.project.runners import dev_dependencies

# pyright is a Node program: the extra brings Node from the package index. bandit writes SARIF
# only with its own.
_EXTRAS = {"bandit": "sarif", "pyright": "nodejs"}

# Words in the name of a requirements file, the likeliest place of a tool first.
_LIKELY: Final = ("typ", "lint", "dev", "test", "requirements.txt")


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool to install beside the project, and who chose the version.

    Attributes:
        version: empty where `specifier` leaves it to the index.
        specifier: the versions that may be installed, where no single one is known.
        beside: requirements that are installed in the tool's own environment, too.
    """

    name: str
    version: str
    chosen_by: str
    extra: str = ""
    specifier: str = ""
    beside: tuple[str, ...] = ()

    @property
    def requirement(self) -> str:
        """The requirement that installs it."""
        extra = f"[{self.extra}]" if self.extra else ""
        return f"{self.name}{extra}{f'=={self.version}' if self.version else self.specifier}"

    def __str__(self) -> str:
        return f"{self.name} {self.version or self.specifier} ({self.chosen_by})"


@dataclass(frozen=True, slots=True)
class Asked:
    """What requirement lines say of a tool that they name; two empty values allow any version.

    Attributes:
        exact: the only version that they allow.
        specifier: the versions that they allow, where these are several.
    """

    exact: str = ""
    specifier: str = ""


def tool(project: Project, name: str, python: str, *, exact: bool = False) -> Tool:
    """Return the tool in the version for this project on this Python.

    With `exact` a range in the project's requirements does not count: the version is known.
    """
    extra = _EXTRAS.get(name, "")
    locked, lock, broken = _locked(project, name, python)
    if locked:
        return Tool(name, locked, f"locked in {lock}{broken}", extra)
    place, asked = _installed_from(project, name, python)
    if asked.exact:
        return Tool(name, asked.exact, f"fixed in {place}{broken}", extra)
    version, why = _hooked(name, project)
    if version:
        return Tool(name, version, f"fixed in {precommit.PATH}{broken}", extra)
    if asked.specifier and not exact:
        return Tool(name, "", f"from {place}{broken}", extra, asked.specifier)
    return Tool(name, pinned(name, python), f"pinned by wheelwright{why}{broken}", extra)


def _locked(project: Project, name: str, python: str) -> tuple[str, str, str]:
    """Return a version, the lock that has it, and a remark on locks that cannot be read.

    Such a lock fails the gates that need it, which a linter's version does not make of a linter.
    """
    broken = ""
    for path in ("uv.lock", *other_locks.PATHS):
        try:
            if path == "uv.lock":
                version = project.lock.version(name, python) if project.lock else ""
            else:
                text = project.text(path)
                version = other_locks.read(path, text).version(name, python) if text else ""
        except ProjectError:
            broken += f"; {path} cannot be read"
            continue
        if version:
            return version, path, broken
    return "", "", broken


def hook_tool(hook: Hook, name: str, python: str) -> Tool:
    """Return a tool as a hook of pre-commit has it, with what is installed beside it.

    Nothing else of the project counts: a hook has an environment of its own.
    """
    extra = _EXTRAS.get(name, "")
    beside = tuple(
        line
        for line in hook.dependencies
        if (found := requirement_or_none(line)) and canonicalize_name(found.name) != name
    )
    if hook.version:
        return Tool(name, hook.version, f"fixed in {precommit.PATH}", extra, beside=beside)
    asked = asked_of(name, hook.dependencies, python)
    if asked and asked.specifier:
        return Tool(name, "", f"from {precommit.PATH}", extra, asked.specifier, beside)
    chosen_by = f"pinned by wheelwright; {_unversioned(hook)}"
    return Tool(name, pinned(name, python), chosen_by, extra, beside=beside)


def release_tool(project: Project, name: str, python: str) -> Tool:
    """Return a tool of releases: only the lock overrides its pin, nothing else in the source."""
    if project.lock and (version := project.lock.version(name, python)):
        return Tool(name, version, "locked in uv.lock")
    return Tool(name, pinned(name, python), "pinned by wheelwright")


def judging_tool(project: Project, name: str, python: str) -> Tool:
    """Return a tool that judges by what others accept now: no older one than the pin.

    twine 6.2.0 of a lock refuses the metadata 2.5 that back ends write today, and indexes take.
    """
    tool, ours = release_tool(project, name, python), pinned(name, python)
    if Version(tool.version) < Version(ours):
        return Tool(name, ours, "pinned by wheelwright")
    return tool


def pinned(name: str, python: str) -> str:
    """Return the version that Wheelwright pins for a Python; the oldest for one older still."""
    wanted = minor_key(python)
    rows = TOOLS[name]
    return next((version for oldest, version in rows if minor_key(oldest) <= wanted), rows[-1][1])


def runs_on(name: str, python: str) -> bool:
    """Whether a version that Wheelwright pins runs on a Python."""
    oldest, _ = TOOLS[name][-1]
    return minor_key(oldest) <= minor_key(python)


def declared_in(project: Project, name: str) -> list[str]:
    """Return the dependency groups that name a tool themselves, in the order written."""
    return [
        group
        for group in project.package.groups.values()
        if next(_requirements(name, project.package.group(group)), None)
    ]


def listed_in(project: Project, name: str) -> bool:
    """Whether a group names a tool: one of Poetry, PDM or uv, too."""
    return any(next(_requirements(name, lines), None) for _, lines in _groups(project))


# -- requirements ---------------------------------------------------------------------------------


def asked_of(
    name: str, lines: Iterable[str], python: str, constraints: Iterable[str] = ()
) -> Asked | None:
    """Return what lines say of a tool for a Python; None where they do not name it."""
    found = [each for each in _requirements(name, lines) if _holds(each, python)]
    if not found:
        return None
    limits = [each for each in _requirements(name, constraints) if _holds(each, python)]
    for each in (*found, *limits):
        if each.url is None and (exact := _exact(each.specifier)):
            return Asked(exact)
    ranges = (str(each.specifier) for each in found if each.url is None and each.specifier)
    return Asked(specifier=next(ranges, ""))


def _requirements(name: str, lines: Iterable[str]) -> Iterator[Requirement]:
    for line in lines:
        # A requirements file may have options behind a requirement, such as its hashes.
        read = requirement_or_none(line.partition(" --")[0])
        if read and canonicalize_name(read.name) == name:
            yield read


def _holds(requirement: Requirement, python: str) -> bool:
    """Whether a requirement is for a Python; one whose condition cannot be evaluated is."""
    if requirement.marker is None:
        return True
    full = python if python.count(".") > 1 else f"{python}.0"
    environment = {"python_version": minor_of(python), "python_full_version": full, "extra": ""}
    try:
        return requirement.marker.evaluate(environment)
    except (ValueError, RecursionError):
        return True


def _exact(specifier: SpecifierSet) -> str:
    found = (each for each in specifier if each.operator in ("==", "==="))
    return next((each.version for each in found if "*" not in each.version), "")


def _installed_from(project: Project, name: str, python: str) -> tuple[str, Asked]:
    """Return the place that names a tool with its versions, an exact one first, and these."""
    places: list[tuple[str, Asked | None]] = [
        (path, asked_of(name, lines, python)) for path, lines in _tables(project)
    ]
    places.append((project.package.path, _required_ruff(project, name, python)))
    files = [
        (path, asked_of(name, lines, python, constraints))
        for path, lines, constraints in _files(project, name)
    ]
    for every in (places, files):
        known = [(path, asked) for path, asked in every if asked and asked != Asked()]
        if known:
            return next((each for each in known if each[1].exact), known[0])
    return "", Asked()


def _required_ruff(project: Project, name: str, python: str) -> Asked | None:
    """Return what ruff's own `required-version` allows; a range only where the pin is outside."""
    own = project.package.table("tool", "ruff").get("required-version")
    if name != "ruff" or not isinstance(own, str):
        return None
    try:
        found = specifiers(own if own.strip()[:1] in tuple("=<>!~") else f"=={own}")
    except InvalidSpecifier:
        return None
    if exact := _exact(found):
        return Asked(exact)
    return None if found.contains(pinned(name, python)) else Asked(specifier=str(found))


def _tables(project: Project) -> Iterator[tuple[str, list[str]]]:
    """Yield the requirements of each group and extra, with the file that has them."""
    yield from _groups(project)
    for each in dict.fromkeys((project.package.path, project.root.path)):
        owner = project.package if each == project.package.path else project.root
        yield from ((each, list(lines)) for lines in owner.extras.values())


def _groups(project: Project) -> Iterator[tuple[str, list[str]]]:
    """Yield the requirements of each group, with the file that has them.

    A group of Poetry, PDM or uv that cannot be read is an error of what installs it.
    """
    package = project.package
    for each in (package, *([project.root] if project.root is not package else [])):
        yield from ((each.path, each.group(group)) for group in each.groups.values())
    table = poetry.read(package)
    for group in table.groups if table else ():
        with contextlib.suppress(ProjectError):
            yield package.path, list(table.group(group) if table else ())
    with contextlib.suppress(ProjectError):
        if dev := dev_dependencies.uv_dev(package):
            yield package.path, list(dev.lines)
    with contextlib.suppress(ProjectError):
        yield from ((package.path, list(each.lines)) for each in dev_dependencies.pdm_dev(package))


def _files(project: Project, name: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield the lines and the constraints of each requirements file that may install a tool.

    A file that cannot be read is an error of what installs it.
    """
    for where in upward(project.where):
        inner = join(where, "requirements")
        found = [
            path
            for path in project.files.texts
            if path.endswith((".txt", ".in"))
            and (
                posixpath.dirname(path) == inner
                or (posixpath.dirname(path) == where and "requirements" in posixpath.basename(path))
            )
        ]
        for path in sorted(found, key=lambda path: (_unlikely(path, where, name), path)):
            with contextlib.suppress(ProjectError):
                flat = flatten(project.files, path)
                yield path, flat.lines, flat.constraints


def _unlikely(path: str, where: str, name: str) -> int:
    own = path.removeprefix(f"{where}/")
    found = (rank for rank, word in enumerate((name, *_LIKELY)) if word in own)
    # What is compiled has the version; what it is compiled from may have a range.
    return 2 * next(found, len(_LIKELY) + 1) + path.endswith(".in")


# -- hooks ----------------------------------------------------------------------------------------


def _hooked(name: str, project: Project) -> tuple[str, str]:
    """Return the version that a hook of pre-commit has, or why it has none; both empty without."""
    text = project.text(precommit.PATH)
    if text is None or not precommit.may_run(name):
        return "", ""
    found = precommit.read(text).versions_of(name)
    version = next((hook.version for hook in found if hook.version), "")
    if version or not found:
        return version, ""
    return "", f"; {_unversioned(found[0])}"


def _unversioned(hook: Hook) -> str:
    return f"the hook {hook.name} in {hook.place} {hook.unversioned}"
