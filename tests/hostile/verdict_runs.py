"""Runs of the real pytest with the module's plugin, read and judged as the module does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.inner_pytest import inner_environ

from wheelwright.testing import junit, record
from wheelwright.testing.commands import PLUGIN
from wheelwright.testing.record import RecordInvalid
from wheelwright.testing.verdict import Left

__all__ = ["GOOD_AND_BAD", "left_by"]

GOOD_AND_BAD = {
    "tests/test_a.py": "def test_good():\n    pass\n\n\ndef test_bad():\n    assert 1 == 2\n"
}
"""What the cases are laid over: a run of it must never pass."""

PYPROJECT = '[tool.pytest.ini_options]\ntestpaths = ["tests"]\n'


def left_by(directory: Path, files: Mapping[str, str], *args: str, narrowed: bool = False) -> Left:
    """Run pytest over the files and return what it left; its report lies beside them."""
    package = directory / "package"
    for path, text in {"pyproject.toml": PYPROJECT, **files}.items():
        target = package / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    events, report = directory / "record.jsonl", directory / "junit.xml"
    events.touch()
    env = inner_environ(directory)
    command = [sys.executable, "-m", "pytest", "-p", PLUGIN, f"--wheelwright-record={events}"]
    command += [f"--junit-xml={report}", "-p", "no:cacheprovider", *args]
    done = subprocess.run(
        command, cwd=package, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    broken = ""
    try:
        found, invalid = record.read(events.read_text(), str(package)), ""
        if report.is_file():
            broken = junit.broken(report.read_text(), found)
    except RecordInvalid as error:
        found, invalid = None, str(error)
    return Left(done.returncode, found, invalid, broken, narrowed)
