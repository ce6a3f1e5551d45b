"""Names of types and functions as the API has them, whatever the module calls them."""

from __future__ import annotations

import pytest

from stiletto.module import naming


@pytest.mark.parametrize(
    ("name", "camel", "lower"),
    [
        ("check_format", "CheckFormat", "checkFormat"),
        ("wheel-wright", "WheelWright", "wheelWright"),
        ("checkFormat", "CheckFormat", "checkFormat"),
        ("lint", "Lint", "lint"),
        ("python312", "Python312", "python312"),
        ("python_3_12", "Python312", "python312"),
        ("sha256sum", "Sha256Sum", "sha256Sum"),
    ],
)
def test_names(name: str, camel: str, lower: str) -> None:
    """Types are Camel, functions, fields and arguments lowerCamel."""
    assert (camel, lower) == (naming.camel(name), naming.lower_camel(name))
