"""Paths inside of trees that move."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from stiletto.sandbox.relocation import placeholder, restore, working_tree


def test_trees_of_a_base_have_paths_of_one_length() -> None:
    """Two working trees differ in name and not in length; the placeholder has it too."""
    one, two = working_tree(Path("/b")), working_tree(Path("/b"))

    assert one != two
    assert len(str(one)) == len(str(two)) == len(placeholder(one))
    assert placeholder(one) == placeholder(two)


def test_restore() -> None:
    """Outside of the container a placeholder is the container's root."""
    mark = placeholder(working_tree(Path("/some/base")))

    assert restore(b"#!" + mark + b"/src/bin/python\n") == b"#!/src/bin/python\n"
    assert restore(b"root: " + mark + b"\n") == b"root: /\n"


@given(st.binary(max_size=200))
def test_restore_leaves_other_bytes(data: bytes) -> None:
    """Bytes without a placeholder are left as they are."""
    assert restore(data.replace(b"/@", b"")) == data.replace(b"/@", b"")
