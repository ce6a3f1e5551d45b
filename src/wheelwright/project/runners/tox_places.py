"""Where in a file of tox an environment is (pure): best effort, for people to find it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from wheelwright.project.runners.job import Place

_INI: Final = re.compile(r"\[(tox:)?testenv(?::([^]]{1,1000}))?\]")
_TOML: Final = re.compile(
    r"""\[(?:tool\.tox\.)?(env|env_base|env_run_base)(?:\.("[^"]{1,200}"|'[^']{1,200}'|[\w-]{1,200}))?[].]"""
)
_PARTS: Final = re.compile(r"\{([^{}]*)\}")
_RANGE: Final = re.compile(r"([0-9]{1,4})-([0-9]{1,4})")
_NAMES_MAX: Final = 20_000
"""A file may say {1-9999}-{1-9999}; no real one has a thousand environments."""


@dataclass(frozen=True, slots=True)
class Places:
    """The places of a file.

    Attributes:
        whole: the file.
        own: of each environment that has a section, by its name.
        bases: of the sections that others inherit from; the empty name is everyone's.
    """

    whole: Place
    own: dict[str, Place] = field(default_factory=dict)
    bases: dict[str, Place] = field(default_factory=dict)

    def of(self, name: str) -> Place:
        """Return the place of an environment: its own section, else what it inherits from."""
        base = self.bases.get(name.partition("-")[0]) or self.bases.get("", self.whole)
        return self.own.get(name) or base


def places(file: Place, text: str) -> Places:
    """Return the places in a file of tox; `file` is where the configuration begins."""
    found = Places(replace(file, line=0))
    toml = file.path.endswith(".toml") and "legacy" not in file.within
    left = _NAMES_MAX
    for number, line in enumerate(text.splitlines(), start=1):
        header = line.strip()
        if not header.startswith("[") or len(header) > 2000 or left <= 0:
            continue
        match = (_TOML if toml else _INI).match(header)
        if match is None:
            continue
        if toml:
            kind, name = match[1], (match[2] or "").strip("\"'")
            place = Place(file.path, number, header)
            if kind == "env" and name:
                found.own.setdefault(name, place)
            elif kind != "env":
                found.bases.setdefault(name if kind == "env_base" else "", place)
            continue
        place = Place(file.path, number, match[0])
        if not match[2]:
            found.bases.setdefault("", place)
            continue
        for name in itertools.islice(expanded(match[2]), left):
            left -= 1
            found.own.setdefault(name, place)
    return found


def expanded(header: str) -> Iterator[str]:
    """Yield the names in a section such as `py3{11,12}-dj{42,50},lint`."""
    # Commas outside braces separate; those inside are part of a choice.
    for part in re.split(r",(?![^{}]*\})", header):
        pieces = _PARTS.split(part.strip())
        choices = [_choices(piece) if at % 2 else [piece] for at, piece in enumerate(pieces)]
        for combination in itertools.product(*choices):
            yield "".join(combination)


def _choices(text: str) -> list[str]:
    found: list[str] = []
    for item in text.split(","):
        match = _RANGE.fullmatch(item.strip())
        if match:
            first, last = int(match[1]), int(match[2])
            step = 1 if first <= last else -1
            found += map(str, range(first, last + step, step))
        else:
            found.append(item.strip())
    return found[:_NAMES_MAX]
