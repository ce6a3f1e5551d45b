"""Dates in titles: found, and written once more for another day."""

from datetime import date

import pytest

from wheelwright.release.decide.changelog import dates

DAY = date(2026, 3, 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-01-02", "2026-03-04"),
        ("2025-1-2", "2026-3-4"),
        ("2025-11-12", "2026-03-04"),
        ("2025/01/02", "2026/03/04"),
        ("2025.01.02", "2026.03.04"),
        ("02.01.2025", "04.03.2026"),
        ("2.1.2025", "4.3.2026"),
        ("13/01/2025", "04/03/2026"),
        ("01/13/2025", "03/04/2026"),
        ("01/02/2025", "03/04/2026"),
        ("2 January 2025", "4 March 2026"),
        ("12 January 2025", "4 March 2026"),
        ("02 January 2025", "04 March 2026"),
        ("2nd January, 2025", "4th March, 2026"),
        ("6th December, 2024", "4th March, 2026"),
        ("January 2, 2025", "March 4, 2026"),
        ("January 2nd, 2025", "March 4th, 2026"),
        ("Jan 2, 2025", "Mar 4, 2026"),
        ("Jan. 2, 2025", "Mar. 4, 2026"),
        ("May 2, 2025", "March 4, 2026"),
        ("2-Jan-2025", "4-Mar-2026"),
        ("2 JAN 2025", "4 MAR 2026"),
        ("Thursday, 2 January 2025", "Wednesday, 4 March 2026"),
        ("January 2025", "March 2026"),
        ("2nd of January 2025", "4th of March 2026"),
        ("2. Januar 2025", "4. M\u00e4rz 2026"),
        ("2. August 2025", "4. M\u00e4rz 2026"),
        ("2 August 2025", "4 March 2026"),
        ("Mai 2025", "M\u00e4rz 2026"),
        ("1er f\u00e9vrier 2025", "4 mars 2026"),
        ("2 de enero de 2025", "4 de marzo de 2026"),
        ("2 de janeiro de 2025", "4 de mar\u00e7o de 2026"),
        ("2 gennaio 2025", "4 marzo 2026"),
        ("2 mei 2025", "4 maart 2026"),
        ("2 stycznia 2025", "4 marca 2026"),
        ("2 \u044f\u043d\u0432\u0430\u0440\u044f 2025", "4 \u043c\u0430\u0440\u0442\u0430 2026"),
        ("2025\u5e741\u67082\u65e5", "2026\u5e743\u67084\u65e5"),
        ("2025\u5e7401\u670802\u65e5", "2026\u5e7403\u670804\u65e5"),
        ("2025\ub144 1\uc6d4 2\uc77c", "2026\ub144 3\uc6d4 4\uc77c"),
        ("2025\u201101\u201102", "2026\u201103\u201104"),
    ],
)
def test_another_day_has_the_same_form(text: str, expected: str) -> None:
    """Order, names, ordinals, zeros and what is between them are those of the other date."""
    found = dates.find(f"1.2.3 ({text})")
    assert found is not None
    assert f"({text})" == f"1.2.3 ({text})"[found.start - 1 : found.end + 1]
    assert expected == found.on(DAY)


def test_other_dates_show_which_number_is_the_month() -> None:
    """Where a date can be read in two ways, another one of the file decides."""
    found = dates.find("01/02/2025", ["1.0 (25/12/2024)"])
    assert found is not None
    assert "04/03/2026" == found.on(DAY)


def test_other_dates_show_the_language() -> None:
    """A month that several languages write alike is of the language of the others."""
    for others, expected in {
        ("1.0 (3. Oktober 2024)",): "4 M\u00e4rz 2026",
        ("1.0 (3 oktober 2024)", "0.9 (3 maart 2024)"): "4 maart 2026",
        ("1.0 (3 October 2024)",): "4 March 2026",
    }.items():
        found = dates.find("2 November 2025", others)
        assert found is not None
        assert expected == found.on(DAY)


def test_time_behind_a_date_is_not_part_of_it() -> None:
    """A day alone is known of a release."""
    found = dates.find("1.2.3 - 2025-01-02T13:45:00Z")
    assert found is not None
    assert (8, 18) == (found.start, found.end)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(2025)", True),
        ("Q1 2025", True),
        ("02/01/25", True),
        ("2. ledna 2025", True),
        ("Bold Badger", False),
        ("supports 2025.1", False),
        ("1.2.25", True),
        ("port 12025", False),
        ("", False),
    ],
)
def test_date_of_an_unknown_form_has_a_year(text: str, expected: bool) -> None:
    """What looks like a date and is not read is known as that."""
    assert expected is dates.is_unread(text)


@pytest.mark.parametrize("day", range(1, 32))
def test_ordinals_are_english(day: int) -> None:
    """The ending of a number is the one that is spoken."""
    found = dates.find("1st January 2025")
    assert found is not None
    ending = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}.get(day, "th")
    assert f"{day}{ending} January 2026" == found.on(date(2026, 1, day))


@pytest.mark.parametrize("text", ["", "1.2.3", "12.34.5678", "2025-13-01", "2025-01-32", "v2025"])
def test_other_numbers_are_no_dates(text: str) -> None:
    """A version, or a number out of range, is not a date."""
    assert dates.find(text) is None
