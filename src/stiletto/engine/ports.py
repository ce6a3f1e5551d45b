"""The values that an engine and its command line exchange."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An object that lives in the engine: its type's name and its id."""

    type: str
    id: str


Value: TypeAlias = "None | bool | int | float | str | Sequence[Value] | ObjectRef"
