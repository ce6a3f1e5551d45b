"""What people see of failures: a line for each, the first ones' reports, and the end."""

from wheelwright.testing.failed import Failure
from wheelwright.testing.texts import listed, tail

FAILURES = tuple(
    Failure(f"tests.test_a::test_{n}", "bad", f"> assert {n} == -1", "pkg/tests/test_a.py", n + 1)
    for n in range(60)
)


def test_list_that_is_cut_says_so() -> None:
    """Fifty failures have a line, and one line says where the others are."""
    lines = listed(FAILURES)
    assert (51, "  and 10 more, in junit.xml") == (len(lines), lines[-1])
    assert "junit.xml" not in "".join(listed(FAILURES[:50]))


def test_tail_shows_tracebacks_before_warnings() -> None:
    """Behind a page of warnings the first failures' reports are seen, at paths from the root."""
    output = "\n".join(["> assert 0 == -1", *(f"warning {n}" for n in range(100)), "60 failed"])
    lines = tail(output, FAILURES).splitlines()
    assert ["--- tests.test_a::test_0, pkg/tests/test_a.py:1 ---", "> assert 0 == -1"] == lines[:2]
    assert 3 == sum(line.startswith("--- ") for line in lines)
    assert "[92 lines above, all of them in `test-run log`]" in lines
    assert "60 failed" == lines[-1]


def test_short_output_is_shown_once() -> None:
    """An output of a screen has the tracebacks in it."""
    assert "> assert 0\n1 failed" == tail("> assert 0\n1 failed\n", FAILURES[:1])


def test_long_report_is_cut_at_the_front() -> None:
    """Of a deep traceback the end is shown: it has the reason."""
    deep = Failure("t", "bad", "\n".join(map(str, range(200))))
    lines = tail("\n" * 100 + "end", (deep,)).splitlines()
    assert ["--- t ---", "[170 lines above]", "170"] == lines[:3]
