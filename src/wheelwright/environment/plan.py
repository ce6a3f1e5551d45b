"""The plan of a Python environment: its files and the commands that create it.

Two layers, so that editing a source file never reinstalls a dependency: `dependencies` run over
`inputs` alone, `install` runs over the source. `later` comes behind both, so that editing a test
installs nothing at all.

| resolution | versions |
|---|---|
| `locked` | those of uv.lock; the default where there is a lock |
| `highest` | the newest that the index has; the default without a lock |
| `lowest-direct` | the lowest that the package's own requirements allow, and the newest of \
what those need in turn. Test tools stay the newest: packages have no lower bounds for them, and \
the lowest pytest of all runs on no current Python |
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from packaging.utils import canonicalize_name

from wheelwright.environment import apart, test_dependencies
from wheelwright.environment.imported import Imported, imported
from wheelwright.environment.places import SOURCE as SOURCE
from wheelwright.environment.places import VENV as VENV
from wheelwright.environment.sources import Expanded, archives, expand
from wheelwright.environment.system import System
from wheelwright.environment.test_dependencies import NAMES, TestDependencies
from wheelwright.pins import full_image, slim_image
from wheelwright.project import building, metadata
from wheelwright.project.building import Sdist
from wheelwright.project.compiled import Language, languages
from wheelwright.project.files import join
from wheelwright.project.layout import test_directories
from wheelwright.project.local_paths import local_paths
from wheelwright.project.model import Project
from wheelwright.project.reading import requirement_or_none
from wheelwright.project.version import VersionSource, pretend_variables, version_source

_WRITTEN = "/opt/wheelwright"
_VARIABLES = "extra-build-variables"
_ALL = "all packages of the workspace are installed: its root is none, and requires none of them"

# What lists the files of an sdist with git, also where the version is written down.
_ASK_GIT = frozenset(
    {
        *("hatch-vcs", "pbr", "setuptools-git", "setuptools-git-versioning", "setuptools-scm"),
        "versioningit",
    }
)


@dataclass(frozen=True, slots=True)
class Environment:
    """How to make one environment.

    Attributes:
        system: the image, and what is installed below everything else.
        inputs: paths in the source that the dependency layer sees.
        written: files made here, container path to text.
        dependencies: commands of the dependency layer.
        install: commands over the source without `later`.
        later: directories that are copied when everything is installed.
        workdir: container path that commands run in.
        rust: whether the package is compiled from Rust.
        variables: set for `install`.
        built_with: by the name of a package, variables of its own builds.
        notes: what people should know about it.
        locked: whether the first of `dependencies` installs from uv.lock.
        sdists: what of it has no wheel.
        volume: names the volume for building dependencies.
        fetchable: sdists that uv.lock has an address of.
        repositories: addresses of git that uv.lock has commits of.
        requires: files that list for uv what the package is built with; empty for nothing.
        apart: the command that installs the package alone, where one build of it serves every \
Python; empty where each environment builds for itself.
        imported: what the tests may import of it.
    """

    python: str
    system: System
    inputs: tuple[str, ...]
    workdir: str
    written: Mapping[str, str] = field(default_factory=dict)
    dependencies: tuple[tuple[str, ...], ...] = ()
    install: tuple[tuple[str, ...], ...] = ()
    later: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    rust: bool = False
    built_with: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    locked: bool = False
    sdists: tuple[str, ...] = ()
    volume: str = ""
    fetchable: tuple[Sdist, ...] = ()
    repositories: tuple[str, ...] = ()
    requires: Mapping[str, str] = field(default_factory=dict)
    apart: tuple[str, ...] = ()
    imported: Imported = field(default_factory=Imported)


def plan(
    project: Project,
    python: str,
    wanted: TestDependencies,
    *,
    groups: Iterable[str] = (),
    history: bool = False,
    resolution: str = "",
    named: str = "",
) -> Environment:
    """Plan the environment with the test dependencies, and with further groups of the package.

    With `history` the version comes from .git; an empty `resolution` is the default; `named` is
    the image of a cell.
    """
    groups = tuple(dict.fromkeys((*wanted.groups, *groups)))
    variables, built_with, notes = _version(project, history)
    resolution = resolution or default_resolution(project)
    written, dependencies, install, more = (
        _locked(project, wanted, groups)
        if resolution == "locked"
        else _resolved(project, wanted, groups, lowest=resolution == "lowest-direct")
    )
    beneath = system(project, python, history=history, named=named)
    return Environment(
        python=python,
        system=beneath,
        rust=Language.RUST in languages(project),
        inputs=inputs(project),
        workdir=join(SOURCE, project.where),
        written=written,
        dependencies=dependencies,
        install=install,
        # For a version from .git, a tree that lacks files is a changed one.
        later=() if history or wanted.paths else test_directories(project),
        variables=variables,
        built_with=built_with,
        notes=(*more, *notes, *wanted.notes),
        locked=resolution == "locked",
        sdists=building.sdists(project) if resolution == "locked" else (),
        volume=_volume(project, beneath),
        fetchable=building.fetchable(project, python) if resolution == "locked" else (),
        repositories=building.repositories(project) if resolution == "locked" else (),
        requires=building.build_files(project) if install else {},
        apart=() if beneath.named else apart.command(project, wanted, dependencies, install),
        imported=imported(project, replace(wanted, groups=groups)),
    )


def of_package(project: Project, python: str, *, history: bool = False) -> Environment:
    """Plan the environment with the package and what it requires, as for `plan`; no tests run."""
    return plan(project, python, TestDependencies("the package"), history=history)


def default_resolution(project: Project) -> str:
    """Return the resolution that needs no name: that of uv.lock, else the newest."""
    return "locked" if project.lock else "highest"


def _volume(project: Project, beneath: System) -> str:
    """Return the volume for builds: what is built may need what it was built beside."""
    name = building.volume(project)
    if not beneath.named and not beneath.packages:
        return name
    facts = "\0".join((beneath.image, *beneath.packages))
    return f"{name}-{hashlib.sha256(facts.encode()).hexdigest()[:12]}"


def system(project: Project, python: str, *, history: bool = True, named: str = "") -> System:
    """Return the image: the one that is named, else the slim one, or the full one.

    That has git and a compiler: for a build that compiles, or asks git. Without `history` there
    is no .git that could be asked.
    """
    packages = project.settings.system_packages
    if image := named or project.settings.image:
        return System(image, packages, named=True)
    package = project.package
    asks_git = history and (
        version_source(project) is VersionSource.VCS or bool(package.build_requires & _ASK_GIT)
    )
    compiles = bool(languages(project))
    return System(full_image(python) if asks_git or compiles else slim_image(python), packages)


def inputs(project: Project) -> tuple[str, ...]:
    """Return the files that decide what is installed, and nothing else.

    A directory among them stands for all that is in it.

    Raises:
        ProjectError: uv.toml or uv.lock is broken.
    """
    # With a lock uv looks for the pyproject.toml of each workspace member.
    candidates = [join(project.base, name) for name in ("pyproject.toml", "uv.lock", "uv.toml")]
    candidates.append(join(project.where, "pyproject.toml"))
    candidates += [join(directory, "pyproject.toml") for directory in project.members]
    members = {each.path for each in project.members.values()}
    kept = [path for path in candidates if project.files.has(path) or path in members]
    return tuple(dict.fromkeys([*kept, *archives(project), *local_paths(project)]))


_Layers = tuple[
    dict[str, str], tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...], tuple[str, ...]
]


def _locked(project: Project, wanted: TestDependencies, groups: tuple[str, ...]) -> _Layers:
    if not wanted.installs:
        return _tools_alone(project, wanted, groups)
    everything = False
    selection = [f"--group={group}" for group in groups]
    selection += [f"--extra={extra}" for extra in wanted.extras]
    if wanted.root_groups:
        # uv offers a group of the root only together with the root itself.
        selection = [
            "--all-packages",
            *(f"--group={group}" for group in wanted.root_groups),
            *selection,
        ]
    elif project.is_member:
        selection.append(f"--package={project.metadata.name}")
    elif everything := _needs_all_packages(project, wanted, groups):
        selection = ["--all-packages", *selection]
    sync = ("uv", "sync", "--frozen", "--no-default-groups", *selection)
    dependencies: list[tuple[str, ...]] = [(*sync, "--no-install-local")]
    written, requested = _files(wanted)
    if requested and not wanted.paths:
        dependencies.append(("uv", "pip", "install", *requested))
    notes: tuple[str, ...] = (_ALL,) if everything else ()
    if wanted.lines:
        notes += (f"{wanted.place}: not in uv.lock, resolved from the index on this run",)
    # Exact would take out again what the line above put in.
    install = [(*sync, "--inexact")]
    if wanted.paths:
        install.append(("uv", "pip", "install", *requested, *_paths(wanted)))
    return written, tuple(dependencies), tuple(install), notes


def _needs_all_packages(
    project: Project, wanted: TestDependencies, groups: tuple[str, ...]
) -> bool:
    """Whether a workspace's root is there for its packages, and names none that it needs.

    What is tested and checked there is then the packages.
    """
    if not project.members or project.installable:
        return False
    needed = test_dependencies.requirements(project, replace(wanted, groups=groups))
    needed += filter(None, map(requirement_or_none, project.metadata.dependencies))
    names = {canonicalize_name(each.name) for each in needed}
    return names.isdisjoint(canonicalize_name(each.name) for each in project.members.values())


def _tools_alone(project: Project, wanted: TestDependencies, groups: tuple[str, ...]) -> _Layers:
    """Return the layers of an environment without the package and what it needs."""
    tools = expand(
        project,
        [*project.package.group_lines(groups), *project.root.group_lines(wanted.root_groups)],
    )
    alone = replace(wanted, lines=tuple(dict.fromkeys((*tools.lines, *wanted.lines))))
    written, requested = _files(alone)
    dependencies: list[tuple[str, ...]] = [("uv", "venv", VENV)]
    install: list[tuple[str, ...]] = []
    if wanted.paths:
        install.append(("uv", "pip", "install", *requested, *_paths(wanted)))
    elif requested:
        dependencies.append(("uv", "pip", "install", *requested))
    where = f", from {wanted.place}" if alone.lines else ""
    notes = (f"the package is not installed{where}",)
    return written, tuple(dependencies), tuple(install), notes


def _paths(wanted: TestDependencies) -> tuple[str, ...]:
    """Return the arguments that install directories and files of the source."""
    found: list[str] = []
    for each in wanted.paths:
        place = each.path if each.path.startswith("/") else join(SOURCE, each.path)
        found += [*(["--editable"] if each.option == "-e" else []), f"{place}{each.extras}"]
    return tuple(found)


def _resolved(
    project: Project, wanted: TestDependencies, groups: tuple[str, ...], *, lowest: bool
) -> _Layers:
    if not wanted.installs:
        return _tools_alone(project, wanted, groups)
    package = project.package
    # An extra named like a test group has tools, every other one is part of the package.
    extras = map(canonicalize_name, wanted.extras)
    parts = {extra: project.metadata.extras.get(extra, ()) for extra in extras}
    own = expand(
        project,
        [
            *metadata.named(project.metadata.dependencies),
            *(line for extra in parts if extra not in NAMES for line in parts[extra]),
        ],
    )
    tools = expand(
        project,
        [
            *(line for extra in parts if extra in NAMES for line in parts[extra]),
            *package.group_lines(groups),
            *project.root.group_lines(wanted.root_groups),
        ],
    )
    if wanted.paths:
        return _together(project, wanted, tools)
    together = TestDependencies(
        wanted.place,
        lines=tuple(dict.fromkeys((*own.lines, *tools.lines, *wanted.lines))),
        constraints=wanted.constraints,
        added=wanted.added,
    )
    written, requested = _files(together)
    dependencies: list[tuple[str, ...]] = [("uv", "venv", VENV)]
    if lowest and own.lines:
        written[f"{_WRITTEN}/own.in"] = "\n".join(own.lines) + "\n"
        files = (f"--output-file={_WRITTEN}/lowest.txt", f"{_WRITTEN}/own.in")
        dependencies.append(
            ("uv", "pip", "compile", "--quiet", "--resolution=lowest-direct", *files)
        )
        requested = (*requested, f"--constraints={_WRITTEN}/lowest.txt")
    if requested:
        dependencies.append(("uv", "pip", "install", *requested))
    install, notes = _own_install(project, wanted, (*own.members, *tools.members), lowest=lowest)
    head = "lowest-direct" if lowest else "highest" if project.lock else "no uv.lock"
    return (
        written,
        tuple(dependencies),
        install,
        (f"{head}: resolved from the index on this run", *notes),
    )


def _together(project: Project, wanted: TestDependencies, tools: Expanded) -> _Layers:
    """Return the layers where other directories of the source are installed, too.

    The package may need these, and no index has them: so all of it is resolved in one command,
    over the source.
    """
    lines = tuple(dict.fromkeys((*tools.lines, *wanted.lines)))
    written, requested = _files(replace(wanted, lines=lines))
    members = [("--editable", join(SOURCE, where)) for where in dict.fromkeys(tools.members)]
    own: tuple[str, ...] = ()
    if project.installable:
        extras = f"[{','.join(wanted.extras)}]" if wanted.extras else ""
        own = ("--editable", f".{extras}")
    paths = [word for pair in members for word in pair]
    install = ("uv", "pip", "install", *requested, *paths, *_paths(wanted), *own)
    head = "highest" if project.lock else "no uv.lock"
    notes = (f"{head}: resolved from the index on this run",)
    return written, (("uv", "venv", VENV),), (install,), notes


def _own_install(
    project: Project, wanted: TestDependencies, members: Iterable[str], *, lowest: bool
) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """Return the commands that install the package and the workspace members it needs."""
    flat = ("uv", "pip", "install", "--no-deps")
    install = [(*flat, "--editable", join(SOURCE, where)) for where in dict.fromkeys(members)]
    if not project.installable:
        note = f"{project.name} is not installed: it {project.unbuildable}"
        return tuple(install), (note,)
    # What the backend fills in is known only after the build: then it brings its own.
    if project.metadata.back_end_installs:
        extras = f"[{','.join(wanted.extras)}]" if wanted.extras else ""
        flags = ("--resolution=lowest-direct",) if lowest else ()
        install.append(("uv", "pip", "install", *flags, "--editable", f".{extras}"))
    else:
        install.append((*flat, "--editable", "."))
    return tuple(install), ()


def _files(wanted: TestDependencies) -> tuple[dict[str, str], tuple[str, ...]]:
    written: dict[str, str] = {}
    requested: list[str] = []
    if wanted.lines:
        written[f"{_WRITTEN}/requirements.txt"] = "\n".join(wanted.lines) + "\n"
        requested.append(f"--requirements={_WRITTEN}/requirements.txt")
    if wanted.constraints:
        written[f"{_WRITTEN}/constraints.txt"] = "\n".join(wanted.constraints) + "\n"
        requested.append(f"--constraints={_WRITTEN}/constraints.txt")
    requested.extend(wanted.added)
    return written, tuple(requested) if wanted.lines or wanted.added else ()


def _version(
    project: Project, history: bool
) -> tuple[Mapping[str, str], Mapping[str, Mapping[str, str]], tuple[str, ...]]:
    """Return variables for all of `install`, those of single packages, and what to know of them.

    A version that is not known is pretended to the builds of the package and of the workspace
    members that have none: uv gives a package's variables to nothing else.
    """
    if history:
        own = version_source(project) is VersionSource.VCS
        return {}, {}, ("version: from .git",) if own and not project.has("PKG-INFO") else ()
    members = (
        {}
        if project.files.has(join(where, "PKG-INFO"))
        else _pretended(replace(project, where=where, package=each))
        for where, each in project.members.items()
    )
    built_with = {name: variables for one in members for name, variables in one.items()}
    if version_source(project) is not VersionSource.VCS or project.has("PKG-INFO"):
        return {}, built_with, ()
    variables = pretend_variables(project)
    if variables is None:
        note = "no .git and no PKG-INFO: the build backend may find no version"
        return {}, built_with, (note,)
    value = next(iter(variables.values()))
    notes = (f"no .git and no PKG-INFO: tested as version {value}",)
    if not project.metadata.name or project.configures("tool", "uv", _VARIABLES):
        # uv knows the name only when it is built; the project's own table hides ours.
        return variables, built_with, notes
    return {}, {**built_with, **_pretended(project)}, notes


def _pretended(project: Project) -> dict[str, Mapping[str, str]]:
    """Return the variables that replace the history of a package, by its name."""
    name = project.metadata.name
    if version_source(project) is not VersionSource.VCS or not name:
        return {}
    variables = pretend_variables(project)
    return {name: variables} if variables else {}
