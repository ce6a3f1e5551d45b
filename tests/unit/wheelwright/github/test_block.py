"""The marked block in a file, and the pins that it keeps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelwright.errors import ProjectError
from wheelwright.github.block import is_ours, merge
from wheelwright.repository.existing import BEGIN, END

OLD, NEW = "a" * 40, "b" * 40

# Lines that a person may write; the marks alone are ours.
LINES = st.lists(st.text(st.characters(codec="ascii", exclude_characters="\r\n#\x0b\x0c"))).map(
    lambda lines: "".join(f"{line}\n" for line in lines if len(line.splitlines()) <= 1)
)


def test_new_file_is_the_block() -> None:
    """A file that is not there yet holds the block alone, between its marks."""
    text = merge("ci.yml", None, "name: ci\n\n")

    lines = text.splitlines()
    assert lines[0].startswith(BEGIN)
    assert ["name: ci", END] == lines[1:]


@given(LINES, LINES, LINES, LINES)
def test_what_stands_around_the_block_stays(before: str, after: str, old: str, new: str) -> None:
    """Whatever a person writes before and after the block is kept, byte for byte."""
    existing = before + merge("ci.yml", None, old) + after

    assert before + merge("ci.yml", None, new) + after == merge("ci.yml", existing, new)


@given(LINES, LINES, LINES)
def test_second_time_changes_nothing(before: str, after: str, body: str) -> None:
    """Merging the same body again gives the same text."""
    once = merge("ci.yml", before + merge("ci.yml", None, "old") + after, body)

    assert once == merge("ci.yml", once, body)


def test_line_endings_stay() -> None:
    """A file with the line endings of Windows keeps them, inside the block too."""
    existing = "# mine\n" + merge("ci.yml", None, "a: 1\n")

    text = merge("ci.yml", existing.replace("\n", "\r\n"), "a: 2\n")

    assert text.count("\n") == text.count("\r\n")
    assert "a: 2\r\n" in text


@pytest.mark.parametrize(
    ("existing", "lines"),
    [
        (f"{BEGIN}\nname: ci\n", "line 1"),
        (f"name: ci\n{END}\n", "line 2"),
        (f"{END}\n{BEGIN}\n", "line 1, line 2"),
        (f"{BEGIN}\n{END}\n{BEGIN}\n{END}\n", "line 1, line 2, line 3, line 4"),
    ],
)
def test_marks_that_do_not_pair_up_are_refused(existing: str, lines: str) -> None:
    """Half a block, two blocks, or marks the wrong way round are named with their lines."""
    with pytest.raises(
        ProjectError, match=r"ci\.yml: the marks of the block do not pair up"
    ) as said:
        merge("ci.yml", existing, "name: ci\n")

    assert f"({lines})" in str(said.value)


def test_file_without_marks_is_a_persons() -> None:
    """A file that only speaks of the marks somewhere in a line is not ours."""
    assert is_ours(f"{BEGIN}\n")
    assert not is_ours(f"name: x  {BEGIN}\n")


def test_newer_pin_is_kept() -> None:
    """A pin that Dependabot has raised since stays when the block is written anew."""
    ours = f"uses: a/b@{OLD} # v1.2.0\nuses: c/d@{OLD} # v9\n"
    existing = merge("ci.yml", None, f"uses: a/b@{NEW} # v1.10.0\nuses: c/d@{NEW} # v8\n")

    text = merge("ci.yml", existing, ours)

    assert f"uses: a/b@{NEW} # v1.10.0\n" in text
    assert f"uses: c/d@{OLD} # v9\n" in text
