r"""The release commit as plain data: made where a package's code runs, pushed where a token is.

    {"parent": "COMMIT", "epoch_s": 1767225600, "message": "Release demo 1.2.4\n...",
     "edits": [{"path": "CHANGELOG.md", "sha256": "...", "text": "..."},
               {"path": "changes/1.feature.md", "sha256": "", "text": null}]}

A reader needs only the repository and this: `inside/refs.py` makes the commit of it by
git's plumbing, and the same description makes the same commit, hash for hash. Modes are not in it:
a file that is there keeps the parent's, a new one is an ordinary file. `text` null removes
a file. `encoding` is "latin-1" for a file that is not UTF-8, whose every byte is a character then.
Paths are from the repository's root.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from wheelwright.project.reading import json_data

ENCODINGS: Final = ("utf-8", "latin-1")
"""How a text becomes bytes."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What becomes of one file; without a text it is removed."""

    path: str
    text: str | None
    encoding: str = "utf-8"

    @property
    def sha256(self) -> str:
        """The digest of the contents; empty for a removed file."""
        if self.text is None:
            return ""
        return hashlib.sha256(self.text.encode(self.encoding)).hexdigest()

    def data(self) -> Mapping[str, str | None]:
        """Return it for JSON."""
        told = {"path": self.path, "sha256": self.sha256, "text": self.text}
        return told if self.encoding == "utf-8" else {**told, "encoding": self.encoding}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Edit:
        """Return what `data` returned.

        Raises:
            ValueError: it is something else, or the text is not the one of its digest.
        """
        edit = cls(str(data["path"]), data["text"], str(data.get("encoding", "utf-8")))
        if edit.encoding not in ENCODINGS:
            raise ValueError(f"{edit.path} has the encoding {edit.encoding!r}")
        if edit.sha256 != str(data["sha256"]):
            raise ValueError(f"{edit.path} is not what was described: its sha256 differs")
        return edit


@dataclass(frozen=True, slots=True)
class ReleaseCommit:
    """A commit to be made: its parent, its time, its message, and what differs from the parent.

    Attributes:
        notes: about the edits, for people; no part of the commit.
    """

    parent: str
    epoch_s: int
    message: str
    edits: tuple[Edit, ...]
    notes: tuple[str, ...] = field(default=(), compare=False)

    def json(self) -> str:
        """Return it for a file that travels."""
        data = {
            "parent": self.parent,
            "epoch_s": self.epoch_s,
            "message": self.message,
            "edits": [each.data() for each in self.edits],
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
                edits=tuple(Edit.of(each) for each in data["edits"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a release commit: {error!r}") from error
        return found


def edits(
    texts: Mapping[str, str], removed: list[str], encodings: Mapping[str, str] | None = None
) -> tuple[Edit, ...]:
    """Return the edits of files with new texts and of removed files, in a fixed order."""
    found: dict[str, str | None] = {**texts, **dict.fromkeys(removed)}
    known = encodings or {}
    return tuple(Edit(path, found[path], known.get(path, "utf-8")) for path in sorted(found))
