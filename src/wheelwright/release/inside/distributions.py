"""Makes sdists reproducible, and describes distributions; runs in a container.

    distributions.py normalise DIRECTORY EPOCH   rewrite each sdist: sorted, one time, one owner
    distributions.py describe DIRECTORY TO       write names, digests, members, metadata as JSON
    distributions.py encode FILE TO              write a file in base64
    distributions.py download URL TO             write a file of a server

An sdist that is rewritten twice is the same byte for byte, whatever wrote it: setuptools and
pdm-backend put times, modes and the gzip header's time into theirs even with SOURCE_DATE_EPOCH.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import shutil
import sys
import tarfile
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


def normalise(directory: str, epoch: str) -> None:
    """Rewrite every sdist of a directory."""
    for path in sorted(Path(directory).glob("*.tar.gz")):
        path.write_bytes(normalised(path.read_bytes(), int(epoch)))


def normalised(contents: bytes, epoch_s: int) -> bytes:
    """Return a tar.gz with the same files, sorted, and everything else fixed.

    Modes become 0644, or 0755 for what its owner may execute; times become `epoch_s`.
    """
    written = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(contents), mode="r:gz") as old:
        members = sorted(old.getmembers(), key=lambda member: member.name)
        with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as new:
            for member in members:
                data = old.extractfile(member) if member.isreg() else None
                new.addfile(_fixed(member, epoch_s), data)
    packed = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, packed, mtime=epoch_s) as out:
        out.write(written.getvalue())
    return packed.getvalue()


def _fixed(member: tarfile.TarInfo, epoch_s: int) -> tarfile.TarInfo:
    fixed = tarfile.TarInfo(member.name)
    fixed.type = member.type
    fixed.linkname = member.linkname
    fixed.size = member.size
    fixed.mtime = epoch_s
    fixed.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
    return fixed


def describe(directory: str, to: str) -> None:
    """Write what the distributions of a directory are."""
    paths = sorted(Path(directory).iterdir())
    kept = [path for path in paths if path.name.endswith((".tar.gz", ".whl"))]
    Path(to).write_text(json.dumps([described(path) for path in kept], indent=1), encoding="utf-8")


def encode(path: str, to: str) -> None:
    """Write a file in base64."""
    Path(to).write_bytes(base64.b64encode(Path(path).read_bytes()))


def download(url: str, to: str) -> None:
    """Write a file of a server; an address that is not http or https is refused."""
    if not url.startswith(("https://", "http://")):
        raise SystemExit(f"{url} is not an address of a web server")
    request = urllib.request.Request(url, headers={"User-Agent": "wheelwright"})  # noqa: S310 - checked above
    Path(to).parent.mkdir(parents=True, exist_ok=True)
    with urllib.request.urlopen(request, timeout=60) as answer, Path(to).open("wb") as out:  # noqa: S310 - checked above
        shutil.copyfileobj(answer, out)


def described(path: Path) -> dict[str, Any]:
    """Return what one distribution is."""
    contents = path.read_bytes()
    members = _zipped(path) if path.name.endswith(".whl") else _tarred(path)
    metadata = ""
    for name, data, _ in members:
        parts = name.split("/")
        wheel = len(parts) == 2 and parts[0].endswith(".dist-info") and parts[1] == "METADATA"
        if wheel or (len(parts) == 2 and parts[1] == "PKG-INFO"):
            metadata = data.decode("utf-8", "replace")
    return {
        "name": path.name,
        "sha256": hashlib.sha256(contents).hexdigest(),
        "size_bytes": len(contents),
        "metadata": metadata,
        "members": {
            name: [hashlib.sha256(data).hexdigest(), about] for name, data, about in members
        },
    }


def _zipped(path: Path) -> list[tuple[str, bytes, str]]:
    with zipfile.ZipFile(path) as wheel:
        return [
            (info.filename, wheel.read(info), f"{info.external_attr >> 16:o} {info.date_time}")
            for info in wheel.infolist()
        ]


def _tarred(path: Path) -> list[tuple[str, bytes, str]]:
    with tarfile.open(path) as sdist:
        return [
            (
                member.name,
                _contents(sdist, member),
                f"{member.mode:o} {int(member.mtime)} {member.uid} {member.linkname}",
            )
            for member in sdist.getmembers()
            if not member.isdir()
        ]


def _contents(sdist: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    found = sdist.extractfile(member) if member.isreg() else None
    return found.read() if found else b""


COMMANDS: Mapping[str, Callable[..., None]] = {
    "describe": describe,
    "download": download,
    "encode": encode,
    "normalise": normalise,
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
