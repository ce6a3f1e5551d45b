"""Places of the version that are known without a release that shows them.

Sources: the manuals of bump-my-version, commitizen, python-semantic-release, release-please and
tbump for their own settings, which name files; the Citation File Format 1.2.0; Sphinx's conf.py;
npm's package.json.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from packaging.version import Version

from wheelwright.project.model import Project
from wheelwright.project.pyproject import table_lines
from wheelwright.release.decide.last_release import LastRelease
from wheelwright.release.decide.line_changes import Line, New, rows
from wheelwright.release.decide.tokens import Token, numbers_like
from wheelwright.release.decide.version_tools import hints

_INFOS: Final = "__version_info__|__version_tuple__|version_info|VERSION_INFO|VERSION"
# Where each file has it; `@` stands for the version, the path's is below the package's directory,
# `{module}` for the package's module.
_QUOTED: Final = r"""[uU]?['"][vV]?@['"]"""
_ANNOTATION: Final = r"(?:[ \t]*:[^=]+)?"
_NAMES: Final = r"(?:__version__|__VERSION__|VERSION|version|_version)"
_MODULES: Final = r"(?:.*/)?(?:__init__|_{0,2}(?:version|about|meta|pkginfo)_{0,2}|metadata)\.py"
# Several names may get one value.
_OTHERS: Final = r"(?:\w+[ \t]*=[ \t]*)*"
_DUNDER: Final = (
    r".*\.py",
    rf"{_OTHERS}__version__{_ANNOTATION}[ \t]*=[ \t]*{_OTHERS}{_QUOTED}.*",
)
_PLACES: Final = (
    _DUNDER,
    (_MODULES, rf"{_NAMES}{_ANNOTATION}[ \t]*=[ \t]*{_QUOTED}.*"),
    (r"docs?/(?:.*/)?conf\.py", rf"(?:release|version)[ \t]*=[ \t]*{_QUOTED}.*"),
    (r"CITATION\.cff", r"""version:[ \t]*['"]?[vV]?@['"]?[ \t]*(?:#.*)?"""),
    (
        r"(?:docs?/)?package\.json|codemeta\.json|\.zenodo\.json",
        r"""[ \t]*"version"[ \t]*:[ \t]*"@",?""",
    ),
    (r"setup\.cfg|\.bumpversion\.cfg", r"(?:current_)?version[ \t]*[=:][ \t]*@"),
    (r"setup\.py", rf"[ \t]*(?:__version__|VERSION|version)[ \t]*=[ \t]*{_QUOTED}.*"),
    (r"(?:(?:src/)?{module}/)?(?:VERSION|version)(?:\.txt)?", r"[vV]?@"),
    (
        r"\.bumpversion\.toml|\.cz\.toml|cz\.toml|tbump\.toml",
        r"""(?:current(?:_version)?|version)[ \t]*=[ \t]*['"]@['"].*""",
    ),
    (r".*", r".*@.*x-release-please-version.*"),
)
# Tables of pyproject.toml with the current version of a tool, and its key.
_TOOLS: Final = {
    "tool.bumpversion": "current_version",
    "tool.bumpver": "current_version",
    "tool.commitizen": "version",
    "tool.tbump.version": "current",
    "tool.poetry": "version",
}
# Code that is not the package's.
_ASIDE: Final = re.compile(
    r"(?:.*/)?(?:tests?|testing|testdata|fixtures?|docs?|examples?|samples?|benchmarks?|scripts?"
    r"|tools?|templates?|skeletons?|_?vendor(?:ed)?|_?third_?party|_?externals?|_?extern"
    r"|node_modules)/.*"
)

# Sphinx's directives, in reStructuredText and in MyST, and what stands there until the release.
_DIRECTIVES: Final = ("versionadded", "versionchanged", "versionremoved", "deprecated")
_WAITING: Final = ("NEXT", "next", "UNRELEASED", "Unreleased", "unreleased", "TBD")
_DIRECTIVE: Final = re.compile(
    rf"((?:{'|'.join(_DIRECTIVES)})(?:::|\}}) )(?:{'|'.join(_WAITING)})(?![\w.-])"
)
WAITING: Final = tuple(
    f"{name}{end} {word}" for name in _DIRECTIVES for end in ("::", "}") for word in _WAITING
)
"""Texts that stand for the next version, as they are searched."""

_LEVELS_MAX: Final = 8
_MANIFEST: Final = ".release-please-manifest.json"
# The members of package-lock.json that have the version of package.json beside it.
_OWN: Final = (("version",), ("packages", "", "version"))
_MEMBER: Final = re.compile(r"""[ \t]*"([^"]*)"[ \t]*:[ \t]*"([^"]*)",?""")
_JSON: Final = re.compile(r"""("(?:[^"\\\n]|\\.)*")[ \t]*(:)?|[{}\[\]\n]""")

CONFIGURATIONS: Final = (
    *("CITATION.cff", "docs/conf.py", "doc/conf.py", "docs/source/conf.py", "doc/source/conf.py"),
    *(".bumpversion.toml", ".bumpversion.cfg", "tbump.toml", ".cz.toml", "cz.toml"),
)
"""Files that are read whether they have the version or not."""


def of_module(project: Project, path: str, line: str, token: Token) -> bool:
    """Whether a line sets `__version__` of a module of the package."""
    inner = _inner(project, path)
    return bool(inner) and not _ASIDE.fullmatch(inner) and _matches(_DUNDER, inner, line, token)


def is_place(project: Project, path: str, line: str, token: Token, inside: str) -> bool:
    """Whether a line is one of the known places.

    `inside` is the table of TOML or the object of JSON that it is in.
    """
    if any(path == hint.path and hint.needle in line for hint in hints(project)):
        return True
    if path == project.package.path:
        key = _TOOLS.get(inside)
        wanted = rf"""{key}[ \t]*=[ \t]*['"]@['"].*"""
        return key is not None and _matches((".*", wanted), path, line, token)
    if _ASIDE.fullmatch(path) and not re.fullmatch(r"docs?/.*", path):
        return False
    if path == _MANIFEST:
        member = _MEMBER.fullmatch(_bare(line))
        return member is not None and member.groups() == (project.where or ".", token.version)
    if path.endswith(".json") and inside:
        return False
    module = re.escape(project.metadata.name.replace("-", "_"))
    return any(
        _matches((paths.replace("{module}", module), lines), each, line, token)
        for paths, lines in _PLACES
        for each in {_inner(project, path), path} - {""}
    )


def _bare(line: str) -> str:
    """Return a line without what its file has at its beginning and behind its lines."""
    return line.removeprefix("\ufeff").removesuffix("\r")


def released(line: str, version: str) -> str:
    """Return a line in which a directive names the version that it has waited for."""
    return _DIRECTIVE.sub(lambda found: found[1] + version, line)


def _inner(project: Project, path: str) -> str:
    """Return a path from the package's directory; empty where it is outside, or a member's."""
    others = (f"{each}/" for each in project.members if each not in ("", project.where))
    prefix = f"{project.where}/" if project.where else ""
    if not path.startswith(prefix) or path.startswith(tuple(others)):
        return ""
    return path.removeprefix(prefix)


def _matches(place: tuple[str, str], path: str, line: str, token: Token) -> bool:
    paths, lines = place
    if not re.fullmatch(paths, path):
        return False
    return re.fullmatch(lines.replace("@", re.escape(token.version)), _bare(line)) is not None


def beside(
    path: str, text: str, edited: Mapping[int, Line], token: Token, new: New
) -> dict[int, Line]:
    """Return what belongs to the version in a file that is edited: a day, a short one, a tuple."""
    found: dict[int, Line] = {}
    name = posixpath.basename(path)
    for number, line in enumerate(rows(text), 1):
        if number in edited:
            continue
        if name == "CITATION.cff":
            changed = _DATED.sub(lambda match: match[1] + new.date, line)
        elif name == "conf.py":
            changed = _short(line, token.version, new.version)
        elif name.endswith(".py"):
            changed = _numbered(line, token.version, new.version)
        else:
            return {}
        if changed != line:
            found[number] = Line(line, changed)
    return found


def is_short_unseen(path: str, last: LastRelease | None) -> bool:
    """Whether Sphinx's short version is not shown by the last release: it was one of a patch."""
    if posixpath.basename(path) != "conf.py" or last is None or not last.before:
        return False
    return Version(last.before).release[:2] == Version(last.version).release[:2]


_DATED: Final = re.compile(r"""^(date-released:[ \t]*['"]?)[0-9]{4}-[0-9]{2}-[0-9]{2}""")


def _short(line: str, old: str, new: str) -> str:
    """Return a line `version = "1.2"` of Sphinx with that of the new version."""
    before, after = (
        ".".join(str(part) for part in Version(each).release[:2]) for each in (old, new)
    )
    return re.sub(
        rf"""^(version[ \t]*=[ \t]*['"]){re.escape(before)}(?=['"])""",
        lambda match: match[1] + after,
        line,
    )


def _numbered(line: str, old: str, new: str) -> str:
    """Return a line `__version_info__ = (1, 2, 3)` with the numbers of the new version."""
    before, after = Version(old), Version(new)
    if after.is_prerelease or after.is_postrelease:
        return line
    numbers = r"[ \t]*,[ \t]*".join(str(each) for each in before.release)
    start = rf"^((?:{_INFOS}){_ANNOTATION}[ \t]*=[ \t]*[\[(][ \t]*)"
    # As of sys.version_info, or of Django.
    end = r"""[ \t]*,?[ \t]*[\])]|[ \t]*,[ \t]*['"](?:final|f)?['"]"""
    return re.sub(
        rf"{start}({numbers})(?={end})",
        lambda match: match[1] + numbers_like(match[2], after.release),
        line,
    )


def object_at(text: str, line: int) -> str:
    """Return the path of the object of JSON that a line's first member is in; "" for the outer."""
    return "/".join(keys_at(text, line)[:-1])


def keys_at(text: str, line: int) -> tuple[str, ...]:
    """Return the keys that lead to the first member on a line; empty where there is none."""
    return _keys(text).get(line, ())


@lru_cache(maxsize=4)
def _keys(text: str) -> Mapping[int, tuple[str, ...]]:
    """Return the keys that lead to the first member of each line: a lock has thousands."""
    members: dict[int, tuple[str, ...]] = {}
    above: list[str] = []
    key, number = "", 1
    for found in _JSON.finditer(text):
        if found[0] == "\n":
            number += 1
        elif found[0] in "{[":
            above.append(key)
            key = ""
        elif found[0] in "}]":
            key = above.pop() if above else ""
        elif found[2]:
            key = found[1][1:-1]
            # Beyond a few levels there is no version of the package.
            members.setdefault(number, (*above[1:_LEVELS_MAX], key))
    return members


def lock_beside(path: str) -> str:
    """Return npm's lock of a package.json; empty for another file."""
    folder, name = posixpath.split(path)
    return posixpath.join(folder, "package-lock.json") if name == "package.json" else ""


def of_lock(text: str, number: int, line: str, token: Token) -> bool:
    """Whether a line of npm's lock has the version of its own package."""
    member = _MEMBER.fullmatch(_bare(line))
    own = member is not None and member.groups() == ("version", token.version)
    return own and keys_at(text, number) in _OWN


def table_at(text: str, line: int) -> str:
    """Return the dotted name of the TOML table that a line is in."""
    above = [(number, name) for name, number in table_lines(text).items() if number <= line]
    return max(above)[1] if above else ""
