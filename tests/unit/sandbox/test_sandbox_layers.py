"""Stacks of layers, read without mounting."""

from __future__ import annotations

from pathlib import Path

import pytest

from stiletto.graph.layer import Layer
from stiletto.sandbox.layers import Stack, View, collapse, relative
from stiletto.sandbox.plan import Image
from stiletto.sandbox.skeleton import home_of, materialise_image, skeleton


def layer(root: Path, files: dict[str, str], removed: set[str] | None = None) -> Layer:
    """Make a layer; a value that begins with `->` is a link."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("->"):
            (root / name).symlink_to(text[2:])
        else:
            (root / name).write_text(text)
    return Layer(root, frozenset(removed or ()))


def test_the_highest_layer_wins(tmp_path: Path) -> None:
    """A path is found in the highest layer that has it."""
    low = layer(tmp_path / "1", {"a": "low", "b": "low"})
    high = layer(tmp_path / "2", {"b": "high"})
    stack = Stack((high, low))

    assert stack.find("a") == low.root / "a"
    assert stack.find("b") == high.root / "b"
    assert stack.find("c") is None


def test_removed_and_opaque(tmp_path: Path) -> None:
    """A removed path, and what lies beneath an opaque one, is not found in lower layers."""
    low = layer(tmp_path / "1", {"a": "", "d/old": ""})
    high = layer(tmp_path / "2", {"d/new": ""}, {"a", "d"})
    stack = Stack((high, low))

    assert stack.find("a") is None
    assert stack.find("d/old") is None
    assert stack.find("d/new") == high.root / "d/new"


def test_a_file_hides_a_directory(tmp_path: Path) -> None:
    """Beneath a file of a higher layer nothing is found."""
    low = layer(tmp_path / "1", {"d/f": ""})
    high = layer(tmp_path / "2", {"d": "file"})

    assert Stack((high, low)).find("d/f") is None


def test_links_stay_in_the_container(tmp_path: Path) -> None:
    """Links are followed within the container, absolute ones and `..` included."""
    base = layer(
        tmp_path / "1",
        {
            "data/real/f": "text",
            "abs": "->/data/real",
            "data/rel": "->../abs",
            "up": "->../../data",
        },
    )
    view = View({"": Stack((base,))})

    assert view.resolve("/data/rel/f") == "/data/real/f"
    assert view.resolve("/up/new/x") == "/data/new/x"
    assert view.read("/abs/f") == b"text"


def test_endless_links(tmp_path: Path) -> None:
    """Links that lead to each other are an error, not a loop."""
    base = layer(tmp_path / "1", {"a": "->b", "b": "->a"})

    with pytest.raises(OSError, match="Too many levels"):
        View({"": Stack((base,))}).resolve("/a/x")


def test_mounts_are_looked_into(tmp_path: Path) -> None:
    """Beneath a mount point its source is seen, and the root's files are not."""
    root = layer(tmp_path / "1", {"m/hidden": "", "x": ""})
    mounted = layer(tmp_path / "2", {"f": ""})
    view = View({"": Stack((root,)), "m": Stack((mounted,))})

    assert view.find("/m/f") == mounted.root / "f"
    assert view.find("/m/hidden") is None
    assert view.find("/x") == root.root / "x"


def test_paths() -> None:
    """Container paths are normalised, and children of named paths are dropped."""
    assert relative("/a//b/../c/") == "a/c"
    assert relative("/") == ""
    assert collapse(["a", "a/b", "ab", "c/d", "c/d/e"]) == {"a", "ab", "c/d"}


def test_image_layer(tmp_path: Path) -> None:
    """An image's layer is written once and holds its files, the usual directories and users."""
    image = Image("x", "x", "x", files={"/bin": "usr/bin", "/opt/t": b"#!/bin/sh\n", "/e/": ""})
    one = materialise_image(tmp_path, skeleton(image, 5, 6))
    again = materialise_image(tmp_path, skeleton(image, 5, 6))
    other = materialise_image(tmp_path, skeleton(image, 0, 0))

    assert one == again != other
    assert (one / "tmp").stat().st_mode & 0o7777 == 0o1777
    assert (one / "opt/t").stat().st_mode & 0o777 == 0o755
    assert str((one / "bin").readlink()) == "usr/bin"
    assert (one / "e").is_dir()
    assert "user:x:5:6::/home/user:/bin/sh" in (one / "etc/passwd").read_text()
    assert [path.name for path in (tmp_path / "images").glob(".*")] == []


def test_homes() -> None:
    """A home comes from the users' file; root has one without it."""
    passwd = b"root:x:0:0::/var/root:/bin/sh\napp:x:7:7::/srv/app:/bin/sh\n"

    assert home_of(0, passwd) == "/var/root"
    assert home_of(7, passwd) == "/srv/app"
    assert home_of(0, None) == "/root"
    assert home_of(8, passwd) == "/"
