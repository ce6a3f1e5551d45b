"""Output and files as text, and how much of an output goes into an error."""

from __future__ import annotations

import codecs
import itertools
import json
import re
from collections.abc import Iterable, Iterator

_ESCAPED = re.compile("[\udc80-\udcff]")

TAIL_BYTES = 100 * 1024
"""Of each stream; as the real engine."""


def tail(chunks: Iterable[bytes], *, trimmed: bool = True) -> str:
    """Return the end of an output as text; what is left out is counted, then both ends trimmed."""
    kept = b""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        kept = (kept + chunk)[-TAIL_BYTES:]
    omitted = size - len(kept)
    text = f"[omitting {omitted} bytes]..." * bool(omitted) + decoded(kept)
    return text.strip() if trimmed else text


def encoded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what JSON has between the quotes of the same text as `decoded` gives of the whole."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    for text in itertools.chain(map(decoder.decode, chunks), _end(decoder)):
        yield json.dumps(_ESCAPED.sub("\ufffd", text))[1:-1].encode()


def _end(decoder: codecs.IncrementalDecoder) -> Iterator[str]:
    """Yield what the decoder still waited for to be a character, once nothing more comes."""
    yield decoder.decode(b"", final=True)


def shown(text: str) -> str:
    """Return a name as an answer has it: each byte that is not UTF-8 as one U+FFFD."""
    return text if text.isascii() else _ESCAPED.sub("\ufffd", text)


def decoded(data: bytes) -> str:
    """Return bytes as text, each byte that is not UTF-8 as one U+FFFD, as the real engine does.

    Python's own way takes several bytes for one where they begin a character.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _ESCAPED.sub("\ufffd", data.decode("utf-8", "surrogateescape"))
