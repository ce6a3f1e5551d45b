"""Names of services: lines of /etc/hosts, and addresses in place of names."""

from __future__ import annotations

import pytest

from stiletto.sandbox.hosts import addresses_for, hosts_file

HOSTS = {"127.1.1.1": ("db", "kk7abc"), "127.2.2.2": ("db-replica",)}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("db", "127.1.1.1"),
        ("db:5432", "127.1.1.1:5432"),
        ("kk7abc:5432", "127.1.1.1:5432"),
        ("db-replica:5432", "127.2.2.2:5432"),
        ("postgres://app:word@db:5432/app", "postgres://app:word@127.1.1.1:5432/app"),
        ("postgres://app:word@db/app?host=db", "postgres://app:word@127.1.1.1/app?host=127.1.1.1"),
        ("redis://db:6379/0", "redis://127.1.1.1:6379/0"),
        ("amqp://db:6379,db-replica:6379", "amqp://127.1.1.1:6379,127.2.2.2:6379"),
        ("--host=db", "--host=127.1.1.1"),
        ("host=db port=5432", "host=127.1.1.1 port=5432"),
        ("psql -h db -c 'select 1'", "psql -h 127.1.1.1 -c 'select 1'"),
    ],
)
def test_a_name_in_host_position_becomes_the_address(word: str, expected: str) -> None:
    """A name is replaced where a program would look it up."""
    assert expected == addresses_for(word, HOSTS)


@pytest.mark.parametrize(
    "word",
    [
        "postgres://db:word@elsewhere/db",
        "postgres://app@elsewhere:5432/db",
        "db/migrations",
        "--path=db/migrations",
        "db.sqlite3",
        "mydb",
        "db_name",
        "redis://db-other:6379",
        "the db is up",
        "db-replica2",
    ],
)
def test_a_name_elsewhere_stays(word: str) -> None:
    """Users, databases, paths and longer names that contain one are left alone."""
    assert word == addresses_for(word, HOSTS)


def test_without_services_nothing_changes() -> None:
    """A step that binds nothing keeps its words."""
    assert "db:5432" == addresses_for("db:5432", {})


def test_our_lines_stand_before_those_of_the_container() -> None:
    """The first line that has a name wins, so a service hides a host of the same name."""
    before = b"10.0.0.1 db\n"

    assert b"127.1.1.1 db kk7abc\n127.2.2.2 db-replica\n10.0.0.1 db\n" == hosts_file(before, HOSTS)


@pytest.mark.parametrize("name", ["", "a b", "a\n10.0.0.1 pypi.org", "x/", "é", "a" * 300])
def test_a_name_that_is_not_a_field_is_left_out(name: str) -> None:
    """Such an alias reaches nothing; the other names of the service do."""
    assert b"127.1.1.1 kk7abc\n" == hosts_file(b"", {"127.1.1.1": (name, "kk7abc")})
    assert b"" == hosts_file(b"", {"127.1.1.1": (name,)})
    assert f"{name}:1" == addresses_for(f"{name}:1", {"127.1.1.1": (name,)})


def test_a_container_without_a_hosts_file_still_knows_localhost() -> None:
    """Where there was no /etc/hosts, ours is complete."""
    assert b"127.0.0.1 localhost" in hosts_file(None, HOSTS)
