"""The edits of a release, as text: pyproject.toml, a version file, uv.lock, requirements.txt.

Where the version is: `version_sources.py`. Everything else in a file stays as it was, to the byte.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelwright.errors import ProjectError
from wheelwright.project.model import Project
from wheelwright.project.pyproject import Pyproject
from wheelwright.project.reading import search, toml
from wheelwright.release.decide.stops import Problem, Reason
from wheelwright.release.decide.tokens import like, numbers_like
from wheelwright.release.decide.version_sources import SETUP_PY, TUPLE, version_file

if TYPE_CHECKING:
    import regex


_NUMBERS: Final = re.compile(TUPLE)
_PATTERN: Final = "the pattern that finds the version, such as [tool.hatch.version] pattern"

EXPORT: Final = (
    *("uv", "export", "--no-default-groups", "--no-emit-project", "--no-emit-workspace"),
    *("--no-header", "--locked"),
)
"""What requirements.txt is made by; without these `uv export` adds groups, members and itself."""


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
    version = found["version"] or ""
    return ".".join(_numbers(version)) if _NUMBERS.fullmatch(version) else version


def _numbers(text: str) -> list[str]:
    return re.findall(r"[0-9]+", text)


def _as_numbers(old: str, version: str) -> str:
    """Return a version as the numbers of a tuple, with what stood between the old ones.

    Raises:
        ProjectError: it has more than numbers.
    """
    parsed = Version(version)
    if ".".join(map(str, parsed.release)) != str(parsed):
        raise ProjectError(
            f"{version} cannot be written into the tuple ({old}), which has numbers only",
            "release a final version, or write the version as a text",
        )
    return numbers_like(old, parsed.release)


def _like(old: str, version: str) -> str:
    """Return a version as another spelling would write it, behind the same `v`."""
    letter = old[:1] if old[:1] in ("v", "V") else ""
    return letter + like(old, version)


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
        hint = "write it there as a literal"
        return Problem(Reason.NOT_BUILDABLE, f"no version in {path}", hint)
    if pattern == SETUP_PY and version != project.metadata.version:
        seen = f"{path} has {version}, and sets the version {project.metadata.version} elsewhere"
        return Problem(Reason.NOT_BUILDABLE, seen, "write the version once, as a literal")
    return version


def version_edit(text: str, pattern: str, version: str) -> str:
    """Return the file with that version and nothing else changed.

    Raises:
        ProjectError: the place has numbers only, and the version more.
        ValueError: no version is there.
    """
    if not pattern:
        return _toml_edit(text, version)
    match = search(pattern, text, _PATTERN)
    if match is None or not _version_in(match):
        raise ValueError("no version matches the pattern")
    start, end = match.span("version")
    if _NUMBERS.fullmatch(match["version"]):
        version = _as_numbers(match["version"], version)
    else:
        version = _like(match["version"], version)
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
        version = _like(old, version)
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


def crate_versions(text: str, old: str, new: str) -> str:
    """Return Cargo.lock with the version of its own crates changed, as cargo would.

    Those are the entries without a source that have the old version.
    """
    blocks = re.split(r"(?m)^(?=\[\[package\]\]\r?$)", text)
    line = re.compile(rf'(?m)^version = "{re.escape(old)}"(?=\r?$)')
    changed = (
        block
        if re.search(r"(?m)^source = ", block)
        else line.sub(f'version = "{new}"', block, count=1)
        for block in blocks
    )
    return "".join(changed)


def is_export(text: str) -> bool:
    """Whether a requirements.txt was compiled by a tool, and may be replaced."""
    pinned = [line for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    comments = re.search(r"(?m)^[ \t]+# via |autogenerated by|--hash=sha256:", text)
    return bool(comments) or (not pinned and not text.strip())
