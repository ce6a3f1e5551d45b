"""Flags of the command line."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stiletto.cli.flags import Flag, FlagSet, requests_help
from stiletto.errors import UsageError

FLAGS = FlagSet(
    [Flag("name", "n"), Flag("loud", "l", implied="true"), Flag("verbose", "v", implied="true")],
    command="stiletto call",
)
WORDS = st.text(string.ascii_letters + string.digits + "=,./ ", min_size=1)


@given(WORDS)
def test_all_spellings_of_a_value_mean_the_same(value: str) -> None:
    """`--name v`, `--name=v`, `-n v`, `-nv` and `-n=v` give one value."""
    spellings = [["--name", value], [f"--name={value}"], ["-n", value], [f"-n={value}"]]
    if not value.startswith("="):
        spellings.append([f"-n{value}"])
    given_texts = [[one.text for one in FLAGS.take(words)[0]] for words in spellings]
    assert [[value]] * len(spellings) == given_texts


def test_flags_end_at_the_first_other_word() -> None:
    """Clusters are taken apart, switches take no word, and the rest is left as it is."""
    given, rest = FLAGS.take(["-vvl", "--loud=false", "test", "--name", "x"])
    expected = [("verbose", "true"), ("verbose", "true"), ("loud", "true"), ("loud", "false")]
    assert expected == [(one.flag.name, one.text) for one in given]
    expected_rest = ["test", "--name", "x"]
    assert expected_rest == rest


def test_a_double_dash_ends_the_flags() -> None:
    """What follows `--` is no flag, and `-` alone never is."""
    expected = ["--loud"]
    assert expected == FLAGS.take(["--", "--loud"])[1]
    expected = ["a", "-", "--loud"]
    assert expected == FLAGS.take_all(["a", "-l", "-", "--", "--loud"])[1]


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["--nam", "x"], "unknown flag: --nam", "did you mean --name?"),
        (["--zzzzzz"], "unknown flag: --zzzzzz", "see stiletto call --help"),
        (["-lx"], 'unknown shorthand flag: "x" in -lx', "see stiletto call --help"),
        (["--name"], "flag needs an argument: --name", "see stiletto call --help"),
        (["-ln"], "flag needs an argument: -n", "see stiletto call --help"),
    ],
)
def test_wrong_flags_are_named(words: list[str], message: str, hint: str) -> None:
    """An unknown flag or a missing value is an error with the next act."""
    with pytest.raises(UsageError) as caught:
        FLAGS.take(words)
    assert message == caught.value.message
    assert hint in str(caught.value.hint)


def test_help_counts_before_the_double_dash_only() -> None:
    """-h and --help are seen anywhere, except behind `--`."""
    assert requests_help(["a", "-h"])
    assert requests_help(["--help"])
    assert not requests_help(["a", "--", "-h"])
