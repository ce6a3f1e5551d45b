"""What `git ls-remote --symref` lists, and how names are found in it (pure).

    lookup          a full name, then refs/NAME, then a branch, then a tag; a whole commit id
    matching        patterns as those of ls-remote: they match the end of a name, from a slash on
    latest_version  the highest tag that is a semantic version with `v` in front

Source: util/gitutil/{ls_remote,glob}.go and core/schema/git.go of v0.21.8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from stiletto.api.globs import ANY, Characters, Matcher, Token, literal
from stiletto.api.patterns import MAX_PATTERN_LENGTH
from stiletto.errors import UsageError

COMMIT = re.compile(r"[0-9a-f]{40}")
"""A whole commit id. Dagger takes no others, neither short ones nor those of SHA-256."""

_LISTED = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")

_PEELED = "^{}"
_VERSION = re.compile(
    r"v(0|[1-9]\d*)(?:\.(0|[1-9]\d*)(?:\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)"
    r"(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)?)?",
    re.ASCII,
)
"""Semantic versions, or their first one or two numbers (golang.org/x/mod/semver)."""


@dataclass(frozen=True)
class Listing:
    """The refs of a repository in the order of ls-remote, and what symbolic ones lead to."""

    refs: tuple[tuple[str, str], ...]
    symbolic: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def parse(text: str) -> Listing:
        """Read the output of `git ls-remote --symref`."""
        refs: list[tuple[str, str]] = []
        symbolic: dict[str, str] = {}
        for line in text.split("\n"):
            first, tab, name = line.partition("\t")
            if not tab:
                continue
            if first.startswith("ref: "):
                symbolic[name] = first.removeprefix("ref: ")
            elif _LISTED.fullmatch(first):  # a server's text becomes an argument later on
                refs.append((name, first))
        return Listing(tuple(refs), symbolic)

    @cached_property
    def commits(self) -> dict[str, str]:
        """The commits by full name; of annotated tags those that they name."""
        found: dict[str, str] = {}
        for name, commit in self.refs:
            if name.endswith(_PEELED) or name not in found:
                found[name.removesuffix(_PEELED)] = commit
        return found

    def lookup(self, name: str) -> tuple[str, str] | None:
        """Return full name and commit of what a name means; the name is empty for a commit id."""
        if COMMIT.fullmatch(name):
            return "", name
        branch = f"refs/heads/{name.removeprefix('refs/heads/')}"
        tag = f"refs/tags/{name.removeprefix('refs/tags/')}"
        for full in (name, f"refs/{name.removeprefix('refs/')}", branch, tag):
            if full in self.commits:
                return self.symbolic.get(full, full), self.commits[full]
        return None

    def branches(self, patterns: Sequence[str] = ()) -> list[str]:
        """Return the short names of branches that a pattern matches; of all without patterns."""
        return [n.removeprefix("refs/heads/") for n in self._matching("refs/heads/", patterns)]

    def tags(self, patterns: Sequence[str] = ()) -> list[str]:
        """Return the short names of tags that a pattern matches; of all without patterns."""
        return [n.removeprefix("refs/tags/") for n in self._matching("refs/tags/", patterns)]

    def latest_version(self) -> str | None:
        """Return the tag of the highest version, by its short name."""
        tags = [tag for tag in self.tags() if _VERSION.fullmatch(tag)]
        return max(tags, key=_order, default=None)

    def _matching(self, start: str, patterns: Sequence[str]) -> Iterator[str]:
        matchers = [matcher for text in patterns if (matcher := _matcher(text)) is not None]
        for name, _ in self.refs:
            if not name.startswith(start) or name.endswith(_PEELED):
                continue
            if not patterns or any(matcher.matches(f"/{name}") for matcher in matchers):
                yield name


def _order(tag: str) -> tuple[object, ...]:
    """Return what orders versions; one without numbers counts as 0, before a later text."""
    found = _VERSION.fullmatch(tag)
    assert found is not None
    major, minor, patch, pre = found.groups()
    parts = [
        (0, int(part), "") if part.isdigit() else (1, 0, part)
        for part in (pre.split(".") if pre else ())
    ]
    return int(major), int(minor or 0), int(patch or 0), not pre, parts, tag


def _matcher(pattern: str) -> Matcher | None:
    """Return what matches a pattern at the end of a name; None for one that cannot be read.

    Raises:
        UsageError: it is too long.
    """
    if len(pattern) > MAX_PATTERN_LENGTH:
        raise UsageError(f"a pattern is longer than {MAX_PATTERN_LENGTH} characters")
    try:
        return Matcher([ANY, *literal("/"), *_tokens(pattern)])
    except (IndexError, ValueError):
        return None


_ANY_CHARACTER = Characters((), negated=True)
_CLASSES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "alnum": (("0", "9"), ("A", "Z"), ("a", "z")),
    "alpha": (("A", "Z"), ("a", "z")),
    "blank": ((" ", " "), ("\t", "\t")),
    "cntrl": (("\0", "\x1f"), ("\x7f", "\x7f")),
    "digit": (("0", "9"),),
    "graph": (("!", "~"),),
    "lower": (("a", "z"),),
    "print": ((" ", "~"),),
    "punct": (("!", "/"), (":", "@"), ("[", "`"), ("{", "~")),
    "space": ((" ", " "), ("\t", "\r")),
    "upper": (("A", "Z"),),
    "xdigit": (("0", "9"), ("A", "F"), ("a", "f")),
}


def _tokens(pattern: str) -> list[Token]:
    """Read a pattern: `*` and `?` match slashes, too.

    Raises:
        IndexError, ValueError: an escape or a class is not closed.
    """
    tokens: list[Token] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            tokens.append(ANY)
        elif char == "?":
            tokens.append(_ANY_CHARACTER)
        elif char == "[":
            token, at = _class(pattern, at)
            tokens.append(token)
        else:
            if char == "\\":
                char = pattern[at]
                at += 1
            tokens += literal(char)
    return tokens


def _class(pattern: str, at: int) -> tuple[Token, int]:
    """Read a class from after its bracket; return it and where it ends."""
    negated = pattern[at] in "^!"
    at += negated
    if pattern.startswith("[:", at):
        end = pattern.index(":]", at + 2)
        name = pattern[at + 2 : end]
        at = end + 2
        if pattern[at] != "]":
            raise ValueError("a named class stands by itself")
        return Characters(_CLASSES.get(name, ()), negated), at + 1
    ranges: list[tuple[str, str]] = []
    while pattern[at] != "]" or not ranges:
        low, at = _one(pattern, at)
        high = low
        if pattern[at] == "-":
            high, at = _one(pattern, at + 1)
        ranges.append((low, high))
    return Characters(tuple(ranges), negated), at + 1


def _one(pattern: str, at: int) -> tuple[str, int]:
    """Read a character of a class, perhaps escaped; return it and where it ends."""
    if pattern[at] in "-]":
        raise ValueError("a character is missing")
    at += pattern[at] == "\\"
    return pattern[at], at + 1
