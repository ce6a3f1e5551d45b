"""Command lines of linters and formatters: to look, and to write (pure)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from wheelwright.project.hook_programs import RUFF_CHECK, RUFF_FORMAT, Program

FLAKE8: Final = "flake8"
ISORT: Final = "isort"
BLACK: Final = "black"

_RUFF_REPORT: Final = frozenset({"--output-format", "--output-file", "-o"})
_RUFF_QUIET: Final = frozenset(
    {"-q", "--quiet", "-s", "--silent", "-v", "--verbose", "--statistics", "--show-fixes"}
)
_RUFF_CHANGES: Final = frozenset(
    {"--fix", "--fix-only", "--exit-non-zero-on-fix", "--diff", "--watch", "-w"}
)
_FIX: Final = frozenset({"--no-fix", "--exit-zero", "-e"})
_CHECK: Final = frozenset(
    {"--check", "--check-only", "-c", "--diff", "--df", "--stdout", "-d", "--color"}
)
_QUIET: Final = frozenset({"-q", "--quiet", "--color", "--stdout", "-d"})
# These do something else than to look.
_OTHER: Final = frozenset(
    {"--add-noqa", "--version", "--help", "--show-files", "--show-settings", "--bug-report"}
)


def is_check(line: Sequence[str]) -> bool:
    """Whether a command line, from the program on, looks at code at all."""
    return not _OTHER.intersection(line)


def changes(program: Program, line: Sequence[str]) -> bool:
    """Whether a command line changes files as it is written."""
    if program.name == RUFF_CHECK:
        return bool({"--fix", "--fix-only"} & set(line))
    return bool(program.checking) and not _CHECK.intersection(line)


def _without(
    line: Sequence[str], flags: frozenset[str], valued: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """Return a line without options, those of `valued` with their values."""
    kept: list[str] = []
    parts = iter(line)
    for part in parts:
        if part in valued:
            next(parts, None)
        elif part not in flags and part.partition("=")[0] not in valued:
            kept.append(part)
    return tuple(kept)


def _with(line: tuple[str, ...], start: int, *options: str) -> tuple[str, ...]:
    """Return a line with options behind its first parts, each once."""
    return (*line[:start], *(each for each in options if each not in line), *line[start:])


def _ruff_check(line: tuple[str, ...]) -> tuple[str, ...]:
    # A configured `fix = true` must not turn a check into an edit.
    kept = _without(line, _RUFF_QUIET | _RUFF_CHANGES, _RUFF_REPORT)
    return _with(kept, 2, "--no-fix", "--no-cache", "--output-format=json")


def _ruff_fix(line: tuple[str, ...]) -> tuple[str, ...]:
    kept = _without(line, _RUFF_QUIET | _RUFF_CHANGES | _FIX, _RUFF_REPORT)
    return _with(kept, 2, "--fix-only", "--no-cache", "--exit-zero")


def _ruff_format(line: tuple[str, ...]) -> tuple[str, ...]:
    return _with(_without(line, _RUFF_QUIET), 2, "--diff", "--no-cache")


def _ruff_write(line: tuple[str, ...]) -> tuple[str, ...]:
    return _with(_without(line, _RUFF_QUIET | _CHECK), 2, "--no-cache")


def _flake8(line: tuple[str, ...]) -> tuple[str, ...]:
    return (line[0], *_without(line[1:], frozenset({"-q", "--quiet"})), "--format=default")


def _isort(line: tuple[str, ...]) -> tuple[str, ...]:
    return _with(_without(line, _QUIET), 1, "--check-only", "--diff")


def _black(line: tuple[str, ...]) -> tuple[str, ...]:
    return _with(_without(line, _QUIET), 1, "--check", "--diff")


def _write(line: tuple[str, ...]) -> tuple[str, ...]:
    return _without(line, _CHECK)


def _nothing(_line: tuple[str, ...]) -> tuple[str, ...]:
    return ()


CHECKING: Final[Mapping[str, Callable[[tuple[str, ...]], tuple[str, ...]]]] = {
    RUFF_CHECK: _ruff_check,
    RUFF_FORMAT: _ruff_format,
    FLAKE8: _flake8,
    ISORT: _isort,
    BLACK: _black,
}
"""By program: its line as one that reports and changes nothing."""
WRITING: Final[Mapping[str, Callable[[tuple[str, ...]], tuple[str, ...]]]] = {
    RUFF_CHECK: _ruff_fix,
    RUFF_FORMAT: _ruff_write,
    FLAKE8: _nothing,
    ISORT: _write,
    BLACK: _write,
}
"""By program: its line as one that changes files; empty where it cannot."""
