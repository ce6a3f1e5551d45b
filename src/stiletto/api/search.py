"""What a search of files finds (pure); the search itself is in `engine.search_leaves`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from stiletto.graph.recipe import Recipe, frozen


@frozen
class SearchSubmatch(Recipe):
    """A match within the lines that matched; positions in bytes."""

    TYPE: ClassVar[str] = "SearchSubmatch"

    text: str
    start: int
    end: int


@frozen
class SearchResult(Recipe):
    """Lines that matched: of which file, from which line (from 1) and byte on."""

    TYPE: ClassVar[str] = "SearchResult"

    file_path: str
    line_number: int = 0
    absolute_offset: int = 0
    matched_lines: str = ""
    submatches: tuple[SearchSubmatch, ...] = ()


@dataclass(frozen=True)
class Search:
    """What is searched for, as the API has it; `limit` counts results."""

    pattern: str
    literal: bool = False
    multiline: bool = False
    dotall: bool = False
    insensitive: bool = False
    skip_ignored: bool = False
    skip_hidden: bool = False
    files_only: bool = False
    limit: int | None = None
    globs: tuple[str, ...] = ()

    def options(self) -> list[str]:
        """Return the options of ripgrep: nothing of this machine counts, no link is followed."""
        flags = {
            "--fixed-strings": self.literal,
            "--multiline": self.multiline,
            "--multiline-dotall": self.dotall,
            "--ignore-case": self.insensitive,
            "--no-ignore": not self.skip_ignored,
            "--hidden": not self.skip_hidden,
            "--files-with-matches": self.files_only,
            "--json": not self.files_only,
        }
        own = ["--no-config", "--no-ignore-global", "--no-ignore-parent", "--no-follow"]
        return [
            *own,
            "--sort=path",
            *(flag for flag, given in flags.items() if given),
            f"--regexp={self.pattern}",
            *(f"--glob={glob}" for glob in self.globs),
        ]
