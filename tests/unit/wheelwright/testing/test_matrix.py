"""A failed matrix is an error."""

import pytest

from tests.unit.wheelwright.testing.reports.matrices import PASSED, report
from wheelwright.errors import GateFailed
from wheelwright.testing.matrix import judge


def test_judging_a_failed_matrix_raises_its_table() -> None:
    """The call that judges fails with the headline first and the table below."""
    with pytest.raises(GateFailed) as caught:
        judge(report())
    assert str(caught.value).startswith("2 of 3 cells failed")
    assert "matrix of demo" in str(caught.value)
    assert judge(report(PASSED)).endswith("passed: 1 cell passed")
