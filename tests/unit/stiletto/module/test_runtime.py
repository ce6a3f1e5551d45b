"""Which interpreter a module's environment gets."""

from __future__ import annotations

import pytest

from stiletto.module.runtime import KNOWN_PYTHONS, python_tags


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("3.12", ["3.12"]),
        ("3.12.4", ["3.12"]),
        ("==3.12", ["3.12"]),
        ("~=3.11", list(KNOWN_PYTHONS)),
        ("<3.13", list(KNOWN_PYTHONS)),
        (">=3.13", ["3.13", "3.14"]),
        (">= 3.11", ["3.11", "3.12", "3.13", "3.14"]),
        (">=3.9", ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]),
        ("", list(KNOWN_PYTHONS)),
        (">=3", list(KNOWN_PYTHONS)),
    ],
)
def test_interpreters(wanted: str, expected: list[str]) -> None:
    """The first version named is tried first, newer ones only where it is a lower bound."""
    assert expected == list(python_tags(wanted))
