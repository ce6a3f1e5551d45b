"""What to do about Pythons that the engine lacks is one line, whatever their number."""

from __future__ import annotations

from wheelwright.testing.missing import Missing, unprovided


def test_all_of_them_stand_in_one_advice() -> None:
    """The engine's command gets every version, and the option that leaves the cells out follows."""
    advice = "install it, for instance with `uv python install 3.12`"
    found = [Missing("3.12", advice), Missing("3.13", ""), Missing("3.12", advice)]
    assert (
        "not available: Python 3.12, 3.13; install it, for instance with "
        "`uv python install 3.12 3.13`; --skip-unavailable leaves such cells out"
    ) == unprovided(found, skipped=False)
    assert "not available: Python 3.9" == unprovided([Missing("3.9")], skipped=True)
    assert "" == unprovided([], skipped=False)
