"""What one file says of a package's metadata: the shape that every reader of metadata returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from wheelwright.project.runners.job import Place

FIELDS: Final = (
    "name",
    "version",
    "requires_python",
    "classifiers",
    "dependencies",
    "extras",
)
"""The fields that are read, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Declared:
    """The metadata of one file; a field that the file does not have is None.

    Attributes:
        dependencies: requirement lines.
        extras: requirement lines by normalized extra.
        places: where each field is set, by its name.
        computed: why a field that the file does have is not known, by its name.
        complete: whether a field that is neither here nor in what is read after this is absent,
            not unknown.
        rest: why anything else may be set as well, such as by `**options`; empty if it is not.
    """

    name: str | None = None
    version: str | None = None
    requires_python: str | None = None
    classifiers: tuple[str, ...] | None = None
    dependencies: tuple[str, ...] | None = None
    extras: Mapping[str, tuple[str, ...]] | None = None
    places: Mapping[str, Place] = field(default_factory=dict)
    computed: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True
    rest: str = ""
