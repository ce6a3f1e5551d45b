"""Where the module's own code comes from in a job: a repository at a commit, never an index.

    github.com/OWNER/NAME/DIRECTORY@v1, with a pin       a toolchain in dagger.json
    https://HOST/PATH.git/DIRECTORY@COMMIT               --module
    NAME[extras] @ git+https://HOST/OWNER/NAME@COMMIT    --stiletto (PEP 508)
    tools/wheelwright                                    a directory of the repository itself
    the own address at the own version's tag             where none of these is given

What a version, a branch or a tag means, others can change later; the jobs that may publish would
run it. So what is written is a commit: the one that is given, or the one that the repository names
when `workflows` runs (`NotFixed` has the question). A name that an index would look up is refused.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qs, urlsplit

from packaging.requirements import InvalidRequirement

from wheelwright import identity
from wheelwright.errors import RequestError
from wheelwright.pins import PACKAGE
from wheelwright.project import reading

Commits = Mapping[tuple[str, str], str]
"""What repositories answered: the commit, by address and version."""
NONE: Final[Commits] = MappingProxyType({})

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_HOST: Final = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:[0-9]+)?|localhost:[0-9]+")
# A user and a host, without and with a scheme: both mean ssh.
_SSH: Final = re.compile(r"(?:ssh://)?[\w.-]+@(?P<host>[\w.-]+)(?::[0-9]+(?=/))?[:/](?P<path>.*)")


@dataclass(frozen=True, slots=True)
class Home:
    """A directory of a repository at a commit.

    Attributes:
        address: what git fetches; empty where it is the repository whose workflows these are, in
            which the commit is that of the run.
        directory: from the repository's root, empty for the root.
    """

    address: str = ""
    commit: str = ""
    directory: str = ""

    @property
    def local(self) -> bool:
        """Whether it is in the repository whose workflows these are."""
        return not self.address

    @property
    def reference(self) -> str:
        """The same as `-m` takes it."""
        if self.local:
            return self.directory or "."
        inside = f"/{self.directory}" if self.directory else ""
        return f"{self.address.removeprefix('https://')}{inside}@{self.commit}"


class NotFixed(RequestError):
    """A reference names a version, a branch, a tag or nothing, and no pin is beside it.

    Attributes:
        address: the repository that knows the commit.
        version: empty for its HEAD.
    """

    def __init__(self, message: str, hint: str, address: str, version: str) -> None:
        super().__init__(message, hint)
        self.address = address
        self.version = version


def form() -> str:
    """Return what --stiletto takes."""
    return identity.requirement("COMMIT")


def option() -> str:
    """Return the option that names the module, with its value."""
    return f"--module {identity.reference('COMMIT')}"


def of_reference(field: str, reference: str, pin: str, hint: str, commits: Commits = NONE) -> Home:
    """Return what a reference of a module means, as dagger.json or --module has it.

    Args:
        field: names the reference in an error.
        reference: in one of the forms above.
        pin: the commit that dagger.json has beside it; empty where there is none.
        hint: how the caller gets a pin.
        commits: those that are known.

    Raises:
        NotFixed: it names no commit, and none is known.
        RequestError: it is outside of the repository, or nothing that a runner can fetch.
    """
    ssh = _SSH.fullmatch(reference)
    if not ssh and "://" in reference.removeprefix("https://"):
        raise RequestError(
            f"{field} {reference!r} cannot be fetched by https, so no runner can reach it",
            f"pass {option()}",
        )
    rest = f"{ssh['host']}/{ssh['path']}" if ssh else reference.removeprefix("https://")
    path, _, version = rest.partition("@")
    host, _, inside = path.partition("/")
    # As a path `host.name/x` would need a dot in front; a path without one has no dot in it.
    if not ssh and rest == reference and (path.startswith(".") or not _HOST.fullmatch(host)):
        return Home(directory=_directory(field, path))
    names = [name for name in inside.split("/") if name]
    marked = [count for count, name in enumerate(names, 1) if name.endswith(".git")]
    count = marked[0] if marked else 2
    if not names or {".", ".."} & {*names[:count]} or not _HOST.fullmatch(host):
        raise RequestError(f"{field} {reference!r} names no repository", hint)
    address = f"https://{host}/{'/'.join(names[:count])}"
    directory = _directory(field, "/".join(names[count:]))
    commit = pin or commits.get((address, version), version)
    if not _COMMIT.fullmatch(commit):
        named = f"{commit!r}, which can be moved" if commit else "no commit"
        raise NotFixed(f"{field} {reference!r} names {named}", hint, address, version)
    return Home(address, commit, directory)


def of_requirement(text: str) -> Home:
    """Return what --stiletto names: a requirement that is a git address at a commit.

    Raises:
        RequestError: it is anything else; the message has what, and why it is refused.
    """
    field, hint = "--stiletto", f'pass "{form()}", COMMIT in all its 40 digits'
    if text.startswith("git+"):
        # The address says it all; only an installer wants the name.
        text = f"{PACKAGE}[stiletto] @ {text}"
    try:
        requirement = reading.requirement(text)
    except InvalidRequirement as error:
        reason = str(error).partition("\n")[0]
        raise RequestError(f"{field} {text!r} is not a requirement: {reason}", hint) from error
    if not requirement.url:
        raise RequestError(
            f"{field} {text!r} would be looked up on an index, where anyone may own the name", hint
        )
    url = urlsplit(requirement.url)
    path, _, version = url.path.rpartition("@")
    options = parse_qs(url.fragment, keep_blank_values=True)
    if url.scheme != "git+https" or not _HOST.fullmatch(url.netloc):
        raise RequestError(f"{field} {text!r} is not a git repository by https", hint)
    if not path:
        raise RequestError(f"{field} {text!r} names no commit, so it means the newest one", hint)
    if not _COMMIT.fullmatch(version):
        raise RequestError(f"{field} {text!r} names {version!r}, which can be moved", hint)
    if url.query or requirement.marker or options.keys() - {"subdirectory"}:
        raise RequestError(f"{field} {text!r} contains more than an address and a commit", hint)
    directory = _directory(field, options.get("subdirectory", [""])[0])
    return Home(f"https://{url.netloc}{path}", version, directory)


def _directory(field: str, path: str) -> str:
    clean = posixpath.normpath(path) if path else "."
    if clean.startswith(("..", "/")):
        raise RequestError(
            f"{field} {path!r} is outside of the repository",
            f"name a directory inside it, or pass {option()}",
        )
    return "" if clean == "." else clean
