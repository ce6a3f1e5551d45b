"""Replaces byte strings in a stream, also those that two chunks share.

Secrets become `***`; plain mode replaces the paths of its working trees the same way. A suffix
that may be the start of a pattern is held back until the next chunk decides, so nothing leaks
at a boundary and nothing else is delayed.

    Masks        the secrets of a session; they grow while streams run
    Patterns     those and a step's own, compiled into one expression
    Replacer     one stream

The expression is a tree of common beginnings: at each byte of the output it takes at most the
length of a pattern, however many there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from stiletto.sandbox.secret_forms import forms

MASK = b"***"


def secret_patterns(values: Iterable[str | bytes]) -> dict[bytes, bytes]:
    """Return what to replace for these secrets: each in all its forms."""
    return {form: MASK for value in values for form in forms(_bytes(value))}


def own_patterns(values: Iterable[str | bytes]) -> dict[bytes, bytes]:
    """Return what to replace in the output of a step that has these secrets.

    Beside their forms that is each value whole, with and without its outer blanks, however short
    it is: as the real engine does.
    """
    raw = [_bytes(value) for value in values]
    exact = (part for value in raw for part in (value, value.strip()) if part)
    return secret_patterns(raw) | dict.fromkeys(exact, MASK)


def _bytes(value: str | bytes) -> bytes:
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value


class _Compiled:
    """Patterns, ready to be looked for. The leftmost match wins, then the longest."""

    def __init__(self, patterns: Mapping[bytes, bytes]) -> None:
        self.patterns = {key: value for key, value in patterns.items() if key}
        self.search = re.compile(_tree(sorted(self.patterns))) if self.patterns else None
        self.held_max = max(map(len, self.patterns), default=1) - 1
        self._starts: dict[bytes, list[bytes]] = {}
        for key in self.patterns:
            for length in (1, 2):
                self._starts.setdefault(key[:length], []).append(key)
        firsts = b"".join(re.escape(key) for key in self._starts if len(key) == 1)
        self._first = re.compile(b"[" + firsts + b"]") if firsts else None

    def undecided(self, data: bytes, at: int) -> int:
        """Return where the longest suffix begins that could still grow into a pattern."""
        if self._first is None:
            return len(data)
        for found in self._first.finditer(data, max(at, len(data) - self.held_max)):
            index = found.start()
            size = len(data) - index
            for pattern in self._starts.get(data[index : index + 2], ()):
                if len(pattern) > size and data.endswith(pattern[:size]):
                    return index
        return len(data)

    def replaced(self, data: bytes) -> bytes:
        """Return a whole text with everything replaced."""
        if self.search is None:
            return data
        return self.search.sub(lambda found: self.patterns[found.group()], data)


_NOTHING = _Compiled({})


def _tree(patterns: list[bytes], depth: int = 0) -> bytes:
    """Return an expression for sorted patterns, all alike up to `depth`; the longest matches."""
    ends = bool(patterns) and len(patterns[0]) == depth
    rest = patterns[1:] if ends else patterns
    branches: list[bytes] = []
    start = 0
    while start < len(rest):
        first = rest[start][depth]
        end = start
        while end < len(rest) and rest[end][depth] == first:
            end += 1
        group = rest[start:end]
        # What all of them begin with is one literal.
        shared = depth + 1
        low, high = group[0], group[-1]
        while shared < len(low) and shared < len(high) and low[shared] == high[shared]:
            shared += 1
        branches.append(re.escape(low[depth:shared]) + _tree(group, shared))
        start = end
    if not branches:
        return b""
    return b"(?:" + b"|".join(branches) + b")" + (b"?" if ends else b"")


class Masks:
    """The secrets of a session. `version` grows with them."""

    def __init__(self) -> None:
        self.patterns: dict[bytes, bytes] = {}
        self.version = 0
        self._compiled = _NOTHING
        self._compiled_version = 0

    def add(self, value: str | bytes) -> None:
        """Look for a secret from now on, in all its forms."""
        new = {form for form in forms(_bytes(value)) if form not in self.patterns}
        if new:
            self.patterns |= dict.fromkeys(new, MASK)
            self.version += 1

    @property
    def compiled(self) -> _Compiled:
        """All of them in one expression."""
        if self._compiled_version != self.version:
            self._compiled = _Compiled(self.patterns)
            self._compiled_version = self.version
        return self._compiled

    def text(self, text: str) -> str:
        """Return a text with the secrets replaced."""
        if not self.patterns or not text:
            return text
        try:
            raw = text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raw = text.encode("utf-8", "replace")
        masked = self.compiled.replaced(raw)
        return text if masked == raw else masked.decode("utf-8", "surrogateescape")

    def value(self, value: Any) -> Any:
        """Return JSON data with the secrets replaced in its texts."""
        match value:
            case str():
                return self.text(value)
            case list() | tuple():
                return [self.value(item) for item in value]
            case dict():
                return {self.text(str(key)): self.value(item) for key, item in value.items()}
            case _:
                return value


class Patterns:
    """What one stream must not show: a session's secrets, as they grow, and patterns of its own."""

    def __init__(self, masks: Masks, own: Mapping[bytes, bytes] | None = None) -> None:
        self._masks = masks
        self._own = dict(own or {})
        self._compiled = _NOTHING
        self._version = -1

    @property
    def compiled(self) -> _Compiled:
        """All of them in one expression; the session's own where there is nothing beside it."""
        if self._version != self._masks.version:
            known = self._masks.patterns
            beside = any(known.get(key) != value for key, value in self._own.items())
            both = {**self._own, **known}
            self._compiled = _Compiled(both) if beside else self._masks.compiled
            self._version = self._masks.version
        return self._compiled


PatternSource: TypeAlias = "Mapping[bytes, bytes] | Patterns"


class Replacer:
    """Replaces patterns in one stream; the leftmost match wins, then the longest."""

    def __init__(self, patterns: PatternSource) -> None:
        self._patterns = patterns if isinstance(patterns, Patterns) else Patterns(Masks(), patterns)
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Take a chunk; return what is settled."""
        return self._settle(self._held + data, final=False)

    def flush(self) -> bytes:
        """Return what was held back; the stream has ended."""
        return self._settle(self._held, final=True)

    def _settle(self, data: bytes, *, final: bool) -> bytes:
        compiled = self._patterns.compiled
        self._held = b""
        if compiled.search is None:
            return data
        out: list[bytes] = []
        at = 0
        # What is undecided does not depend on where the matches before it end.
        hold = len(data) if final else compiled.undecided(data, 0)
        for found in compiled.search.finditer(data):
            if found.start() >= hold:
                break
            out += [data[at : found.start()], compiled.patterns[found.group()]]
            at = found.end()
            if not final and at > hold:
                hold = compiled.undecided(data, at)
        out.append(data[at:hold])
        self._held = data[hold:]
        return b"".join(out)


def replaced(chunks: Iterable[bytes], replacer: Replacer) -> Iterator[bytes]:
    """Yield a whole stream with the patterns replaced."""
    for chunk in chunks:
        yield replacer.feed(chunk)
    yield replacer.flush()
