"""An argument that no function takes is answered with the flag, or the place, that was meant."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stiletto.api.definition import ArgDef
from stiletto.cli.misplaced import argument_hint
from tests.unit.stiletto.cli.cli_fake import (
    MODULE,
    SAMPLE,
    STRING,
    FakeLauncher,
    Shell,
    fn,
    many,
    obj,
)

ARGS = ArgDef("args", many(STRING), "Arguments for the runner.", default="[]")
TEST = fn("test", STRING, ARGS, ArgDef("python", STRING, "Version, such as 3.12.", default='""'))
RELEASE = fn(
    "release",
    STRING,
    ArgDef("bump", STRING, "patch, minor or major.", default='""'),
    ArgDef("version", STRING, "The version itself, such as 1.2.0.", default='""'),
)
RUN = replace(TEST, name="testRun", returns=obj("SampleTests"))
FUNCTIONS = {each.name: each for each in (TEST, RELEASE, RUN)}
LAUNCHER = FakeLauncher(
    module=replace(
        MODULE, objects={**MODULE.objects, "Sample": replace(SAMPLE, functions=FUNCTIONS)}
    )
)
NOTHING = ": it returns nothing to call on"


@pytest.mark.parametrize(
    ("line", "fact", "hint"),
    [
        (
            ("release", "patch"),
            'unknown command "patch" for "stiletto call release"',
            "did you mean --bump patch? see stiletto call release --help",
        ),
        (
            ("release", "1.3.0"),
            'unknown command "1.3.0" for "stiletto call release"',
            "did you mean --version 1.3.0? see stiletto call release --help",
        ),
        (
            ("release", "soon"),
            f'unknown command "soon" for "stiletto call release"{NOTHING}',
            "see stiletto call release --help",
        ),
        (
            ("test", "--", "-k", "bad"),
            'unknown command "-k" for "stiletto call test"',
            "did you mean --args=-k,bad? see stiletto call test --help",
        ),
        (
            ("test", "tests/test_a.py"),
            'unknown command "tests/test_a.py" for "stiletto call test"',
            "did you mean --args=tests/test_a.py? see stiletto call test --help",
        ),
        (
            ("test", "--", "-k", "a or b", "x,y"),
            'unknown command "-k" for "stiletto call test"',
            "did you mean --args='-k,a or b,\"x,y\"'? see stiletto call test --help",
        ),
        (
            ("test", "3.13"),
            'unknown command "3.13" for "stiletto call test"',
            "did you mean --python 3.13? see stiletto call test --help",
        ),
        (
            ("test", "-k", "bad"),
            'unknown shorthand flag: "k" in -k',
            "pass it on with --args=-k,bad; see stiletto call test --help",
        ),
        (
            ("test", "--maxfail=2", "x"),
            "unknown flag: --maxfail",
            "pass it on with --args=--maxfail=2; see stiletto call test --help",
        ),
        (
            ("test", "--pyton", "3.12"),
            "unknown flag: --pyton",
            "did you mean --python? see stiletto call test --help",
        ),
        (
            ("test", "--lf"),
            "unknown flag: --lf",
            "pass it on with --args=--lf; see stiletto call test --help",
        ),
        (
            ("test", "-m", "slow"),
            "--mod must come before the first function",
            "pass it on with --args=-m,slow",
        ),
        (
            ("test-run", "tests/test_a.py"),
            'unknown command "tests/test_a.py" for "stiletto call test-run"',
            "did you mean --args=tests/test_a.py? see stiletto call test-run --help",
        ),
        (
            ("test-run", "labl"),
            'unknown command "labl" for "stiletto call test-run"',
            'did you mean "label"? see stiletto call test-run --help',
        ),
        (
            ("test", "--source", "."),
            "unknown flag: --source",
            "write --source before the first function; see stiletto call test --help",
        ),
        (
            ("--bump", "minor", "release"),
            "unknown flag: --bump",
            "write --bump after release; see stiletto call --help",
        ),
        (
            ("release", "--bumb", "minor"),
            "unknown flag: --bumb",
            "did you mean --bump? see stiletto call release --help",
        ),
    ],
)
def test_the_hint_can_be_pasted(
    tmp_path: Path, line: tuple[str, ...], fact: str, hint: str
) -> None:
    """It has the very arguments that were typed, as the flag takes them."""
    ended = Shell(tmp_path, launcher=LAUNCHER)("call", *line)
    assert (1, f"Error: {fact}\n  hint: {hint}\n") == (ended.code, ended.err)


def test_two_flags_of_the_same_value_are_not_guessed() -> None:
    """Where two flags name a value, neither is suggested."""
    both = fn("f", STRING, ArgDef("a", STRING, "red or blue"), ArgDef("b", STRING, "red"))
    assert ["", "--a blue"] == [argument_hint(both, ["red"]), argument_hint(both, ["blue"])]


def test_function_of_another_object_is_named_with_it(tmp_path: Path) -> None:
    """A toolchain's function that is called without the toolchain: its name stands in front."""
    functions = {"tests": fn("tests", obj("SampleTests"))}
    sample = replace(SAMPLE, functions=functions)
    launcher = FakeLauncher(module=replace(MODULE, objects={**MODULE.objects, "Sample": sample}))
    ended = Shell(tmp_path, launcher=launcher)("call", "label")

    assert (
        'Error: unknown command "label" for "stiletto call"\n'
        '  hint: did you mean "tests label"? see stiletto call --help\n'
    ) == ended.err
