"""What a kind of step may see: the one table. `steps` makes every step by a row of it.

Foreign code is everything that the package brings: its tests, plugins, templates and back end, and
all that it depends on. Three rules make the table worth something:

- A step that runs foreign code sees no secret, and no cache that another kind of step reads.
- A step that sees a secret starts where no foreign code is or has run.
- A layer made with a writable cache is as untrusted as that cache. So no step of a release is
  answered from a result made outside it (`released`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Credential(Enum):
    """A secret that a step may be given; the value is its name in messages."""

    INDEX = "index credential"
    GITHUB = "GitHub token"
    IDENTITY = "OIDC identity"
    UPLOAD = "index token"
    REPORTS = "token of the service"


class Cache(Enum):
    """Which cache of uv is mounted, writable; the value is its name in messages."""

    NONE = "none"
    SHARED = "the shared uv cache"
    OWN = "a volume of its own"
    SYSTEM = "the volume of apt's downloads"


@dataclass(frozen=True, slots=True)
class Kind:
    """One row.

    Attributes:
        foreign: whether foreign code may run in it.
        remark: more about its caches.
    """

    name: str
    foreign: bool
    secrets: tuple[Credential, ...] = ()
    cache: Cache = Cache.NONE
    remark: str = ""

    def __post_init__(self) -> None:
        """Refuse a row that breaks the rules."""
        assert not (self.foreign and self.secrets), f"{self.name}: a secret beside foreign code"
        shared = self.cache in (Cache.SHARED, Cache.SYSTEM)
        assert not (self.foreign and shared), f"{self.name}: a shared cache"


OF_DEPENDENCIES: Final = "another for each set of dependencies"

INSTALL: Final = Kind(
    "install wheels (`--no-build`; hashes where a lock has them)",
    foreign=False,
    secrets=(Credential.INDEX,),
    cache=Cache.SHARED,
)
SYSTEM: Final = Kind(
    "install Debian packages (`system-packages`)",
    foreign=False,
    cache=Cache.SYSTEM,
    remark="apt compares what it has with Debian's signatures",
)
SYSTEM_FRESH: Final = Kind(
    "release: install Debian packages", foreign=False, remark="fresh for each release"
)
IMAGE: Final = Kind("install wheels into an image that the project names (`image`)", foreign=True)
BUILD: Final = Kind(
    "build a dependency from source; `uv lock` that has to build",
    foreign=True,
    cache=Cache.OWN,
    remark=OF_DEPENDENCIES,
)
PACKAGE: Final = Kind(
    "build the package itself; ask its back end for metadata",
    foreign=True,
    remark="build requirements are in the layer, from an installing step",
)
CODE: Final = Kind("tests, type checkers, migrations, linters, changelog tools", foreign=True)
DOWNLOAD: Final = Kind(
    "release: downloads (`--no-build`)",
    foreign=False,
    secrets=(Credential.INDEX,),
    remark="fresh for each release",
)
RELEASE: Final = Kind(
    "release: gates, builds, verification", foreign=True, remark="fresh for each release"
)
GIT: Final = Kind("git with the token, GitHub's API", foreign=False, secrets=(Credential.GITHUB,))
UPLOAD: Final = Kind(
    "sign, upload",
    foreign=False,
    secrets=(Credential.IDENTITY, Credential.UPLOAD),
    remark="tools from a hashed lock of the module",
)
REPORT: Final = Kind(
    "send a report to a service",
    foreign=False,
    secrets=(Credential.REPORTS,),
    remark="tools from a hashed lock of the module",
)
DATA: Final = Kind("read files with a program of the module", foreign=False)
KEEP: Final = Kind(
    "keep and restore what was built (`uv-cache`)",
    foreign=False,
    cache=Cache.OWN,
    remark=OF_DEPENDENCIES,
)
ATTEMPT: Final = Kind(
    "count the attempts at a step",
    foreign=False,
    cache=Cache.OWN,
    remark="no other kind sees it; not in a release, where nothing is kept",
)

KINDS: Final = (
    SYSTEM,
    SYSTEM_FRESH,
    INSTALL,
    IMAGE,
    BUILD,
    PACKAGE,
    CODE,
    DOWNLOAD,
    RELEASE,
    GIT,
    UPLOAD,
    REPORT,
    DATA,
    KEEP,
    ATTEMPT,
)

_RELEASED: Final = {
    SYSTEM: SYSTEM_FRESH,
    INSTALL: DOWNLOAD,
    IMAGE: RELEASE,
    BUILD: RELEASE,
    PACKAGE: RELEASE,
    CODE: RELEASE,
    ATTEMPT: DATA,
}


def released(kind: Kind) -> Kind:
    """Return the kind that a step is of when it is part of a release."""
    return _RELEASED.get(kind, kind)


def table(kinds: Iterable[Kind] = KINDS) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| kind of step | foreign code | secrets | caches |", "|---|---|---|---|"]
    for kind in kinds:
        secrets = " or ".join(each.value for each in kind.secrets) or "none"
        caches = "; ".join(part for part in (kind.cache.value, kind.remark) if part)
        lines.append(f"| {kind.name} | {'yes' if kind.foreign else 'no'} | {secrets} | {caches} |")
    return "\n".join(lines) + "\n"
