"""What is in the writable layers of a kept process, to see whether a call has left something."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def snapshot(stage: Path) -> dict[str, object]:
    """Return what is in a stage: of directories the mode, of anything else also its last change."""
    found: dict[str, object] = {}
    pending = [str(stage)]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                facts = entry.stat(follow_symlinks=False)
                name = os.path.relpath(entry.path, stage)
                if not stat.S_ISDIR(facts.st_mode):
                    found[name] = (facts.st_mode, facts.st_ino, facts.st_size, facts.st_ctime_ns)
                    continue
                found[name] = facts.st_mode
                if not name.endswith("work") or "/" in name:  # those are the kernel's
                    pending.append(entry.path)
    return found
