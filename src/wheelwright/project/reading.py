"""Reads files of a package, which may have any contents, within bounds.

They may have brackets a million deep, a line of
spaces, a number with thousands of digits. Each of these ends here in one error that names the
file and, where it can, the line; the parsers behind it would recurse or take hours.

| bound | number |
|---|---|
| characters of a file | 64 Mi |
| nesting of arrays, tables, objects and brackets | 100 |
| characters of a requirement | 10,000 |
| digits of a number in a version or a requirement | 100 |
| seconds for a pattern that the project wrote | 2 |
| nodes that it compiles to | 50,000 |
| texts that one such pattern may take more than a millisecond for | 10 |
"""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelwright.errors import ProjectError

if TYPE_CHECKING:
    import regex


DEPTH: Final = 100
"""No table of a real package is nested a tenth as deep."""

_CHARACTERS: Final = 64 * 1024**2
_REQUIREMENT: Final = 10_000
_PATTERN_S: Final = 2.0
_QUICK_S: Final = 0.001
_SLOW_TEXTS: Final = 10
_SHOWN: Final = 200

# Python does not read a number of thousands of digits; packaging raises an error of its own.
_NUMBER: Final = re.compile("[0-9]{101}")

# What can nest in TOML, what ends a dotted key, and the strings and comments in which neither
# counts. Every alternative matches wherever it begins, a string without its end included: one
# that tried and failed would be tried again from every place behind.
_TOML_TOKEN: Final = re.compile(
    r'"""(?:[^"\\]|\\(?:.|\Z)|"{1,2}(?!"))*(?:"{3,5}|\Z)'
    r"|'''(?:[^']|'{1,2}(?!'))*(?:'{3,5}|\Z)"
    r'|"(?:[^"\\\n]|\\(?:.|\Z))*"?'
    r"|'[^'\n]*'?"
    r"|#[^\n]*"
    r"|[\[\]{}\n.=,]",
    re.DOTALL,
)
# configparser's own expressions take the square of a run of blanks in time.
_BLANKS: Final = re.compile(r"[^\S\n]{65,}")


def bounded(path: str, text: str) -> str:
    """Return the text of a file that is not too large to be read.

    Raises:
        ProjectError: it is too large.
    """
    if len(text) > _CHARACTERS:
        raise ProjectError(
            f"{path} has {len(text)} characters, more than the {_CHARACTERS} that are read",
            "make it smaller",
        )
    return text


def is_strings(value: object) -> bool:
    """Whether a value of TOML or JSON is a list of strings."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def cut(line: str, most: int = _SHOWN) -> str:
    """Return a line of at most so many characters; one that was longer ends with `...`."""
    return line if len(line) <= most else f"{line[: most - 3]}..."


def first_line(text: str) -> str:
    """Return the first line of a text, empty for none."""
    return next(iter(text.splitlines()), "")


def shortened(text: object) -> str:
    """Return a text for a message: one line of at most 200 characters."""
    return cut(" ".join(str(text).split()))


def toml(path: str, text: str, hint: str = "correct that line") -> dict[str, Any]:
    """Read TOML; `hint` is what the reader of an error should do.

    Raises:
        ProjectError: not TOML, or nested too deeply; the message has the line.
    """
    # uv and pip read a file with a byte order mark, too.
    text = bounded(path, text).removeprefix("\ufeff")
    _shallow(path, text)
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # ValueError: TOMLDecodeError is one, and so is an integer of too many digits.
        reason = shortened(error)
        raise ProjectError(
            f"{path} is not valid TOML: {reason[:1].lower()}{reason[1:]}", hint
        ) from error
    return data


def _shallow(path: str, text: str) -> None:
    """Refuse brackets and dotted keys that are too deep for the parser."""
    line, depth, dots = 1, 0, 0
    for token in _TOML_TOKEN.finditer(text):
        sign = token.group()
        if sign == ".":
            dots += 1
        elif sign in "[{":
            depth, dots = depth + 1, 0
        elif sign in "]}":
            depth, dots = max(depth - 1, 0), 0
        elif sign in "=,\n":
            dots = 0
        if depth > DEPTH or dots > DEPTH:
            raise ProjectError(f"{path}:{line}: nested more than {DEPTH} levels deep", "flatten it")
        line += sign.count("\n")


def ini(path: str, text: str) -> configparser.ConfigParser:
    """Read an ini file as tox, coverage and setuptools do, without interpolation.

    Raises:
        ProjectError: it cannot be read.
    """
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(_BLANKS.sub(" " * 64, bounded(path, text)))
    except (configparser.Error, AttributeError) as error:
        # AttributeError: a line that continues nothing, below a section of its own.
        raise ProjectError(f"{path} cannot be read: {shortened(error)}", "correct it") from error
    return parser


def json_data(text: str) -> Any:
    """Read JSON that a tool or a server wrote.

    Raises:
        ValueError: not JSON, nested too deeply, or a number that is none.
    """
    if len(text) > _CHARACTERS:
        raise ValueError(f"{len(text)} characters of JSON, more than the {_CHARACTERS} allowed")

    def no_constant(name: str) -> None:
        raise ValueError(f"{name} is not JSON")

    try:
        return json.loads(text, parse_constant=no_constant)
    except RecursionError as error:
        raise ValueError("JSON that is nested too deeply") from error


def requirement(line: str) -> Requirement:
    """Read a requirement (PEP 508).

    Raises:
        InvalidRequirement: it is not one, is too long, or nested too deeply.
    """
    if len(line) > _REQUIREMENT or line.count("(") > DEPTH:
        raise InvalidRequirement("too long, or nested too deeply")
    if _NUMBER.search(line):
        raise InvalidRequirement("a number with too many digits")
    return Requirement(line)


def requirement_or_none(line: str) -> Requirement | None:
    """Read a requirement (PEP 508); None for an option, a comment, or anything else."""
    try:
        return requirement(line)
    except InvalidRequirement:
        return None


def required_name(line: str) -> str:
    """Return the normalized name in a requirement; empty for anything else."""
    found = requirement_or_none(line)
    return canonicalize_name(found.name) if found else ""


def parse_version(text: str) -> Version | None:
    """Read a version (PEP 440); None for another text, and for a number of too many digits."""
    try:
        return None if _NUMBER.search(text) else Version(text)
    except InvalidVersion:
        return None


def specifiers(text: str) -> SpecifierSet:
    """Read a version specifier, such as `>=3.9,<4` (PEP 440).

    Raises:
        InvalidSpecifier: it is not one, or has a number of too many digits.
    """
    if _NUMBER.search(text):
        raise InvalidSpecifier(f"a number with too many digits: {shortened(text)!r}")
    return SpecifierSet(text)


def search(pattern: str, text: str, origin: str) -> regex.Match[str] | None:
    """Search by a pattern that the project wrote, for at most two seconds.

    Raises:
        ProjectError: not a pattern, or one that takes longer; the message names the `origin`.
    """
    import regex  # read by few projects, and an eighth of a second of every start

    from wheelwright.project import pattern_size

    shown = shortened(repr(pattern))
    try:
        if pattern_size.size(pattern) > pattern_size.MOST:
            raise ProjectError(
                f"{origin}: the pattern {shown} repeats too much that is repeated",
                "write one with fewer or smaller counts",
            )
        return regex.search(pattern, text, timeout=_PATTERN_S)
    except TimeoutError as error:
        raise ProjectError(
            f"{origin}: the pattern {shown} did not end within {_PATTERN_S:g} s",
            "write one that does not repeat what repeats",
        ) from error
    except (re.error, regex.error, RecursionError) as error:
        raise ProjectError(
            f"{origin}: the pattern {shown} is invalid: {shortened(error)}", "correct it"
        ) from error


def found_in(pattern: str, texts: Iterable[str], origin: str) -> set[str]:
    """Return those of many short texts, such as paths, in which a pattern of the project is found.

    All of them together are bounded, too: each has a millisecond, and a few have two seconds.

    Raises:
        ProjectError: not a pattern, or one that takes longer; the message names the `origin`.
    """
    import regex

    search(pattern, "", origin)
    found, slow = set(), 0
    for text in texts:
        try:
            # The library keeps what it compiled.
            match = regex.search(pattern, text, timeout=_QUICK_S)
        except TimeoutError as error:
            slow += 1
            if slow > _SLOW_TEXTS:
                raise ProjectError(
                    f"{origin}: the pattern {shortened(repr(pattern))} took too long on "
                    f"more than {_SLOW_TEXTS} paths",
                    "write one that does not repeat what repeats",
                ) from error
            match = search(pattern, text, origin)
        if match:
            found.add(text)
    return found


LOST: Final = "\ufffd"
"""Stands in a text for each byte that an engine cannot read as UTF-8."""

# In one of the first two lines (PEP 263).
_ENCODING: Final = re.compile(
    r"(?:[^\n]*\n)?[ \t\f]*#[^\n]*?coding[:=][ \t]*(?!utf-?8\b)[-\w.]+", re.ASCII | re.IGNORECASE
)


def declares_encoding(path: str, text: str) -> bool:
    """Whether a module of Python says that it is in another encoding than UTF-8."""
    return path.endswith(".py") and LOST in text and _ENCODING.match(text) is not None


def not_text(path: str, text: str) -> ProjectError:
    """Return the error for a file that is not UTF-8.

    `text` is what an engine makes of it, with U+FFFD in the place of each byte that it cannot
    read; what is before the first of them is as long here as in the file.
    """
    before = text.partition("\ufffd")[0]
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    return ProjectError(
        f"{path}:{line}:{column}: byte {len(before.encode())} is not UTF-8", "save it as UTF-8"
    )
