"""One command of a type checker, and the environment that it runs over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from wheelwright.environment import test_dependencies
from wheelwright.environment.places import SOURCE, VENV
from wheelwright.environment.test_dependencies import TestDependencies
from wheelwright.environment.tools import Tool, declared_in, tool
from wheelwright.gates.checkers import Checker, environment_of
from wheelwright.gates.gate import Tree
from wheelwright.project.files import join
from wheelwright.project.model import Project
from wheelwright.project.runners.job import Place


@dataclass(frozen=True, slots=True)
class Check:
    """One command of a checker on this project.

    Attributes:
        place: what says so, for people.
        chosen_by: what chose the checker's version, for people.
        tool: what to install beside the environment; None where the environment brings the checker.
        groups: dependency groups to install beside the test dependencies.
        wanted: what to install instead of the test dependencies; None for these.
        tree: the source alone for a checker with an environment of its own.
        workdir: container path; empty for the package's directory.
        before: commands that have to succeed first.
        guessed: what is checked although nothing names it; empty otherwise.
    """

    checker: Checker
    args: tuple[str, ...]
    place: str
    chosen_by: str = ""
    tool: Tool | None = None
    groups: tuple[str, ...] = ()
    wanted: TestDependencies | None = None
    tree: Tree = Tree.INSTALLED
    workdir: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    before: tuple[tuple[str, ...], ...] = ()
    guessed: str = ""

    @property
    def label(self) -> str:
        """The checker and who chose its version, before the program printed which it is."""
        if self.tool is None:
            return f"{self.checker.name} ({self.chosen_by})"
        return f"{self.tool.name} {self.tool.version or self.tool.specifier} ({self.chosen_by})"


def named(place: Place) -> str:
    """Return a place without its line: the section is enough to find an environment."""
    return f"{place.path} {place.within}".rstrip()


def in_tests(project: Project, check: Check, python: str) -> Check:
    """Return a check over the environment of the tests, with the checker in it or beside it.

    One that is installed there in any case is the project's own. pyright would fetch Node from
    elsewhere; mypy's plugins need what stands beside mypy.
    """
    name = check.checker.name
    wanted = test_dependencies.find(project, python)
    found = tool(project, name, python)
    if name == "pyright":
        groups = tuple(declared_in(project, name)[:1])
        return replace(check, tool=found, groups=groups, chosen_by=found.chosen_by)
    groups = tuple(declared_in(project, name)[:1])
    own = _among(test_dependencies.requirements(project, wanted), name)
    if not groups and own is None:
        return replace(check, tool=found, chosen_by=found.chosen_by)
    if found.chosen_by.startswith("locked in") and not is_of_uv(found):
        # Of another lock: what resolves the environment does not read it.
        exact = replace(wanted, added=(*wanted.added, found.requirement))
        return replace(check, wanted=exact, groups=groups, chosen_by=found.chosen_by)
    if is_of_uv(found):
        chosen_by = found.chosen_by
    elif groups:
        chosen_by = f'group "{groups[0]}"'
    else:
        chosen_by = _asked_in(wanted.place, own)
    return replace(check, groups=groups, chosen_by=chosen_by)


def with_environment(project: Project, check: Check) -> Check:
    """Return a check that finds the environment where pyright's configuration has it.

    basedpyright takes a directory that is not there for a broken configuration.
    """
    if check.tree is not Tree.INSTALLED or not check.checker.name.endswith("pyright"):
        return check
    place = environment_of(project)
    if not place:
        return check
    link = 'test -e "$1" || { mkdir -p "$(dirname "$1")" && ln -s "$2" "$1"; }'
    args = ("sh", "-c", link, "sh", join(SOURCE, place), VENV)
    return replace(check, before=(*check.before, args))


def is_of_uv(found: Tool) -> bool:
    """Whether uv.lock has the version, so that the environment gets it by itself."""
    return found.chosen_by == "locked in uv.lock"


def _among(requirements: Iterable[Requirement], name: str) -> Requirement | None:
    return next((each for each in requirements if canonicalize_name(each.name) == name), None)


def _asked_in(place: str, own: Requirement | None) -> str:
    exact = own is not None and any(each.operator in ("==", "===") for each in own.specifier)
    return f"{'fixed in' if exact else 'from'} {place}"


def with_interpreter(check: Check) -> Check:
    """Return a check as written, with the project's interpreter named where it is another's."""
    if check.tool is None or check.checker.name != "mypy":
        return check
    return replace(check, args=(*check.args, *check.checker.environment))
