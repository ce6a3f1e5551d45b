"""Names of the command line, and the nearest one to a mistyped name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stiletto.cli.names import closest, kebab


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("buildImage", "build-image"),
        ("python312", "python-312"),
        ("JSONData", "json-data"),
        ("dockerConfig", "docker-config"),
        ("DockerConfig", "docker-config"),
        ("already-kebab", "already-kebab"),
        ("snake_case", "snake-case"),
        ("asURL", "as-url"),
        ("x", "x"),
        ("", ""),
    ],
)
def test_names_become_kebab_as_dagger_makes_them(name: str, expected: str) -> None:
    """Words start where case changes and at digits; an acronym is one word."""
    assert expected == kebab(name)


@given(st.from_regex(r"[a-z]+(-[a-z]+|-[0-9]+)*", fullmatch=True))
def test_kebab_names_stay_as_they_are(name: str) -> None:
    """A name that is in kebab case already is not changed."""
    assert name == kebab(name)


def test_a_mistyped_name_leads_to_the_nearest() -> None:
    """One wrong letter, another case or a cut-off name find the meant one; nonsense does not."""
    known = ["build-image", "test", "lint"]
    expected = ["test", "build-image", "build-image", None]
    assert expected == [closest(word, known) for word in ("tset", "buildImage", "bui", "zzz")]
