"""Leaves out of a report what stands in it already (pure)."""

from __future__ import annotations

from collections.abc import Sequence

RUN = 4
"""So many lines in a row make a repetition; fewer may be alike by chance."""


class Once:
    """Takes one message after the other, and returns each without what an earlier one has."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, ...]] = set()

    def lines(self, message: Sequence[str]) -> list[str]:
        """Return the message; for lines that were in an earlier one, how many they are.

        Blanks at the ends of lines do not count.
        """
        plain = [line.strip() for line in message]
        starts = range(len(plain) - RUN + 1)
        runs = [tuple(plain[at : at + RUN]) for at in starts]
        repeated = [False] * len(plain)
        for at, run in enumerate(runs):
            if run in self._seen:
                repeated[at : at + RUN] = [True] * RUN
        self._seen.update(run for run in runs if any(run))
        shown: list[str] = []
        left_out = 0
        for line, again in zip([*message, ""], [*repeated, False], strict=True):
            if again:
                left_out += 1
                continue
            if left_out:
                shown.append(f"[{left_out} lines as above]")
                left_out = 0
            shown.append(line)
        return shown[:-1]
