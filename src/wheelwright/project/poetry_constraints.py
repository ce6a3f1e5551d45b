"""Poetry's version constraints as PEP 440 and PEP 508, by poetry-core's own parser.

| written | means |
|---|---|
| `^1.2`, `~1.2`, `1.*` | `>=1.2,<2.0`, `>=1.2,<1.3`, `==1.*` |
| `1.2` | `==1.2`; of Python, `>=1.2,<1.3` |
| `^1.2 || ^3.0` | `>=1.2,!=2.*,<4.0`: the nearest that PEP 440 can say and that allows all of it |

Only the two parsers and the text of markers are used of poetry-core. What makes dependencies there
looks for paths on the disk, and its parser of markers brings 0.13 s of a vendored lark. Importing
it puts the directory of its vendored packages, an own `packaging` among them, in front of
`sys.path`; here the path is as before afterwards, and `packaging` is imported already.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from packaging.specifiers import InvalidSpecifier

from wheelwright.project.reading import shortened, specifiers

if TYPE_CHECKING:
    from poetry.core.constraints.version import (
        VersionConstraint,
        VersionRangeConstraint,
        VersionUnion,
    )

_CHARACTERS: Final = 1000
_PARTS: Final = 50
"""Of real ones five are many; each further one is compared with all before it."""

_DIGITS: Final = 100
_NOT_DIGITS: Final = re.compile(r"\D+")

_GAP: Final = 20
"""Releases that are excluded one by one between two ranges."""


@contextmanager
def _path_kept() -> Iterator[None]:
    """Keep sys.path as it is while poetry-core is imported."""
    before = list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = before


def _parsed(text: str) -> VersionConstraint:
    with _path_kept():
        # A twentieth of a second of every start, and only packages of Poetry need it.
        from poetry.core.constraints.version import parse_constraint
    if len(text) > _CHARACTERS or text.count(",") + text.count("|") + text.count(" ") > _PARTS:
        raise InvalidSpecifier(f"too long: {shortened(repr(text))}")
    if any(len(digits) > _DIGITS for digits in _NOT_DIGITS.split(text)):
        raise InvalidSpecifier(f"a number with too many digits: {shortened(repr(text))}")
    try:
        return parse_constraint(text)
    except (ValueError, RuntimeError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidSpecifier(shortened(error)) from error


def specifier(text: str) -> str:
    """Return a constraint of a distribution as a version specifier; empty for any version.

    Raises:
        InvalidSpecifier: not one, or one that no version fits.
    """
    found = _parsed(text)
    from poetry.core.constraints.version import Version, VersionUnion

    if found.is_any():
        return ""
    if isinstance(found, Version):
        return f"=={found.text}"
    if isinstance(found, VersionUnion):
        # A part that excludes is a union too, and PEP 440 can say it; alternatives it cannot.
        parts = [_parsed(part) for part in text.split(",") if part.strip()]
        written = ",".join(str(part).replace(" ", "") for part in parts)
        return written if "|" not in text and _is_specifier(written) else _around(found)
    return _checked(str(found).replace(" ", ""), text)


def python_specifier(text: str) -> str:
    """Return a constraint of Python as a version specifier; empty for any version.

    Raises:
        InvalidSpecifier: not one, or one that no version fits.
    """
    found = _parsed(text)
    from poetry.core.constraints.version import Version
    from poetry.core.version.helpers import format_python_constraint

    if not isinstance(found, Version) and "|" not in text:
        # Of a union, Poetry's own function for this forgets `<4` and `!=3.9.1`.
        return specifier(text)
    if found.is_any():
        return ""
    return _checked(format_python_constraint(found).replace(" ", ""), text)


def python_marker(text: str) -> str:
    """Return a constraint of Python as a marker; empty for any version.

    Raises:
        InvalidSpecifier: not one.
    """
    found = _parsed(text)
    with _path_kept():
        from poetry.core.packages.utils.utils import create_nested_marker
    if found.is_empty():
        raise InvalidSpecifier(f"no version fits {shortened(repr(text))}")
    return create_nested_marker("python_version", found)


def platform_marker(text: str) -> str:
    """Return a constraint of the platform, such as `linux || darwin`, as a marker.

    Raises:
        InvalidSpecifier: not one.
    """
    _parsed("*")
    with _path_kept():
        from poetry.core.constraints.generic import parse_constraint
        from poetry.core.packages.utils.utils import create_nested_marker
    if len(text) > _CHARACTERS or '"' in text or text.count("|") + text.count(",") > _PARTS:
        raise InvalidSpecifier(f"too long, or quoted: {shortened(repr(text))}")
    try:
        found = parse_constraint(text)
        if found.is_empty():
            raise InvalidSpecifier(f"no platform fits {shortened(repr(text))}")
        return create_nested_marker("sys_platform", found)
    except (ValueError, RuntimeError, TypeError, AttributeError, AssertionError) as error:
        raise InvalidSpecifier(shortened(error)) from error


def _is_specifier(text: str) -> bool:
    try:
        specifiers(text)
    except InvalidSpecifier:
        return False
    return True


def _checked(found: str, written: str) -> str:
    if not _is_specifier(found):
        raise InvalidSpecifier(f"no version fits {shortened(repr(written))}")
    return found


def _around(union: VersionUnion) -> str:
    """Return the specifier of all ranges and what is between them, less what can be excluded."""
    ranges = union.ranges
    first, last = ranges[0], ranges[-1]
    parts = [f"{'>=' if first.include_min else '>'}{first.min}"] if first.min else []
    for below, above in pairwise(ranges):
        parts += _between(below, above)
    if last.max:
        parts.append(f"{'<=' if last.include_max else '<'}{last.max.stable}")
    return ",".join(parts)


def _between(below: VersionRangeConstraint, above: VersionRangeConstraint) -> list[str]:
    if below.max is None or above.min is None or below.include_max or not above.include_min:
        return []
    low, high = _release(below.max.text), _release(above.min.text)
    if low[:-1] != high[:-1] or not 0 < high[-1] - low[-1] <= _GAP:
        return []
    prefix = "".join(f"{part}." for part in low[:-1])
    return [f"!={prefix}{part}.*" for part in range(low[-1], high[-1])]


def _release(text: str) -> tuple[int, ...]:
    """Return the release of a version without the zeros behind it."""
    from packaging.version import Version

    parts = list(Version(text).release)
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts)
