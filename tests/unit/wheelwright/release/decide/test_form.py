"""An edit keeps the form of a file, whatever a tool makes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelwright.release.decide import form


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # A tool that writes LF (changelog_crlf).
        ("a\r\nb\r\n", "new\na\nb\n", "new\r\na\r\nb\r\n"),
        ("a\r\nb\r\n", "new\na\r\nb\r\n", "new\r\na\r\nb\r\n"),
        # A work tree with other line ends than the repository.
        ("a\nb\n", "a\r\nc\r\n", "a\nc\n"),
        # Lines that differ in their ends keep them.
        ("a\r\nb\nc\r\n", "a\nB\nc\n", "a\r\nB\nc\r\n"),
        ("a\r\nb\nc\r\n", "a\nx\nb\nc\n", "a\r\nx\r\nb\nc\r\n"),
        ("a\r\nb\n", "a\r\nx\ny\r\nb\n", "a\r\nx\ny\r\nb\n"),
        # The byte order mark, and no new one.
        ("\ufeffa\n", "b\n", "\ufeffb\n"),
        ("a\n", "\ufeffb\n", "b\n"),
        ("\ufeffa", "b", "\ufeffb"),
        # The final newline, or none.
        ("a\nb", "a\nc\n", "a\nc"),
        ("a\r\nb", "a\r\nc\r\n", "a\r\nc"),
        ("a\nb\n", "a\nc", "a\nc\n"),
        ("a\r\nb\r\n", "a\nc", "a\r\nc\r\n"),
        # A file that was empty has no form.
        ("", "a\r\n", "a\r\n"),
    ],
)
def test_form_of_the_old_text_stays(old: str, new: str, expected: str) -> None:
    """Line ends, byte order mark and final newline are those of the file before."""
    assert expected == form.as_before(old, new)


TEXTS = st.lists(
    st.tuples(st.text("abé\ufeff\x0c\u2028", max_size=3), st.sampled_from(["\n", "\r\n"])),
    max_size=8,
)


@given(lines=TEXTS, last=st.sampled_from(["", "z"]), mark=st.sampled_from(["", "\ufeff"]))
def test_text_that_a_tool_copied_is_the_old_one(
    lines: list[tuple[str, str]], last: str, mark: str
) -> None:
    """Whatever line ends a copy has, with the old form it is the old text, byte for byte."""
    old = mark + "".join(text + end for text, end in lines).lstrip("\ufeff") + last
    copy = old.removeprefix("\ufeff").replace("\r\n", "\n")
    assert old == form.as_before(old, copy)
