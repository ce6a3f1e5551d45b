"""Where a package's test dependencies are: the first place that has them.

    1. what the caller names, then [tool.wheelwright]
    2. what the runner that tests installs: tox, nox, hatch
    3. dependency groups `tests`, `test`, `testing`, `dev` of the package, then of the workspace
       root; with [tool.uv] default-groups beside them, where these are written
    4. extras of these names
    5. uv's `dev-dependencies`, Poetry's groups, PDM's `dev-dependencies`
    6. requirements files, such as requirements/tests.txt, then requirements.txt

Of 3 to 6, a place with pytest wins over an earlier one without: a `dev` group is not a test
environment merely because it exists. Where the place has no pytest, it is added, pinned.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from wheelwright.environment import runner_jobs
from wheelwright.environment.requirements import Flat, flatten, listed
from wheelwright.environment.tools import pinned
from wheelwright.errors import ProjectError, RequestError
from wheelwright.project import poetry
from wheelwright.project.files import join
from wheelwright.project.model import Project
from wheelwright.project.reading import requirement_or_none
from wheelwright.project.runners import dev_dependencies
from wheelwright.project.runners.calling import programs
from wheelwright.project.runners.job import Job, LocalPath, Unread, local_path

NAMES = ("tests", "test", "testing", "dev")
FILES = (
    "requirements/tests.txt",
    "requirements/test.txt",
    "requirements/testing.txt",
    "requirements/pytest.txt",
    "requirements-tests.txt",
    "requirements-test.txt",
    "requirements_tests.txt",
    "requirements_test.txt",
    "tests-requirements.txt",
    "test-requirements.txt",
    "test_requirements.txt",
    "tests/requirements.txt",
    "test/requirements.txt",
    "requirements/dev.txt",
    "requirements-dev.txt",
    "requirements_dev.txt",
    "dev-requirements.txt",
    "requirements.txt",
)
"""Requirements files that may have what the tests need, the likeliest first."""


@dataclass(frozen=True, slots=True)
class TestDependencies:
    """What to install for the tests, and where it was found.

    Attributes:
        groups: of the package; `root_groups` those of the workspace root.
        lines: requirement lines from a file or from a runner, never locked by uv.
        paths: directories and files of the source that are installed, too.
        installs: whether the package itself is installed.
        notes: what people should know about the choice, a sentence each.
    """

    __test__ = False

    place: str
    groups: tuple[str, ...] = ()
    root_groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    paths: tuple[LocalPath, ...] = ()
    installs: bool = True
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found."""
        found = (self.groups, self.root_groups, self.extras, self.lines, self.paths)
        return not any(found)

    def describe(self, locked: str = "") -> str:
        """Return the text for people; `locked` follows the place, never what was added here."""
        added = f"; added {', '.join(self.added)}, pinned by wheelwright" if self.added else ""
        return self.place + ("" if self.is_empty else locked) + added


def find(
    project: Project, python: str, groups: Sequence[str] = (), extras: Sequence[str] = ()
) -> TestDependencies:
    """Return the test dependencies: the requested groups, or the first place that has them.

    Raises:
        RequestError: an unknown group or extra; the message lists the known ones.
        ProjectError: the file that decides is broken, or computes what it installs.
    """
    settings = project.settings
    files = () if groups else settings.requirements
    groups = tuple(groups) or settings.groups
    extras = tuple(extras) or settings.extras
    _known_extras(project, extras)
    if groups:
        place = f"{_plural('dependency group', groups)} (as requested)"
        found = _of_groups(project, groups, place)
    elif files:
        flat = Flat()
        paths = [join(project.where, path) for path in files]
        flat = listed(project.files, [f"-r {path}" for path in paths], "", project.where)
        found = _from_file(f"{', '.join(paths)} (requirements in [tool.wheelwright])", flat)
    else:
        found = _of_runner(project, python) or _first(project)
    _check_paths(project, found)
    return replace(
        found,
        place=found.place + (f" with {_plural('extra', extras)}" if extras else ""),
        extras=tuple(dict.fromkeys((*found.extras, *extras))),
        added=() if has_pytest(project, found) else (f"pytest=={pinned('pytest', python)}",),
    )


def _check_paths(project: Project, found: TestDependencies) -> None:
    """Refuse a directory that is not in the source: a folder of a repository may be all of it.

    Raises:
        ProjectError: the first such path, with how to name the whole repository.
    """
    names = {name.rstrip("/") for name in project.files.names}
    for each in found.paths:
        top = each.path.partition("/")[0]
        if top and names and top not in names:
            raise ProjectError(
                f'{found.place}: installs "{each}", which is not in the source',
                "if it is in the repository above: name the root of that by --source, and this "
                "package by --package",
            )


def has_pytest(project: Project, wanted: TestDependencies) -> bool:
    """Whether pytest is installed by these, or as something that the package itself needs."""
    own = project.metadata.dependencies if wanted.installs else ()
    names = {canonicalize_name(each.name) for each in requirements(project, wanted)}
    names |= {canonicalize_name(each.name) for each in _expanded(project, own)}
    return any(name == "pytest" or name.startswith("pytest-") for name in names)


# -- the runner -----------------------------------------------------------------------------------


def _of_runner(project: Project, python: str) -> TestDependencies | None:
    """Return what the job that tests installs; None where no runner tests or it installs nothing.

    Raises:
        ProjectError: it computes what it installs, and no other place has pytest.
    """
    choice = runner_jobs.job_that_tests(project, python)
    if choice is None:
        return None
    job = choice.job
    found = of_job(project, job)
    computed = next((each for each in job.unread if each.subject == "requirements"), None)
    if computed is None:
        return found if _is_all(project, job, found) else None
    instead = _first(project)
    if instead.is_empty or not has_pytest(project, instead):
        raise ProjectError(
            f"{computed.place}: what {job.runner} installs is computed: {computed.text}",
            "name it in [tool.wheelwright]: groups, extras or requirements",
        )
    return replace(instead, notes=(*instead.notes, passed_over(job, computed)))


def _is_all(project: Project, job: Job, found: TestDependencies) -> bool:
    """Whether a job says all that it needs: a script of PDM installs nothing, and may need much."""
    calls = {name for command in job.commands for name in programs(command)}
    if "pytest" in calls and not has_pytest(project, found):
        return not found.is_empty
    return job.runner != "pdm" or not found.is_empty


def passed_over(job: Job, computed: Unread) -> str:
    """Return the note on a value that a runner computes."""
    return f"{computed.place} computes the {computed.subject} of {job.name}, and is passed over"


def of_job(project: Project, job: Job) -> TestDependencies:
    """Return what a runner's job installs.

    Raises:
        ProjectError: a group that does not exist, an included file that is not there.
    """
    # A runner calls pip in the directory of its file, which may be above the package.
    base = posixpath.dirname(job.place.path)
    flat = listed(project.files, job.requirements, str(job.place), project.where, base=base)
    groups: list[str] = []
    root_groups: list[str] = []
    for name in job.groups:
        key = canonicalize_name(name)
        if written := project.package.groups.get(key):
            groups.append(written)
        elif (own := _own_group(project, key)) is not None:
            flat.lines += own
        elif written := project.root.groups.get(key):
            root_groups.append(written)
        else:
            raise ProjectError(
                f'{job.place} installs the dependency group "{name}", which does not exist',
                "correct the name, or set groups in [tool.wheelwright]",
            )
    known = [*job.extras, *flat.extras]
    if "extras" not in project.metadata.unknown:
        # pip warns of an unknown one, and goes on.
        known = [each for each in known if canonicalize_name(each) in project.metadata.extras]
    parts = [
        *([_plural("dependency group", [*groups, *root_groups])] if groups or root_groups else []),
        *([_plural("extra", list(dict.fromkeys(known)))] if known else []),
        *(["requirements"] if flat.lines or flat.paths else []),
    ]
    return TestDependencies(
        place=f"{' and '.join(parts) or 'the package'}, from {job.place}",
        groups=tuple(dict.fromkeys(groups)),
        root_groups=tuple(dict.fromkeys(root_groups)),
        extras=tuple(dict.fromkeys(known)),
        lines=tuple(dict.fromkeys(flat.lines)),
        constraints=tuple(dict.fromkeys(flat.constraints)),
        paths=tuple(flat.paths),
        installs=job.installs or flat.itself,
    )


def _own_group(project: Project, key: str) -> Sequence[str] | None:
    """Return the lines of a group that only Poetry, PDM or uv knows; None where none does."""
    table = poetry.read(project.package)
    if table is not None and key in table.groups:
        return table.group(key)
    others = [dev_dependencies.uv_dev(project.package)]
    others += dev_dependencies.pdm_dev(project.package)
    for each in others:
        if each is not None and canonicalize_name(each.name) == key:
            return each.lines
    return None


# -- every other place ----------------------------------------------------------------------------


def _first(project: Project) -> TestDependencies:
    places = list(_places(project))
    for place in places:
        if has_pytest(project, replace(place, installs=False)):
            return place
    if places:
        return places[0]
    looked = "no group or extra tests, test, testing, dev; no requirements file"
    return TestDependencies(f"none found ({looked})")


def _places(project: Project) -> Iterator[TestDependencies]:
    package, root = project.package, project.root
    defaults = dev_dependencies.default_groups(package)
    beside = defaults.names if defaults.explicit else ()
    for name in NAMES:
        if written := package.groups.get(name):
            place = f'dependency group "{written}" in {package.path}'
            others = tuple(each for each in beside if each != written)
            more = f" with {_plural('default group', others)}" if others else ""
            yield _of_groups(project, (written, *others), f"{place}{more}")
    for name in NAMES:
        if root is not package and (written := root.groups.get(name)):
            place = f'dependency group "{written}" of the workspace in {root.path}'
            yield TestDependencies(place, root_groups=(written,))
    for name in NAMES:
        if name in project.metadata.extras:
            place = f'extra "{name}" in {project.metadata.places["extras"].path}'
            yield TestDependencies(place, extras=(name,))
    yield from _of_tools(project)
    for name in FILES:
        path = join(project.where, name)
        if project.files.text(path) is not None:
            yield _from_file(path, flatten(project.files, path, project.where))


def _of_groups(project: Project, groups: Sequence[str], place: str) -> TestDependencies:
    """Return groups, those of uv's `dev-dependencies`, Poetry and PDM among them."""
    lines: list[str] = []
    written: list[str] = []
    for name in groups:
        key = canonicalize_name(name)
        own = None if key in project.package.groups else _own_group(project, key)
        if own is not None:
            lines += own
        else:
            written.append(name)
    # An unknown one is an error that lists the known ones.
    project.package.group_lines(written)
    return _separated(project, TestDependencies(place, groups=tuple(written)), lines)


def _separated(project: Project, found: TestDependencies, lines: Iterable[str]) -> TestDependencies:
    """Return dependencies with lines, of which those with a path start at the package."""
    flat = listed(project.files, [], "", project.where)
    for line in lines:
        inner = _located(project, line)
        flat.lines += inner.lines
        flat.paths += inner.paths
        flat.extras += inner.extras
    return replace(
        found,
        lines=(*found.lines, *flat.lines),
        paths=(*found.paths, *flat.paths),
        extras=tuple(dict.fromkeys((*found.extras, *flat.extras))),
    )


def _located(project: Project, line: str) -> Flat:
    path = local_path(line, project.where)
    return listed(project.files, [str(path) if path else line], "", project.where)


def _of_tools(project: Project) -> Iterator[TestDependencies]:
    """Yield what uv, Poetry and PDM install for development."""
    package = project.package
    if (dev := dev_dependencies.uv_dev(package)) is not None:
        yield _separated(project, TestDependencies(f"{dev.place}"), dev.lines)
    table = poetry.read(package)
    groups = table.groups if table is not None else {}
    for name in NAMES:
        if table is not None and name in groups:
            group = groups[name]
            # `poetry install` brings every group that is not optional.
            others = [key for key, each in groups.items() if not each.optional and key != name]
            lines = [line for key in (name, *others) for line in table.group(key)]
            more = f" with {_plural('group', others)}" if others else ""
            place = f'Poetry\'s group "{group.name}" in {group.place.path}{more}'
            yield _separated(project, TestDependencies(place), lines)
    own = {str(canonicalize_name(each.name)): each for each in dev_dependencies.pdm_dev(package)}
    for name in dict.fromkeys((*NAMES, *own)):
        if name in own:
            yield _separated(project, TestDependencies(f"{own[name].place}"), own[name].lines)


def _from_file(place: str, flat: Flat) -> TestDependencies:
    return TestDependencies(
        place,
        extras=tuple(dict.fromkeys(flat.extras)),
        lines=tuple(flat.lines),
        constraints=tuple(flat.constraints),
        paths=tuple(flat.paths),
    )


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


def _plural(word: str, names: Sequence[str]) -> str:
    quoted = ", ".join(f'"{name}"' for name in names)
    return f"{word}{'s' if len(names) > 1 else ''} {quoted}"
