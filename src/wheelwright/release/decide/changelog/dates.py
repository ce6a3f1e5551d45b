"""Dates as people write them: where one is in a line, and another day in the same form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Final

# Titles that are looked at for the order of day and month.
_MOST: Final = 500
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_OTHERS: Final = tuple(
    tuple(names.split())
    for names in (
        # German, French, Spanish, Portuguese, Italian, Dutch; Polish and Russian as in a date.
        "Januar Februar M\u00e4rz April Mai Juni Juli August September Oktober November Dezember",
        "janvier f\u00e9vrier mars avril mai juin juillet ao\u00fbt septembre octobre novembre "
        "d\u00e9cembre",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "janeiro fevereiro mar\u00e7o abril maio junho julho agosto setembro outubro novembro "
        "dezembro",
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
        "dicembre",
        "januari februari maart april mei juni juli augustus september oktober november december",
        "stycznia lutego marca kwietnia maja czerwca lipca sierpnia wrze\u015bnia "
        "pa\u017adziernika listopada grudnia",
        "\u044f\u043d\u0432\u0430\u0440\u044f \u0444\u0435\u0432\u0440\u0430\u043b\u044f "
        "\u043c\u0430\u0440\u0442\u0430 \u0430\u043f\u0440\u0435\u043b\u044f \u043c\u0430\u044f "
        "\u0438\u044e\u043d\u044f \u0438\u044e\u043b\u044f "
        "\u0430\u0432\u0433\u0443\u0441\u0442\u0430 "
        "\u0441\u0435\u043d\u0442\u044f\u0431\u0440\u044f "
        "\u043e\u043a\u0442\u044f\u0431\u0440\u044f "
        "\u043d\u043e\u044f\u0431\u0440\u044f \u0434\u0435\u043a\u0430\u0431\u0440\u044f",
    )
)
_LANGUAGES: Final = (_MONTHS, *_OTHERS)
_KNOWN: Final = tuple(frozenset(each.casefold() for each in names) for names in _LANGUAGES)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NAME: Final = "|".join(
    [
        *dict.fromkeys(each for names in _LANGUAGES for each in names),
        *("Sept", *(each[:3] for each in _MONTHS)),
    ]
)
_WEEKDAY: Final = "|".join([*_DAYS, *(each[:3] for each in _DAYS)])

_DAY: Final = "(?P<day>\\d{1,2})(?P<ordinal>st|nd|rd|th|er|\u00ba)?"
_YEAR: Final = r"(?P<year>(?:19|20)\d\d)"
_MONTH: Final = rf"(?P<name>{_NAME})\b\.?"
_PATTERNS: Final = tuple(
    re.compile(
        rf"(?<![\w.])(?:(?P<weekday>{_WEEKDAY}),? )?{each}(?:(?!\w)|(?=T\d\d?:))", re.IGNORECASE
    )
    for each in (
        rf"{_YEAR}(?P<s>[-/.\u2010-\u2013])(?P<month>\d{{1,2}})(?P=s)(?P<day>\d{{1,2}})(?!\.\d)",
        rf"{_DAY}\.?(?: of| de)?[ -]{_MONTH},?(?: del?)?[ -]{_YEAR}",
        rf"{_MONTH} {_DAY},? {_YEAR}",
        # Chinese, Japanese and Korean.
        rf"{_YEAR}(?:\u5e74|\ub144) ?(?P<month>\d{{1,2}})(?:\u6708|\uc6d4) ?(?P<day>\d{{1,2}})"
        r"(?:\u65e5|\uc77c)",
        rf"{_YEAR}[ -]{_MONTH}[ -]{_DAY}",
        r"(?P<first>\d{1,2})(?P<s>[./-])(?P<second>\d{1,2})(?P=s)(?P<year>(?:19|20)\d\d)(?!\.\d)",
        rf"{_MONTH},? {_YEAR}",
    )
)
_NAMED: Final = re.compile(rf"(?<!\w)(?:{_NAME})(?!\w)", re.IGNORECASE)
# 2025, or 02/01/25.
_YEAR_OF_ANY: Final = re.compile(
    r"(?<![\w.])(?:19|20)\d\d(?![\w.]\d)(?!\d)|(?<![\w.])\d{1,2}([-/.])\d{1,2}\1\d\d(?![\w.])"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A date in a line, and its form: pieces of text, and what stands for a part of the date.

    Attributes:
        months: their names in the language of the date.
    """

    start: int
    end: int
    pieces: tuple[tuple[str, str], ...]
    months: tuple[str, ...] = _MONTHS

    def on(self, day: date) -> str:
        """Return another day in this form."""
        return "".join(_part(kind, text, day, self.months) for kind, text in self.pieces)


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
    others = list(islice(others, _MOST))
    pieces = tuple(_pieces(match, _month_first(match, others)))
    return Found(match.start(), match.end(), pieces, _language(match, others))


def is_unread(text: str) -> bool:
    """Whether a text without a date that is known has one of another form: it names a year."""
    return bool(_YEAR_OF_ANY.search(text))


def _language(match: re.Match[str], others: Iterable[str]) -> tuple[str, ...]:
    """Return the months of the language; other dates show it where a name is in several."""
    name = (match.groupdict().get("name") or "").casefold()
    there = [number for number, known in enumerate(_KNOWN) if name in known]
    for text in others if len(there) > 1 else ():
        for languages in _languages(text):
            there = [each for each in there if each in languages] or there
        if len(there) == 1:
            break
    if 0 in there and 1 in there and f"{match.groupdict().get('day')}. " in match[0]:
        # "2. August" is German.
        return _LANGUAGES[1]
    return _LANGUAGES[there[0]] if there else _MONTHS


# The same titles are looked at for each of them.
@lru_cache(maxsize=2 * _MOST)
def _languages(text: str) -> tuple[frozenset[int], ...]:
    """Return the languages of each name of a month in a text."""
    names = (found[0].casefold() for found in _NAMED.finditer(text))
    return tuple(
        frozenset(number for number, known in enumerate(_KNOWN) if name in known) for name in names
    )


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


def _part(kind: str, text: str, day: date, months: Sequence[str]) -> str:
    parts = {
        "year": f"{day.year:04}",
        "day": str(day.day),
        "day of two digits": f"{day.day:02}",
        "month": str(day.month),
        "month of two digits": f"{day.month:02}",
        "ordinal": _ordinal(day.day, text),
        "name": months[day.month - 1],
        "weekday": _DAYS[day.weekday()],
    }
    new = parts.get(kind, text)
    if kind in ("name", "weekday"):
        # "May" is both; the long form is more usual.
        full = months if kind == "name" else _DAYS
        short = text.casefold() not in (each.casefold() for each in full)
        new = new[:3] if short else new
        return new.upper() if text.isupper() else new
    return new


def _ordinal(day: int, shown: str) -> str:
    if shown.casefold() == "er":
        # French counts the first day alone.
        return shown if day == 1 else ""
    if shown == "\u00ba":
        return shown
    if 10 <= day % 100 <= 20:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
