"""`stiletto check`: which checks there are, and how they end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stiletto.api.definition import ArgDef
from tests.unit.stiletto.cli.cli_fake import MODULE, SAMPLE, STRING, FakeLauncher, Shell, fn, obj

CHECKS = """\
Name                Description
sample:lint         Check the style.
sample:slow         Check slowly.
sample:tests:all    Fast tests, then slow ones.
sample:tests:unit   Fast tests.
sample:types        Check the types.

Generators
sample:format       Format the code.
sample:tidy         Tidy the lock.
"""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("-l", CHECKS),
        ("--list lint", "Name          Description\nsample:lint   Check the style.\n"),
        ("-l --no-generate", CHECKS[: CHECKS.index("\nGenerators")]),
        (
            "-l --generate",
            "Name            Description\n\nGenerators\n"
            "sample:format   Format the code.\nsample:tidy     Tidy the lock.\n",
        ),
    ],
)
def test_checks_are_listed(tmp_path: Path, words: str, expected: str) -> None:
    """Generators have a section of their own; patterns and switches narrow the list."""
    ended = Shell(tmp_path)("check", *words.split())
    assert (0, expected) == (ended.code, ended.out)
    assert not ended.engine.asked


def test_passing_checks_end_with_0(tmp_path: Path) -> None:
    """Each is reported on stdout, and was a span on stderr."""
    ended = Shell(tmp_path)("check", "lint", "sample:tests", "types", "tidy")
    expected = """\
sample:lint         OK         0.0s
sample:tests:all    OK         0.0s
sample:tests:unit   OK         0.0s
sample:types        OK         0.0s
sample:tidy         OK         0.0s
"""
    assert (0, expected) == (ended.code, ended.out)
    assert "1 : sample:lint DONE [0.0s]\n" in ended.err


def test_a_check_forces_what_it_returns(tmp_path: Path) -> None:
    """A lazy container would pass without having run."""
    ended = Shell(tmp_path)("check", "types")
    assert ("Container", "sync", {}) in ended.engine.asked


def test_what_a_check_does_is_shown_beneath_it(tmp_path: Path) -> None:
    """Checks run at the same time, and their steps are told apart."""
    above = Shell(tmp_path)("check", "lint", "types").engine.above
    wanted = ["sample:lint", "sample:types"]
    assert wanted == [above["lint"], above["sync"]]


def test_checks_on_one_object_share_it(tmp_path: Path) -> None:
    """The object that several checks live on is asked for once."""
    ended = Shell(tmp_path)("check", "tests")
    expected = ["Sample"]
    assert expected == [type_ for type_, field, _ in ended.engine.asked if field == "tests"]


def test_a_failing_check_ends_with_1(tmp_path: Path) -> None:
    """The others still run; the report says what went wrong, and the count is the error."""
    launcher = FakeLauncher(failing=frozenset({"Sample.lint"}))
    ended = Shell(tmp_path, launcher=launcher)("check", "-s", "lint", "slow")
    expected = """\
sample:lint   ERROR      0.0s
    step `tool Sample.lint` failed: exit code: 3
sample:slow   OK         0.0s
"""
    assert (1, expected) == (ended.code, ended.out)
    wanted = "Error: 1 of 2 checks failed\n"
    assert wanted == ended.err


def test_a_generator_with_changes_fails(tmp_path: Path) -> None:
    """The hint applies them; a generator without changes passes."""
    ended = Shell(tmp_path)("check", "-s", "--generate")
    expected = """\
sample:format   ERROR      0.0s
    sample:format produced changes
    hint: run `stiletto call format` to apply them
sample:tidy     OK         0.0s
"""
    assert (1, expected) == (ended.code, ended.out)


def test_failfast_cancels_what_still_runs(tmp_path: Path) -> None:
    """A check that would take a minute is cancelled by the first failure."""
    slow = replace(SAMPLE.functions["slow"], name="wait")
    functions = {"lint": SAMPLE.functions["lint"], "wait": slow}
    module = replace(MODULE, objects={"Sample": replace(SAMPLE, functions=functions)})
    launcher = FakeLauncher(module=module, failing=frozenset({"Sample.lint"}))
    ended = Shell(tmp_path, launcher=launcher)("check", "--failfast")
    reported = [line.split() for line in ended.out.splitlines() if line.startswith("sample")]
    expected = ["ERROR", "CANCELLED"]
    assert expected == [words[1] for words in reported]
    assert "2 : sample:wait CANCELLED [0.0s]\n" in ended.err
    wanted = 1
    assert wanted == ended.code


def test_no_checks_is_said(tmp_path: Path) -> None:
    """A module without checks passes, and says so."""
    functions = {"echo": SAMPLE.functions["echo"]}
    module = replace(MODULE, objects={"Sample": replace(SAMPLE, functions=functions)})
    ended = Shell(tmp_path, launcher=FakeLauncher(module=module))("checks")
    wanted = (0, "", "No checks found.\n")
    assert wanted == (ended.code, ended.out, ended.err)


def test_checks_need_a_constructor_without_required_arguments(tmp_path: Path) -> None:
    """The arguments are named."""
    needy = replace(SAMPLE, constructor=fn("", obj("Sample"), ArgDef("token", STRING)))
    module = replace(MODULE, objects={"Sample": needy})
    ended = Shell(tmp_path, launcher=FakeLauncher(module=module))("check", "lint")
    expected = (
        "Error: module sample cannot be checked: its constructor requires token\n"
        "  hint: checks run without arguments; give the constructor defaults\n"
    )
    assert expected == ended.err
