"""What an interpreter or uv of this machine is found by: when it changes, images may, too.

Directories by their time and inode: a program that was installed, removed or replaced changes the
one that it is in. Looking at them takes a fraction of a millisecond, to find an image takes twenty.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path


def surroundings(env: Mapping[str, str] = os.environ, home: Path | None = None) -> str:
    """Return what differs where an interpreter or uv may have been added, removed or replaced."""
    seen = "\0".join(_stamp(path) for path in dict.fromkeys(_places(env, home or Path.home())))
    return hashlib.sha256(seen.encode("utf-8", "surrogateescape")).hexdigest()


def _places(env: Mapping[str, str], home: Path) -> Iterator[str]:
    """Yield where `interpreters`, `rust` and `images` look, and what their facts are made of."""
    data = env.get("XDG_DATA_HOME") or f"{home}/.local/share"
    managed = env.get("UV_PYTHON_INSTALL_DIR") or f"{data}/uv/python"
    pyenv = env.get("PYENV_ROOT") or f"{home}/.pyenv"
    for root in (managed, f"{pyenv}/versions", "/opt/python"):
        yield root
        for name in _names(root):
            yield f"{root}/{name}/bin"
    yield from env.get("PATH", "").split(os.pathsep)
    yield from ("/usr/local/bin", "/usr/bin", "/etc/os-release", "/etc/ld.so.cache")
    yield f"{env.get('RUSTUP_HOME') or f'{home}/.rustup'}/toolchains"
    yield str(Path(sys.executable).parent)


def _names(directory: str) -> list[str]:
    try:
        with os.scandir(directory) as found:
            return sorted(each.name for each in found)
    except OSError:
        return []


def _stamp(path: str) -> str:
    try:
        found = Path(path).stat()
    except OSError:
        return path
    return f"{path} {found.st_mtime_ns} {found.st_ino}"
