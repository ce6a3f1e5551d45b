"""The script that docs/comparison.md names measures each runner."""

from __future__ import annotations

import re
import sys

import pytest

from . import comparison
from .bench import FIXTURES

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

pytestmark = pytest.mark.slow


def test_each_runner_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The three times of every runner, over a sample package and one Python."""
    code = comparison.main(["--package", str(FIXTURES / "hatchling-src"), "--python", PYTHON])
    lines = capsys.readouterr().out.splitlines()[2:]
    row = re.compile(r"(\S+) +([\d.]+ s +){3}\S+ v?[\d.]+.*")

    assert 0 == code
    assert ["uv", "tox", "nox", "wheelwright"] == [
        found[1] for line in lines if (found := row.fullmatch(line))
    ]


def test_runner_that_fails_ends_with_its_output() -> None:
    """A package whose tests fail is named with the end of what was printed."""
    words = ["--package", str(FIXTURES / "failing-test"), "--python", PYTHON, "--only", "uv"]

    with pytest.raises(SystemExit, match="exit code"):
        comparison.main(words)
