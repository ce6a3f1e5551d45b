"""The part of its work that a client names in the baggage of a request."""

import pytest

from stiletto.wire.server import PART_LENGTH_MAX, part_of


@pytest.mark.parametrize(
    ("headers", "part"),
    [
        ([], ""),
        ([(b"baggage", b"part=3.12")], "3.12"),
        ([(b"baggage", b"other=1, part = 3.12%2Bx;p=1,part=y")], "3.12+x"),
        ([(b"baggage", b"part")], ""),
        ([(b"baggage", b"\xff=\xfe,,=")], ""),
        ([(b"traceparent", b"part=x")], ""),
        ([(b"baggage", b"part=" + b"x" * 1000)], "x" * PART_LENGTH_MAX),
    ],
)
def test_part_is_read_from_baggage(headers: list[tuple[bytes, bytes]], part: str) -> None:
    """Anything may be in the header; only a member of that name counts, and never all of it."""
    assert part == part_of({"headers": headers})
