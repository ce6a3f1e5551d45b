"""Which version of a tool runs: the one the project locks, else the one pinned here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from wheelwright.pins import TOOLS
from wheelwright.project import other_locks, precommit
from wheelwright.project.model import Project
from wheelwright.project.pythons import minor_key
from wheelwright.project.reading import requirement_or_none

# pyright is a Node program: the extra brings Node from the package index. bandit writes SARIF
# only with its own.
_EXTRAS = {"bandit": "sarif", "pyright": "nodejs"}


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool to install beside the project, and who chose the version."""

    name: str
    version: str
    chosen_by: str
    extra: str = ""

    @property
    def requirement(self) -> str:
        """The requirement that installs exactly this."""
        return f"{self.name}{f'[{self.extra}]' if self.extra else ''}=={self.version}"

    def __str__(self) -> str:
        return f"{self.name} {self.version} ({self.chosen_by})"


def tool(project: Project, name: str, python: str) -> Tool:
    """Return the tool in the version for this project on this Python."""
    extra = _EXTRAS.get(name, "")
    if project.lock and (version := project.lock.version(name, python)):
        return Tool(name, version, "locked in uv.lock", extra)
    for path in other_locks.PATHS:
        text = project.text(path)
        if text and (version := other_locks.read(path, text).version(name, python)):
            return Tool(name, version, f"locked in {path}", extra)
    if version := _exact(name, project):
        return Tool(name, version, f"fixed in {project.package.path}", extra)
    version, why = _hooked(name, project)
    if version:
        return Tool(name, version, f"fixed in {precommit.PATH}", extra)
    return Tool(name, pinned(name, python), f"pinned by wheelwright{why}", extra)


def release_tool(project: Project, name: str, python: str) -> Tool:
    """Return a tool of releases: only the lock overrides its pin, nothing else in the source."""
    if project.lock and (version := project.lock.version(name, python)):
        return Tool(name, version, "locked in uv.lock")
    return Tool(name, pinned(name, python), "pinned by wheelwright")


def pinned(name: str, python: str) -> str:
    """Return the version that Wheelwright pins for a Python; the oldest for one older still."""
    wanted = minor_key(python)
    rows = TOOLS[name]
    return next((version for oldest, version in rows if minor_key(oldest) <= wanted), rows[-1][1])


def declared_in(project: Project, name: str) -> list[str]:
    """Return the dependency groups that name a tool themselves, in the order written."""
    return [
        group
        for group in project.package.groups.values()
        if _requirement(name, project.package.group(group))
    ]


def _exact(name: str, project: Project) -> str:
    package = project.package
    lines = package.group_lines(package.groups.values())
    lines += [line for extra in project.metadata.extras.values() for line in extra]
    found = _requirement(name, lines)
    clauses = [str(clause) for clause in found.specifier] if found else []
    if name == "ruff" and isinstance(
        own := package.table("tool", "ruff").get("required-version"), str
    ):
        clauses.append(own if own[:1] in "=<>!~" else f"=={own}")
    exact = (re.fullmatch(r"==\s*([^*,]+)", clause) for clause in clauses)
    return next((match.group(1).strip() for match in exact if match), "")


def _requirement(name: str, lines: Iterable[str]) -> Requirement | None:
    read = (requirement_or_none(line) for line in lines)
    return next((each for each in read if each and canonicalize_name(each.name) == name), None)


def _hooked(name: str, project: Project) -> tuple[str, str]:
    """Return the version that a hook of pre-commit has, or why it has none; both empty without."""
    text = project.text(precommit.PATH)
    if text is None or not precommit.may_run(name):
        return "", ""
    found = precommit.read(text).versions_of(name)
    version = next((hook.version for hook in found if hook.version), "")
    if version or not found:
        return version, ""
    return "", f"; the hook {found[0].name} in {found[0].place} {found[0].unversioned}"
