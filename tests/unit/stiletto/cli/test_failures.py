"""Errors as text: which of them name the command that explains them."""

from __future__ import annotations

import pytest

from stiletto.cli.failures import text_of
from stiletto.errors import ModuleFailed, StilettoError, UsageError

RED = ModuleFailed("2 tests failed", hint="mend them")


@pytest.mark.parametrize(
    ("error", "failed", "expected"),
    [
        (RED, ["pytest"], "  explain: stiletto explain pytest"),
        (RED, ["pytest", "pytest"], "  explain: stiletto explain pytest"),
        (RED, ["ruff", "pytest"], "  explain: stiletto explain"),
        (RED, ["sh"], "  explain: stiletto explain"),
        (RED, [], "  hint: mend them"),
        (UsageError("unknown flag", hint="mend them"), ["pytest"], "  hint: mend them"),
    ],
)
def test_what_a_module_reports_names_explain_once(
    error: StilettoError, failed: list[str], expected: str
) -> None:
    """After a program has failed: the only one by its name; no line where nothing is noted."""
    assert expected == text_of(error, is_noted=True, failed=failed).splitlines()[-1]
    assert "  hint: mend them" == text_of(error, failed=failed).splitlines()[-1]
