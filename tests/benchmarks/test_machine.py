"""Commands that are measured have the settings that people have."""

from __future__ import annotations

from pathlib import Path

from .columns import Job, Place, Stiletto
from .machine import Machine


def test_only_the_column_without_a_kept_process_turns_it_off(tmp_path: Path) -> None:
    """No setting of the tests' own commands reaches a column: not their idle time, nor the rest."""
    place = Place(tmp_path, Machine(tmp_path, ("3.13",)).environ(tmp_path))
    columns = (Stiletto(), Stiletto(kept=False))
    commands = [each.commands(place, Job(("3.13",)), "")[0] for each in columns]
    found = [{**place.environ, **each.variables} for each in commands]

    assert [None, "0"] == [each.get("STILETTO_IDLE") for each in found]
    assert {"STILETTO_CACHE", "STILETTO_PYTHON_INSTALL"} == {
        name for name in found[0] if name.startswith("STILETTO_")
    }
