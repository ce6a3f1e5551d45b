"""Layers of empty directories over those of the host that are another user's."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from stiletto.layers.layer import Bind
from stiletto.sandbox.own_directories import OwnDirectories, foreign

PATHS = (
    "bin",
    "lib/python3/dist-packages/tool/deep/er",
    "lib/python3/other/not",
    "local/lib/a/b/c",
    "share/doc/not",
)


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """Make a directory like /usr."""
    for path in PATHS:
        (tmp_path / "usr" / path).mkdir(parents=True)
    (tmp_path / "usr/bin/program").write_text("x")
    (tmp_path / "usr/link").symlink_to("bin")
    (tmp_path / "usr/share").chmod(0o2750)
    return tmp_path / "usr"


def _as_another(monkeypatch: pytest.MonkeyPatch) -> None:
    uid = os.geteuid()
    monkeypatch.setattr("os.geteuid", lambda: uid + 1)


def test_directory_of_ones_own_needs_no_layer(host: Path, tmp_path: Path) -> None:
    """What the engine's user owns, what is a file and what is not there has none."""
    binds = [Bind(path, "/x") for path in (host, host / "bin/program", host / "absent")]

    assert {} == OwnDirectories(tmp_path / "base").over(binds)


def test_layer_has_what_installers_write_to(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two levels, all of local, and packages of an interpreter; no files and no links."""
    _as_another(monkeypatch)

    assert {
        "",
        "bin",
        "lib",
        "lib/python3",
        "lib/python3/dist-packages",
        "lib/python3/dist-packages/tool",
        "lib/python3/dist-packages/tool/deep",
        "lib/python3/dist-packages/tool/deep/er",
        "local",
        "local/lib",
        "local/lib/a",
        "local/lib/a/b",
        "local/lib/a/b/c",
        "share",
        "share/doc",
    } == {path for path, _ in foreign(host)}


def test_layer_follows_the_host(
    host: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the host's permission bits, is kept, and is another one once a directory goes."""
    _as_another(monkeypatch)
    bind = Bind(host, "/usr")

    def layer() -> Path:
        return OwnDirectories(tmp_path / "base").over([bind])[host]

    first = layer()
    assert 0o2750 == stat.S_IMODE((first / "share").stat().st_mode)
    assert [] == [path for path in first.rglob("*") if not path.is_dir()]
    assert first == layer()
    (host / "lib/python3/dist-packages/tool/deep/er").rmdir()
    assert not (layer() / "lib/python3/dist-packages/tool/deep/er").exists()


def test_closed_directory_is_left_out(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory that the user may not list keeps its owner, with all that is in it."""
    _as_another(monkeypatch)
    real = os.scandir

    def closed(path: Path) -> object:
        if Path(path).name == "local":
            raise PermissionError(path)
        return real(path)

    monkeypatch.setattr("os.scandir", closed)

    assert "local" not in {path for path, _ in foreign(host)}
