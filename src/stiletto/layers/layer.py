"""What a container's files are made of: layers, and the host paths that an image shows.

Layers are directories on the host, lowest first. A path in a higher layer hides the same path in a
lower one; directories merge. What a layer removes is listed in `Layer.removed`, so that a layer can
be read without overlay support; where overlayfs is used the same facts are also in the directory in
the kernel's own form (whiteout devices, `user.overlay.opaque`).
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layer:
    """A directory of files on top of the ones below.

    Attributes:
        root: the directory on the host; its contents are at `/` of the container.
        removed: container paths (no leading slash) hidden from lower layers. A path that is
            listed here and also exists under `root` is an opaque directory: only what this
            layer has is visible beneath it.
        relocatable: paths (no leading slash) of files that contain `placeholder`; only plain mode
            writes them, see `plain`.
    """

    root: Path
    removed: frozenset[str] = frozenset()
    relocatable: frozenset[str] = frozenset()

    def is_blank(self) -> bool:
        """Whether it changes nothing of what lies below, as of a command that only reads."""
        facts = self.root.stat()
        if self.removed or stat.S_IMODE(facts.st_mode) != 0o755 or facts.st_uid != os.geteuid():
            return False
        with os.scandir(self.root) as entries:
            return not any(entries)


@dataclass(frozen=True, slots=True)
class Bind:
    """A host path that an image shows, read-only, at a container path."""

    host: Path
    target: str
