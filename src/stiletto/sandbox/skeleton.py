"""The lowest layer of a container: an image's own files, and what every root has.

    <base>/images/<digest>/     see `kept`

Mount points of the image's binds are here too, so that mounting never writes into a step's own
layer. Users and groups are those of Debian (`accounts`).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Container, Iterable, Mapping
from functools import cache
from pathlib import Path

from stiletto.layers.layer import Layer
from stiletto.layers.marks import mark
from stiletto.layers.owners import give
from stiletto.layers.paths import relative
from stiletto.sandbox.accounts import CLOSED, SHADOW, account_files
from stiletto.sandbox.made_once import kept
from stiletto.sandbox.plan import Image

STICKY = frozenset({"tmp", "var/tmp", "run/lock"})
DIRECTORIES = (
    *("boot/", "home/", "media/", "mnt/", "opt/", "root/", "run/", "run/lock/", "srv/", "tmp/"),
    *("var/backups/", "var/cache/", "var/lib/", "var/local/", "var/log/", "var/mail/", "var/opt/"),
    *("var/spool/", "var/tmp/"),
)
"""Of every image made from Debian (base-files)."""
HOME = "root/"
"""Closed to other users than root."""

KERNEL_DIRECTORIES = ("proc/", "sys/", "dev/")
_FORMAT = 2
"""Raised when the same files get other modes or owners."""

_PROGRAM_MARKS = (b"#!", b"\x7fELF")


def image_files(image: Image) -> dict[str, bytes | str]:
    """Return the image's own files and the directories every program expects.

    Keys are relative; a directory ends with `/`, a str value is a link's target.
    """
    plan: dict[str, bytes | str] = dict.fromkeys(DIRECTORIES, "")
    for path, contents in image.files.items():
        plan[relative(path) + ("/" if path.endswith("/") else "")] = contents
    return plan


def skeleton(image: Image) -> dict[str, bytes | str]:
    """Return `image_files` and users, and a mount point for each bind (looks at the host)."""
    plan = dict.fromkeys(KERNEL_DIRECTORIES, "") | image_files(image)
    for bind in image.binds:
        target = relative(bind.target)
        plan |= {target + "/": ""} if bind.host.is_dir() else {target: b""}
    if "etc/passwd" not in plan:
        plan |= account_files()
    return plan


@cache
def _copied(host: Path, target: str) -> dict[str, bytes | str]:
    """Return a file or directory of the host for a plan, read once a process.

    What cannot be read is left out.
    """
    try:
        if host.is_symlink():
            return {target: str(host.readlink())}
        if host.is_dir():
            found: dict[str, bytes | str] = {f"{target}/": ""}
            for child in sorted(host.iterdir()):
                found |= _copied(child, f"{target}/{child.name}")
            return found
        return {target: host.read_bytes()} if host.is_file() else {}
    except OSError:
        return {}


def home_of(uid: int, passwd: bytes | None) -> str:
    """Return the home directory of `uid` as `/etc/passwd` has it, or `/`."""
    for line in (passwd or b"").decode(errors="replace").splitlines():
        fields = line.split(":")
        # The file is the container's own: a variable cannot have a home with a NUL.
        if len(fields) >= 6 and fields[2] == str(uid) and "\0" not in fields[5]:
            return fields[5]
    return "/root" if uid == 0 else "/"


def _digest(plan: Mapping[str, bytes | str]) -> str:
    facts = [
        [path, "link", value]
        if isinstance(value, str)
        else [path, "file", hashlib.sha256(value).hexdigest()]
        for path, value in sorted(plan.items())
    ]
    return hashlib.sha256(json.dumps([_FORMAT, *facts]).encode()).hexdigest()[:16]


def _write(root: Path, plan: Mapping[str, bytes | str], shared: Container[str] = STICKY) -> None:
    made: set[str] = set()
    for path, value in sorted(plan.items()):
        above, _, name = path.rpartition("/")
        # Most of a plan are links in one directory.
        if above not in made:
            (root / above).mkdir(parents=True, exist_ok=True)
            made.add(above)
        if not name:
            (root / above).chmod(_mode_of(path, plan, shared))
        elif isinstance(value, str):
            os.symlink(value, f"{root}/{path}")  # noqa: PTH211 - a path object for each costs more
        else:
            here = root / path
            here.write_bytes(value)
            mode = 0o755 if value.startswith(_PROGRAM_MARKS) else 0o644
            if path in CLOSED:
                give(here, SHADOW)
            here.chmod(0o640 if path in CLOSED else mode)


def _mode_of(directory: str, plan: Iterable[str], shared: Container[str]) -> int:
    if directory.rstrip("/") in shared:
        return 0o1777
    if directory != HOME:
        return 0o755
    # An interpreter of this machine may be there, for all users of a container.
    passed = any(path.startswith(HOME) and path != HOME for path in plan)
    return 0o711 if passed else 0o700


def materialise_image(base: Path, plan: Mapping[str, bytes | str]) -> Path:
    """Return the directory under `base` with this plan's files, written once."""
    return kept(base / "images" / _digest(plan), lambda new: _write(new, plan))


def image_layers(base: Path, image: Image) -> tuple[Layer, ...]:
    """Return an image's own files, and over them what it copies of the host, as layers.

    All images of a machine share the latter: hundreds of links, each of which costs as much as a
    file to make.
    """
    plan: dict[str, bytes | str] = {}
    for copy in image.copies:
        plan |= _copied(copy.host, relative(copy.target))
    own = _own_layer(base, image)
    return (own, Layer(materialise_image(base, plan))) if plan else (own,)


def _own_layer(base: Path, image: Image) -> Layer:
    """Return an image's own files as a layer, which hides what the image does not show."""
    hidden = frozenset(map(relative, image.hidden))
    plan = skeleton(image)
    digest = _digest({**plan, **{f"{path}\0": "" for path in hidden}})

    # Of a server that is not root's.
    own = {relative(path) for path in image.files if path.endswith("/")} if image.user else set()
    shared = STICKY | own

    def write(new: Path) -> None:
        _write(new, plan, shared)
        mark(Layer(new, hidden))

    return Layer(kept(base / "images" / digest, write), hidden)
