"""Where the store stands and how its files are named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stiletto.errors import EnvironmentFailed
from stiletto.store.layout import blob_time_s, file_name, root_from


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"STILETTO_CACHE": "/s", "XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/s"),
        ({"XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/x/stiletto"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "/h/.cache/stiletto"),
        ({"STILETTO_CACHE": "", "HOME": "/h"}, "/h/.cache/stiletto"),
    ],
)
def test_environment_says_where_the_store_is(environ: dict[str, str], expected: str) -> None:
    """Its own variable comes first, then the user's cache directory, then ~/.cache."""
    assert Path(expected) == root_from(environ)


def test_no_home_is_an_error_with_a_way_out() -> None:
    """Without any of the variables the error says which one to set."""
    with pytest.raises(EnvironmentFailed, match="HOME is not set") as caught:
        root_from({})
    assert caught.value.hint == "set STILETTO_CACHE"


@pytest.mark.parametrize("key", ["abc", "sha256:" + "a" * 64, "python-3.12_x"])
def test_plain_keys_stay_readable(key: str) -> None:
    """A key made of plain characters is its own file name, without the digest's scheme."""
    assert key.removeprefix("sha256:") == file_name(key)


@given(st.text())
def test_any_key_becomes_a_safe_name(key: str) -> None:
    """No key can climb out of its directory or hide in it."""
    name = file_name(key)
    assert "/" not in name
    assert not name.startswith(".")
    assert 1 <= len(name) <= 128


def test_blob_times_follow_contents() -> None:
    """The time of a blob is a fixed function of its digest."""
    assert blob_time_s("0" * 64) == 1_000_000_000
    assert blob_time_s("000000f" + "0" * 57) == 1_000_000_015
