"""Secrets in streams."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from stiletto.sandbox.scrub import Replacer, secret_patterns


def scrub(chunks: list[bytes], secrets: list[str | bytes]) -> bytes:
    """Feed chunks, and return everything that came out."""
    replacer = Replacer(secret_patterns(secrets))
    return b"".join([*map(replacer.feed, chunks), replacer.flush()])


def test_a_secret_is_masked() -> None:
    """A secret becomes three stars, whatever surrounds it."""
    assert scrub([b"a tok-1 b tok-1"], ["tok-1"]) == b"a *** b ***"


def test_a_split_secret_is_masked() -> None:
    """A secret that arrives byte by byte is masked all the same."""
    assert scrub([bytes([byte]) for byte in b"xtok-1y"], ["tok-1"]) == b"x***y"


def test_what_is_no_secret_is_not_held_back() -> None:
    """Only the possible beginning of a secret waits for more."""
    replacer = Replacer(secret_patterns(["tok-1"]))

    assert replacer.feed(b"line\nto") == b"line\n"
    assert replacer.feed(b"day") == b"today"
    assert replacer.flush() == b""


def test_an_unfinished_secret_comes_out_at_the_end() -> None:
    """The end of the stream settles what was held back."""
    assert scrub([b"tok-"], ["tok-1"]) == b"tok-"


def test_the_longest_secret_wins() -> None:
    """Of two secrets that begin alike the longer one is masked, over a boundary too."""
    assert scrub([b"abc", b"def abcx"], ["abc", "abcdef"]) == b"*** ***x"


def test_a_match_that_began_earlier_wins() -> None:
    """A secret is not missed because its end looks like another one's start."""
    assert scrub([b"..aXb", b"!"], ["aXb", "b12"]) == b"..***!"


def test_lines_of_a_secret() -> None:
    """A multi-line secret is masked as a whole, and line by line; short lines are not."""
    key = "-----BEGIN KEY-----\nabcdefgh\n}\n"

    assert scrub([b"<" + key.encode() + b">"], [key]) == b"<***\n>"
    assert scrub([b"  abcdefgh }"], [key]) == b"  *** }"


def test_empty_secrets_mask_nothing() -> None:
    """An empty or blank secret is ignored."""
    assert scrub([b"a b"], ["", b"\n"]) == b"a b"


def test_binary_secrets() -> None:
    """A secret need not be text."""
    assert scrub([b"\xff\x00\xfe!"], [b"\xff\x00\xfe"]) == b"***!"


@given(
    st.lists(st.text("ab", min_size=3, max_size=6), min_size=1, max_size=4),
    st.text("abc", max_size=30),
    st.lists(st.integers(0, 30), max_size=6),
)
def test_chunks_do_not_matter(secrets: list[str], text: str, cuts: list[int]) -> None:
    """However the stream is cut, the same comes out."""
    data = text.encode()
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[a:b] for a, b in itertools.pairwise(edges)]

    assert scrub(chunks, list(secrets)) == scrub([data], list(secrets))
    assert not any(secret.encode() in scrub(chunks, list(secrets)) for secret in secrets)
