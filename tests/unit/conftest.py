"""A store of its own for every test."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from stiletto.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Open an empty store."""
    with Store(tmp_path / "cache") as opened:
        yield opened


@pytest.fixture
def ordinary() -> Iterator[Path]:
    """Run the test as an ordinary user, for whom permission bits count; yield a directory."""
    with tempfile.TemporaryDirectory() as name:
        if os.geteuid() != 0:
            yield Path(name)
            return
        try:
            os.chown(name, NOBODY, NOBODY)
        except OSError as error:  # EINVAL: a user namespace that has no such user
            pytest.skip(f"no second user here: {error.strerror}")
        os.seteuid(NOBODY)
        try:
            yield Path(name)
        finally:
            os.seteuid(0)


NOBODY = 65534
"""The user that owns nothing, on every Linux; see user_namespaces(7)."""
