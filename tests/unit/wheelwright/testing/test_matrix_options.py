"""The options of a matrix, with what the requested cells decide of them."""

import pytest

from wheelwright.errors import RequestError
from wheelwright.testing.cells import Selection
from wheelwright.testing.matrix_options import MatrixOptions


@pytest.mark.parametrize(
    ("given", "selection", "expected"),
    [
        (None, Selection(), True),
        (None, Selection(resolution=["highest"]), True),
        (None, Selection(python=["3.12"]), False),
        (None, Selection(cell=["3.12"]), False),
        (True, Selection(python=["3.12"]), True),
        (False, Selection(), False),
    ],
)
def test_only_a_claimed_python_is_left_out(
    given: bool | None, selection: Selection, expected: bool
) -> None:
    """A Python that a person named fails where it is missing, unless the flag decides."""
    assert expected == MatrixOptions(skip_unavailable=given).settled(selection).skip_unavailable


def test_no_limit_is_a_cell_for_each_core() -> None:
    """What is not given is found out where the cells run; a limit below 1 cannot be."""
    options = MatrixOptions()
    options.check()
    assert 0 == options.limit
    with pytest.raises(RequestError, match="--limit must be at least 1, not -1"):
        MatrixOptions(limit=-1).check()
