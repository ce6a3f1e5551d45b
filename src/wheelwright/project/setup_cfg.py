"""setup.cfg: [metadata], [options] and the extras, as setuptools reads them.

`attr:` and `file:` are followed where the file that they name is there; which files these are,
`paths` says. Source: setuptools' documentation of declarative configuration, and its
`config/setupcfg.py`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from configparser import ConfigParser
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from packaging.utils import canonicalize_name

from wheelwright.project.declared import Declared
from wheelwright.project.files import Snapshot, join
from wheelwright.project.literals import attribute, module_paths
from wheelwright.project.reading import ini, shortened
from wheelwright.project.runners.job import Place

PATH: Final = "setup.cfg"

_METADATA: Final = "metadata"
_OPTIONS: Final = "options"
_EXTRAS: Final = "options.extras_require"
_PACKAGE_DIR: Final = "package_dir"

_ATTR: Final = "attr:"
_FILE: Final = "file:"


@dataclass(frozen=True)
class Followed:
    """Reads what `attr:` and `file:` name, from the package's directory.

    Attributes:
        where: that directory, from the root of the files.
        package_dir: where setuptools finds modules.
    """

    files: Snapshot
    where: str
    package_dir: Mapping[str, str]

    def attribute(self, written: str) -> str | None:
        """Return the literal that a module has for a dotted name; None where it is not known."""
        module, _, name = written.strip().rpartition(".")
        for path in module_paths(module or "__init__", self.package_dir):
            text = self.files.text(join(self.where, path))
            if text is not None:
                return attribute(join(self.where, path), text, name)
        return None

    def contents(self, written: str) -> str | None:
        """Return the texts of files with commas between their names; None if one is not there."""
        texts = [self.files.text(path) for path in file_paths(written, self.where)]
        known = [text for text in texts if text is not None]
        wanted = len([part for part in written.split(",") if part.strip()])
        return "\n".join(known) if 0 < wanted == len(known) else None


def file_paths(written: str, where: str) -> list[str]:
    """Return the paths, from the root, of files with commas between their names.

    One that leaves the package's directory is none, as for setuptools.
    """
    paths = [posixpath.normpath(part.strip()) for part in written.split(",") if part.strip()]
    return [join(where, path) for path in paths if not path.startswith(("/", ".."))]


def paths(path: str, text: str) -> list[str]:
    """Return the paths, from the package's directory, of the files that a setup.cfg names.

    Raises:
        ProjectError: it cannot be read.
    """
    file = _File(path, text, ini(path, text))
    written = [file.value(_METADATA, key) for key in ("version", "classifiers", "classifier")]
    written += [file.value(_OPTIONS, "install_requires"), *file.section(_EXTRAS).values()]
    found = []
    for value in written:
        if value.startswith(_ATTR):
            module = value.removeprefix(_ATTR).strip().rpartition(".")[0]
            found += module_paths(module or "__init__", file.package_dir)
        elif value.startswith(_FILE):
            found += file_paths(value.removeprefix(_FILE), "")
    return list(dict.fromkeys(found))


def declares(text: str) -> bool:
    """Whether a setup.cfg is that of a package: tools have their settings in such a file, too."""
    return re.search(rf"(?m)^\[({_METADATA}|{_OPTIONS})\]", text) is not None


def build_requires(path: str, text: str) -> tuple[str, ...]:
    """Return what a setup.cfg requires while it is built.

    Raises:
        ProjectError: it cannot be read.
    """
    return _lines(_File(path, text, ini(path, text)).value(_OPTIONS, "setup_requires"), ";")


def read(path: str, text: str, files: Snapshot, where: str = "") -> Declared:
    """Read what a setup.cfg says.

    Raises:
        ProjectError: it cannot be read, or a module that it names is not Python.
    """
    file = _File(path, text, ini(path, text))
    followed = Followed(files, where, file.package_dir)
    computed: dict[str, str] = {}
    places: dict[str, Place] = {}

    def text_of(field: str, section: str, *keys: str) -> str | None:
        """Return a value with what it names in its place; None for none, and where not known."""
        for key in keys:
            if value := file.value(section, key):
                place = file.place(section, key)
                found: str | None = value
                if value.startswith(_ATTR) and field == "version":
                    found = followed.attribute(value.removeprefix(_ATTR))
                elif value.startswith(_FILE):
                    found = followed.contents(value.removeprefix(_FILE))
                if found is None:
                    computed[field] = f"{place}: {shortened(value)} is not a literal in the source"
                else:
                    places[field] = place
                return found
        return None

    def lines(field: str, section: str, *keys: str, separator: str) -> tuple[str, ...] | None:
        value = text_of(field, section, *keys)
        return None if value is None else _lines(value, separator)

    name, version, pythons = (
        text_of(*names)
        for names in (
            ("name", _METADATA, "name"),
            ("version", _METADATA, "version"),
            ("requires_python", _OPTIONS, "python_requires"),
        )
    )
    extras: dict[str, tuple[str, ...]] = {}
    for key, value in file.section(_EXTRAS).items():
        found = followed.contents(value.removeprefix(_FILE)) if value.startswith(_FILE) else value
        if found is None:
            place = file.place(_EXTRAS, key)
            computed["extras"] = f"{place}: {shortened(value)} is not in the source"
        else:
            extras[canonicalize_name(key)] = _lines(found, ";")
    if extras and "extras" not in computed:
        places["extras"] = file.place(_EXTRAS, "")
    return Declared(
        name=name.strip() if name else None,
        version=version.strip() if version else None,
        requires_python=pythons.strip() if pythons else None,
        classifiers=lines("classifiers", _METADATA, "classifiers", "classifier", separator=","),
        dependencies=lines("dependencies", _OPTIONS, "install_requires", separator=";"),
        extras=None if "extras" in computed else extras or None,
        places=places,
        computed=computed,
    )


def lines_of(text: str) -> tuple[str, ...]:
    """Return the lines of a file that `file:` names, without comments."""
    return _lines(f"{text}\n", "\n")


def _lines(value: str, separator: str) -> tuple[str, ...]:
    """Return the items of a list: one a line, or on one line with separators."""
    parts = value.splitlines() if "\n" in value else value.split(separator)
    stripped = (part.strip() for part in parts)
    return tuple(part for part in stripped if part and not part.startswith("#"))


@dataclass(frozen=True)
class _File:
    """One setup.cfg; a `-` in a key means a `_`."""

    path: str
    text: str
    parser: ConfigParser

    @cached_property
    def sections(self) -> dict[str, dict[str, str]]:
        # The parser adds [DEFAULT] to every section, as setuptools' own does; a value may be None.
        # One that begins on the next line keeps that, for it decides what separates its items.
        return {
            name: {
                key if name == _EXTRAS else key.replace("-", "_"): value or ""
                for key, value in self.parser[name].items()
            }
            for name in (_METADATA, _OPTIONS, _EXTRAS)
            if self.parser.has_section(name)
        }

    def section(self, name: str) -> dict[str, str]:
        return self.sections.get(name, {})

    def value(self, section: str, key: str) -> str:
        return self.section(section).get(key, "")

    @property
    def package_dir(self) -> dict[str, str]:
        lines = _lines(self.value(_OPTIONS, _PACKAGE_DIR), ",")
        pairs = (line.partition("=") for line in lines)
        return {key.strip(): posixpath.normpath(value.strip() or ".") for key, _, value in pairs}

    def place(self, section: str, key: str) -> Place:
        """Return where a key is; where its section begins without one."""
        inside = line = 0
        for number, written in enumerate(self.text.splitlines(), 1):
            if written.startswith("["):
                if inside:
                    break
                inside = number if written.partition("]")[0] == f"[{section}" else 0
            elif inside and key and not written[:1].isspace():
                found = written.replace(":", "=").partition("=")[0].strip().lower()
                if key in (found, found.replace("-", "_")):
                    line = number
                    break
        return Place(self.path, line or inside, f"[{section}]")
