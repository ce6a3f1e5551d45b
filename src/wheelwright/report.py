"""The table of `ci`: one line for each gate, details of what failed above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wheelwright.container.harmless import harmless
from wheelwright.gates.result import GateResult, Verdict

_NOTE_WIDTH = 100
_DETAIL_LINES = 40


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
            _one_line(row.result.note),
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in (head, *body)) for column in range(3)]

    def line(cells: tuple[str, str, str, str]) -> str:
        gate, verdict, seconds, note = cells
        return (
            f"{gate:<{widths[0]}}  {verdict:<{widths[1]}}  {seconds:>{widths[2]}}  {note}".rstrip()
        )

    details = [
        f"--- {row.result.gate} ---\n{_shortened(row.result.details.rstrip())}\n"
        for row in rows
        if row.result.verdict is Verdict.FAILED and row.result.details
    ]
    rule = "  ".join("-" * width for width in (*widths, len(head[3])))
    whole = [*details, title, line(head), rule, *map(line, body), "", _last(rows)]
    return harmless("\n".join(whole))


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


def _shortened(details: str) -> str:
    """Keep the first lines, where tools put what is worth most; the gate alone shows all."""
    lines = details.splitlines()
    if len(lines) <= _DETAIL_LINES:
        return details
    more = f"[{len(lines) - _DETAIL_LINES} more lines; call the gate itself to see them]"
    return "\n".join([*lines[:_DETAIL_LINES], more])


def _one_line(note: str) -> str:
    line = note.splitlines()[0] if note else ""
    line = line.removeprefix("not configured: ")
    return line if len(line) <= _NOTE_WIDTH else line[: _NOTE_WIDTH - 3] + "..."
