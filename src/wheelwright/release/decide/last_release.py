"""The project's last release, as its history shows it: what the next one is made like."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class LastRelease:
    """The newest version tag, and the release commit of that version.

    The release commit is the tag's own if that changes the version or the changelog; else the
    newest commit between that tag and the one before which does. A merge's change is the one
    against its first parent. All texts may be anyone's.

    Attributes:
        version: PEP 440, normalized.
        before: the version of the tag before it; empty where it is the first.
        tag: short name.
        commit: the release commit; empty where no commit is one.
        parent: its first parent; empty for a root commit.
        message: of the release commit.
        annotated: the tag is an object with a message of its own.
        changes: text before and after of each file that the release commit changes, by path from
            the repository's root; None: not there. Files that are not UTF-8, and those above the
            bounds of `inside/refs.py`, are left out.
        merge: message of the merge that brought the release commit into the base branch; empty
            where it was made there, or is not there.
    """

    version: str
    before: str
    tag: str
    commit: str
    parent: str
    message: str
    annotated: bool
    changes: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    merge: str = ""


def read(text: str, version: str, before: str, tag: str) -> LastRelease:
    """Read what `refs.py history` printed of a version's tag."""
    data: dict[str, Any] = json.loads(text)
    changes = {path: (texts[0], texts[1]) for path, texts in data["changes"].items()}
    return LastRelease(
        version=version,
        before=before,
        tag=tag,
        commit=data["commit"],
        parent=data["parent"],
        message=data["message"],
        annotated=data["annotated"],
        changes=changes,
        merge=data["merge"],
    )
