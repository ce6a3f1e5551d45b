"""Directories that are made once and reused: images' own files, wheels of servers.

    <base>/<kind>/<name>/     complete and never changed again; its time is that of its last use
    <base>/<kind>/.new-*/     being made; renamed into place

`store.entries` knows both: it removes what was not used lately, and what was never finished.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path


def kept(place: Path, make: Callable[[Path], None]) -> Path:
    """Return `place`, filled by `make` unless it is there already; counts as use."""
    if place.is_dir():
        # It may be gone by now, or belong to someone else.
        with contextlib.suppress(FileNotFoundError, PermissionError):
            os.utime(place)
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=".new-", dir=place.parent))
    try:
        make(new)
        new.chmod(0o755)
        new.rename(place)
    except OSError:
        # Another process may have been first: a rename onto a full directory fails.
        if not place.is_dir():
            raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return place
