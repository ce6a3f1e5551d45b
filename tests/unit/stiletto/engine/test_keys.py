"""The key of a command covers everything it sees, and nothing else."""

from __future__ import annotations

import dataclasses
import inspect
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stiletto.api import container as c
from stiletto.api import files as f
from stiletto.api.secrets import CacheVolume, SetSecret
from stiletto.engine import keys
from stiletto.engine.keys import call_inputs, call_key
from stiletto.graph.recipe import digest_of
from stiletto.graph.tree import EMPTY, File
from stiletto.history.causes import Comparison
from stiletto.history.changes import Listing
from stiletto.history.inputs import Inputs

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
    "init": dataclasses.replace(EXEC, init=False),
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
    covered |= {"redirect_stdin", "redirect_stdout", "redirect_stderr", "expect", "init"}
    covered |= {"services"}  # tests of services
    covered |= {"labels"}  # a command does not see them; tests of `engine.coarse`

    assert {field.name for field in dataclasses.fields(c.Exec)} <= covered


# -- what differs ----------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "a.b", ""])
SCALARS = st.sampled_from(
    [None, True, False, 0, 1, 1.0, "", "a", "1", "a.b", '{"a": 1}', '{"a":1}']
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(NAMES, inner, max_size=3),
        inner.map(json.dumps),
    ),
    max_leaves=6,
)
CALLS = st.builds(
    call_inputs,
    st.sampled_from(["code", "other"]),
    st.one_of(st.just("Main"), st.tuples(st.just("Main"), DATA.map(json.dumps))),
    st.sampled_from(["lint", "test"]),
    st.dictionaries(NAMES, DATA.map(json.dumps), max_size=2),
)


def inputs(exec_: c.Exec) -> dict[str, Any]:
    """Return the inputs of a command."""
    trees = {mount.target: TREES.get(mount.target, EMPTY) for mount in exec_.mounts}
    return keys.step_inputs(exec_, "bubblewrap", ["identity"], trees, {})


def differs(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Return whether `stiletto explain` finds anything between two commands, or two calls."""
    trees: dict[str, Listing] = {}
    steps: dict[str, Inputs] = {}
    comparison = Comparison(steps.get, trees.__getitem__)
    compare = comparison.step if "root" in before else comparison.function
    return bool(compare(Inputs(before), Inputs(after)))


@given(st.sampled_from([EXEC, *CHANGES.values()]), st.sampled_from([EXEC, *CHANGES.values()]))
def test_nothing_is_explained_exactly_if_the_keys_of_commands_are_equal(
    before: c.Exec, after: c.Exec
) -> None:
    """Whatever gives a command another key is a cause."""
    old, new = inputs(before), inputs(after)

    assert (digest_of(old) != digest_of(new)) == differs(old, new)


@given(CALLS, CALLS)
def test_nothing_is_explained_exactly_if_the_keys_of_calls_are_equal(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    """Whatever gives a call another key is a cause."""
    assert (call_key(before) != call_key(after)) == differs(before, after)


def test_keys_stay_what_they_are() -> None:
    """A store that was filled by an earlier version answers: these keys are of such a store."""
    call = call_inputs("code", ("Main", "{}"), "lint", {"b": "1", "a": '"x"'})

    expected = "sha256:6d3237904febf92fcc737bb8974a2b8f3588d14cd0ee8341b893b5d841c2613c"
    assert expected == key()
    expected = "sha256:d88ebdf1b185a5751c6db41777dea13f39bcd0e606330cb6c9f8116a0031adbc"
    assert expected == call_key(call)
