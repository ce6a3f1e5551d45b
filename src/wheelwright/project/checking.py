"""Checks a table of [tool.wheelwright] against the kinds of its keys (pure)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wheelwright.project.reading import is_strings
from wheelwright.project.suggestions import unknown


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a table, by what they take, and what each value has to be beyond that.

    Attributes:
        table: the table's name, as `release`.
        strings: keys that take a string.
        lists: keys that take a list of strings.
        flags: keys that take true or false.
        others: keys whose values are checked elsewhere.
        text: returns what is wrong with a string by its key; empty for a usable one.
        entry: the same for one string of a list, after `KEY with`.
    """

    table: str
    strings: tuple[str, ...]
    lists: tuple[str, ...]
    flags: tuple[str, ...]
    text: Callable[[str, str], str]
    entry: Callable[[str, str], str]
    others: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Every key of the table."""
        return (*self.strings, *self.flags, *self.lists, *self.others)

    def check(
        self, table: object, more: Callable[[Mapping[str, Any]], Iterator[str]] | None = None
    ) -> list[str]:
        """Return what is wrong with the table; `more` checks the other keys."""
        if not isinstance(table, Mapping):
            return [f"has {self.table} = {table!r}, which is not a table"]
        known = [f"{self.table}.{key}" for key in self.all]
        odd = [key for key in table if key not in self.all]
        wrong = [f"has an {unknown('key', f'{self.table}.{key}', known)}" for key in odd]
        wrong += [f"has {self.table}.{each}" for each in self._wrong(table)]
        return wrong + [f"has {self.table}.{each}" for each in (more(table) if more else ())]

    def _wrong(self, table: Mapping[str, Any]) -> Iterator[str]:
        for key in self.flags:
            if not isinstance(table.get(key, False), bool):
                yield f"{key} = {table[key]!r}, which is neither true nor false"
        for key in self.strings:
            if key not in table:
                continue
            if not isinstance(value := table[key], str):
                yield f"{key} = {value!r}, which is not a string"
            elif seen := self.text(key, value):
                yield f"{key} = {value!r}, {seen}"
        for key in self.lists:
            if not is_strings(value := table.get(key, [])):
                yield f"{key} = {value!r}, which is not a list of strings"
            else:
                yield from (f"{key} with {odd}" for each in value if (odd := self.entry(key, each)))
