"""Writes the lines of source files with what coverage found out about each.

    coverage_lines.py COVERAGE.json SOURCE OUT

The names in the report are paths below SOURCE. OUT is a list of files, those first that lack most;
one whose text is left out, because all together are too large, has no lines.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import tokenize
from typing import Any

# A page with more is slow to load, and a large value for an engine's API.
_TEXT_LENGTH_MAX = 1536 * 1024
_FILE_SIZE_MAX = 512 * 1024


def lines(source: str, name: str) -> list[str]:
    """Return the lines of a file as Python counts them; none of one that cannot be read."""
    root = os.path.realpath(source)
    try:
        path = os.path.realpath(os.path.join(root, name))  # noqa: PTH118 - a name may be anything
        found = os.stat(path)  # noqa: PTH116 - a name may be anything
        if not path.startswith(f"{root}/") or not stat.S_ISREG(found.st_mode):
            return []
        if found.st_size > _FILE_SIZE_MAX:
            return []
        with tokenize.open(path) as file:
            return file.read().rstrip("\n").split("\n")
    except (OSError, SyntaxError, UnicodeDecodeError, ValueError):
        return []


def described(source: str, name: str, found: dict[str, Any]) -> dict[str, Any]:
    """Return a file with its lines and their numbers by kind; `branches` were never taken."""
    return {
        "path": name,
        "percent": found["summary"]["percent_covered"],
        "lines": lines(source, name),
        "missing": found["missing_lines"],
        "excluded": found["excluded_lines"],
        "branches": found.get("missing_branches", []),
    }


def main(report: str, source: str, out: str) -> None:
    """Write the list."""
    with open(report, encoding="utf-8") as file:  # noqa: PTH123 - small and self-contained
        data = json.load(file)["files"]
    files = [described(source, name, found) for name, found in data.items()]
    files.sort(key=lambda each: (-len(each["missing"]) - len(each["branches"]), each["path"]))
    left = _TEXT_LENGTH_MAX
    for each in files:
        length = sum(map(len, each["lines"])) + len(each["lines"])
        if length > left:
            each["lines"] = []
        else:
            left -= length
    with open(out, "w", encoding="utf-8") as file:  # noqa: PTH123 - small and self-contained
        json.dump(files, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
