r"""The release commit as plain data: made where a package's code runs, pushed where a token is.

    {"parent": "COMMIT", "epoch_s": 1767225600, "message": "Release demo 1.2.4\n...",
     "edits": [{"path": "CHANGELOG.md", "sha256": "...", "text": "..."},
               {"path": "changes/1.feature.md", "sha256": "", "text": null}]}

A reader needs only the repository and this: `inside/refs.py` makes the commit of it by
git's plumbing, and the same description makes the same commit, hash for hash. Modes are not in it:
a file that is there keeps the parent's, a new one is an ordinary file. `text` null removes
a file. Paths are from the repository's root.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wheelwright.project.reading import json_data


@dataclass(frozen=True, slots=True)
class Edit:
    """What becomes of one file; without a text it is removed."""

    path: str
    text: str | None

    @property
    def sha256(self) -> str:
        """The digest of the contents; empty for a removed file."""
        return "" if self.text is None else hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ReleaseCommit:
    """A commit to be made: its parent, its time, its message, and what differs from the parent."""

    parent: str
    epoch_s: int
    message: str
    edits: tuple[Edit, ...]

    def json(self) -> str:
        """Return it for a file that travels."""
        data = {
            "parent": self.parent,
            "epoch_s": self.epoch_s,
            "message": self.message,
            "edits": [
                {"path": each.path, "sha256": each.sha256, "text": each.text} for each in self.edits
            ],
        }
        return json.dumps(data, indent=1) + "\n"

    @classmethod
    def read(cls, text: str) -> ReleaseCommit:
        """Return what `json` wrote.

        Raises:
            ValueError: it is something else, or a text is not the one of its digest.
        """
        data: dict[str, Any] = json_data(text)
        try:
            found = cls(
                parent=str(data["parent"]),
                epoch_s=int(data["epoch_s"]),
                message=str(data["message"]),
                edits=tuple(Edit(str(each["path"]), each["text"]) for each in data["edits"]),
            )
            digests = [str(each["sha256"]) for each in data["edits"]]
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a release commit: {error!r}") from error
        for edit, digest in zip(found.edits, digests, strict=True):
            if edit.sha256 != digest:
                raise ValueError(f"{edit.path} is not what was described: its sha256 differs")
        return found


def edits(texts: Mapping[str, str], removed: list[str]) -> tuple[Edit, ...]:
    """Return the edits of files with new texts and of removed files, in a fixed order."""
    found: dict[str, str | None] = {**texts, **dict.fromkeys(removed)}
    return tuple(Edit(path, found[path]) for path in sorted(found))
