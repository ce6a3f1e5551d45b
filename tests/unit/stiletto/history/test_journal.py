"""What is kept of calls, and what damage does to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stiletto.history.inputs import Inputs, Origin
from stiletto.history.journal import CALLS_KEPT, History, Journal
from stiletto.history.notes import OTHER_VERSION, Kind, Note
from stiletto.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return a store of its own."""
    with Store(tmp_path / "store") as store:
        yield store


def called(store: Store, directory: Path, command: str = "stiletto call x") -> None:
    """Note a call with one step."""
    journal = Journal(store, directory, command, lambda data: data)
    slots = (journal.slot("step"),)
    success, last = journal.endings(slots)
    journal.saw("key", Inputs({"args": []}, {"l": Origin(step="uv", copied=(("/", "k"),))}))
    journal.ended(
        Note(1, Kind.STEP, "pytest", "key", "done", 1.0, slots=slots, success=success, last=last)
    )
    journal.close()


def test_what_was_noted_is_found_again(store: Store, tmp_path: Path) -> None:
    """The call with its steps, what they saw, and how they ended before."""
    called(store, tmp_path, "one")
    called(store, tmp_path, "two")
    history = History(store, tmp_path)
    first, second = history.calls()
    assert ("one", "two") == (first.command, second.command)
    assert first.notes[0].last is None
    last = second.notes[0].last
    assert last is not None
    assert last == second.notes[0].success
    assert ("key", "done") == (last.key, last.outcome)
    saw = Inputs({"args": []}, {"l": Origin(step="uv", copied=(("/", "k"),))})
    assert saw == history.inputs("key")
    assert [] == History(store, tmp_path / "other").calls()


def test_the_last_calls_of_a_directory_are_kept(store: Store, tmp_path: Path) -> None:
    """Twenty; those of other directories do not count."""
    called(store, tmp_path / "other")
    for number in range(CALLS_KEPT + 2):
        called(store, tmp_path, str(number))
    calls = History(store, tmp_path).calls()
    assert [str(number + 2) for number in range(CALLS_KEPT)] == [each.command for each in calls]
    assert 1 == len(History(store, tmp_path / "other").calls())


@pytest.mark.parametrize("damage", ["", "{}", '{"notes": [', "null"])
def test_what_is_damaged_counts_as_absent(store: Store, tmp_path: Path, damage: str) -> None:
    """Emptied, without its parts, cut: no call, no inputs, no earlier end; new ones are kept."""
    called(store, tmp_path)
    for path in (store.root / "history").rglob("*.json"):
        path.write_text(damage)
    history = History(store, tmp_path)
    assert ([], None, []) == (history.calls(), history.inputs("key"), history.prunes())
    called(store, tmp_path)
    assert [None] == [each.notes[0].last for each in history.calls()]


def test_what_another_version_noted_is_known_as_such(store: Store, tmp_path: Path) -> None:
    """Of its slots nothing is read."""
    journal = Journal(store, tmp_path, "x", lambda data: data)
    slot = journal.slot("step")
    store.put_note("slots", slot, {"format": 0, "shape": "other"})
    success, last = journal.endings((slot,))
    assert success is None
    assert last is not None
    assert OTHER_VERSION == last.outcome


def test_names_of_steps_show_no_secret(store: Store, tmp_path: Path) -> None:
    """A secret in a command is masked where the call is kept, as in what its step saw."""

    def mask(data: Any) -> Any:
        return json.loads(json.dumps(data).replace("journal-canary", "***"))

    journal = Journal(store, tmp_path, "call --word journal-canary", mask)
    journal.saw("key", Inputs({"args": ["echo", "journal-canary"]}, {}))
    journal.ended(Note(1, Kind.STEP, "echo journal-canary", "key", "failed", 1.0))
    journal.close()

    (call,) = History(store, tmp_path).calls()
    assert "echo ***" == call.notes[0].name
    kept = b"".join(path.read_bytes() for path in store.root.rglob("*") if path.is_file())
    assert b"journal-canary" not in kept


def test_a_stored_result_is_the_last_that_passed(store: Store, tmp_path: Path) -> None:
    """Where the same step ran with other arguments since; it counts from when it was made."""
    journal = Journal(store, tmp_path, "stiletto call x", lambda data: data)

    def ended(key: str, outcome: str, made_at_s: float = 0.0) -> None:
        slots = journal.slot(key), journal.slot("program")
        success, last = journal.endings(slots)
        note = Note(1, Kind.STEP, "pytest", key, outcome, 1.0, slots=slots, success=success)
        journal.ended(replace(note, last=last, made_at_s=made_at_s))

    def last() -> tuple[str, str]:
        success, latest = journal.endings([journal.slot("program")])
        assert success is not None
        assert latest is not None
        return success.key, latest.key

    ended("quiet", "done")
    made = journal.endings([journal.slot("quiet")])
    ended("loud", "done")
    assert ("loud", "loud") == last()
    ended("quiet", "cached", 5.0)
    assert ("quiet", "quiet") == last()
    assert made == journal.endings([journal.slot("quiet")])
    ended("loud", "failed")
    ended("quiet", "cached", 5.0)
    assert ("quiet", "quiet") == last()
    ended("old", "cached", 5.0)
    success, _ = journal.endings([journal.slot("program")])
    assert success is not None
    assert 5.0 == success.at_s
    journal.close()
