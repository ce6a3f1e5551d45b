"""The lowest layer of a container: an image's own files, and what every root has.

    <base>/images/<digest>/     see `kept`

Mount points of the image's binds are here too, so that mounting never writes into a step's own
layer. Users are generated: root, and the step's user where it is another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from stiletto.layers.paths import relative
from stiletto.sandbox.made_once import kept
from stiletto.sandbox.plan import Image

USER = "user"
STICKY = frozenset({"tmp", "var/tmp"})
DIRECTORIES = ("tmp/", "var/tmp/", "root/", "run/", "home/")
KERNEL_DIRECTORIES = ("proc/", "sys/", "dev/")
_PROGRAM_MARKS = (b"#!", b"\x7fELF")


def image_files(image: Image) -> dict[str, bytes | str]:
    """Return the image's own files and the directories every program expects.

    Keys are relative; a directory ends with `/`, a str value is a link's target.
    """
    plan: dict[str, bytes | str] = dict.fromkeys(DIRECTORIES, "")
    for path, contents in image.files.items():
        plan[relative(path) + ("/" if path.endswith("/") else "")] = contents
    return plan


def skeleton(image: Image, uid: int, gid: int) -> dict[str, bytes | str]:
    """Return `image_files` and users, and a mount point for each bind (looks at the host)."""
    plan = dict.fromkeys(KERNEL_DIRECTORIES, "") | image_files(image)
    for bind in image.binds:
        target = relative(bind.target)
        plan |= {target + "/": ""} if bind.host.is_dir() else {target: b""}
    if "etc/passwd" not in plan:
        users, groups = ["root:x:0:0:root:/root:/bin/sh"], ["root:x:0:"]
        if uid != 0:
            users.append(f"{USER}:x:{uid}:{gid}::/home/{USER}:/bin/sh")
            plan[f"home/{USER}/"] = ""
        if gid != 0:
            groups.append(f"{USER}:x:{gid}:")
        plan["etc/passwd"] = "".join(line + "\n" for line in users).encode()
        plan["etc/group"] = "".join(line + "\n" for line in groups).encode()
    return plan


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
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def _write(root: Path, plan: Mapping[str, bytes | str]) -> None:
    for path, value in sorted(plan.items()):
        here = root / path
        if path.endswith("/"):
            here.mkdir(parents=True, exist_ok=True)
            here.chmod(0o1777 if path.rstrip("/") in STICKY else 0o755)
            continue
        here.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(value, str):
            here.symlink_to(value)
        else:
            here.write_bytes(value)
            here.chmod(0o755 if value.startswith(_PROGRAM_MARKS) else 0o644)


def materialise_image(base: Path, plan: Mapping[str, bytes | str]) -> Path:
    """Return the directory under `base` with this plan's files, written once."""
    return kept(base / "images" / _digest(plan), lambda new: _write(new, plan))
