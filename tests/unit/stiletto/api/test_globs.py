"""Matching by states, compared with the regular expressions that moby makes of its patterns."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stiletto.api import globs
from stiletto.api.globs import (
    ANY,
    DIRECTORIES,
    SLASH,
    STAR,
    Characters,
    Matcher,
    Token,
    literal,
)

NOT_SLASH = Characters((("/", "/"),), negated=True)
SOME = Characters((("a", "b"), ("-", "-")))
REGEXES = {ANY: ".*", DIRECTORIES: "(?:.*/)?", STAR: "[^/]*", SLASH: "/", NOT_SLASH: "[^/]"}
REGEXES[SOME] = "[a-b-]"
REGEXES[Characters((("a", "a"),), negated=True)] = "[^a]"
REGEXES |= {token: re.escape(char) for char in "abc." for token in literal(char)}

TOKENS = st.lists(st.sampled_from(list(REGEXES)), max_size=7)
TEXTS = st.text("abc./-\n", max_size=9)


@given(TOKENS, st.lists(TEXTS, min_size=1, max_size=12))
@settings(max_examples=600, deadline=None)
def test_states_match_what_the_regular_expression_matches(
    tokens: list[Token], texts: list[str]
) -> None:
    """A text matches exactly where the backtracking translation of the same pattern does."""
    oracle = re.compile("".join(REGEXES[token] for token in tokens), re.DOTALL)
    matcher = Matcher(tokens)
    assert [oracle.fullmatch(text) is not None for text in texts] == [
        matcher.matches(text) for text in texts
    ]


@given(TOKENS, st.lists(TEXTS, min_size=4, max_size=12))
@settings(max_examples=200, deadline=None)
def test_forgetting_steps_changes_no_answer(tokens: list[Token], texts: list[str]) -> None:
    """A matcher that may keep hardly anything answers as one that keeps all."""
    roomy = Matcher(tokens)
    expected = [roomy.matches(text) for text in texts]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(globs, "MAX_KEPT_STEPS", 2)
        tight = Matcher(tokens)
        assert expected == [tight.matches(text) for text in texts]


def test_what_is_kept_is_bounded() -> None:
    """A text that reaches a new state with each character does not make the matcher grow."""
    matcher = Matcher([ANY, *literal("a"), *[NOT_SLASH] * 40])
    text = "".join("ab"[(n * n // 7) % 2] for n in range(globs.MAX_KEPT_STEPS * 3))
    matcher.matches(text)
    automaton = matcher._automaton
    assert automaton is not None
    assert len(automaton._states) <= globs.MAX_KEPT_STEPS + 1
