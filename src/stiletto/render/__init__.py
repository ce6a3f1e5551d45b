"""Shows progress: as a live tree, plain lines, dots, a table at the end, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from stiletto.errors import UsageError
from stiletto.progress import Renderer

if TYPE_CHECKING:
    from collections.abc import Mapping


def choose(mode: str, *, stream: TextIO, environ: Mapping[str, str], verbosity: int) -> Renderer:
    """Return the renderer for `--progress`: auto, plain, tty, dots, report or none.

    `auto` is live where the stream is a terminal that can move its cursor, else plain lines.
    `verbosity` is 0, more to show all output, less to show failures only.

    Raises:
        UsageError: `tty` was requested and the stream is not a terminal.
    """
    # Each is imported when it is chosen: the live one brings rich.
    capable = stream.isatty() and environ.get("TERM") != "dumb"
    if mode == "tty" and not capable:
        raise UsageError('no terminal for --progress "tty"', hint="use --progress plain")
    if mode == "tty" or (mode == "auto" and capable):
        from stiletto.render.live import Live, console_for

        return Live(console_for(stream, environ), verbosity=verbosity)
    if mode in ("auto", "plain"):
        from stiletto.render.groups import Groups, form_of
        from stiletto.render.plain import Plain

        form = form_of(environ)
        return Plain(stream, verbosity=verbosity, groups=Groups(form) if form else None)
    if mode == "dots":
        from stiletto.render.summary import Dots

        return Dots(stream)
    if mode == "report":
        from stiletto.render.summary import Report

        return Report(stream)
    return Renderer()
