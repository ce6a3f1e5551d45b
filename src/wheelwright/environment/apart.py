"""Whether one build of a package serves every Python, by what its files say and by what it left.

Before the build: only back ends that read tables run, and none of the project's own code. What is
not in the tables below may do anything, so that each environment then builds for itself.

After it, by facts: every wheel is `py3-none-any` and its root purelib, nothing compiled was added,
no module of the source was run, and each Python may install it.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from wheelwright.environment.places import VENV
from wheelwright.environment.system import System
from wheelwright.environment.test_dependencies import TestDependencies
from wheelwright.pins import full_image, slim_image
from wheelwright.project.compiled import languages
from wheelwright.project.files import join
from wheelwright.project.interpreters import FREE_THREADED, PYPY, is_free_threaded, release_of
from wheelwright.project.model import Project
from wheelwright.project.pyproject import Pyproject
from wheelwright.project.reading import toml

Command = tuple[str, ...]

FILES_MAX: Final = 100
"""As many files are added one by one; more is not what an editable installation adds."""

# Back ends and their plugins that read tables, and ask git, and do nothing else.
_REQUIREMENTS: Final = frozenset(
    {
        *("editables", "flit-core", "hatch-fancy-pypi-readme", "hatch-vcs", "hatchling"),
        *("pdm-backend", "poetry-core", "setuptools", "setuptools-scm", "tomli", "uv-build"),
        *("vcs-versioning", "wheel"),
    }
)
# Another version of these makes nothing else.
_MARKED: Final = frozenset({"tomli", "wheel"})
_DYNAMIC: Final = frozenset({"version", "description", "readme"})

# Of [tool.uv]: a build that sees the environment, or files that belong to one Python.
_SETTINGS: Final = (
    *("compile-bytecode", "extra-build-dependencies"),
    *("no-build-isolation", "no-build-isolation-package"),
)
_HATCH_HOOKS: Final = {"build": {"vcs", "version"}, "metadata": {"fancy-pypi-readme", "vcs"}}
_HATCH_TABLES: Final = ("build", "metadata", "version")
_HATCH_CODE: Final = ("dependencies", "require-runtime-dependencies", "require-runtime-features")
_SETUP_CFG_CODE: Final = ("cmdclass", "ext_modules", "setup_requires")
_BUILT: Final = ("editable", "directory")
_LOCAL: Final = (*_BUILT, "path", "virtual")
_COMPILED: Final = (".so", ".pyd", ".dylib", ".dll", ".a", ".o")


# -- before the build ------------------------------------------------------------------------------


def command(
    project: Project,
    wanted: TestDependencies,
    dependencies: Sequence[Command],
    install: Sequence[Command],
) -> Command:
    """Return what installs the package alone into an empty environment; empty where it may differ.

    `dependencies` and `install` are the commands of the two layers, as `plan` makes them.
    """
    if wanted.paths or not install or why_not(project):
        return ()
    flat = ("uv", "pip", "install", "--no-deps")
    if all(args[:4] == flat for args in install):
        return (*flat, *(word for args in install for word in args[4:]))
    (sync,) = install
    # What was installed beside the lock would be put right by the sync that is left out.
    if sync[:2] != ("uv", "sync") or len(dependencies) > 1:
        return ()
    local = _local(project)
    if len(local) == 1 and not project.is_member:
        # The same for each group and each extra: then it is built once for all of these.
        sync = ("uv", "sync", "--frozen", "--no-default-groups", "--inexact")
    return (*sync, "--only-install-local")


def why_not(project: Project) -> str:
    """Return why the build of a package may differ from Python to Python; empty where it cannot."""
    packages = {
        each.path: each for each in (project.root, project.package, *project.members.values())
    }
    if languages(project):
        return "it is compiled"
    for pyproject in (project.root, project.package):
        if any(pyproject.table("tool", "uv").get(key) for key in _SETTINGS):
            return f"[tool.uv] of {pyproject.path}"
    path = join(project.base, "uv.toml")
    text = project.files.text(path)
    if text is not None and any(toml(path, text).get(key) for key in _SETTINGS):
        return path
    if why := _why_not_of_own(project):
        return why
    for each in packages.values():
        if each.has("build-system") and (why := _why_not_of(project, each)):
            return f"{each.path}: {why}"
    return _why_not_locked(project)


def _why_not_of_own(project: Project) -> str:
    """Return which file of the package's directory may run code in a build, or hides its tables.

    Those of other members are not read before the build, but reported after it.
    """
    for name in ("setup.py", "hatch_build.py", "pdm_build.py"):
        if project.has(name):
            return name
    path = join(project.where, "hatch.toml")
    hatch = toml(path, project.files.text(path) or "")
    if not hatch.keys().isdisjoint(_HATCH_TABLES):
        return path
    if not project.package.has("build-system"):
        return "no [build-system]"
    text = project.files.text(join(project.where, "setup.cfg")) or ""
    return "setup.cfg" if any(word in text for word in _SETUP_CFG_CODE) else ""


def _why_not_of(project: Project, package: Pyproject) -> str:
    backend = package.backend
    if backend not in _BACK_ENDS:
        return f"the back end {backend}"
    if package.has("build-system", "backend-path"):
        return "a back end in the tree"
    for line in package.table("build-system").get("requires", ()):
        if not _is_known(project, line):
            return f"the requirement {line}"
    # Without [project], its fields are those of the back end's own table.
    dynamic = package.dynamic if package.project else frozenset()
    if not dynamic <= _DYNAMIC:
        return f"dynamic {', '.join(sorted(dynamic - _DYNAMIC))}"
    return _BACK_ENDS[backend](package)


def _is_known(project: Project, line: str) -> bool:
    try:
        wanted = Requirement(line)
    except InvalidRequirement:
        return False
    name = canonicalize_name(wanted.name)
    if name in project.sources or wanted.url:
        return False
    return name in _REQUIREMENTS and (wanted.marker is None or name in _MARKED)


def _tables(_: Pyproject) -> str:
    return ""


def _hatch(package: Pyproject) -> str:
    version = package.table("tool", "hatch", "version")
    if version.get("source", "regex") not in ("regex", "vcs"):
        return "the version's source"
    if version.get("scheme", "standard") != "standard":
        return "the version's scheme"
    build = package.table("tool", "hatch", "build")
    for owner in (build, *package.table("tool", "hatch", "build", "targets").values()):
        if not isinstance(owner, Mapping) or any(key in owner for key in _HATCH_CODE):
            return "dependencies of [tool.hatch.build]"
        if why := _hooks(owner.get("hooks", {}), _HATCH_HOOKS["build"]):
            return why
    metadata = package.table("tool", "hatch", "metadata")
    return _hooks(metadata.get("hooks", {}), _HATCH_HOOKS["metadata"])


def _hooks(hooks: Any, known: set[str]) -> str:
    if not isinstance(hooks, Mapping):
        return "hooks"
    for name, options in hooks.items():
        if name not in known or not isinstance(options, Mapping) or "dependencies" in options:
            return f"the hook {name}"
    return ""


def _pdm(package: Pyproject) -> str:
    build = package.table("tool", "pdm", "build")
    if "custom-hook" in build or "run-setuptools" in build:
        return "[tool.pdm.build]"
    source = package.table("tool", "pdm", "version").get("source", "file")
    return "" if source in ("file", "scm") else "the version's source"


def _poetry(package: Pyproject) -> str:
    return "a build script" if package.has("tool", "poetry", "build") else ""


def _setuptools(package: Pyproject) -> str:
    table = package.table("tool", "setuptools")
    return next((key for key in ("cmdclass", "ext-modules") if key in table), "")


_BACK_ENDS: Final[Mapping[str, Callable[[Pyproject], str]]] = {
    "flit_core.buildapi": _tables,
    "hatchling.build": _hatch,
    "pdm.backend": _pdm,
    "poetry.core.masonry.api": _poetry,
    "setuptools.build_meta": _setuptools,
    "uv_build": _tables,
}


def _local(project: Project) -> dict[str, Mapping[str, Any]]:
    """Return the packages of uv.lock that are in the source, by name."""
    packages = project.lock.packages if project.lock else ()
    sources = {canonicalize_name(str(each.get("name", ""))): each for each in packages}
    return {
        name: each
        for name, each in sources.items()
        if any(key in _mapping(each.get("source")) for key in _LOCAL)
    }


def _why_not_locked(project: Project) -> str:
    """Return what of uv.lock is in the source, and not installed for each Python, or not known."""
    local = _local(project)
    own = {project.base or ".", project.where or ".", *project.members}
    for name, each in local.items():
        source = _mapping(each.get("source"))
        places = [source[key] for key in _LOCAL if key in source]
        inside = (posixpath.normpath(join(project.base, str(each)) or ".") for each in places)
        if "path" in source or not own.issuperset(inside):
            return f"{name} in uv.lock"
    packages = project.lock.packages if project.lock and len(local) > 1 else ()
    for each in packages:
        for wanted in _edges(each):
            # A member that only some Pythons need is not in one build.
            if wanted.get("marker") and canonicalize_name(str(wanted.get("name", ""))) in local:
                return f"{wanted.get('name')} in uv.lock has a marker"
    return ""


def _edges(package: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    groups = [package.get("dependencies", ())]
    for key in ("optional-dependencies", "dev-dependencies"):
        groups += _mapping(package.get(key)).values()
    return (each for group in groups for each in group if isinstance(each, Mapping))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


# -- after it --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Left:
    """What a build left, as `inside/package.py` reports it; paths below their directory.

    Attributes:
        packages: names of what was installed.
        requires: the specifiers of `Requires-Python` of each that has one.
        site: files for the directory of packages.
        prefix: files for the environment itself, such as its programs.
        source: files that the build wrote into the source.
        directories: empty ones in the source.
    """

    packages: tuple[str, ...]
    requires: tuple[str, ...]
    site: tuple[str, ...]
    prefix: tuple[str, ...]
    source: tuple[str, ...]
    directories: tuple[str, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """Everything, each path with the name of its directory in front."""
        named = {"site": self.site, "prefix": self.prefix}
        named["source"] = (*self.source, *self.directories)
        return tuple(f"{name}/{path}" for name, paths in named.items() for path in paths)


def read(text: str) -> Left | str:
    """Return what a build left, or why it is for the one Python that it ran on."""
    try:
        facts = json.loads(text)
        if "own" in facts:
            return str(facts["own"])
        packages = facts["packages"]
        left = Left(
            tuple(canonicalize_name(str(each["name"])) for each in packages),
            tuple(str(each["requires_python"]) for each in packages if each["requires_python"]),
            *(tuple(map(str, facts[key])) for key in ("site", "prefix", "source", "directories")),
        )
        for each in packages:
            if each["tags"] != ["py3-none-any"] or each["purelib"] != "true":
                return f"the wheel of {each['name']} has the tags {each['tags']}"
        for key in ("removed", "special", "run", "code"):
            if facts[key]:
                return f"{key}: {facts[key][0]}"
    except (ValueError, LookupError, TypeError) as error:
        return f"the report of the build cannot be read: {type(error).__name__}"
    if not left.packages:
        return "nothing was installed"
    if len(left.paths) > FILES_MAX:
        return f"{len(left.paths)} files"
    if any(path.startswith("include/") for path in left.prefix):
        return "headers, which each Python has at a place of its own"
    wrong = (path for path in left.paths if path.endswith(_COMPILED) or ".." in path.split("/"))
    return next(wrong, left)


def fits(left: Left, python: str) -> bool:
    """Whether an interpreter of that name, whichever patch it has, may install it all."""
    release = release_of(python)
    releases = [release] if release.count(".") > 1 else [f"{release}.0", f"{release}.99"]
    try:
        bounds = [SpecifierSet(each) for each in left.requires]
    except InvalidSpecifier:
        return False
    return all(bound.contains(each) for bound in bounds for each in releases)


def replaced(left: Left, entries: Iterable[str]) -> tuple[str, ...]:
    """Return which of the packages the entries of a directory of packages have already."""
    there = set()
    for entry in entries:
        name, dot, kind = entry.rstrip("/").rpartition(".")
        if dot and kind in ("dist-info", "egg-info"):
            there.add(canonicalize_name(name.partition("-")[0]))
    return tuple(name for name in left.packages if name in there)


def site_packages(python: str) -> str:
    """Return the directory of packages in the environment of an interpreter."""
    minor = ".".join(release_of(python).split(".")[:2])
    if python.startswith(PYPY):
        return f"{VENV}/lib/{PYPY}{minor}/site-packages"
    return f"{VENV}/lib/python{minor}{FREE_THREADED * is_free_threaded(python)}/site-packages"


def beneath(system: System, python: str, on: str) -> System:
    """Return the image of another Python that is like the system of `python`."""
    image = slim_image(on) if system.image == slim_image(python) else full_image(on)
    return System(image, system.packages)
