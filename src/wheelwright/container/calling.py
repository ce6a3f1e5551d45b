"""How the caller would type a command of this module: the one place that looks for the program.

Stiletto gives a function the command up to its name in a variable; Dagger has none.
"""

from __future__ import annotations

import os
import shlex
from typing import Final

DEFAULT_PROGRAM: Final = "dagger call wheelwright"
"""As a toolchain of that name: what Dagger passes on has neither the name nor `-m`."""

_STILETTO: Final = "STILETTO"


def program(package: str = "") -> str:
    """Return what comes before a function's name; `package` is for the default alone.

    What Stiletto passes on has the package as the caller typed it.
    """
    chosen = f" --package {shlex.quote(package)}" if package else ""
    return os.environ.get(_STILETTO) or f"{DEFAULT_PROGRAM}{chosen}"


def engine_here() -> str:
    """Return the command line of the engine that runs this call: `stiletto` or `dagger`."""
    return program().partition(" ")[0]
