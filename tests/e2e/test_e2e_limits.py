"""Time limits of steps and of whole calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from .bench import Bench
from .conftest import Sample

CODE = 124


def sleepy(sample: Sample) -> Path:
    """Return a package with a test that never ends in time."""
    package = sample("hatchling-src")
    test = package / "tests" / "test_count.py"
    test.write_text(
        test.read_text() + "\n\ndef test_sleeps():\n    __import__('time').sleep(300)\n"
    )
    return package


@pytest.mark.slow
def test_a_step_that_stalls_is_ended_and_told(stiletto: Bench, sample: Sample) -> None:
    """Its name, its limit, what it last printed and a code of its own; nothing waits for it."""
    ended = stiletto.call(sleepy(sample), "--step-timeout=8s", "test", "--python=3.11")
    assert ended.code == CODE, str(ended)
    assert 'step "pytest" was killed' in ended.error
    assert "it did not end within 8s" in ended.error
    assert "tests/test_count.py .." in ended.error
    assert ended.elapsed_s < 60


@pytest.mark.slow
def test_a_call_that_stalls_names_the_steps_under_way(stiletto: Bench, sample: Sample) -> None:
    """The whole call's limit ends it, with the steps that were still running."""
    package = sleepy(sample)
    ended = stiletto.call(package, "--timeout=15s", "test", "--python=3.11")
    assert ended.code == CODE, str(ended)
    expected = "test did not end within 15s; still running: pytest on Python 3.11; raise --timeout"
    assert expected == ended.error.partition("\n")[0]
    assert "Traceback" not in ended.err


@pytest.mark.slow
def test_a_limit_of_the_package_itself_counts(stiletto: Bench, sample: Sample) -> None:
    """[tool.wheelwright] says how long this package's steps may take."""
    package = sleepy(sample)
    pyproject = package / "pyproject.toml"
    pyproject.write_text(pyproject.read_text() + '\n[tool.wheelwright]\nstep-timeout = "8s"\n')
    ended = stiletto.call(package, "test", "--python=3.11")
    assert ended.code == CODE, str(ended)
    assert "it did not end within 8s" in ended.error
