"""The key of a command covers everything it sees, and nothing else."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import pytest

from stiletto.api import container as c
from stiletto.api import files as f
from stiletto.api.secrets import CacheVolume, SetSecret
from stiletto.engine import keys
from stiletto.graph.recipe import digest_of
from stiletto.graph.tree import EMPTY, File

TREES = {
    "/src": EMPTY.put("a", File("1" * 64, 1)),
    "/file": EMPTY.put("file", File("2" * 64, 1)),
}
EXEC = c.Exec(
    root=c.ImageRoot("python:3.12", "identity"),
    args=("a", "b"),
    workdir="/w",
    user="",
    env=(c.Variable("A", "1"), c.Variable("B", "2")),
    volatile=(c.VolatileVariable("V", "x"),),
    secrets=(c.SecretVariable("S", SetSecret("s", "main")),),
    mounts=(
        c.DirectoryMount("/src", f.EmptyDirectory()),
        c.FileMount("/file", f.NewFile("x", "")),
        c.CacheMount("/cache", CacheVolume("k", "main")),
        c.SecretFileMount("/secret", SetSecret("s", "main"), 0o400),
        c.TempDirMount("/tmp", None),  # noqa: S108 - a path of the container
    ),
    stdin="in",
    redirect_stdin="",
    redirect_stdout="",
    redirect_stderr="",
    expect="SUCCESS",
)


def key(exec_: c.Exec = EXEC, **given: Any) -> str:
    """Return the key of a command; other arguments are by name."""
    known = {"provider": "bubblewrap", "stack": ["identity"], "trees": TREES, "services": {}}
    wanted = inspect.signature(keys.step_inputs).parameters
    chosen = {name: value for name, value in (known | given).items() if name in wanted}
    return digest_of(keys.step_inputs(exec_, **chosen))


def with_mount(index: int, **changes: Any) -> c.Exec:
    """Return the command with one mount changed."""
    mounts = list(EXEC.mounts)
    mounts[index] = dataclasses.replace(mounts[index], **changes)
    return dataclasses.replace(EXEC, mounts=tuple(mounts))


CHANGES: dict[str, c.Exec] = {
    "args": dataclasses.replace(EXEC, args=("a", "c")),
    "args are not joined": dataclasses.replace(EXEC, args=("a b",)),
    "workdir": dataclasses.replace(EXEC, workdir="/x"),
    "user": dataclasses.replace(EXEC, user="1000"),
    "value of a variable": dataclasses.replace(EXEC, env=(c.Variable("A", "2"), EXEC.env[1])),
    "name of a variable": dataclasses.replace(EXEC, env=(c.Variable("X", "1"), EXEC.env[1])),
    "name of a volatile variable": dataclasses.replace(
        EXEC, volatile=(c.VolatileVariable("W", "x"),)
    ),
    "secret of a variable": dataclasses.replace(
        EXEC, secrets=(c.SecretVariable("S", SetSecret("t", "main")),)
    ),
    "name of a secret variable": dataclasses.replace(
        EXEC, secrets=(c.SecretVariable("T", SetSecret("s", "main")),)
    ),
    "place of a mount": with_mount(2, target="/elsewhere"),
    "read-only mount": with_mount(0, read_only=True),
    "cache volume": with_mount(2, volume=CacheVolume("other", "main")),
    "sharing of a cache volume": with_mount(2, volume=CacheVolume("k", "main", sharing="LOCKED")),
    "mounted secret": with_mount(3, secret=SetSecret("t", "main")),
    "mode of a mounted secret": with_mount(3, mode=0o444),
    "size of a temporary directory": with_mount(4, size_bytes=5),
    "no mount": dataclasses.replace(EXEC, mounts=EXEC.mounts[1:]),
    "stdin": dataclasses.replace(EXEC, stdin="other"),
    "redirect_stdin": dataclasses.replace(EXEC, redirect_stdin="/x"),
    "redirect_stdout": dataclasses.replace(EXEC, redirect_stdout="/x"),
    "redirect_stderr": dataclasses.replace(EXEC, redirect_stderr="/x"),
    "expect": dataclasses.replace(EXEC, expect="ANY"),
}


def test_keys_are_all_different() -> None:
    """Each change of one thing a command sees gives another key."""
    seen = {name: key(exec_) for name, exec_ in CHANGES.items()} | {"unchanged": key()}
    seen |= {
        "provider": key(provider="plain"),
        "image": key(stack=["other"]),
        "a layer more": key(stack=["identity", "layer"]),
        "contents of a directory": key(trees=TREES | {"/src": EMPTY}),
        "contents of a file": key(trees=TREES | {"/file": EMPTY}),
    }

    assert len(seen) == len(set(seen.values()))


@pytest.mark.parametrize(
    "exec_",
    [
        dataclasses.replace(EXEC, volatile=(c.VolatileVariable("V", "other"),)),
        dataclasses.replace(EXEC, env=tuple(reversed(EXEC.env))),
        dataclasses.replace(EXEC, root=c.ImageRoot("python:3.12-slim", "identity")),
        with_mount(0, source=f.SubDirectory(f.EmptyDirectory(), "x")),
    ],
    ids=["volatile value", "order of variables", "image address", "how a directory was made"],
)
def test_what_a_command_does_not_see_is_in_no_key(exec_: c.Exec) -> None:
    """Values that are declared volatile, and how equal contents came about, change nothing."""
    assert key() == key(exec_)


def test_every_field_of_a_command_is_covered() -> None:
    """A field added to `Exec` has to be named here, and with it in a test above."""
    covered = {"root", "args", "workdir", "user", "env", "volatile", "secrets", "mounts", "stdin"}
    covered |= {"redirect_stdin", "redirect_stdout", "redirect_stderr", "expect"}
    covered |= {"services"}  # tests of services

    assert {field.name for field in dataclasses.fields(c.Exec)} <= covered
