"""Image addresses."""

from __future__ import annotations

import pytest

from stiletto.errors import UsageError
from stiletto.sandbox.references import ImageRef, UvTag, python_version, uv_tag

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


@pytest.mark.parametrize("address", ["", "Python:3", "python:", "a b", "python@sha256:1", "x/:1"])
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
        ("3.x", None),
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
