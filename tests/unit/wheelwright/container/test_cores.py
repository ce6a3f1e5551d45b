"""How many cores a matrix may use at once is read where the module runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wheelwright.container.cores import cores

HERE = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        pytest.param("max 100000\n", HERE, id="no quota"),
        pytest.param("100000 100000\n", 1, id="one core"),
        pytest.param("50000 100000\n", 1, id="half a core"),
        pytest.param("99900000 100000\n", HERE, id="more than there are"),
        pytest.param("", HERE, id="an empty file"),
        pytest.param("1 0\n", HERE, id="not a period"),
    ],
)
def test_the_quota_counts_where_there_is_one(tmp_path: Path, quota: str, expected: int) -> None:
    """A container may be given fewer cores than its machine has."""
    at = tmp_path / "cpu.max"
    at.write_text(quota)
    assert expected == cores(at)


def test_a_machine_without_control_groups_has_its_cores(tmp_path: Path) -> None:
    """Without the file the cores are those that the process may run on."""
    assert HERE == cores(tmp_path / "missing")
