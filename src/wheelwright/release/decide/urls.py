"""Addresses of the remote, its GitHub and the index, from the package's files and the options."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from wheelwright.project.addresses import readable, without_credentials
from wheelwright.project.model import Project
from wheelwright.release.decide.stops import Problem, Reason

PYPI: Final = ("https://upload.pypi.org/legacy/", "https://pypi.org/simple/")
TESTPYPI: Final = ("https://test.pypi.org/legacy/", "https://test.pypi.org/simple/")
_KNOWN: Final = {"pypi": PYPI, "testpypi": TESTPYPI}
"""Indexes that need no table of their own."""
# Other names of hosts: for SSH over the port of HTTPS (docs.github.com, docs.gitlab.com), the site.
_HOSTS: Final = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "www.github.com": "github.com",
}


@dataclass(frozen=True, slots=True)
class IndexUrls:
    """Where files go to, and where they are listed; `page` is for people, where one is known.

    A private listing is read by the name and password in its address, which are never shown.
    """

    publish: str
    check: str
    page: str = ""

    @property
    def shown(self) -> tuple[str, str]:
        """Both addresses, for people and for files that travel."""
        return self.publish, without_credentials(self.check)


def index_urls(
    project: Project, package: str, index: str, publish: str, check: str
) -> IndexUrls | Problem:
    """Return the index's addresses: the caller's, those of `[[tool.uv.index]]`, else PyPI's."""
    tables = project.root.table("tool", "uv").get("index", [])
    named = [each for each in tables if isinstance(each, dict) and each.get("name") == index]
    from_table = bool(index and named and not publish)
    if index and not named and index in _KNOWN:
        publish, check = publish or _KNOWN[index][0], check or _KNOWN[index][1]
    elif index:
        if not named:
            known = ", ".join(str(each.get("name")) for each in tables) or "none"
            seen = f'no [[tool.uv.index]] is named "{index}" (there: {known})'
            return Problem(Reason.BAD_REQUEST, seen, "correct --index")
        publish = publish or str(named[0].get("publish-url", ""))
        check = check or str(named[0].get("url", ""))
        if not publish:
            seen = f'[[tool.uv.index]] "{index}" has no publish-url'
            return Problem(Reason.BAD_REQUEST, seen, "add it, or pass --publish-url")
    if bool(publish) != bool(check):
        seen = f"only --{'publish' if publish else 'check'}-url is given"
        return Problem(Reason.BAD_REQUEST, seen, "pass both --publish-url and --check-url")
    publish, check = publish or PYPI[0], check or PYPI[1]
    if publish != without_credentials(publish):
        seen = f"a credential in the address {without_credentials(publish)}"
        return Problem(Reason.BAD_REQUEST, seen, "pass it as --index-token")
    if from_table and (seen := exposed(publish)):
        hint = "write https, or pass --publish-url and --check-url"
        return Problem(Reason.BAD_REQUEST, f'[[tool.uv.index]] "{index}": {seen}', hint)
    host = re.match(r"https://((?:test\.)?pypi\.org)/simple/?$", check)
    page = f"https://{host.group(1)}/project/{package}/" if host else ""
    return IndexUrls(publish, check.rstrip("/") + "/", page)


def exposed(url: str) -> str:
    """Return the fact that a token sent there can be read on the way; empty if it cannot."""
    if not readable(url):
        return ""
    return f"{without_credentials(url)} would get a token over plain HTTP"


def is_pypi(urls: IndexUrls) -> bool:
    """Whether it is PyPI or TestPyPI: the indexes that take attestations."""
    return bool(re.match(r"https://(upload|test)\.pypi\.org/legacy/?$", urls.publish))


def origin(config: str) -> str:
    """Return the address of the remote "origin" in a .git/config; empty where there is none."""
    section = re.search(r'(?ms)^\[remote "origin"\]\n(.*?)(?=^\[|\Z)', config)
    url = re.search(r"(?m)^\s*url\s*=\s*(\S+)", section.group(1)) if section else None
    return url.group(1) if url else ""


def is_path(remote: str) -> bool:
    """Whether an address is a place on its own machine, which no container sees.

    A single letter before the colon is a drive of Windows.
    """
    if re.match(r"(?i)file:|[a-z]:[\\/]", remote):
        return True
    # As git decides: without a scheme, a colon before any slash makes it a host.
    return not re.match(r"\w[\w+.-]*://|[^/]*:", remote)


def https(remote: str) -> str:
    """Return the address for a token: https for what was cloned by ssh, credentials left out."""
    ssh = re.match(r"(?:(?:git\+)?ssh|git)://(?:[^@/]+@)?([^:/]+)(?::\d+)?/(.+)$", remote)
    if ssh:
        return f"https://{_host(ssh.group(1))}/{ssh.group(2)}"
    scp = re.match(r"(?:[\w.-]+@)?([\w.-]+):(?!//)/?(.+)$", remote)
    if scp and not is_path(remote):
        return f"https://{_host(scp.group(1))}/{scp.group(2)}"
    # Names of schemes have no case; git's own rule for them has.
    http = re.match(r"(?i)(https?)://(.*)$", remote)
    if http is None:
        return without_credentials(remote)
    found = re.match(
        r"(https?://)([^/]+)(.*)$", without_credentials(f"{http[1].lower()}://{http[2]}")
    )
    return f"{found[1]}{_host(found[2])}{found[3]}" if found else remote


def _host(name: str) -> str:
    """Return a host under the name that has its pages and its API."""
    return _HOSTS.get(name.lower(), name.lower())


@dataclass(frozen=True, slots=True)
class Hub:
    """A repository on GitHub: its API, and its page for people."""

    api: str
    owner: str
    name: str
    page: str

    @property
    def exposed(self) -> str:
        """The fact that its token can be read on the way; empty if it cannot."""
        return exposed(self.page) or exposed(self.api)


def forge_of(host: str) -> str:
    """Return who serves a host: "github", "gitlab", or empty where its name does not say."""
    names = host.lower().split(".")
    return next((each for each in ("github", "gitlab") if each in names), "")


def hub_of(remote: str, api: str = "") -> Hub | Problem:
    """Return the repository that a remote's address names; `api` is the caller's, if given.

    Source: docs.github.com, "Quickstart for the REST API": GitHub Enterprise has it at /api/v3.
    """
    match = re.match(r"(https?)://([^/]+)/(?:.*/)?([^/]+)/([^/]+?)(?:\.git)?/?$", remote)
    if match is None:
        named = f"{remote} names no repository" if remote else "no remote is a repository"
        hint = "pass --remote https://github.com/OWNER/NAME"
        return Problem(Reason.BAD_REQUEST, f"{named} on GitHub", hint)
    scheme, host, owner, name = match.groups()
    if not api and forge_of(host.partition(":")[0]) == "gitlab":
        # A token for GitHub is not for another server.
        return Problem(Reason.NOT_GITHUB, f"{host} has no API of GitHub, which a release needs")
    known = "https://api.github.com" if host == "github.com" else f"{scheme}://{host}/api/v3"
    return Hub((api or known).rstrip("/"), owner, name, f"{scheme}://{host}/{owner}/{name}")
