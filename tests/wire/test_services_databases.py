"""Real PostgreSQL and Redis as services, with and without isolation, by root and not.

The servers are the machine's or from the package index; whichever it is, they are the real ones.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

import dagger
import pytest
from wire_bench import Session, fails

import stiletto
from stiletto.sandbox.images import find_uv

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIXTURES = Path(__file__).parent.parent / "fixtures"
POSTGRES = "postgres"
REDIS = "redis:7"


def database(session: Session, word: str, **given: str) -> dagger.Container:
    """Return a server of its own, by a word, with a password unless told otherwise."""
    made = session.dag.container().from_(POSTGRES).with_env_variable("WORD", word)
    for name, value in ({"POSTGRES_PASSWORD": "it's $ecret"} | given).items():
        made = made.with_env_variable(name, value)
    return made


def psql(session: Session, server: dagger.Container, query: str, url: str) -> dagger.Container:
    """Ask a database by a URL in which it is called db."""
    return (
        session.dag.container()
        .from_(POSTGRES)
        .with_service_binding("db", server.as_service())
        .with_env_variable("URL", url)
        .with_exec(["sh", "-c", 'exec psql "$URL" -XAtc "$1"', "sh", query])
    )


URL = "postgres://postgres:it%27s%20%24ecret@db:5432/postgres"


async def test_postgres_starts_fresh(each: Session, fresh: str) -> None:
    """A new cluster is made, and the first client's probe is answered."""
    done = psql(each, database(each, fresh), "select 40 + 2", URL)

    assert "42\n" == await done.stdout()


async def test_role_and_database_are_made(each: Session, fresh: str) -> None:
    """POSTGRES_USER and POSTGRES_DB name a superuser and a database of its own."""
    server = database(
        each, fresh, POSTGRES_USER="keeper", POSTGRES_DB='od"d', POSTGRES_PASSWORD="x"
    )
    query = "select current_user, current_database(), usesuper from pg_user"
    done = psql(each, server, query, "postgres://keeper:x@db/od%22d")

    assert 'keeper|od"d|t\n' == await done.stdout()


async def test_the_password_is_asked_for(each: Session, fresh: str) -> None:
    """A wrong password is refused, from this machine too."""
    done = psql(each, database(each, fresh), "select 1", "postgres://postgres:wrong@db/postgres")

    with pytest.raises(dagger.ExecError) as caught:
        await done.sync()
    assert "password authentication failed" in caught.value.stderr


async def test_trust_needs_no_password(one: Session, fresh: str) -> None:
    """POSTGRES_HOST_AUTH_METHOD=trust lets everybody in."""
    server = (
        database(one, fresh)
        .without_env_variable("POSTGRES_PASSWORD")
        .with_env_variable("POSTGRES_HOST_AUTH_METHOD", "trust")
    )

    done = psql(one, server, "select 1", "postgres://postgres@db/postgres")
    assert "1\n" == await done.stdout()


async def test_without_a_password_it_does_not_start(one: Session, fresh: str) -> None:
    """A superuser without a password is refused, with what to set."""
    server = database(one, fresh).without_env_variable("POSTGRES_PASSWORD")
    with pytest.raises(dagger.ExecError) as caught:
        await psql(one, server, "select 1", URL).sync()

    assert "(aliased as db): exit code: 1" in str(caught.value)
    assert "set POSTGRES_PASSWORD, or POSTGRES_HOST_AUTH_METHOD=trust" in caught.value.stderr


async def test_a_password_from_a_mounted_secret(one: Session, fresh: str) -> None:
    """POSTGRES_PASSWORD_FILE names a file with it."""
    secret = one.dag.set_secret(f"password-{fresh}", "m0unted-pass")
    server = (
        database(one, fresh)
        .without_env_variable("POSTGRES_PASSWORD")
        .with_mounted_secret("/run/password", secret, mode=0o444)
        .with_env_variable("POSTGRES_PASSWORD_FILE", "/run/password")
    )

    done = psql(one, server, "select 1", "postgres://postgres:m0unted-pass@db/postgres")
    assert "1\n" == await done.stdout()


async def test_arguments_reach_the_servers(each: Session, fresh: str) -> None:
    """Arguments of the service are the server's, as behind the official entry points."""
    service = database(each, fresh).as_service(
        args=["postgres", "-c", "max_connections=17"], use_entrypoint=True
    )
    asking = each.dag.container().from_(POSTGRES).with_service_binding("db", service)
    show = asking.with_exec(["psql", URL, "-XAtc", "show max_connections"])
    assert "17\n" == await show.stdout()

    cache = cached(each, fresh).as_service(args=["--requirepass", "open"], use_entrypoint=True)
    client = each.dag.container().from_(REDIS).with_service_binding("cache", cache)
    assert "NOAUTH" in await client.with_exec(["redis-cli", "-h", "cache", "ping"]).stdout()
    known = client.with_exec(["redis-cli", "-h", "cache", "-a", "open", "ping"])
    assert "PONG\n" == await known.stdout()


async def test_a_health_check_by_the_servers_own_tool(isolated: Session, fresh: str) -> None:
    """pg_isready finds the server over its socket, inside the service's own place."""
    server = database(isolated, fresh).with_docker_healthcheck(
        ["pg_isready"], interval="100ms", retries=100
    )

    assert "1\n" == await psql(isolated, server, "select 1", URL).stdout()


def cached(session: Session, word: str) -> dagger.Container:
    """Return a Redis of its own, by a word."""
    return session.dag.container().from_(REDIS).with_env_variable("WORD", word)


async def test_redis_answers(each: Session, fresh: str) -> None:
    """Redis starts empty, and answers by its alias."""
    client = (
        each.dag.container()
        .from_(REDIS)
        .with_service_binding("cache", cached(each, fresh).as_service())
    )

    assert "PONG\n" == await client.with_exec(["redis-cli", "-h", "cache", "ping"]).stdout()
    size = client.with_exec(["redis-cli", "-u", "redis://cache:6379/0", "dbsize"])
    assert "0\n" == await size.stdout()


async def test_two_databases_at_once(each: Session, fresh: str) -> None:
    """Instances of different cells listen on the same port and share nothing."""
    first, second = database(each, fresh + "a"), database(each, fresh + "b")
    make = "create table mine (x int); select count(*) from pg_tables where tablename = 'mine'"

    done = await asyncio.gather(
        *(psql(each, server, make, URL).stdout() for server in (first, second))
    )
    assert ["CREATE TABLE\n1\n"] * 2 == done


async def test_an_unknown_version_is_refused(one: Session) -> None:
    """A major version that cannot be had is an error that lists what can."""
    message = await fails(one.dag.container().from_("postgres:9.6").sync())

    assert "no PostgreSQL 9.6 to use for postgres:9.6" in message
    assert "wheels have PostgreSQL 18, 17, 16, 15, 14" in message


@pytest.mark.slow
async def test_a_package_whose_tests_need_both(each: Session, fresh: str) -> None:
    """Migration and tests of a real package run against both, by the URLs in its environment."""
    source = each.dag.host().directory(
        str(FIXTURES / "with-services"), exclude=["**/__pycache__", ".venv"]
    )
    ready = (
        each.base()
        .with_file("/opt/uv/uv", each.dag.container().from_("ghcr.io/astral-sh/uv").file("/uv"))
        .with_directory("/src", source)
        .with_workdir("/src")
        .with_env_variable("UV_PYTHON_DOWNLOADS", "never")
        .with_env_variable("UV_LINK_MODE", "copy")
        .with_mounted_cache("/cache/uv", each.dag.cache_volume("uv"))
        .with_env_variable("UV_CACHE_DIR", "/cache/uv")
        .with_exec(["/opt/uv/uv", "sync", "--locked", "--quiet"])
        .with_service_binding("db", database(each, fresh, POSTGRES_PASSWORD="w").as_service())
        .with_service_binding("cache", cached(each, fresh).as_service())
        .with_env_variable("DATABASE_URL", "postgresql://postgres:w@db:5432/postgres")
        .with_env_variable("REDIS_URL", "redis://cache:6379/0")
        .with_exec([".venv/bin/tide-ledger-migrate"])
    )

    assert "applied 0001-readings.sql\napplied 0002-by-harbour.sql\n" == await ready.stdout()
    assert "5 passed" in await ready.with_exec([".venv/bin/pytest", "-q"]).stdout()


PROGRAM = """
import asyncio, json, os, sys
sys.path[:0] = sys.argv[3:]
from pathlib import Path
from stiletto.engine.ports import ObjectRef
from stiletto.engine.session import open_session
from stiletto.progress import Progress

async def main(root, sandbox):
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "STILETTO_CACHE": str(root / "cache"),
        "STILETTO_IDLE": "0",
    }
    async with open_session(
        workdir=root, sandbox=sandbox, progress=Progress(), environ=environ
    ) as engine:
        async def chain(value, *calls):
            for field, args in calls:
                value = await engine.select(value, field, args)
            return value
        image = ("from", {"address": "postgres"})
        trust = ("withEnvVariable", {"name": "POSTGRES_HOST_AUTH_METHOD", "value": "trust"})
        server = await chain(None, ("container", {}), image, trust, ("asService", {}))
        query = ["psql", "postgres://postgres@db/postgres", "-XAtc", "select 6 * 7"]
        said = await chain(None, ("container", {}), image,
            ("withServiceBinding", {"alias": "db", "service": server}),
            ("withExec", {"args": query}), ("stdout", {}))
        print(json.dumps([os.geteuid(), said]))

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""
NOBODY = 65534
ISOLATES = sys.platform == "linux" and os.environ.get("STILETTO_TEST_SANDBOX") != "plain"


def python_for_everyone() -> str | None:
    """Return a Python of the running one's version that an ordinary user may run."""
    for python in ("/usr/bin/python3", "/usr/local/bin/python3"):
        if Path(python).exists():
            asked = [python, "-c", "import sys; print(list(sys.version_info[:2]))"]
            said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
            if said.strip() == str(list(sys.version_info[:2])):
                return python
    return None


@pytest.mark.parametrize("sandbox", ["bubblewrap", "plain"])
async def test_an_ordinary_user_has_databases_too(sandbox: str) -> None:
    """Nothing of it needs root: the same works in a process that may nothing special."""
    if sandbox == "bubblewrap" and not ISOLATES:
        pytest.skip("user namespaces are not to be tested")
    python = python_for_everyone() if os.geteuid() == 0 else sys.executable
    uv = find_uv()
    if python is None or uv is None:
        pytest.skip("no such Python that an ordinary user may run, or no uv")
    with tempfile.TemporaryDirectory(prefix="stiletto-test-") as name:
        root = Path(name)
        drop: dict[str, Any] = {}
        if os.geteuid() == 0:
            os.chown(root, NOBODY, NOBODY)
            drop = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            source = Path(stiletto.__file__)
            asked = ["test", "-r", str(source), "-a", "-x", sysconfig.get_path("purelib")]
            told = await asyncio.to_thread(lambda: subprocess.run(asked, check=False, **drop))
            if told.returncode != 0:
                pytest.skip("an ordinary user cannot read this checkout, or its environment")
        paths = [str(Path(stiletto.__file__).parent.parent), sysconfig.get_path("purelib")]
        env = {
            "PATH": f"/usr/bin:/bin:{uv.parent}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": name,
        }
        command = [python, "-c", PROGRAM, name, sandbox, *paths]
        done = await asyncio.to_thread(
            lambda: subprocess.run(
                command, capture_output=True, text=True, check=False, env=env, cwd=root, **drop
            )
        )

    assert done.returncode == 0, done.stderr
    user, said = json.loads(done.stdout)
    assert user != 0
    assert said == "42\n"
