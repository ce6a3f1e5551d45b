"""How a command of this module is typed depends on the engine that runs it."""

from __future__ import annotations

import pytest

from wheelwright.container.calling import engine_here, program


def test_the_engine_that_runs_names_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stiletto passes on the command up to the function; without it, it is Dagger's."""
    monkeypatch.delenv("STILETTO", raising=False)
    assert ("dagger", "dagger call wheelwright") == (engine_here(), program())
    monkeypatch.setenv("STILETTO", "stiletto call -m ../w --source .")
    assert ("stiletto", "stiletto call -m ../w --source .") == (engine_here(), program())
