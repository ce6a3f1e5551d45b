"""Suggests the known name that is nearest to an unknown one."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


def unknown(what: str, name: str, known: Sequence[str]) -> str:
    """Return `unknown key "pyton" (did you mean "python"?)`, or the known names."""
    near = difflib.get_close_matches(name.replace("_", "-"), known, n=1)
    meant = f'did you mean "{near[0]}"?' if near else f"known: {', '.join(known) or 'none'}"
    return f'unknown {what} "{name}" ({meant})'
