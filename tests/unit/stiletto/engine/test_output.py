"""The end of an output, as errors carry it."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stiletto.engine import output
from stiletto.engine.output import decoded, encoded, tail

CHUNKS = st.lists(st.text("ab \n", max_size=6).map(str.encode), max_size=8)


@given(CHUNKS)
def test_the_end_of_pieces_is_the_end_of_the_whole(chunks: list[bytes]) -> None:
    """Blanks at both ends are cut off, and what is left out is counted, however it came."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(output, "TAIL_BYTES", 5)
        text = b"".join(chunks).decode()
        expected = f"[omitting {len(text) - 5} bytes]...{text[-5:]}" if len(text) > 5 else text
        assert expected.strip() == tail(chunks)


@given(st.lists(st.binary(max_size=5), max_size=6))
@example([b"\xc2", b"", b"\x80"])
def test_pieces_of_json_are_the_text_of_the_whole(chunks: list[bytes]) -> None:
    """Any bytes, cut anywhere, give the same text in pieces as in one go."""
    text = json.loads(b'"' + b"".join(encoded(chunks)) + b'"')
    assert decoded(b"".join(chunks)) == text
