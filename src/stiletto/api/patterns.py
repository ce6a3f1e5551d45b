r"""Which paths a filter keeps: Dagger's include and exclude patterns, and .gitignore rules.

The patterns are those of .dockerignore, as moby/patternmatcher reads them and as the real engine
walks with them:

    *   ?   [a-c]  [^a-c]   within one name        \x        the character x
    **                       any number of names    !...     takes earlier matches back

A pattern that matches a directory matches everything beneath it. The last pattern that matches
decides. Two habits of the original are kept, because a filter must mean the same on both engines: a
`!` pattern is not tried on a path that nothing has matched so far, and then does not apply to the
entries beneath either; and `**name`, when `name` is plain text, matches every path that ends in
`name`.

Patterns are cleaned first: blanks around them, `./`, and a slash at the end are dropped. One that
begins with a slash or leaves the directory by `..`, and `.`, match nothing. Empty ones are ignored,
but a list that has only those is a list: as `include` it keeps nothing. What differs for the host
is in `files.local`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from stiletto.api.globs import ANY, DIRECTORIES, SLASH, STAR, Characters, Matcher, Token, literal
from stiletto.errors import UsageError
from stiletto.graph.tree import split

MAX_PATTERN_LENGTH = 16 * 1024
"""A path on Linux has at most 4096 bytes, and each may be escaped."""

_LITERAL_REST = r"[^/*?\[\\][^*?\[\\]*"


class GitignoreLines(Protocol):
    """Returns the lines of a directory's .gitignore; a dict is one, and a reader may be.

    Directories are named relative to the repository's root, "" being the root itself.
    """

    def get(self, directory: str, default: Sequence[str], /) -> Sequence[str]:
        """Return the lines, or `default` where there is no such file."""
        ...


class Glob:
    """One pattern, compiled: it matches whole paths only, as `Directory.glob` requires.

    Raises:
        UsageError: a character class or an escape is not closed.
    """

    def __init__(self, pattern: str) -> None:
        self.text = posixpath.normpath(pattern) if pattern else ""
        self._matcher = Matcher(_tokens(self.text))
        self._prefix = _prefix(self.text)

    def matches(self, path: str) -> bool:
        """Whether the pattern matches this very path."""
        return self._matcher.matches(path)

    def reaches(self, directory: str) -> bool:
        """Whether a path beneath `directory` could match; False is certain, True is not."""
        names = directory.split("/")
        for depth, name in enumerate(names):
            if depth == len(self._prefix.names):
                return self._prefix.open
            if not self._prefix.names[depth].matches(name):
                return False
        return self._prefix.open or len(self._prefix.names) > len(names)


class PatternList:
    """Patterns in order, some of them negated.

    Raises:
        UsageError: a pattern cannot be read; the message names it.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._rules: list[tuple[bool, Glob]] = []
        for pattern in patterns:
            text = pattern.strip()
            if not text:
                continue
            text = posixpath.normpath(text)
            if text == "!":
                raise UsageError("pattern '!' negates nothing")
            negated = text.startswith("!")
            self._rules.append((negated, Glob(text[1:] if negated else text)))
        # Which patterns matched each directory seen; walks look up siblings in a row.
        self._hits: dict[str, tuple[bool, ...]] = {"": (False,) * len(self._rules)}

    def __bool__(self) -> bool:
        """Whether there are any: nothing matches an empty list, and a walk has many paths."""
        return bool(self._rules)

    def matches(self, path: str) -> bool:
        """Whether the list as a whole matches the path, by itself or by a parent."""
        return self._judge(path)[0]

    def decided_beneath(self, directory: str) -> bool | None:
        """Return the one result for everything beneath `directory`, or None if it may vary."""
        matched = self.matches(directory)
        could_turn = any(
            negated == matched and glob.reaches(directory) for negated, glob in self._rules
        )
        return None if could_turn else matched

    def _judge(self, path: str) -> tuple[bool, tuple[bool, ...]]:
        inherited = self._parents(posixpath.dirname(path))
        matched = False
        hits: list[bool] = []
        for (negated, glob), from_parent in zip(self._rules, inherited, strict=True):
            hit = from_parent or (negated == matched and glob.matches(path))
            hits.append(hit)
            if hit:
                matched = not negated
        return matched, tuple(hits)

    def _parents(self, directory: str) -> tuple[bool, ...]:
        hits = self._hits.get(directory)
        if hits is None:
            hits = self._hits[directory] = self._judge(directory)[1]
        return hits


class Filter:
    """Decides which paths of a directory are kept.

    An entry is kept if there is no include or an include matches it or a parent, and neither
    exclude nor .gitignore does. A parent of a kept entry is needed, and is the caller's to add.

    Args:
        include: patterns; none means everything.
        exclude: patterns.
        gitignore: the .gitignore files, for example `{"": ["*.pyc"], "docs": ["/build"]}`.
        gitignore_prefix: the place of the filtered directory in the repository that these files
            belong to, such as `packages/api`.
    """

    def __init__(
        self,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        *,
        gitignore: GitignoreLines | None = None,
        gitignore_prefix: str = "",
    ) -> None:
        include = tuple(include)
        self._include = PatternList(include) if include else None
        self._exclude = PatternList(exclude)
        self._gitignore = _Gitignore(gitignore) if gitignore is not None else None
        self._prefix = "/".join(split(gitignore_prefix))

    def keep(self, path: str, is_dir: bool) -> bool:
        """Whether the entry itself is kept; `path` is relative and normalised."""
        return (
            (self._include is None or self._include.matches(path))
            and not (self._exclude and self._exclude.matches(path))
            and not self._ignored(path, is_dir)
        )

    def descend(self, path: str) -> bool:
        """Whether anything beneath the directory could be kept; False spares walking it."""
        return not (
            (self._include is not None and self._include.decided_beneath(path) is False)
            or self._exclude.decided_beneath(path) is True
            or self._ignored(path, True)
        )

    def _ignored(self, path: str, is_dir: bool) -> bool:
        if self._gitignore is None:
            return False
        return self._gitignore.ignores(f"{self._prefix}/{path}" if self._prefix else path, is_dir)


class _Gitignore:
    """The rules of all .gitignore files together, as gitignore(5) combines them.

    The nearest file that has an opinion decides; beneath an ignored directory nothing returns. A
    rule is tried on each directory on the way by itself. (The library pathspec decides for a path
    and its parents at once, and so lets `!a` bring back `a/b` that another rule ignores.)
    """

    def __init__(self, lines: GitignoreLines) -> None:
        self._lines = lines
        self._rules: dict[str, list[_Rule]] = {}
        self._dirs: dict[str, bool] = {"": False}

    def ignores(self, path: str, is_dir: bool) -> bool:
        """Whether git would ignore the path if it were untracked."""
        known = self._dirs.get(path) if is_dir else None
        if known is not None:
            return known
        answer = self.ignores(posixpath.dirname(path), True) or self._names(path, is_dir)
        if is_dir:
            self._dirs[path] = answer
        return answer

    def _names(self, path: str, is_dir: bool) -> bool:
        directory = path
        while directory:
            directory = posixpath.dirname(directory)
            relative = path[len(directory) + 1 :] if directory else path
            for rule in reversed(self._rules_of(directory)):
                if (is_dir or not rule.dirs_only) and rule.matcher.matches(relative):
                    return not rule.negated
        return False

    def _rules_of(self, directory: str) -> list[_Rule]:
        rules = self._rules.get(directory)
        if rules is None:
            parsed = map(_rule, self._lines.get(directory, ()))
            rules = self._rules[directory] = [rule for rule in parsed if rule is not None]
        return rules


@dataclass(frozen=True, slots=True)
class _Rule:
    negated: bool
    dirs_only: bool
    matcher: Matcher


def _rule(line: str) -> _Rule | None:
    """Read one line of a .gitignore; None for blanks, comments and what git cannot match."""
    # Trailing blanks do not count, unless the last is escaped.
    line = line.removesuffix("\r")
    text = line.rstrip(" ")
    if text.endswith("\\") and text != line:
        text += " "
    if not text or text.startswith("#"):
        return None
    negated = text.startswith("!")
    text = text[negated:]
    dirs_only = text.endswith("/")
    text = text.removesuffix("/")
    anchored = "/" in text
    text = text.removeprefix("/")
    try:
        body = _git_tokens(text.split("/"))
    except UsageError:  # git, too, lets a malformed rule match nothing
        return None
    return _Rule(negated, dirs_only, Matcher(body if anchored else [DIRECTORIES, *body]))


def _git_tokens(names: Sequence[str]) -> list[Token]:
    """Translate the names of a rule; `**` means any depth only as a whole name, otherwise `*`."""
    tokens: list[Token] = []
    for index, name in enumerate(names):
        if name != "**":
            tokens += _tokens(re.sub(r"\*{2,}", "*", name.replace("[!", "[^")))
            if index < len(names) - 1:
                tokens.append(SLASH)
        elif index < len(names) - 1:
            if tokens[-1:] != [DIRECTORIES]:
                tokens.append(DIRECTORIES)
        else:
            # The last one needs something beneath the directory, the only one nothing.
            tokens += [Characters((), negated=True), ANY] if index else [ANY]
    return tokens


class _Prefix:
    """The leading names of a pattern that can be compared name by name.

    `open`: what follows them may match at any depth.
    """

    def __init__(self, names: Sequence[Matcher], is_open: bool) -> None:
        self.names = names
        self.open = is_open


def _prefix(pattern: str) -> _Prefix:
    names: list[Matcher] = []
    for name in pattern.split("/"):
        # A class or an escape may match a slash, so name by name would be wrong.
        if "**" in name or "[" in name or "\\" in name:
            return _Prefix(names, True)
        names.append(Matcher(_tokens(name)))
    return _Prefix(names, False)


def name_tokens(pattern: str) -> list[Token]:
    """Translate a pattern in which `**` means no more than `*`, as in Go's filepath.Match.

    Raises:
        UsageError: the pattern is malformed, or too long.
    """
    return _tokens(re.sub(r"(\\.)|\*{2,}", lambda found: found[1] or "*", pattern))


def _tokens(pattern: str) -> list[Token]:
    """Translate as moby does: see `Pattern.compile` in its patternmatcher.go.

    Raises:
        UsageError: the pattern is malformed, or too long.
    """
    if len(pattern) > MAX_PATTERN_LENGTH:
        raise UsageError(
            f"pattern {pattern[:40]!r}... has {len(pattern)} characters; "
            f"at most {MAX_PATTERN_LENGTH} are read",
            hint="name a directory instead of each file",
        )
    if pattern.startswith("**") and re.fullmatch(_LITERAL_REST, pattern[2:], re.DOTALL):
        return [ANY, *literal(pattern[2:])]
    out: list[Token] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if pattern.startswith("**", at):
            at += 2
            if pattern.startswith("/", at):
                at += 1
            names = ANY if at == len(pattern) else DIRECTORIES
            # Twice the same matches what one of them does.
            if out[-1:] != [names]:
                out.append(names)
            continue
        if char == "*":
            out.append(STAR)
        elif char == "?":
            out.append(Characters((("/", "/"),), negated=True))
        elif char == "[":
            of_class, at = _char_class(pattern, at)
            out.append(of_class)
            continue
        elif char == "\\":
            at += 1
            out += literal(_char(pattern, at))
        else:
            out += literal(char)
        at += 1
    return out


def _char_class(pattern: str, start: int) -> tuple[Characters, int]:
    """Translate the class that opens at `start`; return it and the index after it.

    Go's `filepath.Match` sets the grammar: `-` and `]` are literal only when escaped.
    """
    at = start + 1
    negated = pattern.startswith("^", at)
    at += negated
    ranges: list[tuple[str, str]] = []
    while not (ranges and pattern.startswith("]", at)):
        low, at = _class_char(pattern, at)
        high = low
        if pattern.startswith("-", at):
            high, at = _class_char(pattern, at + 1)
        if high < low:
            raise _malformed(pattern)
        ranges.append((low, high))
    return Characters(tuple(ranges), negated), at + 1


def _class_char(pattern: str, at: int) -> tuple[str, int]:
    char = _char(pattern, at)
    if char in "-]":
        raise _malformed(pattern)
    if char == "\\":
        at += 1
        char = _char(pattern, at)
    return char, at + 1


def _char(pattern: str, at: int) -> str:
    if at >= len(pattern):
        raise _malformed(pattern)
    return pattern[at]


def _malformed(pattern: str) -> UsageError:
    return UsageError(
        f"pattern {pattern!r} is malformed",
        hint="close every `[`, and write `\\` before a character to take it literally",
    )
