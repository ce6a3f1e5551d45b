"""Addresses of git repositories, as the API's `git` and flags have them (pure).

    https://host/path#ref:directory     also http, ssh, git
    user@host:path#ref:directory        ssh

An address without a scheme, such as github.com/owner/repo, means https, then ssh; only `git` takes
those, because elsewhere they are paths. Source: util/gitutil/url.go of v0.21.8.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from stiletto.errors import UsageError
from stiletto.module.credentials import check_address, shown

PROTOCOLS = ("http", "https", "ssh", "git")

_SCHEME = re.compile(r"([A-Za-z0-9]+)://(.*)", re.DOTALL)
_HOST = re.compile(r"(\w[\w.-]*@)?\w[\w.-]*(:\d+)?(/|$)", re.ASCII)
_SCP = re.compile(r"([A-Za-z0-9_-]+)@([A-Za-z0-9.-]+):([^#]*)(?:#(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class GitUrl:
    """An address taken apart.

    Attributes:
        remote: what git gets; it may contain a user and a password.
        scheme: http, https, ssh or git.
        fragment: what stands behind `#`.
    """

    remote: str
    scheme: str
    fragment: str = ""

    @property
    def ref(self) -> str:
        """The name of a branch, a tag or a commit; empty for none."""
        return self.fragment.partition(":")[0]

    @property
    def directory(self) -> str:
        """The path inside the repository; empty for none."""
        return self.fragment.partition(":")[2]

    @property
    def text(self) -> str:
        """The whole address."""
        return f"{self.remote}#{self.fragment}" if self.fragment else self.remote


def is_git_url(text: str) -> bool:
    """Whether an address means a repository to clone, and not a path."""
    found = _SCHEME.match(text)
    if found is not None:
        return found[1].lower() in PROTOCOLS
    return _SCP.fullmatch(text) is not None


def parse_git_url(text: str) -> GitUrl:
    """Read an address for which `is_git_url` is true.

    Raises:
        UsageError: git would take it for something else, or it names no host.
    """
    address, _, fragment = text.partition("#")
    check_address(address)
    found = _SCHEME.match(address)
    if found is None:
        return GitUrl(address, "ssh", fragment)
    scheme = found[1].lower()
    if not found[2].partition("/")[0].rpartition("@")[2]:
        raise UsageError(f"{shown(text)}: no host in the address of a repository")
    return GitUrl(f"{scheme}://{found[2]}", scheme, fragment)


def clone_candidates(text: str) -> tuple[GitUrl, ...]:
    """Return the addresses that a repository may be at; the next where one refuses access.

    Raises:
        UsageError: no repository can be there.
    """
    if is_git_url(text):
        url = parse_git_url(text)
        if url.scheme == "ssh" and url.remote.startswith("ssh://") and "@" not in url.remote:
            # ssh would take the name of the user here.
            url = replace(url, remote=url.remote.replace("ssh://", "ssh://git@", 1))
        return (url,)
    found = _SCHEME.match(text)
    if found is not None:
        raise UsageError(
            f"{shown(text)}: invalid protocol {found[1]!r}",
            hint="git takes https://, http://, ssh:// and git://, "
            "and host.directory(PATH).asGit a repository of this machine",
        )
    if not _HOST.match(text):
        raise UsageError(
            f"{text!r} is not the address of a repository",
            hint="git takes no path of this machine; use host.directory(PATH).asGit",
        )
    return parse_git_url(f"https://{text}"), parse_git_url(f"ssh://git@{text}")
