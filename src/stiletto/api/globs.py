"""Matches texts against patterns in time linear in both, whatever the two are.

A pattern is a sequence of tokens. They are simulated all at once, as bits of one number, instead of
being tried one after the other: a matcher that backtracks takes exponential time for a name such as
`*a*a*a*b`, and the author of a package chooses names. Steps that were taken once are kept, so that
an ordinary path costs a look-up for each character.

    bit n is set        the text so far matches the first n tokens
    Star, Any           may be passed over, and stay where they are on what they match
    Directories         two positions: the first is passed over or entered, the second stays on
                        anything and is left by a slash
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

MAX_KEPT_STEPS = 20_000
"""Of one pattern. An ordinary one takes some hundred; a hostile one makes new ones for ever."""


@dataclass(frozen=True, slots=True)
class Characters:
    """One character: of these ranges, or of none of them."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False

    def __contains__(self, char: str) -> bool:
        return self.negated != any(low <= char <= high for low, high in self.ranges)

    @property
    def text(self) -> str | None:
        """The character, where there is just one."""
        if self.negated or len(self.ranges) != 1 or self.ranges[0][0] != self.ranges[0][1]:
            return None
        return self.ranges[0][0]


@dataclass(frozen=True, slots=True)
class Repeated:
    """A token that matches texts of any length, the empty one included."""

    meaning: str


Token: TypeAlias = Characters | Repeated

STAR = Repeated("any characters but a slash")
ANY = Repeated("any characters")
DIRECTORIES = Repeated("nothing, or any characters and a slash")
SLASH = Characters((("/", "/"),))


def literal(text: str) -> list[Token]:
    """Return the tokens that match this text alone."""
    return [Characters(((char, char),)) for char in text]


class Matcher:
    """Matches whole texts against tokens."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        texts = [token.text if isinstance(token, Characters) else None for token in tokens]
        fixed = next((n for n, text in enumerate(texts) if text is None), len(texts))
        self._start = "".join(text for text in texts[:fixed] if text is not None)
        self._only = fixed == len(texts)
        last = next((n for n, text in enumerate(reversed(texts)) if text is None), 0)
        self._end = "".join(text for text in texts[len(texts) - last :] if text is not None)
        self._min_length = sum(isinstance(token, Characters) for token in tokens)
        self._automaton = None if self._only else _Automaton(tokens)

    def matches(self, text: str) -> bool:
        """Whether the tokens match the text from its start to its end."""
        if self._automaton is None:
            return text == self._start
        # Most paths are decided by the pattern's ends, such as `src/` and `.py`.
        if len(text) < self._min_length or not text.startswith(self._start):
            return False
        return text.endswith(self._end) and self._automaton.accepts(text)


class _Automaton:
    """All positions of a pattern that a text can have reached, as bits."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._literal: dict[str, int] = {}
        """For each character, the positions that it leads on from."""
        self._classes: list[tuple[Characters, int]] = []
        self._stays = self._stays_but_slash = 0
        self._leaves_by_slash = 0
        self._skips_one = self._skips_two = 0
        position = 0
        for token in tokens:
            bit = 1 << position
            position += 1
            if token is DIRECTORIES:
                self._skips_one |= bit
                self._skips_two |= bit
                self._stays |= bit << 1
                self._leaves_by_slash |= bit << 1
                position += 1
            elif isinstance(token, Repeated):
                self._skips_one |= bit
                if token is ANY:
                    self._stays |= bit
                else:
                    self._stays_but_slash |= bit
            elif token.text is not None:
                self._literal[token.text] = self._literal.get(token.text, 0) | bit
            else:
                self._classes.append((token, bit))
        self._accepting = 1 << position
        self._moves: dict[str, tuple[int, int]] = {}
        self._states: dict[int, _State] = {}
        self._kept_steps = 0
        self._first = self._state(self._passed(1))

    def accepts(self, text: str) -> bool:
        state = self._first
        for char in text:
            state = state[char]
        return state.accepting

    def step(self, state: _State, char: str) -> _State:
        """Return the state behind a character that this state has not seen yet."""
        if self._kept_steps >= MAX_KEPT_STEPS:
            self._kept_steps = 0
            self._states = {}
            self._moves = {}
            self._first = self._state(self._passed(1))
        self._kept_steps += 1
        moves = self._moves.get(char)
        if moves is None:
            moves = self._moves[char] = self._moves_on(char)
        advance, stay = moves
        return self._state(self._passed((state.bits & advance) << 1 | state.bits & stay))

    def _moves_on(self, char: str) -> tuple[int, int]:
        advance = self._literal.get(char, 0)
        for characters, bit in self._classes:
            if char in characters:
                advance |= bit
        if char == "/":
            return advance | self._leaves_by_slash, self._stays
        return advance, self._stays | self._stays_but_slash

    def _passed(self, bits: int) -> int:
        """Add the positions that are reached without a character."""
        while True:
            more = bits | (bits & self._skips_one) << 1 | (bits & self._skips_two) << 2
            if more == bits:
                return bits
            bits = more

    def _state(self, bits: int) -> _State:
        state = self._states.get(bits)
        if state is None:
            accepting = bits & self._accepting != 0
            state = self._states[bits] = _State(self, bits, accepting=accepting)
        return state


class _State(dict[str, "_State"]):
    """The states behind each character, as far as they are known."""

    def __init__(self, automaton: _Automaton, bits: int, *, accepting: bool) -> None:
        super().__init__()
        self._automaton = automaton
        self.bits = bits
        self.accepting = accepting

    def __missing__(self, char: str) -> _State:
        state = self[char] = self._automaton.step(self, char)
        return state
