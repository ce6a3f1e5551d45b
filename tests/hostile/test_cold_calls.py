"""Whole commands at once on a store that does not exist yet: all end well.

STILETTO_COLD_ROUNDS says how often, 2 if left out; rounds of six and of eight calls take turns, and
all but the first are of the suite `repeated`:

STILETTO_COLD_ROUNDS=12 uv run pytest tests/hostile/test_cold_calls.py -m "slow or repeated"
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.bench import FIXTURES, REPOSITORY

from stiletto.layers.remove import remove_tree
from stiletto.store import Store

ROUNDS = int(os.environ.get("STILETTO_COLD_ROUNDS", "2"))
LIMIT_S = 900


@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.timeout(LIMIT_S * ROUNDS)
@pytest.mark.parametrize(
    "number",
    [
        pytest.param(number, marks=pytest.mark.repeated if number else pytest.mark.slow)
        for number in range(ROUNDS)
    ],
)
def test_calls_that_begin_a_store_together_all_pass(
    tmp_path: Path, environ: dict[str, str], number: int
) -> None:
    """Six or eight times `test` at the same moment: each passes, and the store is whole."""
    store = tmp_path / "store"
    words = ["--progress=plain", "call", "--source", str(FIXTURES / "hatchling-src"), "test"]
    calls = [
        subprocess.Popen(
            [sys.executable, "-m", "stiletto", *words],
            cwd=REPOSITORY,
            env={**environ, "STILETTO_CACHE": str(store)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(6 if number % 2 == 0 else 8)
    ]
    ended = [(*call.communicate(timeout=LIMIT_S), call.returncode) for call in calls]
    for out, err, code in ended:
        assert 0 == code, err
        assert "passed on Python" in out
    with Store(store) as opened:
        assert () == opened.verify().damages
    remove_tree(store)
