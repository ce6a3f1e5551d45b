"""Tests against real servers, fresh for each run and migrated before it."""

from __future__ import annotations

import pytest

from .bench import Bench
from .conftest import Sample


@pytest.mark.parametrize("sandbox", ["bubblewrap", pytest.param("plain", marks=pytest.mark.slow)])
def test_a_package_meets_its_database_and_its_cache(
    stiletto: Bench, sample: Sample, sandbox: str
) -> None:
    """Servers that the package names are started, probed, migrated and found by the tests."""
    ended = stiletto.passes(
        sample("with-services"), f"--sandbox={sandbox}", "test", "--python=3.11"
    )
    assert "5 passed" in ended.out
    assert "service: postgres:15" in ended.out
    assert "service: redis:7" in ended.out


@pytest.mark.slow
def test_a_failing_migration_is_told_as_one(stiletto: Bench, sample: Sample) -> None:
    """The tests do not run, and the message says whose failure it is."""
    package = sample("with-services")
    pyproject = package / "pyproject.toml"
    text = pyproject.read_text().replace('["tide-ledger-migrate"]', '["false"]')
    pyproject.write_text(text)
    ended = stiletto.fails(package, "test", "--python=3.11")
    assert "the migration false itself failed: exit code 90" in ended.error


def test_an_unknown_service_is_refused_before_anything_runs(
    stiletto: Bench, sample: Sample
) -> None:
    """The known ones are named, and no step runs."""
    ended = stiletto.fails(sample("hatchling-src"), "test", "--service=mongo:8")
    assert 'unknown service "mongo:8"; pass one of postgres, redis' in ended.error
    assert [] == ended.ran


@pytest.mark.slow
def test_each_cell_has_a_server_of_its_own(stiletto: Bench, sample: Sample) -> None:
    """A matrix over service versions starts each one fresh, and names the cell after it."""
    package = sample("with-services")
    words = ["--python=3.11", "--service=postgres:15+redis:7,postgres:15+redis:8"]
    ended = stiletto.passes(package, "matrix", *words)
    assert "3.11-postgres15+redis7" in ended.out
    assert "3.11-postgres15+redis8" in ended.out
