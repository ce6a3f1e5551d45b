"""Keeps the name of the newest attempt at each step whose last answer was no.

    attempts.py DIRECTORY table
    attempts.py DIRECTORY settle KEY ATTEMPT CALL old|unknown
    attempts.py DIRECTORY next KEY CALL

An attempt has the name of the call that made it; `-` is the first one. `table` prints
`KEY ATTEMPT` for every step. `settle` says what a call shall do that has found ATTEMPT to be red:
`ATTEMPT fresh` keeps it, `ATTEMPT seen` is a newer one to look at, `ATTEMPT mine` is one to run. A
red attempt is fresh for the first call that tells of it, unless that call knows it to be old.
`next` gives a new one in any case.

One run of this program at a time has the directory for itself.
"""

from __future__ import annotations

import fcntl
import re
import sys
from pathlib import Path

_KEPT_MAX = 5000


def main(words: list[str]) -> str:
    """Do one command and return its answer."""
    directory, command, *rest = words
    kept = Path(directory)
    if command == "table" and not (kept / "lock").exists():
        # No call has written here. Nothing may change in a directory that is only looked at: an
        # engine may keep an answer that was read from it.
        return ""
    with (kept / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _answer(kept, command, rest)


def _answer(kept: Path, command: str, rest: list[str]) -> str:
    if command == "table":
        rows = ((path.name, _read(path)[0]) for path in sorted(kept.iterdir()) if _is_key(path))
        return "".join(f"{name} {attempt}\n" for name, attempt in rows)
    path = kept / rest[0]
    if not _is_key(path):
        raise SystemExit(f"{rest[0]!r} is not the key of a step")
    newest, owner = _read(path)
    if command == "next":
        return _write(path, rest[1], rest[1], "mine")
    attempt, call, age = rest[1:]
    if newest != attempt:
        return f"{newest} seen"
    if age == "unknown" and owner in ("", call):
        return _write(path, attempt, call, "fresh")
    return _write(path, call, call, "mine")


def _is_key(path: Path) -> bool:
    return re.fullmatch(r"[0-9a-f]{64}", path.name) is not None


def _read(path: Path) -> tuple[str, str]:
    """Return attempt and the call that told of it; what cannot be read counts as absent."""
    try:
        found = re.fullmatch(r"(-|\w{1,64}) (\w{1,64})\n", path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        found = None
    return (found[1], found[2]) if found else ("-", "")


def _write(path: Path, attempt: str, call: str, word: str) -> str:
    _make_room(path.parent)
    beside = path.with_suffix(".new")
    beside.write_text(f"{attempt} {call}\n", encoding="ascii")
    beside.replace(path)
    return f"{attempt} {word}"


def _make_room(directory: Path) -> None:
    paths = [path for path in directory.iterdir() if _is_key(path)]
    if len(paths) >= _KEPT_MAX:
        for path in sorted(paths, key=lambda each: each.stat().st_mtime)[: _KEPT_MAX // 2]:
            path.unlink()


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]))
