"""Which steps of the last call may begin early with another source."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from stiletto.api import container as c
from stiletto.api import files as f
from stiletto.api.secrets import CacheVolume, UriSecret
from stiletto.engine.guess import RECIPES_MAX, Guess, blanked, filled, trees_of
from stiletto.graph.recipe import Recipe

OLD, NEW = (f.StoredTree(f"sha256:{name}", "/src") for name in ("old", "new"))
SECRET = UriSecret("env:TOKEN")


def step(tree: f.Directory, *args: str) -> c.Exec:
    """Return a command on a directory."""
    return c.Exec(c.DirectoryRoot(tree), args or ("pytest",), "/", "", (), (), (), ())


def on(below: c.Exec, *args: str) -> c.Exec:
    """Return a command on the result of another one."""
    return replace(below, root=c.ExecRoot(below), args=args)


def kept(*asked: c.Exec) -> tuple[c.Exec, ...]:
    """Return what is kept of steps that a call of the old source asked for."""
    return blanked(asked, {"/src": OLD})[1]


def test_steps_of_the_source_are_those_of_the_next_one() -> None:
    """They are the same recipes as the module would make with it."""
    guess = Guess.from_json(Guess(kept(step(OLD)), 1).to_json())
    ready, allowed = filled(guess.steps, {"/src": NEW})
    assert [step(NEW)] == ready
    assert [step(NEW).digest] == [each.digest for each in ready]
    assert {step(NEW).digest} == allowed


def test_only_the_last_step_of_a_chain_is_kept() -> None:
    """Those below it begin with it."""
    built = step(OLD, "build")
    assert [("test",)] == [each.args for each in kept(built, on(built, "test"))]
    _, allowed = filled(kept(built, on(built, "test")), {"/src": NEW})
    assert 2 == len(allowed)


def test_step_without_the_source_is_left_out() -> None:
    """The store has it; another source of the last call is not that of the next one."""
    assert () == kept(step(f.EmptyDirectory()))
    assert () == kept(step(f.StoredTree("sha256:else", "/else")))
    ready, _ = filled(kept(step(OLD)), {"/other": NEW})
    assert [] == ready


@pytest.mark.parametrize(
    "left_out",
    [
        replace(step(OLD), secrets=(c.SecretVariable("TOKEN", SECRET),)),
        replace(step(OLD), mounts=(c.SecretFileMount("/token", SECRET, 0o400),)),
        replace(step(OLD), services=(c.ServiceBinding("db", c.Service(step(OLD))),)),
        replace(step(OLD), volatile=(c.VolatileVariable("NOW", "1"),)),
        replace(step(OLD), mounts=(c.CacheMount("/c", CacheVolume("c", "", sharing="LOCKED")),)),
        replace(step(OLD), mounts=(c.DirectoryMount("/h", f.HostDirectory("/h")),)),
    ],
    ids=["secret variable", "secret file", "service", "volatile", "locked volume", "host"],
)
def test_step_that_depends_on_more_than_files_is_left_out(left_out: c.Exec) -> None:
    """And all that comes after it."""
    assert () == kept(left_out)
    assert () == kept(left_out, on(left_out, "next"))
    assert [("pytest",)] == [each.args for each in kept(left_out, step(OLD))]


def test_step_with_a_shared_volume_is_kept() -> None:
    """Such as that of an installer: who asks for it first or later uses the same one."""
    shared = (c.CacheMount("/c", CacheVolume("c", "")),)
    assert 1 == len(kept(replace(step(OLD), mounts=shared)))


def test_long_chain_is_left_out() -> None:
    """To read it would take longer than it saves."""
    at = step(OLD)
    for number in range(RECIPES_MAX // 2):
        at = on(at, str(number))
    assert () == kept(at)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([OLD], {"/src": OLD}),
        ([OLD, OLD], {"/src": OLD}),
        ([f.StoredTree("sha256:else", "/else"), OLD], {"/else": "sha256:else", "/src": OLD}),
        ([OLD, NEW], None),
        ([OLD, SECRET], None),
        ([], {}),
    ],
    ids=["one", "one twice", "two", "two of one place", "secret", "none"],
)
def test_directories_of_a_call_are_known_by_their_place(
    given: list[Recipe], expected: dict[str, object] | None
) -> None:
    """No step begins early in a call with a secret, or with two contents of one place."""
    found = trees_of(given)
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert expected.keys() == found.keys()
        assert found.get("/src") == expected.get("/src")


def test_at_most_as_many_begin_as_ran_at_once() -> None:
    """And one for each core: `--limit 1` stays."""
    assert 1 == Guess((), 1).at_once
    assert (os.cpu_count() or 1) == Guess((), 10_000).at_once


def test_guess_of_another_version_is_refused() -> None:
    """It is no guess then."""
    with pytest.raises(LookupError):
        Guess.from_json({**Guess(kept(step(OLD)), 1).to_json(), "format": 0})
