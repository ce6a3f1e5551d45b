"""The command before a function, which a function's messages begin with."""

from __future__ import annotations

import pytest

from stiletto.cli.line import command_before, entry


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("release --bump patch", "stiletto call"),
        ("-m ../wheelwright --source . release", "stiletto call -m ../wheelwright --source ."),
        (
            "wheelwright --source=pkg/a release",
            "stiletto call wheelwright --source=pkg/a",
        ),
        ("--source release release --bump patch", "stiletto call --source release"),
        ("release --base release", "stiletto call"),
        ("--netrc cmd:pass release", "stiletto call"),
        ("other", "stiletto call"),
    ],
)
def test_command_before_a_function(words: str, expected: str) -> None:
    """It is what was typed before the last function's name; a command for a secret is left out."""
    assert expected == command_before(["wheelwright", "release"], words.split())


def test_words_stay_words() -> None:
    """A path with a blank is quoted, so that the command can be pasted."""
    assert "stiletto call --source 'a b'" == command_before(
        ["release"], ["--source", "a b", "release"]
    )


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["matrixRun", "reports"], ["matrixRun"]),
        (["wheelwright", "matrixRun", "reports", "entries"], ["wheelwright", "matrixRun"]),
        (["wheelwright"], ["wheelwright"]),
        (["matrix"], ["matrix"]),
        ([], []),
    ],
)
def test_entry_of_a_chain(names: list[str], expected: list[str]) -> None:
    """It ends at the function of the main object: a result has no other function of the module."""
    assert expected == entry(names, {"wheelwright": ()})


def test_command_before_a_chain() -> None:
    """`matrix-run reports` is called as what stands before `matrix-run`."""
    words = ["wheelwright", "--source", ".", "matrix-run", "--cell", "3.12", "reports", "-o", "out"]
    names = entry(["wheelwright", "matrixRun", "reports"], {"wheelwright"})
    assert "stiletto call wheelwright --source ." == command_before(names, words)
