"""The last validation of arguments before they become an argument vector or an environment.

The API refuses texts that cannot be one argument, and names the field (`stiletto.api.texts`). Texts
also come from elsewhere: a container's own /etc/passwd, a path of the machine. So it is asserted
here once more, where an argument with a NUL would become two, and the second an option of its
writer's choice.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from stiletto.errors import EnvironmentFailed
from stiletto.visible import visible

_SHOWN_CHARS = 80


def packed(args: Iterable[str]) -> bytes:
    """Return arguments as bubblewrap's `--args` reads them: each ends with a NUL.

    Raises:
        EnvironmentFailed: a text cannot be one argument.
    """
    out = bytearray()
    before = ""
    for arg in args:
        raw = _bytes_of(arg)
        if raw is None:
            raise _refused(f"{before} {arg}")
        out += raw
        out.append(0)
        before = arg
    return bytes(out)


def assert_words(argv: Iterable[str], env: Mapping[str, str]) -> None:
    """Check an argument vector and an environment.

    Raises:
        EnvironmentFailed: a text cannot be one argument, or the name of a variable.
    """
    for arg in argv:
        if _bytes_of(arg) is None:
            raise _refused(arg)
    for name, value in env.items():
        if not name or "=" in name or _bytes_of(name) is None or _bytes_of(value) is None:
            raise _refused(f"variable {name}")


def _bytes_of(arg: str) -> bytes | None:
    try:
        raw = os.fsencode(arg)
    except UnicodeEncodeError:
        return None
    return None if b"\0" in raw else raw


def _refused(what: str) -> EnvironmentFailed:
    shown = visible(what.strip()[:_SHOWN_CHARS])
    return EnvironmentFailed(
        f"the step cannot be started: {shown!r} contains a NUL byte, or is not valid Unicode"
    )
