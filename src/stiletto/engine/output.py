"""Output and files as text, and how much of an output goes into an error."""

from __future__ import annotations

import re

__all__ = ["decoded", "tail"]

_ESCAPED = re.compile("[\udc80-\udcff]")

TAIL_BYTES = 100 * 1024
"""Of each stream; as the real engine."""


def tail(data: bytes) -> str:
    """Return the end of an output as text, trimmed; what is left out is counted."""
    text = data.strip()
    if len(text) > TAIL_BYTES:
        omitted = len(text) - TAIL_BYTES
        return f"[omitting {omitted} bytes]..." + decoded(text[-TAIL_BYTES:])
    return decoded(text)


def decoded(data: bytes) -> str:
    """Return bytes as text, each byte that is not UTF-8 as one U+FFFD, as the real engine does.

    Python's own way takes several bytes for one where they begin a character.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _ESCAPED.sub("\ufffd", data.decode("utf-8", "surrogateescape"))
