"""Values of a `.env` file, read as a shell reads an assignment: quotes, `$NAME`, `${NAME:-other}`.

Names come from the file itself or from the environment. Pure. Source: core/dotenv of v0.21.8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from stiletto.errors import UsageError

_FEATURE = re.compile(r"[`\"'\\]|\$[A-Za-z_{(]")
"""What makes a value more than the text it is."""

_REFERENCE = re.compile(
    r"\$(?:(?P<plain>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?:(?P<how>:?-)(?P<other>[^}]*))?\})"
)


_DEEPEST: Final = 100
_MOST: Final = 10_000
_LONGEST: Final = 1024**2
"""Bounds: two references in each of thirty variables are a billion."""


class Expansion:
    """Reads values as a shell does, each at most once.

    With `unset`, a variable that is not set is empty.
    """

    def __init__(
        self,
        variables: Mapping[str, str],
        environ: Mapping[str, str],
        *,
        unset: bool = False,
    ) -> None:
        self._variables = variables
        self._environ = environ
        self._unset = unset
        self._open: list[str] = []
        self._count = 0

    def value(self, name: str) -> str:
        """Return the value of a variable.

        Raises:
            UsageError: it cannot be read, or refers to what is not set.
        """
        text = self._variables[name]
        if not _FEATURE.search(text):
            return text
        self._count += 1
        if len(self._open) >= _DEEPEST or self._count > _MOST:
            raise UsageError(
                f".env: {(*self._open, name)[0]}: refers to other variables more than "
                f"{_DEEPEST} levels deep, or more than {_MOST} times in all"
            )
        self._open.append(name)
        try:
            found = " ".join(self._words(text, name))
        finally:
            self._open.pop()
        if len(found) > _LONGEST:
            raise UsageError(f".env: {name}: the value has more than {_LONGEST} characters")
        return found

    def _words(self, text: str, owner: str) -> Iterator[str]:
        at, word, started, quote = 0, "", False, ""
        while at < len(text):
            char = text[at]
            found = _REFERENCE.match(text, at) if char == "$" and quote != "'" else None
            if found is not None:
                got = self._refer(found, owner)
                word += got if quote else " ".join(got.split())
                started = started or bool(quote or got)
                at = found.end()
                continue
            if quote != "'" and (char == "`" or text.startswith(("$(", "${"), at)):
                raise UsageError(f".env: {owner}: cannot expand {text[at:]!r}")
            at += 1
            if quote:
                if char == quote:
                    quote = ""
                elif char == "\\" and quote == '"' and text[at : at + 1] in ('"', "\\", "$", "`"):
                    word, at = word + text[at], at + 1
                else:
                    word += char
            elif char in "\"'":
                quote, started = char, True
            elif char == "\\":
                word, at, started = word + text[at : at + 1], at + 1, True
            elif char.isspace():
                if started:
                    yield word
                word, started = "", False
            elif char == "#" and not started:
                return
            elif char in ";&|<>()":
                raise UsageError(f".env: {owner}: cannot expand {text[at - 1 :]!r}")
            else:
                word, started = word + char, True
        if quote:
            raise UsageError(f".env: {owner}: a quote is not closed")
        if started:
            yield word

    def _refer(self, found: re.Match[str], owner: str) -> str:
        name = found["plain"] or found["name"]
        if name in self._open:
            value = ""  # a variable cannot refer to itself
        elif name in self._variables:
            value = self.value(name)
        else:
            value = self._environ.get(name, "")
        # As in the real engine, empty is as good as not set.
        if not value and found["how"]:
            return found["other"]
        if not value and not self._unset:
            itself = " (it refers to itself)" if name in self._open else ""
            raise UsageError(f".env: {owner}: {name} is not set{itself}")
        return value
