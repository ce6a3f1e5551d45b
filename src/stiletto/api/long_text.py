"""Texts that are too long for memory: they are read while the response is sent."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextvars import ContextVar

takes_long_texts: ContextVar[bool] = ContextVar("takes_long_texts", default=False)
"""Set for a client that can send a text in pieces; others get the whole text."""


class LongText(str):
    """A text in pieces, as JSON has it between the quotes; as a string it is a mark of its own.

    Args:
        read: yields the pieces from the start, the same ones each time.
    """

    read: Callable[[], Iterator[bytes]]
    size_bytes: int

    def __new__(cls, read: Callable[[], Iterator[bytes]]) -> LongText:
        """Read it once: its size comes before it, and no damage is found half-way."""
        text = super().__new__(cls, secrets.token_hex(32))
        text.read = read
        text.size_bytes = sum(map(len, read()))
        return text
