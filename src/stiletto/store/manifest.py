"""The files that a step wrote, by name: to check later whether they are unchanged.

    {"files": {path: [size, mtime_ns]}, "links": {path: target}, "directories": [path, ...]}

A power failure empties files and users delete them; the directory itself shows neither. Comparing
costs one look at each file and no reading.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def describe(root: Path) -> dict[str, Any]:
    """Return what is beneath a directory; devices and the like are left out."""
    files: dict[str, list[int]] = {}
    links: dict[str, str] = {}
    directories: list[str] = []
    pending = [""]
    while pending:
        prefix = pending.pop()
        with os.scandir(root / prefix) as found:
            for child in found:
                path = prefix + child.name
                if child.is_symlink():
                    links[path] = os.readlink(child.path)  # noqa: PTH115 - as it is written
                elif child.is_dir(follow_symlinks=False):
                    directories.append(path)
                    pending.append(path + "/")
                elif child.is_file(follow_symlinks=False):
                    facts = child.stat(follow_symlinks=False)
                    files[path] = [facts.st_size, facts.st_mtime_ns]
    return {"files": files, "links": links, "directories": directories}


def changed(root: Path, manifest: Mapping[str, Any]) -> str | None:
    """Return the path of something that is gone or differs, or None.

    What was added does not count: marks for overlayfs come later.

    Raises:
        LookupError, TypeError, ValueError: it is not a manifest.
    """
    if not root.is_dir():
        return ""
    for path in manifest["directories"]:
        if not (root / path).is_dir():
            return str(path)
    base = os.fspath(root) + "/"
    for path, (size, modified_ns) in manifest["files"].items():
        try:
            facts = os.lstat(base + path)
        except OSError:
            return str(path)
        if (facts.st_size, facts.st_mtime_ns) != (size, modified_ns):
            return str(path)
        if not stat.S_ISREG(facts.st_mode):
            return str(path)
    for path, target in manifest["links"].items():
        try:
            if os.readlink(base + path) != target:  # noqa: PTH115 - as it is written
                return str(path)
        except OSError:
            return str(path)
    return None
