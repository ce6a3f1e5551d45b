"""What is beneath an environment: an image, and the Debian packages that are installed into it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

SETTING: Final = "system-packages"

PROGRAMS: Final = {
    "bwrap": "bubblewrap",
    "cargo": "cargo",
    "cc": "gcc",
    "cmake": "cmake",
    "convert": "imagemagick",
    "curl": "curl",
    "dot": "graphviz",
    "ffmpeg": "ffmpeg",
    "g++": "g++",
    "gcc": "gcc",
    "gfortran": "gfortran",
    "git": "git",
    "hg": "mercurial",
    "java": "default-jre-headless",
    "localedef": "locales",
    "make": "make",
    "mysql_config": "default-libmysqlclient-dev",
    "node": "nodejs",
    "npm": "npm",
    "openssl": "openssl",
    "pandoc": "pandoc",
    "pg_config": "libpq-dev",
    "pkg-config": "pkg-config",
    "psql": "postgresql-client",
    "rsync": "rsync",
    "sqlite3": "sqlite3",
    "ssh": "openssh-client",
    "svn": "subversion",
    "swig": "swig",
    "unzip": "unzip",
    "wget": "wget",
    "xmllint": "libxml2-utils",
    "zip": "zip",
}
"""Programs that packages need and `python:X.Y-slim` lacks, and the Debian package of each."""


@dataclass(frozen=True, slots=True)
class System:
    """An image, and what is installed below everything else.

    Attributes:
        named: whether the caller or the project named the image, instead of a version alone.
    """

    image: str
    packages: tuple[str, ...] = ()
    named: bool = False


# -- programs that are not there -------------------------------------------------------------------

_NOT_FOUND: Final = (
    # bash; timeout, which is around every step; engines, where it is not.
    re.compile(r": (?P<anything>)(?P<name>[\w.+-]+): command not found\s*$", re.MULTILINE),
    re.compile(r"failed to run command .(?P<anything>)(?P<name>[\w.+-]+).: No such file"),
    re.compile(r'exec: "(?P<anything>)(?P<name>[\w.+-]+)": executable file not found'),
    # sh of Debian and BusyBox.
    re.compile(r"(?:^|[\s:])(?P<name>[\w.+-]+): not found\s*$", re.MULTILINE),
    # Python's subprocess; setuptools; pip's builds.
    re.compile(r"No such file or directory: '(?P<name>[\w.+-]+)'"),
    re.compile(r"(?:unable to execute|error: command) '(?P<name>[\w.+-]+)'"),
    re.compile(r"(?P<name>pg_config|mysql_config) (?:executable )?(?:is required|not found)"),
    # GitPython, cmake, meson.
    re.compile(r"(?i)bad (?P<name>git) executable"),
    re.compile(r"CMAKE_(?P<name>C|CXX)_COMPILER not set"),
    re.compile(r"Unknown compiler\(s\): \[\['(?P<name>[\w.+-]+)'"),
)
_COMPILERS: Final = {"C": "cc", "CXX": "g++"}
_LOCALE: Final = re.compile(r"unsupported locale setting|cannot change locale")
_HEADER: Final = re.compile(r"fatal error: (?P<name>[\w./+-]+\.h): No such file or directory")
_HEADERS: Final = {
    "ffi.h": "libffi-dev",
    "libpq-fe.h": "libpq-dev",
    "libxml/": "libxml2-dev",
    "mysql.h": "default-libmysqlclient-dev",
    "openssl/": "libssl-dev",
    "sql.h": "unixodbc-dev",
    "yaml.h": "libyaml-dev",
    "zlib.h": "zlib1g-dev",
}


def missing(printed: str) -> str:
    """Return what a failed command lacked of its system, and the setting; empty for nothing.

    Programs that are not in `PROGRAMS` count only where nothing else can be meant: what Python
    does not find may be any file.
    """
    for pattern in _NOT_FOUND:
        for found in pattern.finditer(printed):
            program = _COMPILERS.get(found["name"], found["name"])
            if program in PROGRAMS or "anything" in found.groupdict():
                fact = f"the program {program} is not in the image"
                return _sentence(fact, PROGRAMS.get(program))
    if _LOCALE.search(printed):
        return _sentence("a locale is not in the image", "locales-all")
    for found in _HEADER.finditer(printed):
        for start, package in _HEADERS.items():
            if found["name"].startswith(start):
                return _sentence(f"the header {found['name']} is not in the image", package)
    return ""


def _sentence(fact: str, package: str | None) -> str:
    if package is None:
        return f"{fact}: add its Debian package to {SETTING} in [tool.wheelwright]"
    return f'{fact}: add "{package}" to {SETTING} in [tool.wheelwright]'
