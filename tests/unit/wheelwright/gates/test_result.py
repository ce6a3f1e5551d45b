"""A gate's result as text."""

from wheelwright.gates.result import GateResult, Verdict


def test_result_reads_note_first() -> None:
    """A result's text is its note and then the details; what does not apply says so."""
    assert "bad\nwhere" == GateResult("x", Verdict.FAILED, "bad", "where\n").text()
    assert "not configured: why" == GateResult("x", Verdict.NOT_CONFIGURED, "why").text()
