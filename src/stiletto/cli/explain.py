"""`stiletto explain`: why the steps of a call ran."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from stiletto.cli.describe import command_help
from stiletto.cli.flags import Flag, invalid
from stiletto.cli.invocation import Invocation
from stiletto.cli.names import closest
from stiletto.cli.options import GLOBALS, boolean
from stiletto.errors import UsageError

if TYPE_CHECKING:
    from stiletto.history.answer import Answer
    from stiletto.history.journal import History
    from stiletto.history.notes import Call, Note

EXPLAIN_HELP = """\
Show why the steps of the last call in this directory ran, or that they came from the
store. STEP is the name of a step, or the beginning of it, or its number in the progress.

USAGE
  stiletto explain [options] [STEP]

EXAMPLES
  stiletto explain                 # The last call
  stiletto explain pytest          # One step of it
  stiletto explain --cell 3.12     # One cell of a matrix
  stiletto explain --call -2       # The call before the last

OPTIONS
"""

EXPLAIN_FLAGS = (
    Flag("cell", placeholder="name", doc="Only this cell of a matrix, or gate of ci"),
    Flag("call", placeholder="-N", doc="The Nth call from the end; the last is -1"),
    Flag("all", implied="true", doc="Show the steps from the store, too"),
    Flag("json", implied="true", doc="Print it as JSON"),
)


async def explain(invocation: Invocation, args: list[str]) -> int:
    """Print the explanation."""
    terminal = invocation.terminal
    given, names = invocation.read(args, "stiletto explain", own=EXPLAIN_FLAGS)
    if invocation.options.help:
        terminal.out(command_help(EXPLAIN_HELP, (*EXPLAIN_FLAGS, *GLOBALS), terminal.width))
        return 0
    if len(names) > 1:
        raise UsageError(f'more than one step: "{names[1]}"', hint="quote a name with blanks")
    texts = {flag.flag.name: flag.text for flag in given}
    is_set = {flag.flag.name for flag in given if flag.flag.implied and boolean(flag)}
    # Imported late: `stiletto explain --help` must not pay for the store.
    from stiletto.history.answer import ago
    from stiletto.history.journal import History
    from stiletto.history.page import text
    from stiletto.store.layout import root_from
    from stiletto.store.store import Store

    with Store(root_from(terminal.environ)) as store:
        history = History(store, invocation.workdir)
        now_s = time.time()
        call = _chosen(history, texts.get("call", "-1"), now_s)
        notes = _of_step(_of_cell(call.notes, texts.get("cell", "")), names)
        answers = answers_of(history, call, notes, now_s)
    if "json" in is_set:
        terminal.out(_as_json(call, answers))
    else:
        every = "all" in is_set or bool(names)
        head = f"{call.command}   {ago(now_s - call.at_s)}\n" if every or "call" in texts else ""
        terminal.out(f"{head}{text(answers, every=every)}\n")
    return 0


def answers_of(history: History, call: Call, notes: Sequence[Note], now_s: float) -> list[Answer]:
    """Return why these functions and steps of a call ran."""
    from stiletto.history.answer import Explainer
    from stiletto.history.causes import Comparison

    comparison = Comparison(history.inputs, history.shapes.listing, history.sources(call))
    explainer = Explainer(
        comparison, history.inputs, call.at_s, now_s, history.prunes(), history.is_older(call)
    )
    return explainer.answers(notes)


def _chosen(history: History, which: str, now_s: float) -> Call:
    from stiletto.history.answer import ago

    try:
        number = -abs(int(which))
    except ValueError:
        raise invalid("call", which, "expected a number, as -2") from None
    calls = history.calls()
    if not calls:
        removed_s = history.removed_at_s()
        since = "" if removed_s is None else f" any more: removed {ago(now_s - removed_s)}"
        raise UsageError(
            f"no call of this directory is recorded{since}",
            hint="run `stiletto call` or `stiletto check` here first",
        )
    if number == 0 or -number > len(calls):
        raise UsageError(
            f'no call "{which}" of this directory is recorded',
            hint=f"--call takes -1 to -{len(calls)}",
        )
    return calls[number]


def _of_cell(notes: Sequence[Note], cell: str) -> Sequence[Note]:
    if not cell:
        return notes
    found = [note for note in notes if note.is_of(cell)]
    if not found:
        from stiletto.history.notes import parts_of

        cells = parts_of(notes)
        known = f"its cells are {', '.join(cells)}" if cells else "it has no cells"
        raise UsageError(f'the call has no cell "{cell}"', hint=known)
    return found


def _of_step(notes: Sequence[Note], names: Sequence[str]) -> Sequence[Note]:
    if not names:
        return notes
    name = names[0]
    found = [note for note in notes if name in (str(note.number), note.name)]
    found = found or [note for note in notes if note.name.startswith(name)]
    if not found:
        programs = list(dict.fromkeys(note.name.partition(" ")[0] for note in notes))
        meant = closest(name, programs)
        guess = f'did you mean "{meant}"? ' if meant else ""
        raise UsageError(
            f'the call has no step "{name}"', hint=f"{guess}its steps: {', '.join(programs)}"
        )
    return found


def _as_json(call: Call, answers: Sequence[Answer]) -> str:
    steps = []
    for answer in answers:
        note = asdict(answer.note)
        for name in ("slots", "success", "last", "kept"):
            del note[name]
        note["kind"] = answer.note.kind.value
        causes = [{"title": each.title, "lines": list(each.lines)} for each in answer.causes]
        steps.append({**note, "ended": answer.ended, "why": answer.why, "causes": causes})
    data = {"at_s": call.at_s, "seconds": call.seconds, "command": call.command, "steps": steps}
    return json.dumps(data, indent=2) + "\n"
