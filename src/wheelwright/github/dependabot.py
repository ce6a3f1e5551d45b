"""The entries that a person's dependabot.yml lacks: added, everything else stays. Pure.

Source: docs.github.com, "Dependabot options reference".
"""

from __future__ import annotations

import io
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

# What updates Python's packages: one of them for a directory is enough.
_PYTHON: Final = ("uv", "pip")
_COOLDOWN_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class Entry:
    """One of `updates`: an ecosystem in a directory."""

    ecosystem: str
    directory: str
    group: str

    @property
    def data(self) -> dict[str, Any]:
        """The entry, as the file has it."""
        return {
            "package-ecosystem": self.ecosystem,
            "directory": self.directory,
            "schedule": {"interval": "weekly"},
            "cooldown": {"default-days": _COOLDOWN_DAYS},
            "groups": {self.group: {"patterns": ["*"]}},
        }

    def is_in(self, updates: Iterable[Any]) -> bool:
        """Whether one of the entries updates the same."""
        same = _PYTHON if self.ecosystem in _PYTHON else (self.ecosystem,)
        wanted = _clean(self.directory)
        for each in updates:
            if not isinstance(each, dict) or each.get("package-ecosystem") not in same:
                continue
            listed = each.get("directories") or [each.get("directory")]
            patterns = [_clean(str(path)) for path in listed] if isinstance(listed, list) else []
            if wanted in patterns or any("*" in pattern for pattern in patterns):
                return True
        return False


def added(path: str, text: str, entries: Iterable[Entry]) -> tuple[str, list[str]]:
    """Return the text with the entries that it lacks, and notes for people.

    A file that cannot be read, or has another shape, stays as it is, and a note says so.
    """
    # A tenth of a second of every start.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.explicit_start = text.startswith("---")
    offset = _offset(text)
    yaml.indent(mapping=2, sequence=offset + 2, offset=offset)
    try:
        root = yaml.load(text)
    except (YAMLError, ValueError, RecursionError):
        return text, [f"{path}: kept as it is: not valid YAML"]
    updates = root.get("updates") if isinstance(root, dict) else None
    if not isinstance(updates, list):
        return text, [f"{path}: kept as it is: it has no list of updates"]
    lacking = [each for each in entries if not each.is_in(updates)]
    notes = [
        f"{path}: added {each.ecosystem} in {each.directory}; the other entries stay"
        for each in lacking
    ]
    notes += [
        f"{path}: {each.get('package-ecosystem')} in {each.get('directory', '/')} has no cooldown: "
        "a release is taken on the day that it appears"
        for each in updates
        if isinstance(each, dict) and "cooldown" not in each
    ]
    if not lacking:
        return text, notes
    # Comments at the end belong to the last entry there.
    updates.extend(each.data for each in lacking)
    written = io.StringIO()
    yaml.dump(root, written)
    return written.getvalue(), notes


def _offset(text: str) -> int:
    """Return how far the dashes of `updates` are indented."""
    found = re.search(r"(?m)^updates:[^\n]*\n(?:\s*(?:#[^\n]*)?\n)*( *)-", text)
    return len(found[1]) if found else 2


def _clean(directory: str) -> str:
    return posixpath.normpath(f"/{directory}").replace("//", "/")
