"""How many lines were added and removed, in a time that grows with the changes (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

_MOST = 1000
"""More changes than these are counted without a look at the order of lines: a comparison of two
texts without anything in common takes the product of their lengths."""


def changed_lines(old: Sequence[bytes], new: Sequence[bytes]) -> tuple[int, int]:
    """Return how many lines were added, and how many removed.

    The fewest that lead from one to the other; of very different texts, what each has more of.
    """
    shorter = min(len(old), len(new))
    head = 0
    while head < shorter and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < shorter - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    old, new = old[head : len(old) - tail], new[head : len(new) - tail]
    if not old or not new:
        return len(new), len(old)
    changes = _distance(old, new)
    if changes is not None:
        return (changes + len(new) - len(old)) // 2, (changes + len(old) - len(new)) // 2
    before, after = Counter(old), Counter(new)
    return (after - before).total(), (before - after).total()


def _distance(old: Sequence[bytes], new: Sequence[bytes]) -> int | None:
    """Return the fewest lines to add and remove, None where it is more than `_MOST`.

    E. Myers, "An O(ND) Difference Algorithm and Its Variations": the furthest point in `old` on
    each diagonal, change by change.
    """
    furthest = {1: 0}
    for changes in range(min(_MOST, len(old) + len(new)) + 1):
        for diagonal in range(-changes, changes + 1, 2):
            if diagonal == -changes or (
                diagonal != changes and furthest[diagonal - 1] < furthest[diagonal + 1]
            ):
                at = furthest[diagonal + 1]
            else:
                at = furthest[diagonal - 1] + 1
            while at < len(old) and 0 <= at - diagonal < len(new) and old[at] == new[at - diagonal]:
                at += 1
            furthest[diagonal] = at
            if at >= len(old) and at - diagonal >= len(new):
                return changes
    return None
