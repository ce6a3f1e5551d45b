"""Reads which release of a program is installed, from its files: a step less than asking it.

On Dagger a step that only prints a version takes as long as a short test run; files that are there
are read in no time.
"""

from __future__ import annotations

import re
from typing import Final

import dagger

from wheelwright.container.cut import of_output

_SCRIPT_MAX: Final = 64 * 1024
"""Bytes: an installer's script has less than one thousand."""


async def installed(container: dagger.Container, name: str, home: str, module: str = "") -> str:
    """Return the release of a distribution in an environment at `home`; empty where unknown.

    With `module` its program has to be a script that imports from that package, as an installer
    writes it: in an environment with foreign code another one may have its name.
    """
    try:
        if module and not imports_only(await _script(container, f"{home}/bin/{name}"), module):
            return ""
        normalized = re.sub(r"[-_.]+", "_", name).lower()
        pattern = f"*/site-packages/{normalized}-*.dist-info"
        # Filtered first: a list of all files of a large environment takes seconds.
        library = container.directory(f"{home}/lib")
        found = await of_output(library, include=["*/site-packages/*.dist-info"]).glob(pattern)
    except dagger.ExecError:
        raise
    except dagger.QueryError:
        # No such file or directory, or not text.
        return ""
    return release_of(found)


def release_of(paths: list[str]) -> str:
    """Return the release that a directory of metadata is named after; empty for none or several."""
    names = {path.rstrip("/").rpartition("/")[2].removesuffix(".dist-info") for path in paths}
    return names.pop().rpartition("-")[2] if len(names) == 1 else ""


async def _script(container: dagger.Container, path: str) -> str:
    file = container.file(path)
    return await file.contents() if await file.size() <= _SCRIPT_MAX else ""


def imports_only(script: str, module: str) -> bool:
    """Whether a script imports from a package, and besides that only what prepares the call."""
    imported = re.findall(r"^(?:from|import) ([\w.]+)", script, re.MULTILINE)
    others = {name.partition(".")[0] for name in imported} - {"re", "sys"}
    return others == {module}
