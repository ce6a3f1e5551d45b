"""What a package is called, which version, for which Pythons, with which requirements and extras.

The first place that sets a field decides:

1. [project]
2. [tool.poetry], where there is no [project], or where Poetry's back end fills in a field
3. [tool.setuptools.dynamic], for what [project] leaves to setuptools
4. the call of `setup` in setup.py, if its argument is literal
5. setup.cfg: behind setup.py, because setuptools passes over what `setup` has got already
6. the metadata that the back end makes, where it is given

What none of them sets is not known, and never guessed: an empty value is "not known" or "none",
and `unknown` tells these two apart. A broken file is such a reason, too: it stops what needs the
field, and nothing else.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from wheelwright.errors import ProjectError
from wheelwright.project import built_metadata, poetry, setup_cfg, setup_py
from wheelwright.project.declared import FIELDS, Declared
from wheelwright.project.files import Snapshot, join
from wheelwright.project.literals import module_paths
from wheelwright.project.poetry import Poetry
from wheelwright.project.pyproject import Pyproject, line_in
from wheelwright.project.reading import is_strings, specifiers
from wheelwright.project.runners.job import Place

_PROJECT: Final = "project"
_KEYS: Final[Mapping[str, str]] = {
    "name": "name",
    "version": "version",
    "requires_python": "requires-python",
    "classifiers": "classifiers",
    "dependencies": "dependencies",
    "extras": "optional-dependencies",
}
_PATHS: Final = (".", "/", "-e ")
_ALWAYS: Final = frozenset({"name", "version"})
"""Every package has these: one that nothing sets is not known."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata of a package, as far as its files say it.

    Attributes:
        name: normalized.
        requires_python: as written, or as PEP 440 has it.
        dependencies: requirement lines; those of a path are as pip reads them.
        extras: requirement lines by normalized extra.
        places: where each field is set, by its name.
        unknown: why a field is not known, as the end of a sentence, by its name.
    """

    name: str = ""
    version: str = ""
    requires_python: str = ""
    classifiers: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)

    @property
    def back_end_installs(self) -> bool:
        """Whether the back end has to bring the requirements: some are not known, or are paths."""
        lines = [*self.dependencies, *(line for extra in self.extras.values() for line in extra)]
        left = {"dependencies", "extras"} & self.unknown.keys()
        return bool(left) or named(lines) != lines

    def pythons(self) -> SpecifierSet | None:
        """Return the versions of Python that may install it; None where that is not set.

        Raises:
            ProjectError: not a version specifier.
        """
        if "requires_python" not in self.places:
            return None
        try:
            return specifiers(self.requires_python)
        except InvalidSpecifier as error:
            raise ProjectError(
                f"{self.places['requires_python']}: requires-python {self.requires_python!r} "
                "is not a version specifier",
                'write it like ">=3.9"',
            ) from error


def decide(
    files: Snapshot, where: str = "", pyproject: Pyproject | None = None, built: str = ""
) -> Metadata:
    """Return the metadata of the package in a directory.

    `pyproject` is its pyproject.toml, None where it has none. `built` is the text of the METADATA
    that the back end makes: given, it sets what the files leave open, and nothing else.

    Raises:
        ProjectError: one of the files that has to be read is broken.
    """
    sources = list(_sources(files, where, pyproject))
    values: dict[str, Any] = {}
    places: dict[str, Place] = {}
    unknown: dict[str, str] = {}
    for name in FIELDS:
        found = _first(name, sources)
        if isinstance(found, str):
            unknown[name] = found
        elif found:
            values[name], places[name] = found
    if unknown and built:
        made = built_metadata.read(built)
        for name in list(unknown):
            value = getattr(made, name)
            if value is not None:
                values[name], places[name] = value, made.places[name]
            if value is not None or name not in _ALWAYS:
                del unknown[name]
    if "name" in values:
        values["name"] = canonicalize_name(values["name"])
    return Metadata(**values, places=places, unknown=unknown)


def named(lines: Iterable[str]) -> list[str]:
    """Return the requirement lines that an index resolves: those of a path are left out."""
    return [line for line in lines if not line.startswith(_PATHS)]


def wanted(files: Snapshot, where: str = "", pyproject: Pyproject | None = None) -> list[str]:
    """Return the paths of further files that decide metadata, from the root: to be read first.

    Raises:
        ProjectError: setup.cfg cannot be read.
    """
    found = []
    if _is_setuptools(pyproject) and (text := files.text(join(where, setup_cfg.PATH))) is not None:
        found += setup_cfg.paths(join(where, setup_cfg.PATH), text)
    if pyproject is not None:
        dynamic = pyproject.table("tool", "setuptools", "dynamic")
        attr = pyproject.table("tool", "setuptools", "dynamic", "version").get("attr")
        if isinstance(attr, str):
            module = attr.rpartition(".")[0] or "__init__"
            found += module_paths(module, _package_dir(pyproject))
        tables = [*dynamic.values(), *pyproject.table(*_DYNAMIC, "optional-dependencies").values()]
        for table in tables:
            found += setup_cfg.file_paths(",".join(_file_names(table)), "")
    inside = (path for path in map(posixpath.normpath, found) if not path.startswith(("/", "..")))
    return list(dict.fromkeys(join(where, path) for path in inside))


def _first(name: str, sources: list[Declared]) -> tuple[Any, Place] | str | None:
    """Return value and place of a field, why it is not known, or None for one that is not there."""
    why = ""
    for source in sources:
        if (value := getattr(source, name)) is not None:
            return value, source.places[name]
        why = source.computed.get(name, "") or why
        if source.complete and name not in source.computed and name not in _ALWAYS:
            # What `**` may set is only known not to be there where nothing else is open.
            return why or source.rest or None
        why = why or source.rest
    return why or "no file of the package sets it"


def _sources(files: Snapshot, where: str, pyproject: Pyproject | None) -> Iterator[Declared]:
    """Yield what each place says, in their order."""
    table = poetry.read(pyproject) if pyproject is not None else None
    own = pyproject is not None and bool(pyproject.project)
    if pyproject is not None and own:
        yield _project(pyproject)
    if table and pyproject and (not own or pyproject.backend.startswith("poetry.")):
        yield _poetry(table)
        return
    if not _is_setuptools(pyproject):
        yield Declared(complete=False)
        return
    if pyproject is not None and own:
        yield _setuptools_dynamic(pyproject, files, where)
    yield _setup(files, where)


def _is_setuptools(pyproject: Pyproject | None) -> bool:
    return pyproject is None or pyproject.backend.startswith("setuptools") or not pyproject.backend


def _project(pyproject: Pyproject) -> Declared:
    """Return what [project] says; a field that it leaves to the back end is computed."""
    table = pyproject.project
    values: dict[str, Any] = {
        name: table[key]
        for name, key in _KEYS.items()
        if key in table and name not in ("extras", "classifiers", "dependencies")
    }
    if "classifiers" in table:
        values["classifiers"] = tuple(pyproject.classifiers)
    if "dependencies" in table:
        values["dependencies"] = tuple(pyproject.dependencies)
    broken = {}
    if _KEYS["extras"] in table:
        try:
            values["extras"] = {name: tuple(lines) for name, lines in pyproject.extras.items()}
        except ProjectError as error:
            broken["extras"] = str(error)
    lines = {name: line_in(pyproject.text, _PROJECT, key) for name, key in _KEYS.items()}
    if "extras" in values and (line := line_in(pyproject.text, "project.optional-dependencies")):
        lines["extras"] = line
    backend = pyproject.backend or "the back end"
    # Where Poetry's back end finds no requires-python, it takes the one of its own table.
    left = {"requires_python"} if pyproject.backend.startswith("poetry.") else set()
    return Declared(
        **values,
        places={name: Place(pyproject.path, lines[name], "[project]") for name in values},
        computed={
            name: f"{pyproject.path}: [project] leaves it to {backend}"
            for name, key in _KEYS.items()
            if key in pyproject.dynamic
        }
        | dict.fromkeys(left - set(values), "")
        | broken,
    )


def _poetry(table: Poetry) -> Declared:
    """Return what [tool.poetry] says."""
    pyproject = table.pyproject
    values: dict[str, Any] = {
        key: value for key in ("name", "version") if isinstance(value := table.table.get(key), str)
    }
    if table.classifiers:
        values["classifiers"] = tuple(table.classifiers)
    main = "tool.poetry.dependencies"
    computed = {}
    for name, read in (
        ("dependencies", lambda: table.dependencies),
        ("requires_python", lambda: table.python or None),
        ("extras", lambda: table.extras or None),
    ):
        try:
            values[name] = read()
        except ProjectError as error:
            computed[name] = str(error)
    plugin = pyproject.table("tool", "poetry-dynamic-versioning")
    if plugin.get("enable") is True and values.pop("version", None) is not None:
        computed["version"] = f"{pyproject.path}: poetry-dynamic-versioning sets it"
    values = {name: value for name, value in values.items() if value is not None}
    tables = {
        "dependencies": (main, ""),
        "requires_python": (main, "python"),
        "extras": ("tool.poetry.extras", ""),
    }
    places = {}
    for name in values:
        within, key = tables.get(name, ("tool.poetry", name))
        line = line_in(pyproject.text, within, key)
        places[name] = Place(pyproject.path, line, f"[{within}]")
    return Declared(**values, places=places, computed=computed)


_DYNAMIC: Final = ("tool", "setuptools", "dynamic")


def _setuptools_dynamic(pyproject: Pyproject, files: Snapshot, where: str) -> Declared:
    """Return what [tool.setuptools.dynamic] names, where it can be followed."""
    followed = setup_cfg.Followed(files, where, _package_dir(pyproject))
    values: dict[str, Any] = {}
    computed: dict[str, str] = {}
    place = Place(pyproject.path, line_in(pyproject.text, ".".join(_DYNAMIC)), "[tool.setuptools]")

    def texts(table: object) -> str | None:
        return followed.contents(",".join(_file_names(table)))

    def put(name: str, value: object) -> None:
        if value is None:
            computed[name] = f"{place}: what it names is not a literal in the source"
        else:
            values[name] = value

    if version := pyproject.table(*_DYNAMIC, "version"):
        attr = version.get("attr")
        text = followed.attribute(attr) if isinstance(attr, str) else texts(version)
        put("version", text.strip() if text else None)
    for name, key in (("dependencies", "dependencies"), ("classifiers", "classifiers")):
        if table := pyproject.table(*_DYNAMIC, key):
            text = texts(table)
            put(name, None if text is None else setup_cfg.lines_of(text))
    if extras := pyproject.table(*_DYNAMIC, "optional-dependencies"):
        found = {canonicalize_name(extra): texts(table) for extra, table in extras.items()}
        lines = {
            extra: setup_cfg.lines_of(text) for extra, text in found.items() if text is not None
        }
        put("extras", lines if len(lines) == len(found) else None)
    return Declared(
        **values, places=dict.fromkeys(values, place), computed=computed, complete=False
    )


def _file_names(table: object) -> list[str]:
    """Return the files in a `file` of [tool.setuptools.dynamic]: a text, or a list of them."""
    file = table.get("file", []) if isinstance(table, Mapping) else []
    file = [file] if isinstance(file, str) else file
    return file if is_strings(file) else []


def _package_dir(pyproject: Pyproject) -> dict[str, str]:
    table = pyproject.table("tool", "setuptools", "package-dir")
    return {key: value for key, value in table.items() if isinstance(value, str)}


def _setup(files: Snapshot, where: str) -> Declared:
    """Return what setup.py and setup.cfg say; what setup.py sets counts, computed or not."""
    code, table = join(where, setup_py.PATH), join(where, setup_cfg.PATH)
    found = Declared(complete=False)
    if (text := files.text(code)) is not None:
        try:
            found = setup_py.read(code, text)
        except ProjectError as error:
            found = Declared(complete=False, rest=str(error))
    elif files.has(code):
        found = Declared(complete=False, rest=f"{code} was not read")
    if (text := files.text(table)) is None:
        return found
    try:
        below = setup_cfg.read(table, text, files, where)
    except ProjectError as error:
        return replace(found, complete=False, rest=found.rest or str(error))
    return _below(found, below) if files.has(code) else below


def _below(first: Declared, second: Declared) -> Declared:
    """Return the fields of two files as one; what the first sets or computes counts."""
    open_fields = [
        name for name in FIELDS if getattr(first, name) is None and name not in first.computed
    ]
    taken = {name: getattr(second, name) for name in open_fields}
    return replace(
        first,
        **taken,
        places={**{k: v for k, v in second.places.items() if k in open_fields}, **first.places},
        computed={
            **{k: v for k, v in second.computed.items() if k in open_fields},
            **first.computed,
        },
    )
