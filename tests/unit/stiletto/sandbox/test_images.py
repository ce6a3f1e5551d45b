"""What the host stands in for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from stiletto.errors import EnvironmentFailed, UsageError
from stiletto.sandbox.images import HostImages
from stiletto.sandbox.interpreters import (
    Answers,
    Interpreter,
    choose,
    find_interpreters,
    interpreter_for,
)
from stiletto.store import Store

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
OFFLINE = {"STILETTO_PYTHON_INSTALL": "0", "PATH": "/usr/bin:/bin"}


def python(text: str, *, can_venv: bool = True, final: bool = True, at: str = "/p") -> Interpreter:
    """Describe an interpreter that need not exist."""
    major, minor, patch = map(int, text.split("."))
    return Interpreter(
        Path(at, text), (major, minor, patch), Path(at), can_venv=can_venv, final=final
    )


FOUND = [
    python("3.11.2", can_venv=False, at="/usr"),
    python("3.11.1"),
    python("3.12.1"),
    python("3.12.7"),
    python("3.13.0"),
    python("3.14.0", final=False),
]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("3.12", "3.12.7"),
        ("3.12.1", "3.12.1"),
        ("3.11", "3.11.1"),
        ("3.11.2", "3.11.2"),
        ("3", "3.13.0"),
        ("3.14", "3.14.0"),
        ("3.12.9", None),
        ("3.1", None),
        ("2", None),
    ],
)
def test_choice(wanted: str, expected: str | None) -> None:
    """The newest fitting release that can make a venv is chosen; no pre-release for plain `3`."""
    chosen = choose(wanted, FOUND)

    assert (chosen and chosen.text) == expected


def running(found: list[Interpreter]) -> bool:
    """Whether the interpreter of the tests is among these."""
    return Path(sys.executable).resolve() in {one.executable.resolve() for one in found}


async def test_places(tmp_path: Path) -> None:
    """Interpreters of uv, of pyenv and on PATH are found; shims and broken ones are not."""
    broken = tmp_path / ".pyenv/versions/3.9.9/bin/python"
    broken.parent.mkdir(parents=True)
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    shim = tmp_path / "shims" / "python3.98"
    shim.parent.mkdir()
    shim.write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\n")
    shim.chmod(0o755)
    found = await find_interpreters({"PATH": str(shim.parent)}, tmp_path)

    assert running(found)
    assert not any(one.executable == broken for one in found)
    assert not (tmp_path / "asked").exists()


async def test_probe() -> None:
    """An interpreter tells its version and prefix; what is none tells nothing."""
    answers = Answers()
    found = await answers.ask(Path(getattr(sys, "_base_executable", sys.executable)))

    assert found is not None
    assert found.series == HERE
    assert found.prefix == Path(sys.base_prefix)
    assert await answers.ask(Path("/bin/true")) is None
    assert await answers.ask(Path("/nonexistent/python")) is None


async def test_an_interpreter_is_asked_once(tmp_path: Path) -> None:
    """What it said is kept between processes, until its file is another; silence is not kept."""
    store, python = Store(tmp_path / "store"), tmp_path / "python3"
    asked = tmp_path / "asked"
    real = Path(getattr(sys, "_base_executable", sys.executable))

    def write(script: str) -> None:
        python.write_text(f"#!/bin/sh\necho >> {asked}\n{script}\n")
        python.chmod(0o755)

    write("exit 1")
    assert await Answers(store).ask(python) is None
    assert await Answers(store).ask(python) is None
    assert 2 == len(asked.read_text().splitlines())

    write(f'exec {real} "$@"')
    first = await Answers(store).ask(python)
    assert first is not None
    assert first == await Answers(store).ask(python)
    assert 3 == len(asked.read_text().splitlines())

    write(f'exec {real} "$@" # changed')
    assert first == await Answers(store).ask(python)
    assert 4 == len(asked.read_text().splitlines())


async def test_missing_python(tmp_path: Path) -> None:
    """A version that is not there is an error that lists what is, and how to install it."""
    with pytest.raises(
        EnvironmentFailed, match=r"no Python 3\.99 on this machine; found "
    ) as caught:
        await interpreter_for("3.99", None, OFFLINE, tmp_path)
    assert HERE in caught.value.message
    assert "uv python install 3.99" in str(caught.value.hint)


async def test_failed_installation_is_told(tmp_path: Path) -> None:
    """Where uv cannot install the version, its last words are part of the message."""
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\necho noise >&2\necho error: no network >&2\nexit 2\n")
    uv.chmod(0o755)
    wanted = r"uv python install 3\.99 failed: error: no network"
    with pytest.raises(EnvironmentFailed, match=wanted):
        await interpreter_for("3.99", uv, {"PATH": "/usr/bin:/bin"}, tmp_path)


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
        await HostImages().resolve("python:3.12t")
