"""A version as a whole token of a line: 1.2.3 is not in 11.2.30, nor in 1.2.3.dev1."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from packaging.version import Version

BEFORE: Final = r"(?<![0-9A-Za-z_])(?<![0-9]\.)[vV]?"
AFTER: Final = (
    r"(?![0-9A-Za-z_+])(?!\.[0-9*])(?![.-]?(?:dev|post|rc|alpha|beta)[0-9.]*(?![A-Za-z]))"
)
"""What stands around a version. A `v` in front, or a file's ending behind it, is no part of it."""

VERSION: Final = (
    r"[0-9]{1,9}(?:\.[0-9]{1,9}){1,9}(?:[-.]?(?:a|b|rc|alpha|beta|dev|post)\.?[0-9]{0,9}){0,3}"
)
"""A version as packages write it; PEP 440 has more forms than are searched for."""

# Files of other ecosystems, which write 1.3.0rc1 in another way.
_SEMVER: Final = re.compile(r"(?:.*/)?(?:package(?:-lock)?\.json|Cargo\.(?:toml|lock))")
_PRE: Final = {"a": "alpha", "b": "beta", "rc": "rc"}


@dataclass(frozen=True)
class Token:
    """A version that is searched for in lines."""

    version: str

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(f"{BEFORE}(?P<version>{re.escape(self.version)}){AFTER}")

    def found(self, line: str) -> bool:
        """Whether a line has it."""
        return self._pattern.search(line) is not None

    def replaced(self, line: str, new: str) -> str:
        """Return a line with another version in its place, wherever it is."""
        return self._pattern.sub(
            lambda found: found[0][: found.start("version") - found.start()] + new, line
        )


def widths(spelling: str) -> tuple[int, ...]:
    """Return the digits of each number of a version that is written with zeros in front.

    2026.01.05 has (4, 2, 2). Empty for one without such zeros: PEP 440 has none.
    """
    found = re.match(r"[vV]?(?:[0-9]+!)?([0-9]+(?:\.[0-9]+)*)", spelling)
    parts = found[1].split(".") if found else []
    most = max((len(each) for each in parts if each[0] == "0" and len(each) > 1), default=0)
    return tuple(1 if len(each) == 1 else len(each) for each in parts) if most else ()


def padded(version: str, digits: Sequence[int]) -> str:
    """Return a version with zeros in front of its numbers, where it has as many of them."""
    parsed = Version(version)
    if len(parsed.release) != len(digits):
        return version
    plain = ".".join(str(each) for each in parsed.release)
    numbers = zip(parsed.release, digits, strict=True)
    return version.replace(plain, ".".join(str(each).zfill(most) for each, most in numbers), 1)


def like(old: str, version: str) -> str:
    """Return a version as another spelling would write it."""
    return padded(version, widths(old))


def spelled(path: str, version: str) -> str:
    """Return a version as a file of this name spells it."""
    if not _SEMVER.fullmatch(path):
        return version
    parsed = Version(version)
    if len(parsed.release) > 3 or parsed.epoch or parsed.local or parsed.post is not None:
        return version
    release = ".".join(str(each) for each in (*parsed.release, 0, 0)[:3])
    suffixes = [f"{_PRE[parsed.pre[0]]}.{parsed.pre[1]}"] if parsed.pre else []
    suffixes += [f"dev.{parsed.dev}"] if parsed.dev is not None else []
    return "-".join([release, ".".join(suffixes)]) if suffixes else release
