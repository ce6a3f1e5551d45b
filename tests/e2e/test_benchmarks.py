"""One round over a sample: the benchmark runs, and its columns agree. Nothing is timed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.benchmarks import __main__ as benchmark

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def test_one_round_agrees(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], environ: dict[str, str]
) -> None:
    """pytest, the loop over uv and stiletto report the same tests after an edit."""
    report = tmp_path / "runs.json"
    words = ("--pairs", "1", "--python", PYTHON, "--package", "millrace", "--only", "edited-test")
    store = ("--store", environ["STILETTO_CACHE"])
    columns = ("--column", "pytest,uv,stiletto")

    code = benchmark.main([*words, *columns, *store, "--json", str(report)])
    printed = capsys.readouterr().out
    (row,) = json.loads(report.read_text())["rows"]

    assert 0 == code
    assert "| `edited-test` |" in printed
    assert ["pytest", "uv", "stiletto"] == [each["column"] for each in row["samples"]]
    assert [[PYTHON]] * 3 == [[*each["counts"]] for each in row["samples"]]
    assert 1 == len({json.dumps(each["counts"], sort_keys=True) for each in row["samples"]})
