"""The table of `ci`: one line for each gate, details of what failed above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wheelwright.container.harmless import harmless
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.gates.table import columns, details
from wheelwright.project.reading import cut, first_line

_NOTE_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Row:
    """A gate's result and how long it took; None seconds where it did not run."""

    result: GateResult
    seconds: float | None


def failed(rows: Sequence[Row]) -> bool:
    """Whether any gate failed."""
    return any(row.result.verdict is Verdict.FAILED for row in rows)


def headline(rows: Sequence[Row]) -> str:
    """Return the fact that a failed `ci` is: how many gates failed, and which."""
    names = [row.result.gate for row in rows if row.result.verdict is Verdict.FAILED]
    return f"{len(names)} of {len(rows)} gates failed: {', '.join(names)}"


def render(title: str, rows: Sequence[Row]) -> str:
    """Return the details of failed gates, the table, and a last line with the verdict."""
    head = ("gate", "verdict", "seconds", "note")
    body = [
        (
            row.result.gate,
            row.result.verdict.value,
            "-" if row.seconds is None else f"{row.seconds:.1f}",
            cut(first_line(row.result.note).removeprefix("not configured: "), _NOTE_WIDTH),
        )
        for row in rows
    ]
    above = [
        details(row.result.gate, row.result.details, "call the gate alone to see them")
        for row in rows
        if row.result.verdict is Verdict.FAILED and row.result.details
    ]
    table = columns(head, body, right=("seconds",), note=True)
    return harmless("\n".join([*above, title, *table, "", _last(rows)]))


def _last(rows: Sequence[Row]) -> str:
    counts = {verdict: sum(row.result.verdict is verdict for row in rows) for verdict in Verdict}
    said = ", ".join(f"{count} {verdict.value}" for verdict, count in counts.items() if count)
    if not failed(rows) and 0 < counts[Verdict.PASSED] < len(rows):
        # Who reads only this line has to see what nobody checked.
        left = "; ".join(
            f"{verdict.value}: {', '.join(_names(rows, verdict))}"
            for verdict in (Verdict.NOT_CONFIGURED, Verdict.NOT_RUN)
            if counts[verdict]
        )
        return f"passed: {counts[Verdict.PASSED]} of {len(rows)} gates; {left}"
    head = "failed" if failed(rows) else "passed" if counts[Verdict.PASSED] else "nothing ran"
    return f"{head}: {said}"


def _names(rows: Sequence[Row], verdict: Verdict) -> list[str]:
    return [row.result.gate for row in rows if row.result.verdict is verdict]
