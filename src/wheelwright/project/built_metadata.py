"""METADATA, as a build back end makes it: the fields that are read of it.

Source: the core metadata specifications.
"""

from __future__ import annotations

import re
from typing import Final

from packaging.metadata import parse_email
from packaging.utils import canonicalize_name

from wheelwright.project.declared import FIELDS, Declared
from wheelwright.project.reading import bounded
from wheelwright.project.runners.job import Place

PLACE: Final = Place("METADATA", 0, "of the build back end")

# Back ends write the condition of an extra behind all others.
_EXTRA: Final = re.compile(r"""extra\s*==\s*["']([\w.-]{1,200})["']\s*\Z""")
_AND: Final = re.compile(r"(?:\band|;)\s*\Z")


def read(text: str) -> Declared:
    """Read METADATA; a line that cannot be read is left out.

    Raises:
        ProjectError: it is too large.
    """
    raw, _ = parse_email(bounded("METADATA", text))
    main: list[str] = []
    extras: dict[str, tuple[str, ...]] = {
        canonicalize_name(extra): () for extra in raw.get("provides_extra", [])
    }
    for line in raw.get("requires_dist", []):
        if match := _EXTRA.search(line):
            extra = canonicalize_name(match[1])
            bare = _AND.sub("", line[: match.start()].rstrip()).rstrip()
            extras[extra] = (*extras.get(extra, ()), bare)
        else:
            main.append(line)
    return Declared(
        name=raw.get("name"),
        version=raw.get("version"),
        requires_python=raw.get("requires_python"),
        classifiers=tuple(raw.get("classifiers", [])),
        dependencies=tuple(main),
        extras=extras,
        places=dict.fromkeys(FIELDS, PLACE),
    )
