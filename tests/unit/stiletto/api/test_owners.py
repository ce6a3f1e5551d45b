"""Owners as callers write them."""

from __future__ import annotations

import pytest

from stiletto.api.owners import numbers, only_numbers
from stiletto.errors import UsageError


@pytest.mark.parametrize(
    ("owner", "expected"),
    [("1000", "1000:1000"), ("1000:5", "1000:5"), ("0", "0:0"), ("app", None), ("1000:app", None)],
)
def test_numbers(owner: str, expected: str | None) -> None:
    """A number alone is its own group; a name has no number here."""
    assert expected == numbers(owner)


def test_a_directory_has_no_names() -> None:
    """A name is refused where there is no container to look it up in."""
    with pytest.raises(UsageError, match=r"Directory.chown\(owner:\) is 'app'"):
        only_numbers("Directory.chown", "app")

    assert only_numbers("Directory.chown", "") == ""


def test_a_number_that_no_container_has() -> None:
    """A number beyond the range of a container is refused."""
    with pytest.raises(UsageError, match="above"):
        numbers("4294967294")
