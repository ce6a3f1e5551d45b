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
