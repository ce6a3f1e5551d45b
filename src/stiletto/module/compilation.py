"""Runs inside a sandbox: compiles Python files into the `__pycache__` beside each of them.

This file is sent as program text to the interpreter that will import the files, isolated and
without its site-packages (`-I -S`): it reads them and runs none. So it imports nothing of Stiletto.

    python -I -S -c PROGRAM DIRECTORY...

A compiled file holds the hash of its source and is not compared with it (PEP 552, unchecked): both
lie in layers, which nothing changes. What does not compile is left to whoever imports it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import marshal
import os
import sys
from pathlib import Path

UNCHECKED = (1).to_bytes(4, "little")
"""The flags of a compiled file that is not compared with its source."""


def sources(directories: list[str]) -> list[Path]:
    """Return the Python files beneath these directories, the largest first."""
    found = [
        Path(at, name)
        for directory in directories
        for at, _, names in os.walk(directory)
        for name in names
        if name.endswith(".py")
    ]
    return sorted(found, key=lambda path: (-path.lstat().st_size, path))


def compile_file(path: Path) -> None:
    """Compile one file.

    Raises:
        OSError: it cannot be read, or there is no space; nothing incomplete is left.
        SyntaxError, ValueError, RecursionError, MemoryError: it does not compile.
    """
    source = path.read_bytes()
    code = compile(source, str(path), "exec", dont_inherit=True)
    data = importlib.util.MAGIC_NUMBER + UNCHECKED + importlib.util.source_hash(source)
    target = Path(importlib.util.cache_from_source(str(path)))
    target.parent.mkdir(exist_ok=True)
    try:
        target.write_bytes(data + marshal.dumps(code))
    except OSError:
        target.unlink(missing_ok=True)
        raise


def compile_beneath(directories: list[str]) -> None:
    """Compile all files beneath directories, as many at a time as there are cores."""
    gc.disable()  # what is compiled is no garbage
    found = sources(directories)
    cores = os.cpu_count() or 1
    children = []
    for first in range(min(cores, len(found))):
        pid = os.fork()
        if pid == 0:
            for path in found[first::cores]:
                with contextlib.suppress(
                    OSError, SyntaxError, ValueError, RecursionError, MemoryError
                ):
                    compile_file(path)
            os._exit(0)
        children.append(pid)
    for pid in children:
        os.waitpid(pid, 0)


if __name__ == "__main__" and sys.implementation.cache_tag:
    compile_beneath(sys.argv[1:])
