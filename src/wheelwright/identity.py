"""This module's own distribution: its name, its version, and the address of its repository.

They are read from the installed metadata, which has them from `[project]` of pyproject.toml: both
engines install the module's source as a package.

    requirement(COMMIT)   NAME[stiletto] @ git+https://HOST/PATH@COMMIT   what an installer takes
    reference(COMMIT)     HOST/PATH@COMMIT                                what -m takes
    origin()              HOST/PATH/DIRECTORY@COMMIT                      what this code is of
    page(NAME, HEADING)   https://HOST/.../NAME.md#heading                where a message leads

The origin is in the metadata of what is installed from git (PEP 610). Stiletto has it of a module
from a repository; on Dagger the source is installed from a directory, which has none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from typing import Any
from urllib.parse import urlsplit

from wheelwright.pins import PACKAGE

_REPOSITORY, _DOCUMENTATION = "Repository", "Documentation"
_UNKNOWN = "https://HOST/PATH"


def repository() -> str:
    """Return the address, such as `https://HOST/PATH.git`; empty where no metadata has it."""
    return _read()[1]


def page(name: str, heading: str = "") -> str:
    """Return the address of a page of docs/, such as "recovery", at one of its headings."""
    anchor = re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
    return f"{_read()[2] or 'docs'}/{name}.md{'#' if anchor else ''}{anchor}"


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


def origin() -> str:
    """Return the commit that this code is of, as `-m` takes it; empty where it is not known."""
    try:
        text = metadata.distribution(PACKAGE).read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return ""
    return of_direct_url(json.loads(text)) if text else ""


def of_direct_url(found: Mapping[str, Any]) -> str:
    """Return what a direct_url.json names, as `-m` takes it.

    Empty for what no runner can fetch: a directory, an archive, a repository of this machine.
    """
    url = urlsplit(found.get("url", ""))
    vcs = found.get("vcs_info", {})
    if url.scheme not in ("https", "ssh") or vcs.get("vcs") != "git" or not url.hostname:
        return ""
    path = url.path.strip("/")
    # Two names are a repository; with more or fewer, `.git` ends its address.
    if path.count("/") != 1 and ".git" not in path:
        path += ".git"
    port = f":{url.port}" if url.scheme == "https" and url.port else ""
    inside = f"/{found['subdirectory']}" if found.get("subdirectory") else ""
    return f"{url.hostname}{port}/{path}{inside}@{vcs.get('commit_id', '')}"


@cache
def _read() -> tuple[str, str, str]:
    """Return the version, the address of the repository, and that of its pages."""
    try:
        found = metadata.metadata(PACKAGE)
    except metadata.PackageNotFoundError:
        return "", "", ""
    urls = (value.partition(",") for value in found.get_all("Project-URL") or ())
    named = {label.strip(): url.strip().rstrip("/") for label, _, url in urls}
    return found["Version"] or "", named.get(_REPOSITORY, ""), named.get(_DOCUMENTATION, "")
