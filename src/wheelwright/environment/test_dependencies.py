"""Where a package's test dependencies are: the first place that has them.

    1. dependency groups `tests`, `test`, `dev` of the package, then of the workspace root
    2. extras of these names
    3. requirements files, such as requirements/tests.txt or requirements-dev.txt
    4. `deps` of tox

A place with pytest wins over an earlier one without: a `dev` group is not a test environment merely
because it exists. Where no place has pytest, it is added, pinned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from wheelwright.environment.requirements import Flat, flatten, from_tox
from wheelwright.environment.tools import pinned
from wheelwright.errors import RequestError
from wheelwright.project.model import Project
from wheelwright.project.reading import requirement_or_none

NAMES = ("tests", "test", "dev")
_FILES = (
    "requirements/tests.txt",
    "requirements/test.txt",
    "requirements-tests.txt",
    "requirements-test.txt",
    "requirements_tests.txt",
    "requirements_test.txt",
    "tests-requirements.txt",
    "test-requirements.txt",
    "test_requirements.txt",
    "requirements/dev.txt",
    "requirements-dev.txt",
    "requirements_dev.txt",
    "dev-requirements.txt",
)


@dataclass(frozen=True, slots=True)
class TestDependencies:
    """What to install for the tests, and where it was found.

    Attributes:
        groups: of the package; `root_groups` those of the workspace root.
        lines: requirement lines from a file or from tox, never locked by uv.
    """

    __test__ = False

    place: str
    groups: tuple[str, ...] = ()
    root_groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    added: tuple[str, ...] = ()

    def describe(self, locked: str = "") -> str:
        """Return the text for people; `locked` follows the place, never what was added here."""
        added = f"; added {', '.join(self.added)}, pinned by wheelwright" if self.added else ""
        found = self.groups or self.root_groups or self.extras or self.lines
        return self.place + (locked if found else "") + added


def find(
    project: Project, python: str, groups: Sequence[str] = (), extras: Sequence[str] = ()
) -> TestDependencies:
    """Return the test dependencies: the requested groups, or the first place that has them.

    Raises:
        RequestError: an unknown group or extra; the message lists the known ones.
    """
    groups = tuple(groups) or project.settings.groups
    extras = tuple(extras) or project.settings.extras
    _known_extras(project, extras)
    if groups:
        place = f"{_plural('dependency group', groups)} (as requested)"
        found, lines = TestDependencies(place, groups=groups), project.package.group_lines(groups)
    else:
        found, lines = _first(project, python)
    return TestDependencies(
        place=found.place + (f" with {_plural('extra', extras)}" if extras else ""),
        groups=found.groups,
        root_groups=found.root_groups,
        extras=tuple(dict.fromkeys((*found.extras, *extras))),
        lines=found.lines,
        constraints=found.constraints,
        added=() if _names_pytest(project, lines) else (f"pytest=={pinned('pytest', python)}",),
    )


def _first(project: Project, python: str) -> tuple[TestDependencies, list[str]]:
    places = list(_places(project, python))
    for place, lines in places:
        if _names_pytest(project, lines):
            return place, lines
    if places:
        return places[0]
    looked = "no group or extra tests, test, dev; no requirements file for tests; no deps of tox"
    return TestDependencies(f"none found ({looked})"), []


def _places(project: Project, python: str) -> Iterator[tuple[TestDependencies, list[str]]]:
    package, root = project.package, project.root
    for name in NAMES:
        if written := package.groups.get(name):
            place = f'dependency group "{written}" in {package.path}'
            yield TestDependencies(place, groups=(written,)), package.group(written)
    for name in NAMES:
        if root is not package and (written := root.groups.get(name)):
            place = f'dependency group "{written}" of the workspace in {root.path}'
            yield TestDependencies(place, root_groups=(written,)), root.group(written)
    for name in NAMES:
        if name in project.metadata.extras:
            place = f'extra "{name}" in {project.metadata.places["extras"].path}'
            yield TestDependencies(place, extras=(name,)), list(project.metadata.extras[name])
    base = project.files.under(project.where)
    for path in _FILES:
        if base.text(path) is not None:
            flat = flatten(base, path)
            yield _from_file(path, flat, flat.extras), flat.lines
    if tox := from_tox(base, package, python):
        origin, flat = tox
        extras = (extra for extra in flat.extras if extra in project.metadata.extras)
        yield _from_file(origin, flat, extras), flat.lines


def _from_file(place: str, flat: Flat, extras: Iterable[str]) -> TestDependencies:
    lines, constraints = tuple(flat.lines), tuple(flat.constraints)
    return TestDependencies(place, extras=tuple(extras), lines=lines, constraints=constraints)


def requirements(project: Project, wanted: TestDependencies) -> list[Requirement]:
    """Return the test dependencies as requirements, the package's own extras followed."""
    package = project.package
    lines = [
        # A requirements file may have options behind a requirement.
        *(line.partition(" --")[0] for line in wanted.lines),
        *wanted.added,
        *package.group_lines(wanted.groups),
        *project.root.group_lines(wanted.root_groups),
    ]
    return _expanded(project, lines, wanted.extras)


def _expanded(
    project: Project, lines: Iterable[str], extras: Iterable[str] = ()
) -> list[Requirement]:
    """Return the requirements among the lines, and those of the package's extras they name."""
    left, extras = list(lines), [canonicalize_name(extra) for extra in extras]
    found: list[Requirement] = []
    done: set[str] = set()
    while left or extras:
        while left:
            if (requirement := requirement_or_none(left.pop())) is None:
                continue
            found.append(requirement)
            if canonicalize_name(requirement.name) == project.metadata.name:
                extras += map(canonicalize_name, requirement.extras)
        while extras:
            # An extra may name itself, or two each other.
            if (extra := extras.pop()) not in done:
                done.add(extra)
                left += project.metadata.extras.get(extra, ())
    return found


def _known_extras(project: Project, extras: Iterable[str]) -> None:
    metadata, package = project.metadata, project.package
    unknown = [extra for extra in extras if canonicalize_name(extra) not in metadata.extras]
    # What the backend fills in is not known before the build; uv reports an unknown one.
    if unknown and "extras" not in metadata.unknown:
        known = ", ".join(sorted(metadata.extras)) or "none"
        path = metadata.places["extras"].path if metadata.extras else package.path
        raise RequestError(
            f'{path} has no extra "{unknown[0]}" (it has: {known})',
            "name one of these, or add it to [project.optional-dependencies]",
        )


def _names_pytest(project: Project, lines: Iterable[str]) -> bool:
    """Whether pytest is among the lines, plugins and the package's own extras included."""
    names = (canonicalize_name(each.name) for each in _expanded(project, lines))
    return any(name == "pytest" or name.startswith("pytest-") for name in names)


def _plural(word: str, names: Sequence[str]) -> str:
    quoted = ", ".join(f'"{name}"' for name in names)
    return f"{word}{'s' if len(names) > 1 else ''} {quoted}"
