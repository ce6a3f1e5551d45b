"""Directories of the host that a step may write to: what it writes goes to a directory of its own.

Each is an overlay with the host's directory as the lowest layer. What was written is moved into the
step's layer afterwards, to the path at which the directory was shown.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stiletto.layers.upper import open_way
from stiletto.layers.view import View


@dataclass(frozen=True, slots=True)
class WritableBind:
    """A directory that is shown at `point`, a relative path; `top` is the highest that it has."""

    point: str
    top: Path
    upper: Path
    work: Path


def writable_bind(point: str, top: Path, beside: Path, number: int) -> WritableBind:
    """Return where the changes to a directory go: two directories beside the step's own."""
    upper = beside.with_name(f"{beside.name}-bind{number}")
    return WritableBind(point, top, upper, upper.with_name(f"{upper.name}-work"))


def prepare(binds: Sequence[WritableBind]) -> None:
    """Make the directories; the merged one has the permission bits and the owner of the upper."""
    for bind in binds:
        facts = bind.top.stat()
        bind.upper.mkdir()
        bind.work.mkdir()
        if os.geteuid() == 0 and (facts.st_uid, facts.st_gid) != (0, os.getegid()):
            os.chown(bind.upper, facts.st_uid, facts.st_gid)
        bind.upper.chmod(stat.S_IMODE(facts.st_mode))


def gather(binds: Sequence[WritableBind], upper: Path, below: View) -> None:
    """Move what was written into the step's layer; an untouched directory adds nothing."""

    def mode(path: str) -> int:
        node = below.find(path)
        return 0o755 if node is None else stat.S_IMODE(node.stat.st_mode)

    for bind in binds:
        if _is_untouched(bind):
            continue
        open_way(upper, bind.point, mode)
        here = upper / bind.point
        if here.is_dir():
            here.rmdir()  # where it was mounted
        # A directory that its owner may not write to cannot be moved.
        found = stat.S_IMODE(bind.upper.stat().st_mode)
        bind.upper.chmod(found | stat.S_IRWXU)
        bind.upper.rename(here)


def _is_untouched(bind: WritableBind) -> bool:
    with os.scandir(bind.upper) as entries:
        if any(entries):
            return False
    now, before = bind.upper.stat(), bind.top.stat()
    owner = (now.st_uid, now.st_gid) == (before.st_uid, before.st_gid) or os.geteuid() != 0
    return owner and stat.S_IMODE(now.st_mode) == stat.S_IMODE(before.st_mode)
