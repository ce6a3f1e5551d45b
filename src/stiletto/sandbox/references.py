"""Image references, as Docker's tools read them.

    [registry-host[:port]/][path/]name[:tag][@algorithm:digest]

The part before the first slash is a registry host if it has a dot or a colon, or is `localhost`
(distribution/reference, `splitDockerDomain`). Docker Hub's short names stay short here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from stiletto.errors import UsageError

HUB_HOSTS = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
REPOSITORY = re.compile(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*")
TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")


@dataclass(frozen=True, slots=True)
class ImageRef:
    """One image: `host` is "" for Docker Hub, `name` without `library/`, `tag` "" if not given."""

    host: str
    name: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, address: str) -> ImageRef:
        """Read an address.

        Raises:
            UsageError: it is not an image reference.
        """
        rest, _, digest = address.partition("@")
        host = ""
        first, slash, after = rest.partition("/")
        if slash and ("." in first or ":" in first or first == "localhost"):
            host, rest = first, after
        name, colon, tag = rest.partition(":")
        wrong = (
            not REPOSITORY.fullmatch(name)
            or (colon and not TAG.fullmatch(tag))
            or ("@" in address and not DIGEST.fullmatch(digest))
        )
        if wrong:
            raise UsageError(
                f"{address!r} is not an image address",
                hint="write it like python:3.12-slim or ghcr.io/astral-sh/uv:0.9",
            )
        if host in HUB_HOSTS:
            host = ""
        return cls(host, name.removeprefix("library/") if not host else name, tag, digest)


UV_TAG = re.compile(
    r"(?P<uv>latest|\d+(?:\.\d+){0,2})?(?:(?:^|(?<=.)-)"
    r"(?:python(?P<python>\d+\.\d+(?:\.\d+)?t?)-)?"
    r"(?P<base>(?:alpine|bookworm|bullseye|buster|debian|trixie)[\d.]*(?:-slim)?))?"
)


@dataclass(frozen=True, slots=True)
class UvTag:
    """A tag of the uv image: the version, the Python, and the system below it; "" if not named."""

    version: str
    python: str
    base: str


def uv_tag(tag: str) -> UvTag | None:
    """Return what a tag of the uv image names: `0.9`, `python3.12-bookworm-slim`, `0.9-debian`.

    None for a tag of another form.
    """
    found = UV_TAG.fullmatch(tag)
    if found is None:
        return None
    version, python, base = (found[name] or "" for name in ("uv", "python", "base"))
    return UvTag("" if version == "latest" else version, python, base)


_CODENAMES = r"(?:buster|bullseye|bookworm|trixie|forky|stretch|jessie|wheezy)"
_FLAVOUR = rf"(?:slim|(?:slim-)?{_CODENAMES}|alpine(?:3\.\d+)?)"
PYTHON_TAG = re.compile(
    rf"(?P<version>\d+(?:\.\d+){{0,2}}(?:(?:a|b|rc)\d+)?t?|latest|rc)(?:-(?:rc-)?{_FLAVOUR}|-rc)?"
    rf"|{_FLAVOUR}"
)


def python_version(tag: str) -> str | None:
    """Return the version that a tag of the official Python image requests: "3", "3.12", "3.12.1".

    `3.14t` is a build without the global lock, which the official image does not have. None for a
    tag of another form, such as `3.x`, of another system (`3.12-windowsservercore`), or for none.
    """
    if tag == "":
        return "3"
    found = PYTHON_TAG.fullmatch(tag)
    if found is None:
        return None
    return found["version"] if (found["version"] or "")[:1].isdigit() else "3"


_UBUNTUS = r"(?:bionic|focal|jammy|noble|oracular|plucky|questing|resolute|trusty|xenial)"
_DATE = r"\d{8}(?:\.\d+)?"
USERLAND_TAGS = {
    "alpine": rf"latest|edge|3(?:\.\d+){{0,2}}|{_DATE}",
    "alpine/git": r"latest|edge|v?\d[\w.-]*",
    "bitnami/git": r"latest|\d[\w.-]*",
    "buildpack-deps": rf"(?:latest|stable|oldstable|testing|sid|curl|scm|{_CODENAMES}|{_UBUNTUS})"
    r"(?:-curl|-scm)?",
    "busybox": r"(?:latest|stable|unstable|1(?:\.\d+){0,2})?-?(?:musl|glibc|uclibc)?",
    "debian": rf"(?:latest|(?:old){{0,2}}stable|testing|unstable|sid|experimental|rc-buggy"
    rf"|{_CODENAMES}|\d{{1,2}}(?:\.\d+)?)(?:-backports|-{_DATE})?(?:-slim)?",
    "ubuntu": rf"latest|rolling|devel|\d\d\.\d\d(?:\.\d+)?|{_UBUNTUS}(?:-{_DATE})?",
}
"""The tags of an image that is the machine's userland; any other does not exist."""


def userland_tag(name: str, tag: str) -> bool:
    """Whether such an image may have this tag; none is `latest`."""
    return not tag or re.fullmatch(USERLAND_TAGS[name], tag) is not None
