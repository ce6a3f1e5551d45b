"""What people see of failures: place and reason, the first ones' reports, a line for the others."""

from wheelwright.container.output import cut_off
from wheelwright.testing.failed import Failure
from wheelwright.testing.texts import listed, reported, shown, tail

FAILURES = tuple(
    Failure(f"tests.test_a::test_{n}", "bad", f"> assert {n} == -1", "pkg/tests/test_a.py", n + 1)
    for n in range(60)
)


def test_list_that_is_cut_says_so() -> None:
    """Fifty failures have a line, and one line says where the others are."""
    lines = listed(FAILURES)
    assert (51, "  and 10 more, in junit.xml") == (len(lines), lines[-1])
    assert "junit.xml" not in "".join(listed(FAILURES[:50]))


def test_first_failures_have_their_reports_and_the_others_a_line() -> None:
    """Place and reason stand above the report, at paths from the root."""
    assert [
        "--- tests.test_a::test_0 ---",
        "pkg/tests/test_a.py:1: bad",
        "> assert 0 == -1",
        "",
        "--- tests.test_a::test_1 ---",
        "pkg/tests/test_a.py:2: bad",
        "> assert 1 == -1",
        "",
        "--- tests.test_a::test_2 ---",
        "pkg/tests/test_a.py:3: bad",
        "> assert 2 == -1",
        "",
        "  tests.test_a::test_3: bad",
        "  tests.test_a::test_4: bad",
        "",
    ] == shown(FAILURES[:5])


def test_reports_share_a_screen() -> None:
    """Where the first report fills the screen, the next failures have a line each."""
    long = [Failure(name, "bad", "\n".join(map(str, range(200)))) for name in "abc"]
    lines = shown(long, ["3.11, 3.12", "3.11", "3.12"])
    assert ["--- a (3.11, 3.12) ---", "bad", "[176 lines above]", "176"] == lines[:4]
    assert ["199", "", "  b (3.11): bad", "  c (3.12): bad", ""] == lines[-5:]


def test_place_is_not_repeated_at_the_end_of_the_report() -> None:
    """Pytest's last line has the place, which stands above already."""
    text = "E   bad\n\ntests/test_a.py:3: AssertionError"
    failure = Failure("t", "bad", text, "tests/test_a.py", 3)
    assert ["--- t ---", "tests/test_a.py:3: bad", "E   bad"] == reported(failure)


def test_end_of_an_output_is_shown() -> None:
    """Of a long output the last lines are shown, and how many are above."""
    lines = tail("\n" * 100 + "end").splitlines()
    assert ("[71 lines above, all of them in `test-run log`]", "end") == (lines[0], lines[-1])
    assert "> assert 0\n1 failed" == tail("> assert 0\n1 failed\n")


def test_end_of_an_output_whose_beginning_was_not_read_counts_both() -> None:
    """Bytes that were not read are counted beside the lines that are not shown."""
    lines = [f"line {number}" for number in range(40)]
    assert [
        "[4000 bytes and 10 lines above, all of them in `test-run log`]",
        *lines[10:],
    ] == tail("\n".join([cut_off(4000), *lines])).splitlines()
    assert "[7 bytes and 0 lines above, all of them in `test-run log`]\nend" == tail(
        f"{cut_off(7)}\nend\n"
    )
