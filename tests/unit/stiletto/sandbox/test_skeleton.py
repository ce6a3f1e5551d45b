"""The lowest layer of a container: an image's own files, and its users."""

from __future__ import annotations

import stat
from pathlib import Path

from stiletto.layers.layer import Bind
from stiletto.sandbox.plan import Image
from stiletto.sandbox.skeleton import home_of, image_layers, materialise_image, skeleton


def test_image_layer(tmp_path: Path) -> None:
    """An image's layer is written once and holds its files, the usual directories and users."""
    image = Image("x", "x", "x", files={"/bin": "usr/bin", "/opt/t": b"#!/bin/sh\n", "/e/": ""})
    one = materialise_image(tmp_path, skeleton(image))
    again = materialise_image(tmp_path, skeleton(image))
    other = materialise_image(tmp_path, skeleton(Image("x", "x", "x")))

    assert one == again != other
    assert (one / "tmp").stat().st_mode & 0o7777 == 0o1777
    assert (one / "opt/t").stat().st_mode & 0o777 == 0o755
    assert str((one / "bin").readlink()) == "usr/bin"
    assert (one / "e").is_dir()
    assert (
        "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin" in (one / "etc/passwd").read_text()
    )
    assert [path.name for path in (tmp_path / "images").glob(".*")] == []


def test_what_only_root_may_read(tmp_path: Path) -> None:
    """Root's home is closed to other users, but for the way to an interpreter in it."""
    interpreter = Bind(tmp_path, "/root/.pyenv/versions/3.12")
    for binds, mode in (((), 0o700), ((interpreter,), 0o711)):
        image = materialise_image(tmp_path, skeleton(Image("x", "x", "x", binds=binds)))
        assert mode == stat.S_IMODE((image / "root").stat().st_mode)
        for name in ("shadow", "gshadow"):
            assert 0o640 == stat.S_IMODE((image / "etc" / name).stat().st_mode)


def test_images_share_what_they_copy_of_the_host(tmp_path: Path) -> None:
    """Files and links that images copy are on disk once, over each image's own files."""
    host = tmp_path / "host"
    host.mkdir()
    (host / "awk").symlink_to("/usr/bin/mawk")
    (host / "protocols").write_text("tcp 6\n")
    copies = (Bind(host, "/etc/alternatives"),)
    one, other = (Image(name, name, name, files={f"/{name}": b""}, copies=copies) for name in "ab")

    own, copied = image_layers(tmp_path, one)
    other_own, other_copied = image_layers(tmp_path, other)

    assert copied == other_copied
    assert own != other_own
    assert str((copied.root / "etc/alternatives/awk").readlink()) == "/usr/bin/mawk"
    assert (copied.root / "etc/alternatives/protocols").read_text() == "tcp 6\n"
    assert not (own.root / "etc/alternatives").exists()


def test_homes() -> None:
    """A home comes from the users' file; root has one without it."""
    passwd = b"root:x:0:0::/var/root:/bin/sh\napp:x:7:7::/srv/app:/bin/sh\n"

    assert home_of(0, passwd) == "/var/root"
    assert home_of(7, passwd) == "/srv/app"
    assert home_of(0, None) == "/root"
    assert home_of(8, passwd) == "/"
