"""Small JSON files with a checksum.

    {"seal":"<16 hexadecimal digits>", ...}

The seal is a digest of the rest. A file that a crash cut off, that a bit flipped in, or that was
overwritten does not fit its seal; it counts as absent, and so does one without a seal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

_HEAD = b'{"seal":"'
_DIGITS = 16

MISFIT = (LookupError, TypeError, ValueError, AttributeError)
"""What code raises that reads data of another shape than it wrote."""


def seal(data: Mapping[str, Any]) -> bytes:
    """Return the text of a file."""
    body = json.dumps(data, separators=(",", ":"), sort_keys=True).encode()
    rest = b"," + body[1:] if len(body) > 2 else b"}"
    return _HEAD + _digest(body) + b'"' + rest


def unseal(text: bytes) -> dict[str, Any] | None:
    """Return what was sealed, or None if the text is anything else."""
    body = _body(text)
    if body is None:
        return None
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def is_whole(text: bytes) -> bool:
    """Whether a text fits its seal; what is in it is not read."""
    return _body(text) is not None


def read(path: Path) -> dict[str, Any] | None:
    """Return the data of a file; None if it is missing, not a file, or does not fit its seal."""
    try:
        return unseal(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def fitting(data: Mapping[str, Any] | None, read: Callable[[Mapping[str, Any]], T]) -> T | None:
    """Return what `read` makes of stored data; None if there is none, or it has another shape.

    For data that is whole and yet of another kind: another version of this program wrote it.
    """
    if data is None:
        return None
    try:
        return read(data)
    except MISFIT:
        return None


def _body(text: bytes) -> bytes | None:
    end = len(_HEAD) + _DIGITS
    digits, rest = text[len(_HEAD) : end], text[end:]
    if not text.startswith(_HEAD) or not rest.startswith((b'",', b'"}')):
        return None
    body = b"{" + rest[1:].removeprefix(b",")
    return body if digits == _digest(body) else None


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest()[:_DIGITS].encode()
