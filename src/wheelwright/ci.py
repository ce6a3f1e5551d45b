"""All gates in one list, and `ci`: it runs them and prints one table.

`GATES` is the one registration of a gate. Its order is that of the table; what `ci` runs, `skip` in
[tool.wheelwright] may name; and each gate that needs no argument of its own is a function.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import anyio

from wheelwright.container.failures import expected
from wheelwright.container.harmless import harmless
from wheelwright.container.loading import LoadedProject, python_of
from wheelwright.container.parts import part
from wheelwright.distribution.builder import Build
from wheelwright.errors import GateFailed, RequestError
from wheelwright.gates.audit import Audit
from wheelwright.gates.format import Format
from wheelwright.gates.lint import Lint
from wheelwright.gates.lock import Lock
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.gates.run import AnyGate, check
from wheelwright.gates.security import Security
from wheelwright.gates.table import columns, details, without_again
from wheelwright.gates.types import Types
from wheelwright.gates.versions import Versions
from wheelwright.project.model import Project
from wheelwright.project.pythons import assumed
from wheelwright.project.reading import cut, first_line
from wheelwright.testing.run_tests import Tests

_NOTE_WIDTH = 76  # a line of its own beneath the gate


def registered(*gates: AnyGate) -> tuple[AnyGate, ...]:
    """Return the gates.

    Raises:
        ValueError: two have one name or one function, or one has no help: all of them are named.
    """
    wrong = [f"{type(gate).__name__} has no help" for gate in gates if not gate.help.strip()]
    for what in ("name", "function"):
        owners: dict[str, list[str]] = {}
        for gate in gates:
            owners.setdefault(getattr(gate, what), []).append(type(gate).__name__)
        wrong += [
            f'{" and ".join(each)} have one {what}: "{value}"'
            for value, each in owners.items()
            if len(each) > 1
        ]
    if wrong:
        raise ValueError(f"gates cannot be registered: {'; '.join(wrong)}")
    return gates


GATES: Final = registered(
    # Those of `ci`, cheap ones first.
    Lock(),
    Lint(),
    Format(),
    Types(),
    Tests(),
    Build(),
    # Called by themselves only.
    Versions(),
    Security(),
    Audit(),
)


def in_ci() -> tuple[AnyGate, ...]:
    """Return the gates that `ci` runs."""
    return tuple(gate for gate in GATES if gate.in_ci)


def skippable() -> tuple[str, ...]:
    """Return the names that `skip` accepts."""
    return tuple(gate.name for gate in in_ci())


async def ci(loaded: LoadedProject, requested: str, *, fail_fast: bool) -> str:
    """Run every gate and return the table.

    With `fail_fast` they run one after the other and stop at the first failure; without, all at
    once, so that each one's seconds include waiting for steps that it shares.

    Raises:
        GateFailed: a gate failed; the message is the table with the details of failures above.
    """
    loaded.project.require_package()
    python = python_of(loaded, requested)
    rows: dict[str, Row] = {}
    for name in loaded.project.settings.skip:
        note = "left out by skip in [tool.wheelwright]"
        rows[name] = Row(GateResult(name, Verdict.NOT_RUN, note), None)
    chosen = [gate for gate in in_ci() if gate.name not in rows]

    async def run(gate: AnyGate) -> None:
        if isinstance(gate, Types):
            gate = replace(gate, requested=bool(requested))
        rows[gate.name] = await _timed(gate, loaded, python)

    if fail_fast:
        for gate in chosen:
            if failed(list(rows.values())):
                note = "a gate before it failed"
                rows[gate.name] = Row(GateResult(gate.name, Verdict.NOT_RUN, note), None)
            else:
                await run(gate)
    else:
        async with anyio.create_task_group() as group:
            for gate in chosen:
                group.start_soon(run, gate)
    ordered = [rows[gate.name] for gate in in_ci()]
    text = render(f"ci of {loaded.title} on Python {python}", ordered)
    notes = list(loaded.notes)
    if loaded.around and any(row.result.verdict is Verdict.NOT_CONFIGURED for row in ordered):
        notes.append(loaded.around)
    if failed(ordered) and not requested and (why := _assumed(loaded.project, python)):
        notes.append(f"Python {python} is the default ({why}): --python X.Y takes another")
    if notes:
        # The verdict stays the last line.
        table, _, last = text.rpartition("\n")
        text = "\n".join([table, *(f"note: {note}" for note in notes), "", last])
    if failed(ordered):
        raise GateFailed(f"{headline(ordered)}\n\n{text}")
    return text


def _assumed(project: Project, python: str) -> str:
    """Return why the Python is the default; empty where the project decides it."""
    own = project.text(".python-version")
    return assumed(project.metadata, python, project.settings.python, own)


async def _timed(gate: AnyGate, loaded: LoadedProject, python: str) -> Row:
    started_s = time.monotonic()
    try:
        with part(gate.name):
            result = await check(gate, loaded, python)
    except RequestError:
        # The arguments are invalid, which is no gate's failure.
        raise
    except Exception as caught:
        # What is expected may come in a group of a task group; `expected` raises anything else.
        text = expected(caught)
        result = GateResult(gate.name, Verdict.FAILED, text.splitlines()[0], text)
    return Row(result, time.monotonic() - started_s)


# -- the table ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """A gate's result and how long it took; None seconds where it did not run."""

    result: GateResult
    seconds: float | None


def failed(rows: Sequence[Row]) -> bool:
    """Whether any gate failed."""
    return any(row.result.verdict is Verdict.FAILED for row in rows)


def headline(rows: Sequence[Row]) -> str:
    """Return the first line of a failed `ci`: how many gates failed, and which."""
    names = _names(rows, Verdict.FAILED)
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
    above: list[str] = []
    again: list[str] = []
    for row in rows:
        if row.result.verdict is Verdict.FAILED and row.result.details:
            text, found = without_again(row.result.details)
            above.append(details(row.result.gate, text, "call the gate itself to see them"))
            again += [found] if found else []
    table = columns(head, body, right=("seconds",), note=True)
    return harmless("\n".join([*above, title, *table, "", *again, _last(rows)]))


def _last(rows: Sequence[Row]) -> str:
    counts = {verdict: sum(row.result.verdict is verdict for row in rows) for verdict in Verdict}
    totals = ", ".join(f"{count} {verdict.value}" for verdict, count in counts.items() if count)
    if not failed(rows) and 0 < counts[Verdict.PASSED] < len(rows):
        # This line has to name what was not checked.
        left = "; ".join(
            f"{verdict.value}: {', '.join(_names(rows, verdict))}"
            for verdict in (Verdict.NOT_CONFIGURED, Verdict.NOT_RUN)
            if counts[verdict]
        )
        return f"passed: {counts[Verdict.PASSED]} of {len(rows)} gates; {left}"
    head = "failed" if failed(rows) else "passed" if counts[Verdict.PASSED] else "nothing ran"
    return f"{head}: {totals}"


def _names(rows: Sequence[Row], verdict: Verdict) -> list[str]:
    return [row.result.gate for row in rows if row.result.verdict is verdict]
