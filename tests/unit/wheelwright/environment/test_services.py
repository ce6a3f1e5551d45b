"""Servers for tests: which are known, and what runs with them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from wheelwright.environment import services
from wheelwright.errors import RequestError


@pytest.mark.parametrize(
    ("image", "alias", "variable"),
    [
        ("postgres:16", "postgres", "DATABASE_URL"),
        ("docker.io/library/postgres:16-alpine", "postgres", "DATABASE_URL"),
        ("redis:7", "redis", "REDIS_URL"),
        ("redis:7@sha256:" + "0" * 64, "redis", "REDIS_URL"),
        ("valkey/valkey:8", "valkey", "REDIS_URL"),
    ],
)
def test_a_known_image_says_where_the_tests_find_it(image: str, alias: str, variable: str) -> None:
    """The URL names the server by the alias that the tests' container knows."""
    server = services.known(image)
    assert (image, alias) == (server.image, server.alias)
    assert f"{alias}:{server.port}" in server.variables[variable]


def test_an_unknown_image_names_the_known_ones() -> None:
    """Nobody would know when it is ready."""
    with pytest.raises(RequestError, match="pass one of postgres, redis, valkey/valkey"):
        services.known("mongo:8")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.76.1.1", "127.76.1.1"),
        ("localhost", "localhost"),
        ("a-name-of-nobody.invalid", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_a_probe_asks_at_the_servers_own_address(host: str, expected: str, tmp_path: Path) -> None:
    """An address is used as it is, although no name server has a name for it."""
    client = tmp_path / "redis-cli"
    client.write_text('#!/bin/sh\necho "PONG $2"\n')
    client.chmod(0o755)
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOSTNAME": host}
    probe = ["sh", "-c", services.known("redis:7").probe]
    ran = subprocess.run(probe, env=environ, capture_output=True, text=True, check=True)
    assert f"PONG {expected}" == ran.stdout.strip()


def test_two_servers_of_one_kind_are_refused() -> None:
    """The tests look at one URL; the matrix is the place for two versions."""
    with pytest.raises(
        RequestError, match="postgres:15 and postgres:16 are services of the same kind"
    ):
        services.servers(["postgres:15", "postgres:16"])


def test_the_same_server_twice_is_one() -> None:
    """Asking again adds nothing."""
    assert 1 == len(services.servers(["redis:7", "redis:7"]))


def test_without_a_migration_the_tests_run_as_they_are() -> None:
    """No shell stands around what needs none."""
    assert ("pytest", "-q") == services.command((), ("pytest", "-q"))


def python(text: str) -> tuple[str, ...]:
    """Return a command line with a space in it."""
    return (sys.executable, "-c", text)


def test_the_tests_run_after_the_migration_and_their_code_counts(tmp_path: Path) -> None:
    """Both run in one shell, arguments untouched, and the tests' exit code is the run's."""
    migrate = python(f"open({str(tmp_path / 'it is')!r}, 'w').write('migrated')")
    tests = python(f"import sys; sys.exit(len(open({str(tmp_path / 'it is')!r}).read()))")
    done = subprocess.run(services.command(migrate, tests), check=False)
    assert len("migrated") == done.returncode


def test_a_failed_migration_runs_no_tests(tmp_path: Path) -> None:
    """The run ends with a code that no test run has."""
    tests = python(f"open({str(tmp_path / 'ran')!r}, 'w')")
    done = subprocess.run(services.command(python("raise SystemExit(3)"), tests), check=False)
    assert services.MIGRATION_FAILED == done.returncode
    assert not (tmp_path / "ran").exists()
