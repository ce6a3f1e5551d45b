"""What this command was installed from: its distribution, its repository, and at which commit.

    git+https://HOST/PATH@v1.2      HOST/PATH@COMMIT, the commit that was installed
    a directory of this machine     the directory
    anything else                   HOST/PATH of [project.urls] Repository, at the version's tag

PEP 610: an installer writes direct_url.json beside the metadata of what did not come from an index.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

NAME = "wheelwright-pipeline"
"""What is installed; `stiletto` on an index is another project."""

_TWO_NAMES = ("github.com", "gitlab.com", "bitbucket.org", "codeberg.org")


def version() -> str:
    """Return the installed version."""
    return metadata.version(NAME)


def repository() -> str:
    """Return the address of the repository, such as `https://HOST/PATH.git`."""
    return _url("Repository")


def page(name: str, heading: str = "") -> str:
    """Return the address of a page of docs/, such as "recovery", at one of its headings."""
    anchor = re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
    return f"{_url('Documentation') or 'docs'}/{name}.md{'#' if anchor else ''}{anchor}"


def requirement(at: str = "") -> str:
    """Return what an installer takes, at a commit or at the installed version's tag."""
    return f"{NAME}[stiletto] @ git+{repository()}@{at or f'v{version()}'}"


def module() -> str:
    """Return the module that this command came with, as `-m` takes it; empty if not known."""
    if found := installed_from(direct_url()):
        return found
    address = repository().removeprefix("https://")
    return f"{address}@v{version()}" if address else ""


def direct_url() -> Mapping[str, Any]:
    """Return what the installer wrote; empty where it came from an index."""
    text = metadata.distribution(NAME).read_text("direct_url.json")
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}


def of_commit(url: str, commit: str, directory: str = "") -> Mapping[str, Any]:
    """Return what an installer writes for a directory of a repository at a commit."""
    inside = {"subdirectory": directory} if directory else {}
    return {"url": url, "vcs_info": {"vcs": "git", "commit_id": commit}, **inside}


def is_of_commit(direct_url: Mapping[str, Any]) -> bool:
    """Whether that names a commit of a git repository."""
    vcs = direct_url.get("vcs_info", {})
    return vcs.get("vcs") == "git" and bool(vcs.get("commit_id"))


def installed_from(direct_url: Mapping[str, Any]) -> str:
    """Return what a direct_url.json names, as `-m` takes it; empty for an archive."""
    url = urlsplit(direct_url.get("url", ""))
    inside = direct_url.get("subdirectory", "")
    if "dir_info" in direct_url and url.scheme == "file":
        return str(Path(unquote(url.path), inside))
    if not is_of_commit(direct_url):
        return ""
    address = url._replace(netloc=url.netloc.rpartition("@")[2], query="", fragment="")
    if url.scheme == "ssh":
        address = address._replace(netloc=url.netloc)
    text = address.geturl().rstrip("/")
    # Where the repository's own path ends is known by `.git`, or on a host of two names.
    if inside and not text.endswith(".git") and url.hostname not in _TWO_NAMES:
        text += ".git"
    text = "/".join(part for part in (text.removeprefix("https://"), inside) if part)
    return f"{text}@{direct_url['vcs_info']['commit_id']}"


def _url(label: str) -> str:
    """Return an address of [project.urls]; empty where the metadata has none."""
    urls = metadata.metadata(NAME).get_all("Project-URL") or ()
    found = (value.partition(",") for value in urls)
    return next((url.strip().rstrip("/") for named, _, url in found if named.strip() == label), "")
