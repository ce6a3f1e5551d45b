"""Image addresses."""

from __future__ import annotations

import pytest

from stiletto.errors import UsageError
from stiletto.sandbox.references import ImageRef, UvTag, python_version, userland_tag, uv_tag

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("python", ImageRef("", "python")),
        ("python:3.12-slim", ImageRef("", "python", "3.12-slim")),
        ("library/python:3.12", ImageRef("", "python", "3.12")),
        ("docker.io/python:3.12", ImageRef("", "python", "3.12")),
        ("docker.io/library/python:3", ImageRef("", "python", "3")),
        ("index.docker.io/alpine/git", ImageRef("", "alpine/git")),
        (f"python:3.12@{DIGEST}", ImageRef("", "python", "3.12", DIGEST)),
        (f"python@{DIGEST}", ImageRef("", "python", "", DIGEST)),
        ("ghcr.io/astral-sh/uv:0.9.1", ImageRef("ghcr.io", "astral-sh/uv", "0.9.1")),
        ("localhost:5000/x/y:z", ImageRef("localhost:5000", "x/y", "z")),
        ("localhost/x", ImageRef("localhost", "x")),
    ],
)
def test_addresses(address: str, expected: ImageRef) -> None:
    """An address has a host, a name, a tag and a digest, as Docker splits them."""
    assert ImageRef.parse(address) == expected


@pytest.mark.parametrize(
    "address",
    [
        "",
        "Python:3",
        "python:",
        "a b",
        "python@sha256:1",
        "x/:1",
        " python",
        "python\n",
        "python@md5:" + "0" * 32,
    ],
)
def test_what_is_no_address(address: str) -> None:
    """A malformed address is refused with its own words."""
    with pytest.raises(UsageError, match="is not an image address") as caught:
        ImageRef.parse(address)
    assert repr(address) in caught.value.message


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("", "3"),
        ("latest", "3"),
        ("3", "3"),
        ("3.12", "3.12"),
        ("3.12.1", "3.12.1"),
        ("3.12-slim", "3.12"),
        ("3.12.1-slim-bookworm", "3.12.1"),
        ("3.13-alpine3.20", "3.13"),
        ("3.15.0a2-slim", "3.15.0a2"),
        ("slim", "3"),
        ("slim-bookworm", "3"),
        ("bookworm", "3"),
        ("3.14t", "3.14t"),
        ("3.14t-slim", "3.14t"),
        ("3.12-slim-trixie", "3.12"),
        ("rc-slim", "3"),
        ("3.15-rc-alpine3.22", "3.15"),
        ("3.x", None),
        ("3.12-windowsservercore", None),
        ("3.12-nope", None),
        ("nope", None),
    ],
)
def test_python_tags(tag: str, expected: str | None) -> None:
    """A tag of the Python image names a version, `3` where it names a distribution alone."""
    assert expected == python_version(tag)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("", UvTag("", "", "")),
        ("latest", UvTag("", "", "")),
        ("0.9", UvTag("0.9", "", "")),
        ("0.9.3", UvTag("0.9.3", "", "")),
        ("debian", UvTag("", "", "debian")),
        ("bookworm-slim", UvTag("", "", "bookworm-slim")),
        ("alpine3.20", UvTag("", "", "alpine3.20")),
        ("python3.12-bookworm-slim", UvTag("", "3.12", "bookworm-slim")),
        ("python3.13t-trixie", UvTag("", "3.13t", "trixie")),
        ("0.9.3-debian-slim", UvTag("0.9.3", "", "debian-slim")),
        ("0.9-python3.11.7-alpine3.21", UvTag("0.9", "3.11.7", "alpine3.21")),
        ("nightly", None),
        ("python3.12", None),
        ("0.9-", None),
        ("-debian", None),
        ("sha-1234567", None),
    ],
)
def test_uv_tags(tag: str, expected: UvTag | None) -> None:
    """A tag of the uv image names a version, a Python and the system below it, or parts of it."""
    assert expected == uv_tag(tag)


@pytest.mark.parametrize(
    ("name", "tags"),
    [
        ("alpine", "latest edge 3 3.22 3.22.1 20250108"),
        ("alpine/git", "latest v2.52.0 2.52.0"),
        ("bitnami/git", "latest 2.52.0 2.52.0-debian-12-r0"),
        ("buildpack-deps", "latest stable trixie trixie-curl noble-scm curl"),
        ("busybox", "latest 1 1.37 1.37.0-musl musl stable-glibc unstable"),
        ("debian", "latest 12 12.11 trixie trixie-slim stable-slim trixie-20250811-slim sid"),
        ("ubuntu", "latest 24.04 noble noble-20250805 rolling"),
    ],
)
def test_tags_of_userlands(name: str, tags: str) -> None:
    """Versions, names of releases, dates and flavours are tags of these images."""
    assert [] == [tag for tag in tags.split() if not userland_tag(name, tag)]
    assert userland_tag(name, "")
