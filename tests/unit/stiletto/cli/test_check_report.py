"""What `check` says of checks that passed: an OK is for what was checked."""

from __future__ import annotations

import pytest

from stiletto.cli.check import Verdict, report
from stiletto.cli.checktree import Check
from stiletto.progress import Outcome


def reported(said: str) -> list[str]:
    """Return the report of one check that passed and answered with a text."""
    check = Check("sample", ("lint",), "", generator=False)
    return report([Verdict(check, Outcome.DONE, 0.04, text=said)]).splitlines()


def test_the_returned_text_is_printed() -> None:
    """What a check answers stands beneath its line."""
    assert ["sample:lint   OK         0.0s", "    no issues; ruff 0.11"] == reported(
        "no issues; ruff 0.11\n"
    )


def test_not_configured_is_not_ok() -> None:
    """A check that found nothing to look at is skipped, and says what was looked for."""
    said = "not configured: quay does not use ruff"
    assert ["sample:lint   SKIPPED    0.0s", f"    {said}"] == reported(said)


@pytest.mark.parametrize("said", ["\x1b[2J", "a\r\x07", "\u202e"])
def test_text_has_no_power_over_the_terminal(said: str) -> None:
    """Control characters in what a check answers are shown, and obeyed by nobody."""
    assert not set("\x1b\r\x07\u202e") & set("\n".join(reported(said)))


def test_long_text_is_cut() -> None:
    """Of a long text the first lines are shown, and how many are missing."""
    assert "    [10 more lines]" == reported("\n".join(map(str, range(30))))[-1]
