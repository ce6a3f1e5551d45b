"""One package as planning sees it: its files, their content, and the caller's options."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from packaging.utils import canonicalize_name

from wheelwright.errors import ProjectError, RequestError
from wheelwright.project import metadata as metadata_of
from wheelwright.project import poetry, setup_cfg
from wheelwright.project import pyproject as toml
from wheelwright.project import settings as table
from wheelwright.project.files import Snapshot, join, upward
from wheelwright.project.lock import Lock
from wheelwright.project.metadata import Metadata
from wheelwright.project.pyproject import Pyproject
from wheelwright.project.runners.job import Place
from wheelwright.project.settings import Settings

# What makes a directory without pyproject.toml one of Python: a package of setuptools, or an
# application that is run as it is.
_SIGNS: Final = ("setup.py", "setup.cfg", "tox.ini", "noxfile.py")
_SIGN: Final = re.compile(r"[^/]+\.py|[^/]*requirements[^/]*\.txt|requirements/[^/]+\.txt")


@dataclass(frozen=True, slots=True)
class Printed:
    """What tox printed about its environments.

    Attributes:
        place: the file that configures it.
        text: JSON, as `tox_config.command` prints it; empty where tox failed.
        error: why it failed.
    """

    place: Place
    text: str = ""
    error: ProjectError | None = None


@dataclass(frozen=True)
class Project:
    """A package or an application, and the workspace around it where there is one.

    What it is called, which version it has, for which Pythons, with which requirements and
    extras: that is in `metadata`, whichever file says it.

    Attributes:
        files: what was read, with paths from the root of the source, as all paths here.
        where: the package's directory; empty when it is the root.
        package: the package's own pyproject.toml; an empty one where it has none.
        root: the workspace root's; the same as `package` without a workspace.
        members: pyproject.toml of every workspace member by directory, root excluded.
        base: the directory that uv works in: the workspace root's, else the package's.
        tox: what tox printed about its environments; None without a configuration of tox, and
            before anybody asked for it.
        test_modules: texts of modules that are named like tests, and conftest.py; empty before
            anybody asked for them.
        paths: the files that git tracks, without links and submodules; empty before anybody asked
            for them (`container.loading.with_paths`).
        executables: which of them are executable, with the first line of those whose name does not
            say what they are.
        built: METADATA as the back end makes it; empty before anybody asked for it.
    """

    files: Snapshot
    where: str
    package: Pyproject
    root: Pyproject
    settings: Settings
    lock: Lock | None
    members: Mapping[str, Pyproject] = field(default_factory=dict)
    base: str = ""
    tox: Printed | None = None
    test_modules: Mapping[str, str] = field(default_factory=dict)
    paths: tuple[str, ...] = ()
    executables: Mapping[str, str] = field(default_factory=dict)
    built: str = ""

    @cached_property
    def metadata(self) -> Metadata:
        """Its metadata: what its files say, and what the back end makes where that is known."""
        own = self.package if self.package.text else None
        return metadata_of.decide(self.files, self.where, own, self.built)

    @property
    def name(self) -> str:
        """Its name in messages."""
        found = self.metadata.name or self.where
        return found or ("this package" if self.installable else "this application")

    @property
    def is_member(self) -> bool:
        """Whether it is a member of a workspace, and not its root."""
        return self.where != self.base

    @property
    def is_virtual_root(self) -> bool:
        """Whether this is a workspace root that is not a package itself."""
        return not self.is_member and bool(self.members) and not self.package.project

    def require_package(self) -> None:
        """Stop at a workspace's root that is not a package.

        Raises:
            RequestError: names the members to choose from.
        """
        if self.is_virtual_root:
            names = ", ".join(sorted(each.name for each in self.members.values()))
            raise RequestError(
                "the source is a workspace, and its root is not a package",
                f"pass --package with one of {names}",
            )

    def require_name(self) -> None:
        """Stop where nothing says what the package is called.

        Raises:
            RequestError: with the reason.
        """
        if not self.metadata.name:
            why = self.metadata.unknown.get("name", "no file of the package sets it")
            raise RequestError(
                f"the name of {self.name} is not known: {why}",
                "write [project] name in pyproject.toml, or pass --package with a package's path",
            )

    @property
    def installable(self) -> bool:
        """Whether there is something to build: a back end, or a setup.py."""
        return not self.unbuildable

    @property
    def unbuildable(self) -> str:
        """Why there is nothing to build, such as "has no [build-system]"; empty for a package."""
        if self.package.table("tool", "uv").get("package", True) is False:
            return "is an application (package = false in [tool.uv])"
        table = poetry.read(self.package)
        if table is not None and not table.is_package:
            return "is an application (package-mode = false in [tool.poetry])"
        if self.package.backend or self.has("setup.py"):
            return ""
        text = self.files.text(join(self.where, setup_cfg.PATH))
        if text is None or not setup_cfg.declares(text):
            return "has no [build-system] and no setup.py"
        # pip and uv take a setup.cfg alone for no package.
        return "" if self.package.text else "has neither pyproject.toml nor setup.py"

    def text(self, name: str) -> str | None:
        """Return a file's text from the package's directory, else from the nearest above it."""
        return self.files.text(self.path(name) or join(self.where, name))

    def path(self, name: str) -> str:
        """Return where `text` finds a file; empty where there is none."""
        found = (join(where, name) for where in upward(self.where))
        return next((path for path in found if self.files.text(path) is not None), "")

    def has(self, name: str) -> bool:
        """Whether the package's directory has an entry; directories end with `/`."""
        return self.files.has(f"{self.where}/{name}" if self.where else name)

    @property
    def sources(self) -> dict[str, Any]:
        """Where [tool.uv.sources] sends each normalized name; the package's own table wins."""
        tables = [each.table("tool", "uv", "sources") for each in (self.root, self.package)]
        return {canonicalize_name(name): where for table in tables for name, where in table.items()}

    def configures(self, *keys: str) -> bool:
        """Whether pyproject.toml has a table there, the package's or the root's."""
        return self.package.has(*keys) or self.root.has(*keys)


def describe(
    files: Snapshot,
    where: str = "",
    members: Mapping[str, str] | None = None,
    gates: Sequence[str] | None = None,
    base: str = "",
) -> Project:
    """Read a package from its files.

    `base` is the directory that uv works in; it is the package's own or above it. `members` maps
    the directory of every workspace member to its pyproject.toml's text. `gates` are the names that
    `skip` may have; None lets it have any.

    Raises:
        ProjectError: no sign of Python, or one of the files is broken.
    """
    root = _pyproject(files, base)
    package = _pyproject(files, where) if where != base else root
    lock_path = join(base, "uv.lock")
    lock_text = files.text(lock_path)
    return Project(
        files=files,
        where=where,
        package=package,
        root=root,
        settings=table.read(package, gates),
        lock=Lock(lock_path, lock_text) if lock_text is not None else None,
        members={
            directory: toml.parse(join(directory, "pyproject.toml"), text)
            for directory, text in (members or {}).items()
        },
        base=base,
    )


def further(project: Project) -> list[str]:
    """Return the paths of further files that decide its metadata, from the root; to be read."""
    own = project.package if project.package.text else None
    try:
        wanted = metadata_of.wanted(project.files, project.where, own)
    except ProjectError:
        # What cannot be read is an error of whatever needs it, such as the version.
        return []
    return [path for path in wanted if path not in project.files.texts]


def with_texts(project: Project, texts: Mapping[str, str]) -> Project:
    """Return the project with the texts of further files."""
    return replace(project, files=project.files.with_more(Snapshot(texts))) if texts else project


def is_python(files: Snapshot, where: str = "") -> bool:
    """Whether a directory without pyproject.toml is a package or an application of Python."""
    names = files.under(where).names
    return any(name in names for name in _SIGNS) or any(map(_SIGN.fullmatch, names))


def _pyproject(files: Snapshot, where: str) -> Pyproject:
    path = join(where, "pyproject.toml")
    text = files.text(path)
    if text is not None:
        return toml.parse(path, text)
    if is_python(files, where):
        return Pyproject(path, "", {})
    names = sorted(name for name in files.names if "/" not in name.rstrip("/"))
    listed = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    raise ProjectError(
        f"no {path} in the source (it has: {listed or 'nothing'})",
        "pass --source DIR with the package's directory, or --package PATH if it lies deeper",
    )
