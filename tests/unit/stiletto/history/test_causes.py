"""Why a step or a function ran: what differs from its last success."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from stiletto.history.causes import Cause, Comparison
from stiletto.history.changes import Listing
from stiletto.history.inputs import Inputs, Origin

OLD, NEW = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
TREES: dict[str, Listing] = {
    OLD: {"test_a.py": ("f", f"sha256:{'a' * 64}", 0o644)},
    NEW: {"test_a.py": ("f", f"sha256:{'b' * 64}", 0o644)},
}
EDITED = Cause("files: 1 of 1 changed", ("test_a.py   aaaaaa -> bbbbbb",))


def step(
    *layers: str, origins: Mapping[str, Origin] | None = None, image: str = "", **data: Any
) -> Inputs:
    """Return what a step saw."""
    usual = {"root": ["image", *layers], "args": ["pytest"], "env": {}, "provider": "bubblewrap"}
    return Inputs({**usual, **data}, origins or {}, {}, image)


def compared(before: Inputs, after: Inputs, **known: Inputs) -> list[Cause]:
    """Return what differs between two steps; `known` are those beneath."""
    return Comparison(known.get, TREES.__getitem__).step(before, after)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"args": ["pytest"]}, {"args": ["pytest", "-x"]}, "command: -x added"),
        ({"args": ["a", "5s"]}, {"args": ["a", "9s"]}, "command: 5s -> 9s"),
        ({"env": {}}, {"env": {"CI": "1"}}, "variable CI: nothing -> 1"),
        ({"env": {"CI": "1"}}, {"env": {"CI": ""}}, 'variable CI: 1 -> ""'),
        ({}, {"provider": "plain"}, "sandbox: bubblewrap -> plain"),
        ({"secrets": {"T": OLD}}, {"secrets": {"T": NEW}}, "secret T: has another value"),
        ({"secrets": {}}, {"secrets": {"T": NEW}}, "secret T: added"),
        ({"services": {"db": OLD}}, {"services": {"db": NEW}}, "service db: changed"),
        ({"user": ""}, {"user": "app"}, 'user: "" -> app'),
        ({"stdin": ""}, {"stdin": "a\nb"}, 'standard input: "" -> a\\nb'),
        ({"format": 1}, {"format": 2}, "written by another version of Stiletto"),
        (
            {"mounts": {"/r": ["secret", OLD, 400]}},
            {"mounts": {"/r": ["secret", NEW, 400]}},
            "secret at /r: has another value, mode or owner",
        ),
        (
            {"mounts": {"/c": ["cache", OLD]}},
            {"mounts": {"/c": ["cache", NEW]}},
            "cache volume at /c: another one",
        ),
        ({"mounts": {}}, {"mounts": {"/t": ["temp", 1]}}, "mount /t: added"),
    ],
)
def test_each_input_has_its_line(
    before: dict[str, Any], after: dict[str, Any], expected: str
) -> None:
    """No value of a secret, and no digest of one."""
    (cause,) = compared(step(**before), step(**after))
    assert expected == cause.title
    assert OLD[7:20] not in cause.title


def test_equal_inputs_have_no_cause() -> None:
    """The step ran for another reason."""
    assert [] == compared(step("a"), step("a"))


def test_another_image_shows_both() -> None:
    """With the versions that were found."""
    before, after = (
        step(root=["i1"], image="python:3.11-slim, 3.11.7"),
        step(root=["i2"], image="x"),
    )
    assert [Cause("image: python:3.11-slim, 3.11.7 -> x")] == compared(before, after)


def test_written_files_are_compared() -> None:
    """As the files of a mount are."""
    before = step("o", origins={"o": Origin(tree=OLD)})
    after = step("n", origins={"n": Origin(tree=NEW)})
    assert [EDITED] == compared(before, after)
    mounts = [
        Inputs({"mounts": {"/src": ["directory", tree, True]}}, trees={tree: tree})
        for tree in (OLD, NEW)
    ]
    assert [Cause("files of /src: 1 of 1 changed", EDITED.lines)] == compared(*mounts)


def test_the_step_beneath_is_the_cause() -> None:
    """Not that its result is another one; what is the same for both is named once."""
    installed = {
        "o": step("w", origins={"w": Origin(tree=OLD)}, args=["uv", "sync"]),
        "n": step("v", origins={"v": Origin(tree=NEW)}, args=["uv", "sync"]),
    }
    before = step("w", "o", origins={"w": Origin(tree=OLD), "o": Origin(step="uv sync")})
    after = step("v", "n", origins={"v": Origin(tree=NEW), "n": Origin(step="uv sync")})
    assert [EDITED] == compared(before, after, **installed)


def test_what_was_copied_from_a_step_is_explained_by_it() -> None:
    """The files of an environment are not listed: what was installed into it is the cause."""
    installed = {"o": step(args=["uv", "add", "a"]), "n": step(args=["uv", "add", "b"])}
    before = step("w", origins={"w": Origin(tree=OLD, copied=(("/", "o"),))})
    after = step("v", origins={"v": Origin(tree=NEW, copied=(("/", "n"),))})
    assert [Cause("command: a -> b")] == compared(before, after, **installed)


def test_a_step_more_or_less_is_named() -> None:
    """By its command."""
    after = step("n", origins={"n": Origin(step="apt-get install git")})
    assert [Cause("apt-get install git: added")] == compared(step(), after)
    assert [Cause("apt-get install git: removed")] == compared(after, step())


def test_merged_layers_are_compared_one_by_one() -> None:
    """Many layers become one on the disk."""
    before = step("m", origins={"m": Origin(merged=("o",))})
    after = step("k", origins={"k": Origin(merged=("n",))})
    was, now = step(origins={"o": Origin(tree=OLD)}), step(origins={"n": Origin(tree=NEW)})
    assert [EDITED] == compared(before, after, m=was, k=now)
    (cause,) = compared(before, after)
    assert "not recorded any more" in cause.title


def test_what_is_not_recorded_any_more_is_said() -> None:
    """A step or a tree that was pruned."""
    before = step("o", origins={"o": Origin(step="uv sync")})
    after = step("n", origins={"n": Origin(step="uv sync")})
    (cause,) = compared(before, after)
    assert "not recorded any more" in cause.title
    gone = step("o", origins={"o": Origin(tree=f"sha256:{'9' * 64}")})
    (cause,) = compared(gone, step("n", origins={"n": Origin(tree=NEW)}))
    assert "not recorded any more" in cause.title


def test_the_first_paths_and_how_many_more() -> None:
    """Of a thousand files, so that the whole answer has ten lines."""
    many = {f"t{n:04}.py": ("f", OLD, 0o644) for n in range(1000)}
    listings: dict[str, Listing] = {OLD: {}, NEW: many}
    before = step("o", origins={"o": Origin(tree=OLD)})
    after = step("n", origins={"n": Origin(tree=NEW)})
    (cause,) = Comparison(unknown, listings.__getitem__).step(before, after)
    assert "files: 1000 of 1000 changed" == cause.title
    assert 6 == len(cause.lines)
    assert "and 995 more" == cause.lines[-1]


def unknown(key: str) -> Inputs | None:
    """Return that nothing is known of any step."""
    return None


def test_files_that_a_step_beneath_saw_change_the_dependencies() -> None:
    """They are named once, and the dependencies do not count as unchanged."""
    before = step("o", "was", origins={"o": Origin(tree=OLD), "was": Origin(step="uv sync")})
    after = step("n", "now", origins={"n": Origin(tree=NEW), "now": Origin(step="uv sync")})
    was = step("o", origins={"o": Origin(tree=OLD)})
    now = step("n", origins={"n": Origin(tree=NEW)})
    assert [EDITED] == (found := compared(before, after, was=was, now=now))
    assert ["dependencies"] == [each.aspect for each in found]


SOURCE, WITH = f"sha256:{'3' * 64}", f"sha256:{'4' * 64}"
"""A package that was written to /src, before and after."""

WRITTEN: dict[str, Listing] = {
    SOURCE: {"src": ("d", OLD, 0o755), "opt": ("d", OLD, 0o755)},
    WITH: {"src": ("d", NEW, 0o755), "opt": ("d", OLD, 0o755)},
    **TREES,
}


def written(before: Origin, after: Origin, *sources: str, **known: Inputs) -> list[Cause]:
    """Return what differs between two steps that run in /src, over one layer each."""
    old, new = (
        step(key, origins={key: origin}, workdir="/src")
        for key, origin in (("o", before), ("n", after))
    )
    return Comparison(known.get, WRITTEN.__getitem__, frozenset(sources)).step(old, new)


def test_paths_are_those_of_the_package() -> None:
    """Beneath the working directory; only its files are counted."""
    (cause,) = written(Origin(tree=SOURCE), Origin(tree=WITH))
    assert Cause("files of /src: 1 of 1 changed", ("test_a.py   aaaaaa -> bbbbbb",)) == cause


def test_a_step_that_sees_the_whole_source_is_marked() -> None:
    """All that the function was given is there: an edit of any file makes it run."""
    (cause,) = written(Origin(tree=SOURCE), Origin(tree=WITH), NEW)
    assert "files of /src, the whole source: 1 of 1 changed" == cause.title


def test_a_step_beneath_does_not_hide_what_was_written_beside() -> None:
    """An environment that was copied from a step, and an edited test: both are named."""
    tools = step(env={"A": "1"}), step(env={"A": "2"})
    before = Origin(tree=SOURCE, copied=(("/opt", "was"),))
    after = Origin(tree=WITH, copied=(("/opt", "now"),))
    found = written(before, after, was=tools[0], now=tools[1])
    assert ["variable A: 1 -> 2", "files of /src: 1 of 1 changed"] == [each.title for each in found]
    assert ["dependencies", ""] == [each.aspect for each in found]


# -- functions ------------------------------------------------------------------------------------


def call(code: str = "c", trees: Mapping[str, str] | None = None, **args: str) -> Inputs:
    """Return what a function saw."""
    state = args.pop("state", "{}")
    data = {"format": 3, "code": code, "parent": ["Main", state], "function": "test", "args": args}
    return Inputs(data, trees=trees or {})


def called(before: Inputs, after: Inputs) -> list[str]:
    """Return the titles of what differs between two calls."""
    return [each.title for each in Comparison(unknown, TREES.__getitem__).function(before, after)]


def test_arguments_and_the_state_of_the_object_have_their_line() -> None:
    """By the name of the option; directories by their files."""
    assert ['argument args: [] -> ["-x"]'] == called(call(args="[]"), call(args='["-x"]'))
    old, new = call(state='{"step_timeout": ""}'), call(state='{"step_timeout": "60s"}')
    assert ['argument step-timeout: "" -> 60s'] == called(old, new)
    ids = f"Directory@{OLD}", f"Directory@{NEW}"
    old = call(trees={ids[0]: OLD}, source=f'"{ids[0]}"')
    new = call(trees={ids[1]: NEW}, source=f'"{ids[1]}"')
    assert ["files of source: 1 of 1 changed"] == called(old, new)


def test_a_secret_has_another_value() -> None:
    """And nothing more is shown of it."""
    old, new = call(netrc=f'"Secret@{OLD}"'), call(netrc=f'"Secret@{NEW}"')
    assert ["secret netrc: has another value"] == called(old, new)


def test_the_modules_code_is_a_cause() -> None:
    """With its files where they are known."""
    assert ["the module's code changed"] == called(call("a"), call("b"))
    old, new = call("a", {"code": OLD}), call("b", {"code": NEW})
    assert ["the module's code: 1 of 1 changed"] == called(old, new)
