"""What the host stands in for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from stiletto.errors import EnvironmentFailed, UsageError
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


async def test_python_without_a_version() -> None:
    """A tag that names no version is refused."""
    with pytest.raises(UsageError, match="names no Python version"):
        await HostImages().resolve("python:3.x")
