"""Reading YAML within bounds."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wheelwright.errors import ProjectError
from wheelwright.project.yaml_data import Items, Scalar, Table, read


def test_values_have_their_lines_and_comments() -> None:
    """A scalar keeps its text, its line and the comment behind it; a `#` inside is its own."""
    text = "rev: 0123 # frozen: v1\nkeys:\n  - 'a#b'   #c\n  - |\n    x # y\nnone: ~\n"

    assert (
        Table(
            {
                "rev": Scalar("0123", 1, "frozen: v1"),
                "keys": Items([Scalar("a#b", 3, "c"), Scalar("x # y\n", 4)], 3),
                "none": Scalar("", 6, is_null=True),
            },
            1,
        )
        == read("f.yaml", text)
    )  # fmt: skip


def test_aliases_and_merges_are_replaced() -> None:
    """An alias is what it names; what `<<` merges in counts less than the mapping's own keys."""
    found = read("f", "a: &x {one: 1, two: 2}\nb: {two: 3, <<: [*x, {one: 4, six: 6}]}\nc: *x\n")

    assert isinstance(found, Table)
    own, alias = found.values["b"], found.values["c"]
    assert isinstance(own, Table)
    assert {"one": "1", "two": "3", "six": "6"} == {
        key: value.text for key, value in own.values.items() if isinstance(value, Scalar)
    }
    assert found.values["a"] == alias


def test_tags_make_no_objects() -> None:
    """A tag of another language is passed over: the value is its text."""
    assert Table({"a": Scalar("ls", 1)}, 1) == read("f", "a: !!python/object/apply:os.system ls")


def test_an_empty_file_is_null() -> None:
    """A file of comments has no value, and that is not an error."""
    assert Scalar("", 1, is_null=True) == read("f", "\ufeff# nothing\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1\nb: 2", "f.yaml:2: not valid YAML: "),
        ("a: *b", "f.yaml:1: not valid YAML: found undefined alias 'b'"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2: not valid YAML: but found another document"),
        ("\x00", "f.yaml is not valid YAML: "),
        ("[" * 100_000, "f.yaml is nested too deeply"),
        ("- " * 150 + "x", "f.yaml:1: nested more than 100 levels deep"),
        ("- &a [*a]", "f.yaml:1: nested more than 100 levels deep"),
        ("a: 1\n" * 60_000, "f.yaml has 300000 characters, more than the 262144 that are read"),
    ],
)
def test_what_cannot_be_read_names_its_line(text: str, message: str) -> None:
    """Broken, endless or too large: one error with the file, and the line where there is one."""
    with pytest.raises(ProjectError, match=f"^{re.escape(message)}.*; "):
        read("f.yaml", text)


def test_aliases_of_aliases_end() -> None:
    """A kilobyte that means 10^20 values is an error, at once."""
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 21)]
    with pytest.raises(ProjectError, match="more than 100000 values, aliases included"):
        read("f.yaml", "\n".join(lines))


PARTS = [
    *"-:?#&*!|>'\"%@`[]{},\n\t <~\\",
    "- ", ": ", "a: ", "  ", "&x ", "*x", "<<: ", "!!str ", "!<", "--- ", "...\n", "%TAG ! !\n",
    "%YAML 9.9\n", "\\x", "\u2028", "\r", "0o7", "\ud800", "# c\n", "a\n",
]  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=30).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever the text: a value, or the one error."""
    try:
        found = read("f.yaml", text)
    except ProjectError as error:
        found = Scalar(error.message, 1)
    assert isinstance(found, Scalar | Items | Table)
