"""Makes text of tests, tools and dependencies safe for terminals and logs (pure).

harmless     lines for a terminal and the log of a CI server
one_line     one line, for a place that has no more
markdown     one line of Markdown: a table's cell, an item of a list

without_escapes   text for a page, which has no commands but those of terminals
"""

from __future__ import annotations

import html
import re

_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])?"
    r"|\x9b[0-?]*[ -/]*[@-~]"
    r"|[\x90\x98\x9d-\x9f][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
)
"""Escape sequences as ECMA-48 defines them, by two characters or by one (C1)."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_COMMAND = re.compile(r"##(?=\w*\[)")
"""`##[group]` and its like act anywhere in a line; `::name::` at its beginning."""

_MARKUP = re.compile(r"([\\`*_\[\]|~#])")


def harmless(text: str) -> str:
    """Return text that neither a terminal nor the log of a CI server acts on."""
    text = _ESCAPE.sub("", text.replace("\r\n", "\n"))
    lines = _COMMAND.sub("# #", _CONTROL.sub("", text)).split("\n")
    return "\n".join(f"| {line}" if line.lstrip().startswith("::") else line for line in lines)


def without_escapes(text: str) -> str:
    """Return text without what a terminal acts on."""
    return _CONTROL.sub("", _ESCAPE.sub("", text.replace("\r\n", "\n")))


def one_line(text: str) -> str:
    """Return text on one line; runs of blanks are one."""
    return " ".join(_CONTROL.sub("", _ESCAPE.sub("", re.sub(r"[\r\n]", " ", text))).split())


def markdown(text: str) -> str:
    """Return one line that reads as the text: no HTML, links, images, emphasis or cells."""
    line = html.escape(one_line(text), quote=False)
    line = _MARKUP.sub(r"\\\1", line)
    # GitHub makes links of addresses.
    return line.replace("://", "&#58;//").replace("www.", "www&#46;").replace("@", "&#64;")


def paragraph(text: str) -> str:
    """Return a line of its own: its first characters make no list and no rule."""
    return re.sub(r"^([-+=]|\d+(?=[.)]))", _first, markdown(text))


def _first(match: re.Match[str]) -> str:
    return "".join(f"&#{ord(char)};" for char in match[0])
