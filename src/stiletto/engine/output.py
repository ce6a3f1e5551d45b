"""How much of an output goes into an error."""

from __future__ import annotations

__all__ = ["tail"]

TAIL_BYTES = 100 * 1024
"""Of each stream; as the real engine."""


def tail(data: bytes) -> str:
    """Return the end of an output as text, trimmed; what is left out is counted."""
    text = data.strip()
    if len(text) > TAIL_BYTES:
        omitted = len(text) - TAIL_BYTES
        return f"[omitting {omitted} bytes]..." + text[-TAIL_BYTES:].decode("utf-8", "replace")
    return text.decode("utf-8", "replace")
