"""Unpacks archives that others have made: nothing lands outside of the directory.

The filter for that came with Python 3.11.4; Debian 12 has 3.11.2, and takes a copy of it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING or sys.version_info >= (3, 11, 4):
    import tarfile
else:
    from backports import tarfile


def unpack(archive: Path, target: Path) -> None:
    """Unpack a tarball into a directory, which is made.

    Raises:
        tarfile.FilterError: a member would be outside, or is a device.
    """
    with tarfile.open(archive) as packed:
        packed.extractall(target, filter="data")
