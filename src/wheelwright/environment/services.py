"""Servers that tests need: what runs, when it is ready, and how the tests find it.

| service | ready when | the tests get |
|---|---|---|
| `postgres:TAG` | `SELECT 1` is answered over TCP | DATABASE_URL and PGHOST, PGPORT, PGUSER, ... |
| `redis:TAG`, `valkey/valkey:TAG` | `PING` is answered with PONG | REDIS_URL |

The password is not a secret: a server lives as long as one run of the tests, and only that run can
reach it. PostgreSQL's image answers on its socket while it still prepares the database; only an
answer over TCP means that it is ready.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from wheelwright.errors import RequestError

MIGRATION_FAILED = 90
"""The exit code of a run whose migration failed; pytest itself uses 0 to 5."""

_PASSWORD = "wheelwright"  # noqa: S105 - no secret, see above
_NAME = "tests"

# A server listens on the address of its container's name, or everywhere. An address is used as it
# is: `getent hosts` of one asks the name server for a name, which it may not have.
_HOST = (
    'host="${HOSTNAME:-127.0.0.1}"; case "$host" in (*[!0-9.]*) '
    'getent hosts "$host" >/dev/null || host=127.0.0.1;; esac'
)


@dataclass(frozen=True, slots=True)
class Server:
    """One server.

    Attributes:
        alias: the host name under which the tests reach it.
        env: variables of the server itself.
        probe: a shell command in the server's container that succeeds once it is ready.
        variables: what the tests get.
    """

    image: str
    alias: str
    port: int
    probe: str
    env: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


def _postgres(image: str, alias: str) -> Server:
    url = f"postgresql://postgres:{_PASSWORD}@{alias}:5432/{_NAME}"
    return Server(
        image=image,
        alias=alias,
        port=5432,
        env={"POSTGRES_PASSWORD": _PASSWORD, "POSTGRES_DB": _NAME},
        probe=(
            f'{_HOST}; PGPASSWORD={_PASSWORD} psql --host="$host" --username=postgres '
            f"--dbname={_NAME} --no-psqlrc --command='SELECT 1'"
        ),
        variables={
            "DATABASE_URL": url,
            "PGHOST": alias,
            "PGPORT": "5432",
            "PGUSER": "postgres",
            "PGPASSWORD": _PASSWORD,
            "PGDATABASE": _NAME,
        },
    )


def _redis(image: str, alias: str) -> Server:
    client = f"{alias}-cli"
    return Server(
        image=image,
        alias=alias,
        port=6379,
        probe=f'{_HOST}; {client} -h "$host" ping | grep PONG',
        variables={"REDIS_URL": f"redis://{alias}:6379/0"},
    )


_KINDS = {"postgres": _postgres, "redis": _redis, "valkey/valkey": _redis}


def known(image: str) -> Server:
    """Return the server for an image such as `postgres:16`.

    Raises:
        RequestError: how such a server is ready, or where tests look for it, is not known here.
    """
    name = image.rpartition("@")[0] or image
    name = name.rpartition(":")[0] or name
    kind = _KINDS.get(name.removeprefix("docker.io/").removeprefix("library/"))
    if kind is None:
        raise RequestError(
            f'unknown service "{image}"', f"pass one of {', '.join(_KINDS)}, with a tag"
        )
    return kind(image, name.rpartition("/")[2])


def servers(images: Iterable[str]) -> tuple[Server, ...]:
    """Return the servers, each once.

    Raises:
        RequestError: an unknown one, or two that the tests would look for at the same place.
    """
    found: dict[str, Server] = {}
    for image in dict.fromkeys(images):
        server = known(image)
        other = next((each for each in found.values() if each.port == server.port), None)
        if other is not None:
            raise RequestError(
                f"{other.image} and {image} are services of the same kind; tests can use only one",
                "name one, or one in each cell of the matrix",
            )
        found[server.alias] = server
    return tuple(found.values())


def command(migrate: Sequence[str], tests: Sequence[str]) -> tuple[str, ...]:
    """Return one command that migrates and then tests.

    One, because both have to meet the same fresh server: two steps could be taken from
    the cache independently.
    """
    if not migrate:
        return tuple(tests)
    count = len(migrate)
    quoted = " ".join(f'"${{{index}}}"' for index in range(1, count + 1))
    script = f'{quoted} || exit {MIGRATION_FAILED}; shift {count}; exec "$@"'
    return ("sh", "-c", script, "migrate", *migrate, *tests)
