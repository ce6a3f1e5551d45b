"""Where the back end reads the version: what is edited, and what has to be read before.

    | the version comes from                           | edit                                  |
    |--------------------------------------------------|---------------------------------------|
    | [project] version, [tool.poetry] version         | that value                            |
    | [tool.hatch.version] path, or hatch.toml         | what its pattern finds in that file;  |
    |                                                  | source "code": the variable's literal;|
    |                                                  | source "nodejs": package.json         |
    | [tool.setuptools.dynamic] version.attr           | the attribute's literal, or its tuple |
    | [tool.setuptools.dynamic] version.file           | the whole file                        |
    | setup.cfg: [metadata] version                    | that value; attr: and file: as above  |
    | setup.py: a literal                              | that value                            |
    | flit: __version__ of the module                  | the same                              |
    | [tool.pdm.version] path                          | the same                              |
    | maturin: Cargo.toml, its workspace's, Cargo.lock | that value, as Cargo spells it        |
    | scikit-build-core: its provider of patterns      | what its pattern finds in that file   |
    | meson-python: version of project() in meson.build| that value                            |
    | a computation, such as a function in setup.py    | __version__ of the package's module;  |
    |                                                  | else a literal in `version-files`     |
    | version control (hatch-vcs, setuptools-scm, ...) | none: the tag decides                 |

Sources: the manuals of the back ends, and of hatch-nodejs-version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from wheelwright.errors import ProjectError
from wheelwright.project import setup_cfg, setup_py
from wheelwright.project.files import join, upward
from wheelwright.project.model import Project
from wheelwright.project.reading import ini, search, toml
from wheelwright.project.version import VersionSource, version_source
from wheelwright.release.decide.stops import Problem, Reason

# hatchling's own default: src/hatchling/version/source/regex.py of hatch.
_HATCH: Final = r"""(?im)^(?:__version__|VERSION)(?:\s*:\s*str)?\s*=\s*(['"])v?(?P<version>.+?)\1"""
# scikit_build_core/metadata/regex.py.
_SCIKIT: Final = r"""(?i)^(__version__|VERSION)(?: ?\: ?str)? *= *([\'"])v?(?P<version>.+?)\2"""
# `{name}` may be one of several that get the value.
_NAMED: Final = (
    r"""(?m)^(?:\w+[ \t]*=[ \t]*)*{name}(?:[ \t]*:[^=\n]+)?\s*=\s*(?:\w+[ \t]*=[ \t]*)*\(?\s*"""
)
# What goes on behind the quote, such as `.join` or a second text, is computed.
_ATTRIBUTE: Final = _NAMED + r"""[uUrR]?(['"])(?P<version>[^'"\n]+)\1(?![ \t]*[.%+'"])"""
TUPLE: Final = r"(?P<version>[0-9]+(?:[ \t]*,[ \t]*[0-9]+)+)"
"""A version as numbers with commas between them, in a tuple or a list."""
_TUPLE: Final = _NAMED + rf"[\[(]?\s*{TUPLE}[ \t]*,?\s*[\])]"
# `__version__ = ".".join(map(str, VERSION))`, or over a loop.
_JOINED: Final = (
    r"""(?m)^{name}(?:[ \t]*:[^=\n]+)?\s*=\s*(['"])\.\1\.join\("""
    r"""(?:map\(\s*str\s*,\s*(?P<a>\w+)\s*\)|[\[(]?\s*str\((\w+)\)\s+for\s+\3\s+in\s+(?P<b>\w+))"""
)
# A section ends where the next one begins; a value of setup.cfg has no comment on its line.
_SETUP_CFG: Final = (
    r"""(?im)^\[metadata\][^\n]*\n(?:(?!\[)[^\n]*\n)*?"""
    r"""version[ \t]*[=:][ \t]*(?P<version>[^\s#;]+)"""
)
SETUP_PY: Final = (
    r"""(?m)\b(?:version|__version__|VERSION)[ \t]*=[ \t]*(['"])(?P<version>[^'"\n]+)\1"""
)
_WHOLE: Final = r"""\A\ufeff?\s*(?P<version>\S+)\s*\Z"""
_JSON: Final = r"""(?m)^[ \t]*"version"[ \t]*:[ \t]*"(?P<version>[^"\n]+)\""""
_CARGO: Final = tuple(
    rf"""(?m)^\[{table}\][^\n]*\n(?:(?!\[)[^\n]*\n)*?version[ \t]*=[ \t]*(['"])"""
    r"""(?P<version>[^'"\n]+)\1"""
    for table in ("package", r"workspace\.package")
)
_MESON: Final = r"""(?m)^project\s*\([^)]*?\bversion\s*:\s*'(?P<version>[^'\n]+)'"""

# Modules that have nothing but such values, and the names that stand for the version there.
_MODULES: Final = (
    *("__init__", "__version__", "_version", "version", "__about__", "_about", "about"),
    *("__meta__", "_meta", "meta", "__pkginfo__", "metadata"),
)
_VERSION_NAMES: Final = "(?:__version__|__VERSION__|VERSION|version)"
# What stands there until a build replaces it.
_PLACEHOLDERS: Final = ("0", "0.0", "0.0.0")

# They have a place of their own for it, or none.
_READING: Final = ("hatchling", "poetry", "pdm", "flit", "uv_build", "maturin", "mesonpy")

_SETTING: Final = "version-files in [tool.wheelwright.release]"


class _Place(NamedTuple):
    """The paths of which one has the version, the patterns, and the name that they search for."""

    paths: list[str]
    patterns: tuple[str, ...]
    attribute: str = ""


def version_file(project: Project) -> tuple[str, str] | Problem:
    """Return where the version is set: a path from the root, and the pattern that finds it.

    pyproject.toml has no pattern: it is edited by key. The path is empty for version control.
    """
    package = project.package
    source = version_source(project)
    if source is VersionSource.VCS:
        return "", ""
    if source is VersionSource.STATIC or _is_poetry_s(project):
        return package.path, ""
    place = _place(project) or _setup(project)
    if place and not place.attribute:
        return place.paths[0], place.patterns[0]
    if place and (found := _found(project, place)):
        return found
    for other in _others(project):
        if found := _found(project, other):
            return found
    if place:
        return Problem(
            Reason.NOT_BUILDABLE,
            f"no {place.attribute} in {' or '.join(place.paths[:2])}",
            f"write it as a literal: {place.attribute} = '1.2.3'; or name the file that has one, "
            f"by {_SETTING}",
        )
    return _unknown(project)


def _is_poetry_s(project: Project) -> bool:
    return isinstance(project.package.table("tool", "poetry").get("version"), str)


def _unknown(project: Project) -> Problem:
    package, set_at = project.package, project.metadata.places.get("version")
    hint = f"write [project] version, or name the file that has it as a literal, by {_SETTING}"
    if computed := _computed(project):
        seen = f"{computed}, and no file of the package has it as a literal"
    elif set_at:
        seen = f"{set_at} sets the version, which a release does not edit there"
    else:
        backend = package.backend or "the back end"
        seen = f"{package.path} does not set where {backend} reads the version"
    return Problem(Reason.NOT_BUILDABLE, seen, hint)


def _computed(project: Project) -> str:
    """Return what computes the version; empty where that is not known."""
    package, hatch = project.package, _hatch(project)
    if (source := hatch.get("source", "regex")) != "regex":
        return f"[tool.hatch.version] source = {str(source)[:40]!r} computes the version"
    if package.table("tool", "pdm", "version").get("source") == "call":
        return "[tool.pdm.version] source = 'call' computes the version"
    path = join(project.where, setup_py.PATH)
    runs = _is_setuptools(project) and project.files.has(path)
    return f"{path} computes the version" if runs else ""


def _is_setuptools(project: Project) -> bool:
    backend = project.package.backend
    return not backend or backend.startswith("setuptools")


def _found(project: Project, place: _Place) -> tuple[str, str] | None:
    """Return the first path of a place with a text that has the version, and its pattern."""
    for path in place.paths:
        text = project.files.text(path)
        for pattern in place.patterns if text is not None else ():
            if search(pattern, text or "", path):
                return path, pattern
        if place.attribute and text and (pattern := _joined(path, text, place.attribute)):
            return path, pattern
    return None


def _joined(path: str, text: str, attribute: str) -> str:
    """Return the pattern of the tuple whose numbers are joined to a version; empty for none."""
    found = search(_JOINED.replace("{name}", attribute), text, path)
    if found is None:
        return ""
    pattern = _TUPLE.replace("{name}", re.escape(found["a"] or found["b"]))
    return pattern if search(pattern, text, path) else ""


def _attribute(name: str) -> tuple[str, ...]:
    return tuple(each.replace("{name}", name) for each in (_ATTRIBUTE, _TUPLE))


def _hatch(project: Project) -> Mapping[str, Any]:
    """Return hatch's table of the version; hatch.toml comes before pyproject.toml."""
    path = join(project.where, "hatch.toml")
    text = project.files.text(path)
    if text is not None:
        try:
            own = toml(path, text).get("version")
        except ProjectError:
            # The build says it.
            own = None
        if isinstance(own, Mapping):
            return own
    return project.package.table("tool", "hatch", "version")


def _of_hatch(project: Project) -> _Place | None:
    hatch, where = _hatch(project), project.where
    source, path = hatch.get("source", "regex"), hatch.get("path")
    if source == "nodejs":
        return _Place([join(where, path if isinstance(path, str) else "package.json")], (_JSON,))
    if not isinstance(path, str):
        return None
    if source == "code":
        name = str(hatch.get("expression", "__version__"))
        return _Place([join(where, path)], _attribute(name), name) if name.isidentifier() else None
    pattern = hatch.get("pattern", _HATCH)
    # hatchling takes `pattern = true` for its default; and it compiles with MULTILINE.
    pattern = _HATCH if pattern is True else str(pattern)
    return _Place([join(where, path)], (pattern if pattern == _HATCH else f"(?m){pattern}",))


def _place(project: Project) -> _Place | None:
    """Return where the back end reads the version; None where it is not set."""
    package, where = project.package, project.where
    if place := _of_hatch(project):
        return place
    pdm = package.table("tool", "pdm", "version")
    if isinstance(path := pdm.get("path"), str):
        return _Place([join(where, path)], _attribute("__version__")[:1])
    setuptools = package.table("tool", "setuptools", "dynamic", "version")
    if isinstance(setuptools.get("attr"), str):
        module, _, attribute = setuptools["attr"].rpartition(".")
    elif isinstance(file := setuptools.get("file"), str | list) and file:
        return _file(file if isinstance(file, str) else str(file[0]), where)
    elif package.backend.startswith("flit"):
        named = package.table("tool", "flit", "module").get("name") or package.project.get("name")
        module, attribute = str(named).replace("-", "_"), "__version__"
    else:
        return _compiled(project)
    return _module(project, module, attribute)


def _compiled(project: Project) -> _Place | None:
    """Return where a back end for compiled packages reads the version."""
    package, where = project.package, project.where
    if package.backend.startswith("maturin"):
        return _Place(_manifests(project), _CARGO, "[package] version")
    if package.backend.startswith("mesonpy"):
        return _Place([join(where, "meson.build")], (_MESON,), "version of project()")
    version = package.table("tool", "scikit-build", "metadata", "version")
    if version.get("provider") == "scikit_build_core.metadata.regex":
        pattern = str(version.get("regex", _SCIKIT)).replace("(?P<value>", "(?P<version>")
        path = version.get("input")
        return _Place([join(where, path)], (f"(?m){pattern}",)) if isinstance(path, str) else None
    return None


def _manifests(project: Project) -> list[str]:
    """Return where a crate's version may be: in its Cargo.toml, or in the one of its workspace."""
    own = project.package.table("tool", "maturin").get("manifest-path", "Cargo.toml")
    path = join(project.where, str(own))
    if path.startswith(("/", "..")):
        return []
    above = (join(each, "Cargo.toml") for each in upward(path.rpartition("/")[0]))
    return list(dict.fromkeys([path, *above]))


def locks(path: str) -> list[str]:
    """Return where the lock beside a Cargo.toml may be; none for another file."""
    folder, _, name = path.rpartition("/")
    return [join(each, "Cargo.lock") for each in upward(folder)] if name == "Cargo.toml" else []


def _module(project: Project, module: str, attribute: str) -> _Place:
    inner = module.replace(".", "/")
    ends = (f"{inner}/__init__.py", f"{inner}.py")
    paths = [join(source, end) for source in _roots(project) for end in ends]
    return _Place(paths, _attribute(re.escape(attribute)), attribute)


def _roots(project: Project) -> list[str]:
    """Return the directories, from the root, that may have the package's modules."""
    table = project.package.table("tool", "setuptools", "package-dir")
    own = table.get("")
    found = [own] if isinstance(own, str) else []
    paths = [join(project.where, each) for each in (*found, "src", "")]
    return list(dict.fromkeys(each for each in paths if not each.startswith(("/", ".."))))


def _others(project: Project) -> Iterator[_Place]:
    """Yield places that a computation of the version may read."""
    name = project.metadata.name.replace("-", "_")
    if paths := _modules(project):
        dunder = [path for path in paths if _is_literal(project, path, "__version__")]
        yield _Place(dunder, _attribute("__version__")[:1])
        named = [path for path in paths if not path.endswith((f"{name}.py", "__init__.py"))]
        named = [path for path in named if _is_literal(project, path, _VERSION_NAMES)]
        yield _Place(named, _attribute(_VERSION_NAMES)[:1])
    files = list(project.settings.release.version_files)
    yield _Place(files, (*_attribute(_VERSION_NAMES), _JSON, _WHOLE))


def _modules(project: Project) -> list[str]:
    """Return the modules of the package's name that a computation may read.

    Whether it reads them is known by the build, whose METADATA is compared with the plan.
    """
    name = project.metadata.name.replace("-", "_")
    if not name or not _may_read(project):
        return []
    ends = (f"{name}.py", *(f"{name}/{each}.py" for each in _MODULES))
    return [join(root, end) for root in _roots(project) for end in ends]


def _may_read(project: Project) -> bool:
    """Whether the back end may compute the version of what a module has."""
    if _is_setuptools(project):
        if project.package.has("tool", "setuptools", "dynamic", "version"):
            return True
        setup = (join(project.where, each) for each in (setup_py.PATH, setup_cfg.PATH))
        return any("__version__" in (project.files.text(path) or "") for path in setup)
    return bool(_computed(project)) or not project.package.backend.startswith(_READING)


def _is_literal(project: Project, path: str, name: str) -> bool:
    """Whether a module has a version, and not what stands there until a build replaces it."""
    found = search(_attribute(name)[0], project.files.text(path) or "", path)
    return found is not None and found["version"] not in _PLACEHOLDERS


def _file(path: str, where: str) -> _Place | None:
    """Return a file that has nothing but the version; None for one outside of the package."""
    paths = setup_cfg.file_paths(path, where)
    return _Place(paths[:1], (_WHOLE,)) if paths else None


def _setup(project: Project) -> _Place | None:
    """Return where setup.py or setup.cfg has the version, or what it names in its place."""
    set_at = project.metadata.places.get("version")
    if set_at is not None and set_at.path == join(project.where, setup_py.PATH):
        return _Place([set_at.path], (_setup_pattern(project, set_at.path),))
    path = join(project.where, setup_cfg.PATH)
    text = project.files.text(path)
    if text is None or (set_at is not None and set_at.path != path):
        return None
    written = ini(path, text).get("metadata", "version", fallback="").strip()
    kind, _, named = written.partition(":")
    if kind == "attr":
        module, _, attribute = named.strip().rpartition(".")
        return _module(project, module, attribute)
    if kind == "file":
        return _file(named.strip(), project.where)
    return _Place([path], (_SETUP_CFG,)) if written else None


def _setup_pattern(project: Project, path: str) -> str:
    """Return what finds the version in a setup.py: under a usual name, else under any."""
    text, version = project.files.text(path) or "", project.metadata.version
    if search(SETUP_PY, text, path) or not version:
        return SETUP_PY
    return rf"""(?m)^\w+[ \t]*=[ \t]*(['"])(?P<version>{re.escape(version)})\1"""


def candidates(project: Project) -> list[str]:
    """Return the paths, beside pyproject.toml, that may have the version: to be read first."""
    if version_source(project) is not VersionSource.BACKEND or _is_poetry_s(project):
        return []
    place = _place(project) or _setup(project)
    paths = place.paths if place else []
    more: Iterable[str] = (lock for path in paths for lock in locks(path))
    if place is None or place.attribute:
        more = [*more, *_modules(project), *project.settings.release.version_files]
    return list(dict.fromkeys([*paths, *more]))
