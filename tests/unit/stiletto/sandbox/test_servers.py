"""Which programs stand in for which database image."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from stiletto.errors import EnvironmentFailed, UsageError
from stiletto.sandbox import servers
from stiletto.sandbox.plan import Image
from stiletto.sandbox.references import ImageRef
from stiletto.sandbox.servers import server_for, server_image, version_asked


@pytest.fixture(autouse=True)
def _only_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look nowhere but on PATH: what this machine has installed is not the matter here."""
    monkeypatch.setattr(servers, "HOST_FOLDERS", ())


def program(folder: Path, name: str, says: str, exit_code: int = 0) -> Path:
    """Write a program that says its version."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\necho '{says}'\nexit {exit_code}\n")
    file.chmod(0o755)
    return file


def resolve(address: str, *folders: Path) -> Image:
    """Return the image for an address on a machine with these folders, without an index."""
    env: Mapping[str, str] = {"PATH": os.pathsep.join(map(str, folders))}
    return server_image(address, ImageRef.parse(address), env, None, None)


@pytest.fixture
def postgres(tmp_path: Path) -> tuple[Path, ...]:
    """A machine with three versions and a broken one."""
    for number, version in enumerate(["15.1", "16.3 (Debian 16.3-1)", "16.10"]):
        program(tmp_path / str(number), "postgres", f"postgres (PostgreSQL) {version}")
    program(tmp_path / "3", "postgres", "postgres (PostgreSQL) 17.1", exit_code=127)
    return tuple(tmp_path / str(number) for number in range(4))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("postgres:15", "PostgreSQL 15.1"),
        ("postgres:16-alpine", "PostgreSQL 16.10"),
        ("postgres:16.3", "PostgreSQL 16.3"),
        ("postgres:16.1-bookworm", "PostgreSQL 16.10"),
        ("postgres", "PostgreSQL 16.10"),
        ("docker.io/library/postgres:latest", "PostgreSQL 16.10"),
    ],
)
def test_the_closest_version_is_taken(
    address: str, expected: str, postgres: tuple[Path, ...]
) -> None:
    """The very version if it is there, else the newest of its major; what does not run is not."""
    assert f"{expected} the host's " in resolve(address, *postgres).provided_by


def test_another_version_than_asked_is_said(postgres: tuple[Path, ...]) -> None:
    """People see what they get where it is not what they named."""
    assert resolve("postgres:16.1", *postgres).provided_by.endswith(", not PostgreSQL 16.1")
    assert (
        f"PostgreSQL 16.10 the host's {postgres[2]}"
        == resolve("postgres:16", *postgres).provided_by
    )


@pytest.mark.parametrize("version", ["17", "9.6"])
def test_a_version_that_is_not_there(version: str, postgres: tuple[Path, ...]) -> None:
    """The error lists what is, with its place."""
    with pytest.raises(EnvironmentFailed, match=f"has no PostgreSQL {version} ") as caught:
        resolve(f"postgres:{version}", *postgres)

    assert f"PostgreSQL 15.1 is in {postgres[0]}" in caught.value.message
    assert f"PostgreSQL 16.10 is in {postgres[2]}" in caught.value.message
    assert "17.1" not in caught.value.message


def test_a_machine_without_any() -> None:
    """With nothing to list, the error says so."""
    with pytest.raises(EnvironmentFailed, match="to use for redis:7: found none"):
        resolve("redis:7")


def test_valkey_stands_in_for_redis_7(tmp_path: Path) -> None:
    """The fork that answers as Redis 7.2 is taken under its own name, and called by both."""
    program(tmp_path, "valkey-server", "Valkey server v=8.0.1 sha=0")
    image = resolve("redis:7.4", tmp_path)

    assert f"Valkey 8.0.1 the host's {tmp_path}, not Redis 7.4" == image.provided_by
    assert str(tmp_path / "valkey-server") == image.files["/opt/stiletto/server/bin/redis-server"]
    assert ("valkey-server",) == image.default_args


def test_a_real_redis_goes_before_it(tmp_path: Path) -> None:
    """Where the version asked for is on the machine, nothing stands in for it."""
    program(tmp_path, "valkey-server", "Valkey server v=8.0.1 sha=0")
    program(tmp_path, "redis-server", "Redis server v=7.0.15 sha=0")

    assert f"Redis 7.0.15 the host's {tmp_path}" == resolve("redis:7", tmp_path).provided_by


def test_the_image_of_a_server(postgres: tuple[Path, ...]) -> None:
    """Entry point, port, user and variables are those of the official image."""
    image = resolve("postgres:15", *postgres)

    assert ("/opt/stiletto/server/entrypoint",) == image.entrypoint
    assert ("postgres",) == image.default_args
    assert (5432,) == image.ports
    assert image.user == "999:999"
    assert image.env["PGDATA"] == "/var/lib/postgresql/data"
    assert str(postgres[0]) in image.env["PATH"].split(":")
    script = image.files["/opt/stiletto/server/entrypoint"]
    assert isinstance(script, bytes)
    assert script.startswith(b"#!/bin/sh\n")


def test_identity_follows_the_program(tmp_path: Path) -> None:
    """Another version of the program is another image."""
    program(tmp_path, "redis-server", "Redis server v=7.0.15 sha=0")
    before = resolve("redis:7", tmp_path)
    same = resolve("redis:7", tmp_path)
    program(tmp_path, "redis-server", "Redis server v=7.2.5 sha=0")

    assert before.identity == same.identity
    assert before.identity != resolve("redis:7", tmp_path).identity


@pytest.mark.parametrize(
    ("tag", "expected"),
    [("", ""), ("latest", ""), ("alpine3.20", ""), ("16", "16"), ("16.3-alpine", "16.3")],
)
def test_versions_in_tags(tag: str, expected: str) -> None:
    """A tag has a version, or none."""
    assert expected == version_asked("postgres", tag)


@pytest.mark.parametrize("tag", ["16_x", "_"])
def test_tags_without_meaning(tag: str) -> None:
    """Other tags are refused."""
    with pytest.raises(UsageError, match="names no version"):
        version_asked(f"postgres:{tag}", tag)


def test_servers_of_other_registries_are_unknown() -> None:
    """Only Docker Hub's own names are known."""
    assert server_for(ImageRef.parse("docker.io/postgres:16")) is servers.POSTGRES
    assert server_for(ImageRef.parse("valkey/valkey")) is servers.VALKEY
    assert server_for(ImageRef.parse("example.org/postgres:16")) is None
