"""Directories of the host that a step may add to and remove from, although another user's.

A directory that is merged has the owner of its highest part. So over a directory that the engine's
user does not own, such as `/usr` for an ordinary user, lies a layer of the same directories, empty
and the user's own. Files stay whose they are: one that is replaced is the step's, one that is
written to is refused.

    /usr/bin, /usr/share/doc       two levels, for programs and what is found by its place
    /usr/local, **/site-packages   all that is beneath: what installers write to and take out

The layer is made once and kept for as long as the host's directories are the same.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from stiletto.layers.layer import Bind
from stiletto.layers.paths import lstat
from stiletto.sandbox.made_once import kept

LEVELS = 2

WHOLE = "local"
"""What of `/usr` is the administrator's, not the system's."""

PACKAGES = ("site-packages", "dist-packages")

EMPTY_LINKS = 2
"""How many names a directory without directories in it has; some file systems do not count."""

MOST = 20_000
"""How many directories there are at most in a layer; the others stay as they are."""


class OwnDirectories:
    """The layers of one session; `base` is where they are kept."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._known: dict[Path, Path | None] = {}

    def over(self, binds: Sequence[Bind]) -> dict[Path, Path]:
        """Return the layers that lie over the hosts' directories that need one."""
        found: dict[Path, Path] = {}
        for bind in binds:
            if bind.host not in self._known:
                self._known[bind.host] = self._made(bind.host)
            if (layer := self._known[bind.host]) is not None:
                found[bind.host] = layer
        return found

    def _made(self, host: Path) -> Path | None:
        wanted = sorted(foreign(host)) if host.is_dir() else []
        if not wanted:
            return None
        listed = "\0".join(f"{mode:o} {path}" for path, mode in wanted)
        name = hashlib.sha256(os.fsencode(f"{host}\0{listed}")).hexdigest()[:32]

        def make(place: Path) -> None:
            for path, _ in wanted:
                (place / path).mkdir(parents=True, exist_ok=True)
            # Deepest first: a directory may be closed to its owner.
            for path, mode in reversed(wanted):
                (place / path).chmod(mode)

        return kept(self._base / "images" / f"directories-{name}", make)


def foreign(host: Path) -> Iterator[tuple[str, int]]:
    """Yield the directories that a layer has, as relative paths, and their permission bits.

    There are none over a directory of the engine's own user.
    """
    pending = [""]
    count = 0
    while pending and count < MOST:
        path = pending.pop()
        try:
            facts = (host / path).lstat()
            if not path and facts.st_uid == os.geteuid():
                return
            names = _wanted_inside(host, path) if facts.st_nlink != EMPTY_LINKS else []
        except OSError:
            continue  # it went away, or is closed: nothing can be written there
        count += 1
        yield path, stat.S_IMODE(facts.st_mode)
        pending += [f"{path}/{name}" if path else name for name in names]


def _wanted_inside(host: Path, path: str) -> list[str]:
    """Return the names of directories in a directory that the layer has, too."""
    parts = path.split("/") if path else []
    above = parts[0] if parts else ""
    whole = above == WHOLE or not {*PACKAGES}.isdisjoint(parts)
    if whole or len(parts) < LEVELS:
        with os.scandir(host / path) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    if above.startswith("lib") and len(parts) == LEVELS:
        found = {name: lstat(host / path / name) for name in PACKAGES}
        return [name for name, facts in found.items() if facts and stat.S_ISDIR(facts.st_mode)]
    return []
