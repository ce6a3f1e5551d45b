"""Dates as people write them: where one is in a line, and another day in the same form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Final

# Titles that are looked at for the order of day and month.
_MOST: Final = 500
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NAME: Final = "|".join([*_MONTHS, "Sept", *(each[:3] for each in _MONTHS)])
_WEEKDAY: Final = "|".join([*_DAYS, *(each[:3] for each in _DAYS)])

_DAY: Final = r"(?P<day>\d{1,2})(?P<ordinal>st|nd|rd|th)?"
_YEAR: Final = r"(?P<year>(?:19|20)\d\d)"
_MONTH: Final = rf"(?P<name>{_NAME})\b\.?"
_PATTERNS: Final = tuple(
    re.compile(rf"(?<![\w.])(?:(?P<weekday>{_WEEKDAY}),? )?{each}(?![\w])", re.IGNORECASE)
    for each in (
        rf"{_YEAR}(?P<s>[-/.])(?P<month>\d{{1,2}})(?P=s)(?P<day>\d{{1,2}})(?!\.\d)",
        rf"{_DAY}\.?(?: of)?[ -]{_MONTH},?[ -]{_YEAR}",
        rf"{_MONTH} {_DAY},? {_YEAR}",
        rf"{_YEAR}[ -]{_MONTH}[ -]{_DAY}",
        r"(?P<first>\d{1,2})(?P<s>[./-])(?P<second>\d{1,2})(?P=s)(?P<year>(?:19|20)\d\d)(?!\.\d)",
        rf"{_MONTH},? {_YEAR}",
    )
)


@dataclass(frozen=True, slots=True)
class Found:
    """A date in a line, and its form: pieces of text, and what stands for a part of the date."""

    start: int
    end: int
    pieces: tuple[tuple[str, str], ...]

    def on(self, day: date) -> str:
        """Return another day in this form."""
        return "".join(_part(kind, text, day) for kind, text in self.pieces)


def find(text: str, others: Iterable[str] = ()) -> Found | None:
    """Return the first date of a line; None without one.

    `others` are lines with dates of the same form: of 02/01/2025 they show which number is the
    month. Where none does, it is the first one between slashes, and otherwise the second.
    """
    # What looks like one and is none, such as the version 2026.11.0, may stand before it.
    firsts = (next(filter(_is_date, pattern.finditer(text)), None) for pattern in _PATTERNS)
    matches = [found for found in firsts if found]
    if not matches:
        return None
    match = min(matches, key=lambda found: (found.start(), -found.end()))
    return Found(match.start(), match.end(), tuple(_pieces(match, _month_first(match, others))))


def _is_date(match: re.Match[str]) -> bool:
    parts = match.groupdict()
    days = [int(parts[key]) for key in ("day", "first", "second") if parts.get(key)]
    months = [int(parts["month"])] if parts.get("month") else []
    if "first" in parts:
        months = [min(days)]
    return all(1 <= day <= 31 for day in days) and all(1 <= month <= 12 for month in months)


def _month_first(match: re.Match[str], others: Iterable[str]) -> bool:
    if "first" not in match.groupdict():
        return False
    for text in islice((match.string, *others), _MOST):
        for each in match.re.finditer(text):
            first, second = int(each["first"]), int(each["second"])
            if each["s"] == match["s"] and max(first, second) > 12:
                return second > 12
    return match["s"] == "/"


def _pieces(match: re.Match[str], month_first: bool) -> Iterator[tuple[str, str]]:
    numbers = ("month", "day") if month_first else ("day", "month")
    kinds = dict(zip(("first", "second"), numbers, strict=True))
    parts = sorted(
        (match.start(name), match.end(name), kinds.get(name, name))
        for name, text in match.groupdict().items()
        if text and name != "s"
    )
    padded = _padded([match.string[start:end] for start, end, kind in parts if kind in numbers])
    named = any(kind == "name" for _, _, kind in parts)
    position = match.start()
    for start, end, kind in parts:
        text = match.string[start:end]
        yield "", match.string[position:start]
        two = text.startswith("0") or (padded and not named)
        yield (f"{kind} of two digits" if two and kind in numbers else kind), text
        position = end
    yield "", match.string[position : match.end()]


def _padded(numbers: list[str]) -> bool:
    # 2025-01-12 does not show whether a smaller day gets a zero, and 2025-1-12 does.
    return all(len(each) == 2 for each in numbers)


def _part(kind: str, text: str, day: date) -> str:
    parts = {
        "year": f"{day.year:04}",
        "day": str(day.day),
        "day of two digits": f"{day.day:02}",
        "month": str(day.month),
        "month of two digits": f"{day.month:02}",
        "ordinal": _ordinal(day.day),
        "name": _MONTHS[day.month - 1],
        "weekday": _DAYS[day.weekday()],
    }
    new = parts.get(kind, text)
    if kind in ("name", "weekday"):
        # "May" is both; the long form is more usual.
        short = len(text) < 5 and text.lower() not in ("may", "june", "july")
        new = new[:3] if short else new
        return new.upper() if text.isupper() else new
    return new


def _ordinal(day: int) -> str:
    if 10 <= day % 100 <= 20:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
