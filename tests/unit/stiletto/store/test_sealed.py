"""Records that say themselves whether they are whole."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from stiletto.store.sealed import fitting, read, seal, unseal

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
DATA = st.dictionaries(st.text(), JSON, max_size=4)


@given(DATA)
def test_sealed_data_comes_back(data: dict[str, object]) -> None:
    """Whatever is sealed is JSON, and is read as it was."""
    text = seal(data)
    assert isinstance(json.loads(text), dict)
    assert data == unseal(text)


@given(DATA, st.data())
def test_flipped_bit_is_seen(data: dict[str, object], draw: st.DataObject) -> None:
    """With one bit flipped, anywhere, nothing is read."""
    text = bytearray(seal(data))
    text[draw.draw(st.integers(0, len(text) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
    assert unseal(bytes(text)) is None


@given(DATA, st.data())
def test_cut_text_is_seen(data: dict[str, object], draw: st.DataObject) -> None:
    """With its end missing, nothing is read."""
    text = seal(data)
    assert unseal(text[: draw.draw(st.integers(0, len(text) - 1))]) is None


def test_what_is_no_record_counts_as_absent(tmp_path: Path) -> None:
    """Other JSON, other bytes, a directory, a file in the place of a parent: all read as absent."""
    for number, text in enumerate((b"", b"{}", b"[]", b"null", b"\xff\xfe", b"[" * 100_000)):
        path = tmp_path / str(number)
        path.write_bytes(text)
        assert read(path) is None
    assert read(tmp_path) is None
    assert read(tmp_path / "0" / "child") is None
    assert read(tmp_path / "absent") is None


def test_data_of_another_shape_counts_as_absent() -> None:
    """Data that is whole and yet of another shape is no error."""
    wrong: list[dict[str, object]] = [{}, {"n": None}, {"n": "x"}, {"n": [1]}, {"n": {"a": 1}}]
    for data in wrong:
        assert fitting(data, lambda given: int(given["n"])) is None
    assert fitting(None, lambda given: int(given["n"])) is None
    assert fitting({"n": 3}, lambda given: int(given["n"])) == 3
