"""What a value of a `.env` file may contain."""

from __future__ import annotations

import pytest

from stiletto.errors import UsageError
from stiletto.module.expansion import Expansion


@pytest.mark.parametrize("mark", [";", "&", "|", "<", ">", "(", ")"])
def test_marks_of_a_shell_are_refused(mark: str) -> None:
    """A mark that would end the assignment is refused, and is text between quotes."""
    values = Expansion({"A": f"'x' {mark} y", "B": f"'x {mark} y'", "C": f"x {mark} y"}, {})

    with pytest.raises(UsageError, match="A: cannot expand"):
        values.value("A")
    assert [f"x {mark} y"] * 2 == [values.value("B"), values.value("C")]


def test_unset() -> None:
    """What is not set is an error, or empty where that is allowed."""
    with pytest.raises(UsageError, match="A: B is not set"):
        Expansion({"A": "$B"}, {}).value("A")

    assert "" == Expansion({"A": "$B"}, {}, unset=True).value("A")
