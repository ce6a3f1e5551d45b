"""The programs that run in containers, where tests run them: placed as they are in a container."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path
from types import ModuleType

from wheelwright.release import inside

SOURCES = Path(inside.__file__).parent


def placed(program: ModuleType) -> str:
    """Return where a program is, beside a `wheelwright` that has the programs and nothing else.

    Beside the real package each run of a program would import all of that.
    """
    return str(_directory() / Path(str(program.__file__)).name)


@functools.cache
def _directory() -> Path:
    """Return a directory of this process, removed at its end."""
    made = Path(tempfile.mkdtemp(prefix="wheelwright-programs-"))
    atexit.register(shutil.rmtree, made)
    package = made / "wheelwright" / "release" / "inside"
    package.mkdir(parents=True)
    for parent in (package, *package.parents[:2]):
        (parent / "__init__.py").touch()
    for source in SOURCES.glob("[!_]*.py"):
        shutil.copy(source, package)
        shutil.copy(source, made)
    return made
