"""The edits of a release, as text: pyproject.toml, a version file, uv.lock, requirements.txt.

    | the version comes from                           | edit                                  |
    |--------------------------------------------------|---------------------------------------|
    | [project] version, [tool.poetry] version         | that value                            |
    | [tool.hatch.version] path                        | what its pattern finds in that file   |
    | [tool.setuptools.dynamic] version.attr           | the attribute's literal               |
    | [tool.setuptools.dynamic] version.file           | the whole file                        |
    | setup.cfg: [metadata] version                    | that value; attr: and file: as above  |
    | setup.py: a literal                              | that value                            |
    | setup.py: computed of `__version__`              | the same of the module of its name    |
    | flit: __version__ of the module                  | the same                              |
    | [tool.pdm.version] path                          | the same                              |
    | version control (hatch-vcs, setuptools-scm, ...) | none: the tag decides                 |

Everything else in a file stays as it was, to the byte.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelwright.errors import ProjectError
from wheelwright.project import setup_cfg, setup_py
from wheelwright.project.files import join
from wheelwright.project.model import Project
from wheelwright.project.pyproject import Pyproject
from wheelwright.project.reading import ini, search, toml
from wheelwright.project.version import VersionSource, version_source
from wheelwright.release.decide.stops import Problem, Reason

if TYPE_CHECKING:
    import regex


# hatchling's own default: src/hatchling/version/source/regex.py of hatch.
_HATCH: Final = r"""(?im)^(?:__version__|VERSION)(?:\s*:\s*str)?\s*=\s*(['"])v?(?P<version>.+?)\1"""
_ATTRIBUTE: Final = r"""(?m)^{name}(?:[ \t]*:[^=\n]+)?\s*=\s*(['"])(?P<version>.+?)\1"""
# A section ends where the next one begins; a value of setup.cfg has no comment on its line.
_SETUP_CFG: Final = (
    r"""(?im)^\[metadata\][^\n]*\n(?:(?!\[)[^\n]*\n)*?"""
    r"""version[ \t]*[=:][ \t]*(?P<version>[^\s#;]+)"""
)
_SETUP_PY: Final = (
    r"""(?m)\b(?:version|__version__|VERSION)[ \t]*=[ \t]*(['"])(?P<version>[^'"\n]+)\1"""
)
_WHOLE: Final = r"""\A\ufeff?\s*(?P<version>\S+)\s*\Z"""

_PATTERN: Final = "the pattern that finds the version, such as [tool.hatch.version] pattern"

EXPORT: Final = (
    *("uv", "export", "--no-default-groups", "--no-emit-project", "--no-emit-workspace"),
    *("--no-header", "--locked"),
)
"""What requirements.txt is made by; without these `uv export` adds groups, members and itself."""


def version_file(project: Project) -> tuple[str, str] | Problem:
    """Return where the version is set: a path from the root, and the pattern that finds it.

    pyproject.toml has no pattern: it is edited by key. The path is empty for version control.
    """
    package = project.package
    source = version_source(project)
    if source is VersionSource.STATIC or isinstance(
        package.table("tool", "poetry").get("version"), str
    ):
        return package.path, ""
    if source is VersionSource.VCS:
        return "", ""
    place = _written(project)
    if place is None and (set_at := project.metadata.places.get("version")):
        return Problem(
            Reason.NOT_BUILDABLE,
            f"{set_at} sets the version, which a release does not edit there",
            "write [project] version, or [tool.setuptools.dynamic] version, in pyproject.toml",
        )
    if place is None:
        backend = package.backend or "the back end"
        return Problem(
            Reason.NOT_BUILDABLE,
            f"{package.path} does not set where {backend} reads the version",
            "write [project] version, or tool.hatch.version.path",
        )
    if not place.attribute:
        return place.paths[0], place.pattern
    for path in place.paths:
        text = project.files.text(path)
        if text is not None and search(place.pattern, text, path):
            return path, place.pattern
    return Problem(
        Reason.NOT_BUILDABLE,
        f"no {place.attribute} in {' or '.join(place.paths)}",
        f"write it as a literal: {place.attribute} = '1.2.3'",
    )


class _Place(NamedTuple):
    """The paths of which one has the version, its pattern, and the attribute of a module."""

    paths: list[str]
    pattern: str
    attribute: str = ""


def _place(project: Project) -> _Place | None:
    """Return where the back end reads the version; None where it is not set."""
    package, where = project.package, project.where
    hatch = package.table("tool", "hatch", "version")
    if isinstance(path := hatch.get("path"), str):
        pattern = hatch.get("pattern", _HATCH)
        # hatchling takes `pattern = true` for its default; and it compiles with MULTILINE.
        pattern = _HATCH if pattern is True else str(pattern)
        return _Place([join(where, path)], pattern if pattern == _HATCH else f"(?m){pattern}")
    if isinstance(path := package.table("tool", "pdm", "version").get("path"), str):
        return _Place([join(where, path)], _ATTRIBUTE.format(name="__version__"))
    setuptools = package.table("tool", "setuptools", "dynamic", "version")
    if isinstance(setuptools.get("attr"), str):
        module, _, attribute = setuptools["attr"].rpartition(".")
    elif isinstance(file := setuptools.get("file"), str | list) and file:
        return _file(file if isinstance(file, str) else str(file[0]), where)
    elif package.backend.startswith("flit"):
        named = package.table("tool", "flit", "module").get("name") or package.project.get("name")
        module, attribute = str(named).replace("-", "_"), "__version__"
    else:
        return None
    return _module(project, module, attribute)


def _written(project: Project) -> _Place | None:
    """Return where the version is written; None where that is not known."""
    return _place(project) or _setup(project) or _computed(project)


def _computed(project: Project) -> _Place | None:
    """Return the module of the package's name, where a setup.py reads some `__version__`.

    Whether it is that one is known by the build, whose METADATA is compared with the plan.
    """
    text, backend = project.files.text(join(project.where, setup_py.PATH)), project.package.backend
    if text is None or "__version__" not in text or "version" in project.metadata.places:
        return None
    if backend and not backend.startswith("setuptools"):
        return None
    return _module(project, project.metadata.name.replace("-", "_"), "__version__")


def _module(project: Project, module: str, attribute: str) -> _Place:
    inner = module.replace(".", "/")
    ends = (f"{inner}/__init__.py", f"{inner}.py")
    paths = [join(project.where, source, end) for source in ("src", "") for end in ends]
    return _Place(paths, _ATTRIBUTE.format(name=re.escape(attribute)), attribute)


def _file(path: str, where: str) -> _Place | None:
    """Return a file that has nothing but the version; None for one outside of the package."""
    paths = setup_cfg.file_paths(path, where)
    return _Place(paths[:1], _WHOLE) if paths else None


def _setup(project: Project) -> _Place | None:
    """Return where setup.py or setup.cfg has the version, or what it names in its place."""
    set_at = project.metadata.places.get("version")
    if set_at is not None and set_at.path == join(project.where, setup_py.PATH):
        return _Place([set_at.path], _SETUP_PY)
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
    return _Place([path], _SETUP_CFG) if written else None


def candidates(project: Project) -> list[str]:
    """Return the paths, beside pyproject.toml, that may have the version: to be read first."""
    place = _written(project)
    return place.paths if place else []


def static_version(text: str, pattern: str) -> str:
    """Return the version in a file; empty where the pattern does not find it."""
    if pattern:
        return _version_in(search(pattern, text, _PATTERN))
    data = Pyproject("pyproject.toml", text, toml("pyproject.toml", text))
    version = data.project.get("version")
    if version is None:
        version = data.table("tool", "poetry").get("version", "")
    return str(version)


def _version_in(found: regex.Match[str] | None) -> str:
    if found is None:
        return ""
    if "version" not in found.groupdict():
        raise ProjectError(
            f"{_PATTERN} has no group named version", "write (?P<version>...) around it"
        )
    return found["version"] or ""


def current_version(project: Project) -> str | Problem:
    """Return the version that the base has; empty where version control decides."""
    found = version_file(project)
    if isinstance(found, Problem):
        return found
    path, pattern = found
    if not path:
        return ""
    text = project.files.text(path)
    version = static_version(text, pattern) if text is not None else ""
    if not version:
        return Problem(Reason.NOT_BUILDABLE, f"no version in {path}")
    if pattern == _SETUP_PY and version != project.metadata.version:
        seen = f"{path} has {version}, and sets the version {project.metadata.version} elsewhere"
        return Problem(Reason.NOT_BUILDABLE, seen, "write the version once, as a literal")
    return version


def version_edit(text: str, pattern: str, version: str) -> str:
    """Return the file with that version and nothing else changed.

    Raises:
        ValueError: no version is there.
    """
    if not pattern:
        return _toml_edit(text, version)
    match = search(pattern, text, _PATTERN)
    if match is None or not _version_in(match):
        raise ValueError("no version matches the pattern")
    start, end = match.span("version")
    return text[:start] + version + text[end:]


# As many as a file may have of one version in quotes before it is no file that people write.
_OCCURRENCES_MAX: Final = 200


def _toml_edit(text: str, version: str) -> str:
    """Return the text in which one value differs: a writer of TOML would keep less of the file."""
    before = toml("pyproject.toml", text)
    for keys in (("project", "version"), ("tool", "poetry", "version")):
        old = _at(before, keys)
        if not isinstance(old, str):
            continue
        for start, end in _quoted(text, old):
            changed = text[:start] + version + text[end:]
            if _changes(before, changed, keys, version):
                return changed
    raise ValueError("neither [project] nor [tool.poetry] has a version")


def _quoted(text: str, value: str) -> Iterator[tuple[int, int]]:
    for number, found in enumerate(re.finditer(rf"""(?<=["']){re.escape(value)}(?=["'])""", text)):
        if number == _OCCURRENCES_MAX:
            return
        yield found.span()


def _changes(before: Mapping[str, Any], text: str, keys: tuple[str, ...], version: str) -> bool:
    """Whether a text has that value at a place, and all else as before."""
    try:
        after = tomllib.loads(text.removeprefix("\ufeff"))
    except ValueError:
        return False
    if _at(after, keys) != version:
        return False
    *tables, key = keys
    table = after
    for each in tables:
        table = table[each]
    table[key] = _at(before, keys)
    return after == before


def _at(data: Mapping[str, Any], keys: tuple[str, ...]) -> object:
    found: object = data
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def lock_version(text: str, name: str, version: str) -> str:
    """Return uv.lock with the package's own version line changed, as `uv lock` would.

    A package without a version line (dynamic) is left as it is.
    """
    wanted = canonicalize_name(name)
    blocks = re.split(r"(?m)^(?=\[\[package\]\]\r?$)", text)
    for number, block in enumerate(blocks):
        named = re.search(r'(?m)^name = "([^"]+)"\r?$', block)
        own = re.search(r"(?m)^source = \{ (editable|virtual|directory) = ", block)
        if named and own and canonicalize_name(named.group(1)) == wanted:
            line = f'version = "{Version(version)}"'
            blocks[number] = re.sub(r'(?m)^version = "[^"]*"(?=\r?$)', line, block, count=1)
    return "".join(blocks)


def is_export(text: str) -> bool:
    """Whether a requirements.txt was compiled by a tool, and may be replaced."""
    pinned = [line for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    comments = re.search(r"(?m)^[ \t]+# via |autogenerated by|--hash=sha256:", text)
    return bool(comments) or (not pinned and not text.strip())
