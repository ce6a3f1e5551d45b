"""How a secret may be written in an output: itself, its parts, and usual encodings (pure).

    the value          without outer blanks, if it has `SECRET_MIN_BYTES`
    its lines          of a value with several, if they have `LINE_MIN_BYTES`
    its passwords      those of a netrc file, and of addresses `scheme://user:password@host`
    encodings          base64 at any offset of a longer text (`ENCODED_MIN_BYTES`), in both
                       alphabets and in lines; URL, JSON and HTML escapes

What is shorter than the limits is not looked for: a secret `a` or a line `}` would take half of an
ordinary output with it, and reveal it by the gaps.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import quote_from_bytes

SECRET_MIN_BYTES = 3
LINE_MIN_BYTES = 6
ENCODED_MIN_BYTES = 6
LINES_MAX = 2000
"""Of a secret that has more lines, the others are only found as a part of the whole."""

_NETRC = re.compile(rb"(?:^|\s)(?:machine|default)\b")
_NETRC_PASSWORD = re.compile(rb'(?:^|\s)(?:password|account)\s+("(?:[^"\\]|\\.)*"|\S+)')
_URL_PASSWORD = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://[^\s/@:]*:([^\s/@]+)@")


def forms(value: bytes) -> Iterator[bytes]:
    """Yield what to look for, each form once or more often."""
    whole = value.strip()
    lines = whole.splitlines()
    for part in (whole, *_passwords(value)):
        if len(part) >= (SECRET_MIN_BYTES if len(lines) == 1 or part != whole else LINE_MIN_BYTES):
            yield part
            yield from _escaped(part)
        if len(part) >= ENCODED_MIN_BYTES:
            yield from _base64(part)
    if value != whole and len(whole) >= ENCODED_MIN_BYTES:
        yield from _base64(value)
    if len(lines) > 1:
        for line in lines[:LINES_MAX]:
            if len(line.strip()) >= LINE_MIN_BYTES:
                yield line.strip()


def _passwords(value: bytes) -> Iterator[bytes]:
    if _NETRC.search(value):
        for found in _NETRC_PASSWORD.finditer(value):
            password = found[1]
            yield password
            if password.startswith(b'"') and password.endswith(b'"') and len(password) > 1:
                yield re.sub(rb"\\(.)", rb"\1", password[1:-1])
    for found in _URL_PASSWORD.finditer(value):
        yield found[1]


def _base64(value: bytes) -> Iterator[bytes]:
    for offset in range(3):
        # Of a longer text that was encoded: the digits that this value alone decides.
        digits = base64.b64encode(b"\0" * offset + value)
        first = (offset * 8 + 5) // 6
        core = digits[first : (offset + len(value)) * 8 // 6]
        yield core
        yield core.replace(b"+", b"-").replace(b"/", b"_")
    whole = base64.b64encode(value)
    yield whole
    yield whole.replace(b"+", b"-").replace(b"/", b"_")
    # base64(1) and MIME break after 76 digits.
    for line in base64.encodebytes(value).splitlines()[:LINES_MAX]:
        if len(line) >= 16:
            yield line


def _escaped(value: bytes) -> Iterator[bytes]:
    for safe in ("", "/"):
        quoted = quote_from_bytes(value, safe=safe).encode()
        if quoted != value:
            yield quoted
            yield quoted.replace(b"%20", b"+")
            yield re.sub(rb"%[0-9A-F]{2}", lambda found: found.group().lower(), quoted)
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return
    for escaped in (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]):
        if escaped != text:
            yield escaped.encode()
    if html.escape(text) != text:
        yield html.escape(text).encode()
