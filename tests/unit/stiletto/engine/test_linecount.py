"""How many lines were added and removed."""

from __future__ import annotations

from itertools import product

import pytest

from stiletto.engine.linecount import changed_lines


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", (0, 0)),
        ("", "ab", (2, 0)),
        ("ab", "", (0, 2)),
        ("abc", "abc", (0, 0)),
        ("abcd", "abxd", (1, 1)),
        ("abcabba", "cbabac", (2, 3)),
        ("ab", "ba", (1, 1)),
    ],
)
def test_fewest_lines_are_counted(old: str, new: str, expected: tuple[int, int]) -> None:
    """What both have in the same order counts as unchanged."""
    assert expected == changed_lines([c.encode() for c in old], [c.encode() for c in new])


def test_all_small_texts_agree_with_their_longest_common_part() -> None:
    """Added and removed are what the longest common subsequence leaves."""

    def common(old: str, new: str) -> int:
        row = [0] * (len(new) + 1)
        for a in old:
            before = row[:]
            for at, b in enumerate(new, 1):
                row[at] = before[at - 1] + 1 if a == b else max(before[at], row[at - 1])
        return row[-1]

    words = ["".join(w) for n in range(5) for w in product("ab", repeat=n)]
    for old, new in product(words, words):
        same = common(old, new)
        expected = (len(new) - same, len(old) - same)
        assert expected == changed_lines([c.encode() for c in old], [c.encode() for c in new])


def test_very_different_texts_are_counted_without_their_order() -> None:
    """A hundred thousand lines in reverse have the same lines; the time is no product of both."""
    lines = [b"%d" % number for number in range(100_000)]
    assert (0, 0) == changed_lines(lines, lines[::-1])
    assert (1, 2) == changed_lines([b"x", *lines, b"x"], [b"y", *lines[::-1]])
