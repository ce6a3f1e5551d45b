"""This module's own distribution: its name, its version, and the address of its repository.

They are read from the installed metadata, which has them from `[project]` of pyproject.toml: both
engines install the module's source as a package.

    requirement(COMMIT)   NAME[stiletto] @ git+https://HOST/PATH@COMMIT   what an installer takes
    reference(COMMIT)     HOST/PATH@COMMIT                                what -m takes
"""

from __future__ import annotations

from functools import cache
from importlib import metadata

from wheelwright.pins import PACKAGE

_REPOSITORY = "Repository"
_UNKNOWN = "https://HOST/PATH"


def repository() -> str:
    """Return the address, such as `https://HOST/PATH.git`; empty where no metadata has it."""
    return _read()[1]


def tag() -> str:
    """Return the tag of the own version; empty where the version is not known."""
    version = _read()[0]
    return f"v{version}" if version else ""


def reference(commit: str = "") -> str:
    """Return the module as `-m` takes it, at a commit or at the own version's tag."""
    address = (repository() or _UNKNOWN).removeprefix("https://")
    return f"{address}@{commit or tag()}"


def requirement(commit: str = "") -> str:
    """Return the distribution as an installer takes it: never by its name on an index."""
    return f"{PACKAGE}[stiletto] @ git+{repository() or _UNKNOWN}@{commit or tag()}"


@cache
def _read() -> tuple[str, str]:
    try:
        found = metadata.metadata(PACKAGE)
    except metadata.PackageNotFoundError:
        return "", ""
    urls = (value.partition(",") for value in found.get_all("Project-URL") or ())
    address = next((url.strip() for label, _, url in urls if label.strip() == _REPOSITORY), "")
    return found["Version"] or "", address.rstrip("/")
