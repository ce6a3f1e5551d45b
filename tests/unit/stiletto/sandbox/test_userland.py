"""The program that stands in for apt-get."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from stiletto.sandbox import userland
from stiletto.sandbox.images import PYTHON_LINKS
from stiletto.sandbox.userland import STAND_INS, apt_get, userland_image

PROGRAM = Path(userland.__file__).with_name("entrypoints") / "apt-get.sh"


def run(*args: str) -> subprocess.CompletedProcess[str]:
    """Run it as a step does."""
    return subprocess.run(["sh", PROGRAM, *args], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "args",
    [
        ["update"],
        ["-o", "Acquire::Retries=3", "update", "-qq"],
        ["clean"],
        ["install", "-y", "--no-install-recommends", "sh"],
        ["--config-file=/x", "install", "--yes", "sh:amd64"],
        ["install", "-y", "-t", "bookworm-backports", "sh"],
    ],
)
def test_what_is_here_counts_as_installed(args: list[str]) -> None:
    """It ends as apt-get does, and prints nothing."""
    done = run(*args)
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    ("args", "fact"),
    [
        (
            ["install", "-y", "sh", "frobnicate", "frob-dev"],
            "this machine lacks frobnicate frob-dev: install it here, or",
        ),
        (["install", "sh=1.0"], "stiletto installs no packages, and cannot compare sh=1.0;"),
        (["install", "./x.deb"], "stiletto installs no packages, and cannot compare ./x.deb;"),
        (["upgrade", "-y"], 'stiletto has no command "upgrade" of apt-get;'),
        (["purge", "sh"], 'stiletto has no command "purge" of apt-get;'),
    ],
)
def test_everything_else_is_refused_in_one_line(args: list[str], fact: str) -> None:
    """The line names what is missing, and dagger."""
    done = run(*args)
    hint = "run the same command with `dagger` instead of `stiletto`"
    assert (100, "", f"apt-get: {fact} {hint}\n") == (done.returncode, done.stdout, done.stderr)


def test_it_is_first_on_path_where_the_image_would_have_one() -> None:
    """Images of Alpine have no apt-get."""
    debian, alpine = userland_image("debian:trixie"), userland_image("alpine:3.22")

    assert debian.env["PATH"].startswith(f"{STAND_INS}:")
    assert f"{STAND_INS}/apt-get" in debian.files
    assert f"{STAND_INS}/apt-get" not in alpine.files
    assert [f"{PYTHON_LINKS}/apt-get"] == [*apt_get("python:3.12-slim", PYTHON_LINKS)]
