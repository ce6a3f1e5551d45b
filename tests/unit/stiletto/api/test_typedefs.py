"""Cache policies of functions."""

from __future__ import annotations

import pytest

from stiletto.api import typedefs as t
from stiletto.errors import UsageError

STRING = t.with_kind(t.TypeDef(), "STRING_KIND")


@pytest.mark.parametrize(
    ("policy", "time_to_live", "expected"),
    [
        ("Default", None, ""),
        ("Default", "10m", "10m"),
        ("PerSession", None, "session"),
        ("Never", None, "never"),
    ],
)
def test_cache_policies(policy: str, time_to_live: str | None, expected: str) -> None:
    """A policy is kept as one word, a duration as itself."""
    made = t.with_cache_policy(t.new_function(t.Module(), "f", STRING), policy, time_to_live)

    assert expected == made.data["cache"]


def test_unknown_cache_policy() -> None:
    """A policy of a newer engine is refused by name."""
    with pytest.raises(UsageError, match="unknown cache policy Sometimes"):
        t.with_cache_policy(t.new_function(t.Module(), "f", STRING), "Sometimes")


@pytest.mark.parametrize("kind", ["STRING", "STRING_KIND"])
def test_kinds_have_a_short_name(kind: str) -> None:
    """A kind is known by both of its names."""
    assert STRING == t.with_kind(t.TypeDef(), kind)
