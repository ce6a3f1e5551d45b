"""Templates: words become values, lines keep their indentation."""

import pytest

from wheelwright.github.template import fill


def test_word_within_a_line_is_replaced() -> None:
    """A word beside other text becomes its value, and several stand side by side."""
    assert "a: one-two\n" == fill("a: @x@-@y@\n", {"x": "one", "y": "two"})


def test_lines_take_the_indentation_of_their_word() -> None:
    """A word that is alone in its line becomes lines, indented as it was."""
    assert "a:\n  - b\n\n  - c\n" == fill("a:\n  @steps@\n", {"steps": "- b\n\n- c\n"})


def test_value_may_hold_words() -> None:
    """A fragment is filled in its turn."""
    assert "  run: go\n" == fill("  @step@", {"step": "run: @call@", "call": "go"})


def test_empty_value_takes_its_line_away() -> None:
    """A word alone in its line leaves no empty line behind."""
    assert "a: 1\nb: 2\n" == fill("a: 1\n@none@\nb: 2\n", {"none": ""})


def test_word_without_a_value_is_a_bug() -> None:
    """A word that nothing was given for is not passed over."""
    with pytest.raises(KeyError, match="other"):
        fill("a: @other@", {"x": "1"})
