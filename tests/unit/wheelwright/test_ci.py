"""The table of `ci`."""

from wheelwright import ci
from wheelwright.ci import Row
from wheelwright.gates.result import GateResult, Verdict


def rows() -> list[Row]:
    """Return one row of each verdict."""
    return [
        Row(GateResult("lock", Verdict.PASSED, "matches"), 0.25),
        Row(GateResult("lint", Verdict.FAILED, "2 issues", "a.py:1: F401\nb.py:2: F401"), 12.0),
        Row(GateResult("types", Verdict.NOT_CONFIGURED, "not configured: no checker"), 0.0),
        Row(GateResult("tests", Verdict.NOT_RUN, "a gate before it failed"), None),
    ]


def test_table_has_a_line_for_each_gate_and_details_above() -> None:
    """Failed gates' details come first, then one aligned line each, then the verdict."""
    assert [
        "--- lint ---",
        "a.py:1: F401",
        "b.py:2: F401",
        "",
        "ci of demo",
        "gate   verdict         seconds  note",
        "-----  --------------  -------  ----",
        "lock   passed              0.2  matches",
        "lint   failed             12.0  2 issues",
        "types  not configured      0.0  no checker",
        "tests  not run               -  a gate before it failed",
        "",
        "failed: 1 passed, 1 failed, 1 not configured, 1 not run",
    ] == ci.render("ci of demo", rows()).splitlines()
    assert ci.failed(rows())
    assert "1 of 4 gates failed: lint" == ci.headline(rows())


def test_nothing_that_ran_is_not_called_passed() -> None:
    """A table of gates that do not apply says that nothing ran."""
    text = ci.render("ci of demo", rows()[2:])
    assert "nothing ran: 1 not configured, 1 not run" == text.splitlines()[-1]
    assert "passed: 1 passed" == ci.render("ci", rows()[:1]).splitlines()[-1]


def test_passed_table_names_what_nobody_checked() -> None:
    """The last line of a table that passed says of how many gates, and which did not run."""
    kept = [row for row in rows() if row.result.verdict is not Verdict.FAILED]
    last = ci.render("ci", kept).splitlines()[-1]
    assert last.startswith("passed: 1 of 3 gates; not configured: types; not run: ")


def test_long_details_are_cut_and_say_where_the_rest_is() -> None:
    """A flood of findings does not drown the table."""
    details = "\n".join(f"line {number}" for number in range(100))
    text = ci.render("ci", [Row(GateResult("types", Verdict.FAILED, "x", details), 1)])
    assert "[60 more lines; call the gate itself to see them]" in text
    assert "line 39" in text
    assert "line 40" not in text
