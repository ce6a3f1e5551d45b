"""A version as a whole token of a line: 1.2.3 is not in 11.2.30, nor in 1.2.3.dev1."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from packaging.version import Version

from wheelwright.project.reading import parse_version

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


MARKS: Final[Mapping[str, str]] = {"a": "a", "b": "b", "rc": "rc", "post": ".post", "dev": ".dev"}
"""What stands in front of the number of a pre-release and its like, as PEP 440 normalizes it."""
_LONG: Final = {"a": "alpha", "b": "beta", "rc": "rc"}
_MARK: Final = re.compile(
    r"[-_.]?(?:(?P<a>alpha|a)|(?P<b>beta|b)|(?P<rc>rc|preview|pre|c)|(?P<post>post|rev|r)"
    r"|(?P<dev>dev))[-_.]?",
    re.IGNORECASE,
)


def is_mark(kind: str, text: str) -> bool:
    """Whether a text is a spelling of one of MARKS."""
    found = _MARK.fullmatch(text)
    return found is not None and found.lastgroup == kind


def marks(spellings: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return what stands in front of the number of a pre-release and its like.

    `-rc.` for 1.3.0-rc.1. The first spelling that has one decides; a pre-release that none has is
    written like another one. What is spelled as PEP 440 normalizes it is left out.
    """
    found: dict[str, str] = {}
    shown = ""
    for spelling in spellings:
        for match in _MARK.finditer(spelling):
            if kind := match.lastgroup:
                found.setdefault(kind, match[0])
                shown = shown or (match[0] if kind in _LONG else "")
    if word := re.search("[A-Za-z]+", shown):
        start, end = shown[: word.start()], shown[word.end() :]
        short = not start and not end and len(word[0]) < len(_LONG["b"])
        for kind, long in _LONG.items():
            text = kind if short else long
            text = text.upper() if word[0].isupper() else text
            found.setdefault(kind, f"{start}{text}{end}")
    return tuple((kind, text) for kind, text in sorted(found.items()) if MARKS[kind] != text)


def marked(version: str, spelled_as: Mapping[str, str]) -> str:
    """Return a version with the spellings of `marks`."""
    parsed = Version(version)
    parts = [f"{parsed.epoch}!" if parsed.epoch else "", ".".join(map(str, parsed.release))]
    numbers = [*([parsed.pre] if parsed.pre else ()), ("post", parsed.post), ("dev", parsed.dev)]
    parts += [
        f"{spelled_as.get(kind, MARKS[kind])}{number}"
        for kind, number in numbers
        if number is not None
    ]
    return "".join(parts)


def numbers_like(old: str, release: Sequence[int]) -> str:
    """Return numbers with what stood between others: 1,2,4 in the place of 1,2,3."""
    between = re.split(r"[0-9]+", old)[1:-1] or [", "]
    between += [between[-1]] * len(release)
    pairs = zip(release, [*between[: len(release) - 1], ""], strict=True)
    return "".join(f"{number}{gap}" for number, gap in pairs)


def like(old: str, version: str) -> str:
    """Return a version as another spelling would write it."""
    spelled_as = dict(marks([old])) if parse_version(old) else {}
    text = marked(version, spelled_as) if spelled_as else version
    return padded(text, widths(old))


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
