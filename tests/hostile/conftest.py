"""The benches of the end-to-end tests: whole commands over packages of an adversary."""

from tests.e2e.conftest import (
    at,
    cache,
    described,
    environ,
    fresh,
    kept,
    released,
    sample,
    shared,
    source,
    stiletto,
)

__all__ = [
    "at",
    "cache",
    "described",
    "environ",
    "fresh",
    "kept",
    "released",
    "sample",
    "shared",
    "source",
    "stiletto",
]
