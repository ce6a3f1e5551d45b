"""Makes foreign text safe for terminals and logs (pure).

visible      one line; other than ordinary characters are written as escapes
sanitized    one line as a terminal would leave it standing
harmless     several lines that control neither a terminal nor the log of a CI server
coloured     the same for a result, colours kept
shortened    a text cut to a number of characters
displayed    a command as one line
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

_ACTIVE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line ends of Unicode, marks that turn the direction of text, and bytes
that are not UTF-8."""

_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}

_ESCAPE = re.compile(
    r"\x1b(?:"
    r"\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC: titles, links, the clipboard
    r"|[PX^_][^\x1b]*(?:\x1b\\)?"  # DCS and other strings
    r"|[ -/]*[0-~]"  # the two-character kind
    r")?"
    r"|\x9b[0-?]*[ -/]*[@-~]"  # the same by one character (C1)
    r"|[\x90\x98\x9d-\x9f][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
)
"""Escape sequences as ECMA-48 defines them."""

_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_OTHER_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

_COMMAND_MAX = 120

RUNNERS = ("python", "sh")
"""What runs a script whose own name says more."""

_COMMAND = re.compile(r"##(?=\w*\[)")
"""`##[group]`, `##vso[...]`, `##teamcity[...]`: commands anywhere in a line."""


def visible(text: str) -> str:
    """Return a text with all but ordinary characters written as escapes."""
    return _ACTIVE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8, as os.fsdecode keeps it
        code -= 0xDC00
    return _SHORT.get(char) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def sanitized(line: str) -> str:
    """Return a line as a terminal would leave it standing, without colours.

    What is before the last carriage return was overwritten; escape sequences and control characters
    are dropped, because they would move the cursor of a display that is not theirs.
    """
    if line.isprintable():  # most lines, and output may have millions of them
        return _COMMAND.sub("# #", line) if "##" in line else line
    line = line.rstrip("\r")
    line = line.rsplit("\r", 1)[-1]
    line = _ESCAPE.sub("", line)
    return _COMMAND.sub("# #", _CONTROL.sub("", line.expandtabs(8)))


def harmless(text: str) -> str:
    """Return lines that control nothing: a line that begins with `::` gets a mark in front."""
    return "\n".join(map(_harmless, text.split("\n")))


def _harmless(line: str) -> str:
    line = sanitized(line)
    return f"| {line}" if line.lstrip().startswith("::") else line


def coloured(text: str) -> str:
    """Return a result for a terminal: of escape sequences only colours stay."""
    text = text.replace("\r\n", "\n")
    text = _ESCAPE.sub(lambda found: found[0] if _COLOUR.fullmatch(found[0]) else "", text)
    return _OTHER_CONTROL.sub("", text)


def shortened(text: str, most: int) -> str:
    """Return a text of at most `most` characters; "..." replaces what is cut off its end."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def displayed(command: Sequence[str]) -> str:
    """Return a command as it is shown: one line, cut."""
    args = list(command)
    if args[:1] == ["timeout"]:
        # timeout(1) limits the time of a step; it is not the step.
        rest = [arg for arg in args[1:] if not arg.startswith("-")][1:]
        args = (rest and args[args.index(rest[0]) :]) or args
    if args[:1] in (["sh"], ["/bin/sh"], ["python"]) and args[1:2] and not args[1].startswith("-"):
        # So is the command that a script runs, if it is set apart.
        args = args[args.index("--") + 1 :] or args if "--" in args else args
    return shortened(" ".join(shlex.join(args).split()), _COMMAND_MAX)
