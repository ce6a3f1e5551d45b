"""What tests of a store put into it."""

from __future__ import annotations

import os

from stiletto.layers.layer import Layer
from stiletto.store import Store


def committed(store: Store, key: str, size_bytes: int) -> Layer:
    """Commit a layer with one file."""
    with store.stage() as staged:
        upper = staged / "upper"
        upper.mkdir()
        (upper / "file").write_bytes(os.urandom(size_bytes))
        return store.commit_layer(key, upper, Layer(upper))
