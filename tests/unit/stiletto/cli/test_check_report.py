"""What `check` says of checks that passed: an OK is for what was checked."""

from __future__ import annotations

import pytest

from stiletto.cli.check import Verdict, report
from stiletto.cli.checktree import Check
from stiletto.errors import StilettoError
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


def test_first_line_of_an_answer_is_shown() -> None:
    """Of an answer of several lines the first is shown, within the width of the terminal."""
    said = "passed on Python 3.12\n4 passed"
    assert ["sample:lint   OK         0.0s", "    passed on Python 3.12"] == reported(said)
    check = Check("sample", ("lint",), "", generator=False)
    lines = report([Verdict(check, Outcome.DONE, 0.04, text="x" * 50)], 40).splitlines()
    assert f"    {'x' * 33}..." == lines[1]


TRACEBACK = """\
tests/test_a.py:3: assert 1 == 2
    def test_a():
>       assert 1 == 2
E       assert 1 == 2"""


def failed(name: str, message: str) -> Verdict:
    """Return a check that failed with a message."""
    check = Check("sample", (name,), "", generator=False)
    return Verdict(check, Outcome.FAILED, 1.0, StilettoError(message))


def test_one_failure_is_printed_once() -> None:
    """A test that fails in two checks has its lines beneath the first of them."""
    text = report(
        [
            failed("matrix", f"3 of 3 failed\n\n--- test_a (3.11) ---\n{TRACEBACK}\n\nagain: a"),
            failed("test", f"failed\n\n--- test_a ---\n{TRACEBACK}\n\nagain: b"),
        ]
    )
    assert [
        "sample:matrix   ERROR      1.0s",
        "    3 of 3 failed",
        "",
        "    --- test_a (3.11) ---",
        "    tests/test_a.py:3: assert 1 == 2",
        "        def test_a():",
        "    >       assert 1 == 2",
        "    E       assert 1 == 2",
        "",
        "    again: a",
        "sample:test     ERROR      1.0s",
        "    failed",
        "",
        "    --- test_a ---",
        "    [5 lines as above]",
        "    again: b",
    ] == text.splitlines()


def test_few_lines_are_no_repetition() -> None:
    """Fewer than four lines in a row may be alike by chance."""
    text = report([failed("a", "x\ny\nz\n1"), failed("b", "x\ny\nz\n2")])
    assert "as above" not in text
