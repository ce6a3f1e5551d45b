"""What the host stands in for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from stiletto.errors import EnvironmentFailed
from stiletto.sandbox.images import HostImages

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


async def test_python_image() -> None:
    """The Python image names its interpreter and shows it, first on PATH."""
    images = HostImages()
    image = await images.resolve(f"docker.io/library/python:{HERE}-slim")
    again = await images.resolve(f"docker.io/library/python:{HERE}-slim")
    same = await HostImages().resolve(f"python:{HERE}")

    assert again == image
    assert same.identity == image.identity
    assert image.env["PYTHON_VERSION"].startswith(f"{HERE}.")
    assert image.provided_by.startswith("the host's /")
    assert image.env["PATH"].startswith("/opt/stiletto/python/bin:")
    target = image.files["/opt/stiletto/python/bin/python"]
    assert isinstance(target, str)
    assert any(Path(target).is_relative_to(bind.target) for bind in image.binds)


async def test_nothing_private_is_shown() -> None:
    """An image shows no home as a whole and none of the host's own configuration."""
    image = await HostImages().resolve(f"python:{HERE}")
    targets = {bind.target for bind in image.binds}
    private = [
        "/",
        "/root",
        "/home",
        "/etc",
        "/etc/pip.conf",
        "/etc/shadow",
        "/var",
        str(Path.home()),
    ]

    assert targets.isdisjoint(private)


async def test_uv_image() -> None:
    """The uv image shows uv and uvx, and says when the version is another."""
    any_version = await HostImages().resolve("ghcr.io/astral-sh/uv:latest")
    other = await HostImages().resolve("ghcr.io/astral-sh/uv:0.0.1")
    targets = {bind.target: bind.host for bind in any_version.binds}

    assert {"/uv", "/uvx"} <= set(targets)
    assert os.access(targets["/uv"], os.X_OK)
    assert "not" not in any_version.provided_by
    assert other.provided_by.endswith(", not 0.0.1")
    assert other.identity == any_version.identity


@pytest.mark.parametrize(
    "tag", [f"python{HERE}-bookworm-slim", f"python{HERE}-alpine", f"0.9-python{HERE}-trixie"]
)
async def test_uv_image_with_a_python(tag: str) -> None:
    """A uv image of a Python has that Python and uv on PATH, and no entrypoint."""
    image = await HostImages().resolve(f"ghcr.io/astral-sh/uv:{tag}")
    plain = await HostImages().resolve(f"python:{HERE}")
    targets = {bind.target: bind.host for bind in image.binds}

    assert image.env["PYTHON_VERSION"].startswith(f"{HERE}.")
    assert f"/opt/stiletto/uv/bin:{plain.env['PATH']}" == image.env["PATH"]
    assert os.access(targets["/opt/stiletto/uv/bin/uv"], os.X_OK)
    assert os.access(targets["/opt/stiletto/uv/bin/uvx"], os.X_OK)
    assert ((), ("uv",)) == (image.entrypoint, image.default_args)
    assert plain.identity != image.identity
    assert " with the host's uv " in image.provided_by


@pytest.mark.parametrize("address", ["ghcr.io/astral-sh/uv:debian", "astral/uv:0.9-bookworm-slim"])
async def test_uv_image_of_a_distribution(address: str) -> None:
    """A uv image of a distribution is the host's userland with uv on PATH."""
    image = await HostImages().resolve(address)

    assert image.env["PATH"].startswith("/opt/stiletto/uv/bin:")
    assert image.provided_by.startswith("the host's userland with the host's uv ")


async def test_uv_image_of_a_tag_that_is_not_known() -> None:
    """A tag of another form is refused with the forms that are known."""
    with pytest.raises(EnvironmentFailed, match="uv:nightly: its tag is not known") as raised:
        await HostImages().resolve("ghcr.io/astral-sh/uv:nightly")

    assert "python3.12-bookworm-slim" in (raised.value.hint or "")


@pytest.mark.parametrize(
    ("tag", "expected"), [("3.20.2", b"3.20.2\n"), ("3.20", None), ("latest", None)]
)
async def test_version_of_alpine(tag: str, expected: bytes | None) -> None:
    """The version that a tag names in full is in the file where Alpine has it."""
    image = await HostImages().resolve(f"alpine:{tag}")
    plain = await HostImages().resolve("alpine")

    assert expected == image.files.get("/etc/alpine-release")
    assert (expected is None) == (plain.identity == image.identity)


@pytest.mark.parametrize("address", ["debian:12", "alpine/git", "ubuntu", "docker.io/busybox:1"])
async def test_userlands(address: str) -> None:
    """Well-known userlands are the host's own."""
    image = await HostImages().resolve(address)

    assert image.provided_by == "the host's userland"
    assert image.address == address


@pytest.mark.parametrize("address", ["mysql:8", "quay.io/x/python:3.12", "example.org/debian"])
async def test_unknown_images(address: str) -> None:
    """What the host has nothing for is refused, with the way to a real engine."""
    with pytest.raises(EnvironmentFailed, match="cannot provide the image") as caught:
        await HostImages().resolve(address)
    assert address in caught.value.message
    assert "`dagger`" in str(caught.value.hint)


@pytest.mark.parametrize(
    "address",
    [
        "python:3.x",
        "python:pypy",
        "python:3.12-slimm",
        "python:3.12-windowsservercore",
        "alpine:nope",
        "alpine/git:nope",
        "busybox:1.36-nope",
        "buildpack-deps:nope",
        "debian:nope",
        "debian:trixie-slimm",
        "ubuntu:nope",
    ],
)
async def test_a_tag_that_does_not_exist(address: str) -> None:
    """A tag of another form than those of the image is refused, with examples."""
    with pytest.raises(EnvironmentFailed) as caught:
        await HostImages().resolve(address)

    assert f"this machine cannot provide the image {address}: its tag is not known" == (
        caught.value.message
    )
    assert "stiletto knows tags like" in str(caught.value.hint)


DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize("address", [f"python:{HERE}-slim", "debian", "ghcr.io/astral-sh/uv:0.9"])
async def test_a_digest_is_not_what_the_host_has(address: str) -> None:
    """A digest is not looked at, and the line about the image says so."""
    plain = await HostImages().resolve(address)
    pinned = await HostImages().resolve(f"{address}@{DIGEST}")

    assert pinned.identity == plain.identity
    assert f"{plain.provided_by}, not the contents of the digest" == pinned.provided_by


async def test_a_digest_without_a_tag_names_no_python() -> None:
    """Which Python a digest has is not known without its tag."""
    with pytest.raises(EnvironmentFailed, match="no tag names the version") as caught:
        await HostImages().resolve(f"python@{DIGEST}")

    assert "write the tag before the digest: python:3.12@sha256:" in str(caught.value.hint)
