"""The calls of earlier engines are added to the engine's own SDK."""

from __future__ import annotations

import pytest

from stiletto.api.earlier import Version
from stiletto.module.bindings import bindings
from stiletto.module.earlier import earlier_calls

NAMES = ("with_auth_token", "without_focus", "skip_entrypoint", "_default_entrypoint")


@pytest.mark.parametrize(
    ("version", "count"),
    [((0, 18, 19), 1), ((0, 13, 3), 2), ((0, 12, 7), 3), ((0, 11, 9), 4)],
)
def test_calls_of_a_version(version: Version, count: int) -> None:
    """A version adds what its engine had, and the file is valid Python."""
    text = earlier_calls(version)

    assert NAMES[:count] == tuple(name for name in NAMES if name in text)
    assert "dagger_gen.py" == compile(bindings([], text), "dagger_gen.py", "exec").co_filename


@pytest.mark.parametrize("version", [None, (0, 19, 0), (0, 21, 8)])
def test_nothing_to_add(version: Version | None) -> None:
    """From v0.19 the SDK stays as it is."""
    assert "" == earlier_calls(version)
