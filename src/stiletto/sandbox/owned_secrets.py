"""Secrets of another owner than the step's user, as files in memory.

bubblewrap makes every file as the user that it runs as. So such a secret is written before, by the
machine's root, into memory that this step has for itself: another bubblewrap around the step's
mounts it, and what is in it is gone with the step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from stiletto.layers.owners import on_disk
from stiletto.sandbox.plan import SecretMount, Step

GIVE = """\
until [ "$1" = -- ]; do
  chown "$1" "$3" && chmod "$2" "$3" || exit 1
  shift 3
done
shift
exec "$@"
"""


def foreign_secrets(step: Step, base: Path) -> dict[str, Path]:
    """Return the path of each secret that is not the step's own user's, by its target."""
    own = f"{step.uid}:{step.gid}"
    targets = [m.target for m in step.mounts if isinstance(m, SecretMount) and m.owner != own]
    place = base / "secrets"
    return {target: place / str(number) for number, target in enumerate(targets)}


def secrets_front(
    program: Path, step: Step, files: Mapping[str, Path], keep: Callable[[bytes], str]
) -> list[str]:
    """Return what runs before the step's bubblewrap, as root; nothing without such secrets.

    `keep` returns a descriptor with contents. The files' directory is made on the disk, and stays
    empty there.
    """
    mounts = [m for m in step.mounts if isinstance(m, SecretMount) and m.target in files]
    if not mounts:
        return []
    place = files[mounts[0].target].parent
    place.mkdir(parents=True, exist_ok=True)
    argv = [str(program), "--die-with-parent", "--dev-bind", "/", "/"]
    argv += ["--perms", "0700", "--tmpfs", str(place)]
    given: list[str] = []
    for mount in mounts:
        path = str(files[mount.target])
        argv += ["--perms", "0600", "--file", keep(mount.contents), path]
        uid, gid = map(int, mount.owner.split(":"))
        given += [f"{on_disk(uid)}:{on_disk(gid)}", f"{mount.mode:04o}", path]
    return [*argv, "--", "/bin/sh", "-c", GIVE, "sh", *given, "--"]
