"""Makes calls with the SDK that is installed, and prints their answers as JSON.

A program of its own: `test_sdk_versions` runs it with several versions of the SDK.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import dagger
from dagger import dag

SERVING = "import urllib.request as u; print(u.urlopen('http://web:8000').status)"


def base() -> dagger.Container:
    """Return a container with a shell."""
    return dag.container().from_("python:3.11-slim")


async def files() -> dict[str, Any]:
    """Make a directory, and read it."""
    made = dag.directory().with_new_file("a/b.txt", "text\n").with_symlink("b.txt", "a/l")
    link = dagger.ExistsType.SYMLINK_TYPE
    file = dag.file("f", "contents")
    try:
        await made.file("none").contents()
    except dagger.QueryError as error:
        missing = "no such file" in str(error)
    return {
        "entries": await made.entries(),
        "glob": await made.glob("**"),
        "link": await made.exists("a/l", expected_type=link, do_not_follow_symlinks=True),
        "missing": missing,
        "file": [await file.name(), await file.size(), await file.contents()],
        "added": await made.with_new_file("n", "").changes(made).added_paths(),
        "host": await dag.host().directory(".").exists("marker"),
    }


async def steps() -> dict[str, Any]:
    """Run commands: one that passes, one that fails, one that may fail."""
    made = dag.directory().with_new_file("a", "text\n")
    step = base().with_mounted_directory("/src", made).with_workdir("/src")
    step = step.with_env_variable("NAME", "value")
    synced = await step.with_exec(["sh", "-c", "echo $NAME; cat a"]).sync()
    try:
        await base().with_exec(["sh", "-c", "echo out; echo err >&2; exit 7"]).sync()
    except dagger.ExecError as error:
        failure = [error.exit_code, error.stdout, error.stderr, error.command[0]]
    accepted = base().with_exec(["sh", "-c", "exit 3"], expect=dagger.ReturnType.ANY)
    secret = dag.set_secret("password", "hush")
    masked = base().with_secret_variable("TOKEN", secret).with_exec(["sh", "-c", "echo $TOKEN"])
    cached = base().with_mounted_cache("/c", dag.cache_volume("client"))
    return {
        "stdout": await synced.stdout(),
        "failure": failure,
        "exit code": await accepted.exit_code(),
        "masked": await masked.stdout(),
        "plaintext": await secret.plaintext(),
        "cached": await cached.with_exec(["ls", "/c"]).stdout(),
    }


async def configuration() -> dict[str, Any]:
    """Read lists of objects, values that may be missing, and a service."""
    at = base().with_exposed_port(80).with_exposed_port(81).with_label("l", "v")
    serving = base().with_workdir("/srv").with_exposed_port(8000)
    service = serving.as_service(args=["python", "-m", "http.server", "8000"])
    bound = base().with_service_binding("web", service).with_exec(["python", "-c", SERVING])
    return {
        "ports": [await each.port() for each in await at.exposed_ports()],
        "labels": [await each.name() for each in await at.labels()],
        "variable": await at.with_env_variable("V", "1").env_variable("V"),
        "unset": await at.env_variable("UNSET"),
        "service": await bound.stdout(),
    }


async def main() -> None:
    """Make each call once."""
    async with dagger.connection():
        answers = {**await files(), **await steps(), **await configuration()}
    sys.stdout.write(f"{json.dumps(answers)}\n")


asyncio.run(main())
