"""Makes sdists reproducible, and describes distributions; runs in a container.

    distributions.py normalise DIRECTORY EPOCH   rewrite each sdist: sorted, one time, one owner
    distributions.py regular DIRECTORY EPOCH     the same for an sdist that has links in it
    distributions.py describe DIRECTORY TO       write names, digests, members, metadata as JSON
    distributions.py encode FILE TO              write a file in base64
    distributions.py download URL TO             write a file of a server

An sdist that is rewritten twice is the same byte for byte, whatever wrote it: setuptools and
pdm-backend put times, modes and the gzip header's time into theirs even with SOURCE_DATE_EPOCH.
A link in an sdist becomes the file that it leads to; one that leads out of it, or nowhere, ends
this program: on another machine it would be another file.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import posixpath
import shutil
import sys
import tarfile
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

# Links of links, as a kernel follows them; and files that links to directories may stand for.
LINKS_MAX, FILES_MAX = 40, 100_000


def normalise(directory: str, epoch: str) -> None:
    """Rewrite every sdist of a directory."""
    for path in sorted(Path(directory).glob("*.tar.gz")):
        path.write_bytes(normalised(path.read_bytes(), int(epoch)))


def regular(directory: str, epoch: str) -> None:
    """Rewrite the sdists of a directory that have links in them."""
    for path in sorted(Path(directory).glob("*.tar.gz")):
        contents = path.read_bytes()
        with tarfile.open(fileobj=io.BytesIO(contents), mode="r:gz") as sdist:
            linked = any(not (each.isreg() or each.isdir()) for each in sdist)
        if linked:
            path.write_bytes(normalised(contents, int(epoch)))


def normalised(contents: bytes, epoch_s: int) -> bytes:
    """Return a tar.gz with the same files, sorted, links replaced, and everything else fixed.

    Modes become 0644, or 0755 for what its owner may execute; times become `epoch_s`.
    """
    written = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(contents), mode="r:gz") as old:
        members = sorted(files_of(old), key=lambda pair: pair[0])
        for name, member in members:
            if not (member.isreg() or member.isdir()):
                raise SystemExit(f"{name} in the sdist {_kind(member)}")
        with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as new:
            for name, member in members:
                data = old.extractfile(member) if member.isreg() else None
                new.addfile(_fixed(name, member, epoch_s), data)
    packed = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, packed, mtime=epoch_s) as out:
        out.write(written.getvalue())
    return packed.getvalue()


def _fixed(name: str, member: tarfile.TarInfo, epoch_s: int) -> tarfile.TarInfo:
    fixed = tarfile.TarInfo(name)
    fixed.type = member.type
    fixed.size = member.size
    fixed.mtime = epoch_s
    fixed.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
    return fixed


# -- links ----------------------------------------------------------------------------------------


def files_of(archive: tarfile.TarFile) -> list[tuple[str, tarfile.TarInfo]]:
    """Return names and members, directories among them, with the file in the place of each link.

    What leads to no file of the archive stays the member that it is.
    """
    every = archive.getmembers()
    by_name = {posixpath.normpath(each.name): each for each in every}
    found: list[tuple[str, tarfile.TarInfo]] = []
    for each in every:
        target = resolved(by_name, each) if each.issym() or each.islnk() else ""
        below = [name for name in by_name if target and name.startswith(f"{target}/")]
        if target in by_name and by_name[target].isreg():
            found.append((each.name, by_name[target]))
        elif below and all(by_name[name].isreg() or by_name[name].isdir() for name in below):
            found += [(f"{each.name}{name[len(target) :]}", by_name[name]) for name in below]
        else:
            found.append((each.name, each))
        if len(found) > FILES_MAX:
            raise SystemExit(f"{each.name} makes more than {FILES_MAX} files of the sdist")
    return found


def resolved(by_name: Mapping[str, tarfile.TarInfo], link: tarfile.TarInfo) -> str:
    """Return the name in the archive that a link leads to; empty for none.

    Links on the way are followed.
    """
    name = posixpath.normpath(link.name)
    for _ in range(LINKS_MAX):
        member = by_name.get(name)
        if member is not None and (member.issym() or member.islnk()):
            name = posixpath.normpath(_target(member))
        elif above := _linked_above(by_name, name):
            name = posixpath.normpath(_target(by_name[above]) + name[len(above) :])
        else:
            return name
        if name.startswith(("/", "..")):
            break
    return ""


def _linked_above(by_name: Mapping[str, tarfile.TarInfo], name: str) -> str:
    """Return the directory of a path that is a link itself; empty for none."""
    while name := posixpath.dirname(name):
        if name in by_name and by_name[name].issym():
            return name
    return ""


def _kind(member: tarfile.TarInfo) -> str:
    """Return what a member is that is not a file, for people."""
    if member.issym() or member.islnk():
        return f"is a link to {member.linkname}, which is not a file of the sdist"
    return "is not a regular file"


def _target(link: tarfile.TarInfo) -> str:
    if link.islnk():
        return link.linkname
    return posixpath.join(posixpath.dirname(link.name), link.linkname)


# -- what they are --------------------------------------------------------------------------------


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


# What the libraries raise at an archive that is none, is cut off, encrypted or packed otherwise.
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
)


def described(path: Path) -> dict[str, Any]:
    """Return what one distribution is."""
    contents = path.read_bytes()
    is_wheel = path.name.endswith(".whl")
    try:
        members = _zipped(path) if is_wheel else _tarred(path)
        objection = _zip_objection(path) if is_wheel else _tar_objection(path)
    except _BROKEN:
        members, objection = [], "it is not an archive, or a broken one"
    texts = {"METADATA": "", "PKG-INFO": "", "entry_points.txt": ""}
    for name, data, _ in members:
        top, _, inner = name.partition("/")
        if inner in texts and top.endswith(".dist-info") == is_wheel:
            texts[inner] = data.decode("utf-8", "replace")
    return {
        "name": path.name,
        "sha256": hashlib.sha256(contents).hexdigest(),
        "size_bytes": len(contents),
        "metadata": texts["METADATA" if is_wheel else "PKG-INFO"],
        "entry_points": texts["entry_points.txt"] if is_wheel else "",
        "objection": objection,
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
        return [(name, *_about(sdist, each)) for name, each in files_of(sdist) if not each.isdir()]


def _about(sdist: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[bytes, str]:
    """Return contents of a member, and mode, time and owner; for what is no file, what it is."""
    data = sdist.extractfile(member) if member.isreg() else None
    if data is None:
        return b"", _kind(member)
    return data.read(), f"{member.mode:o} {int(member.mtime)} {member.uid}"


# docs.pypi.org/archives, and pypi/warehouse: forklift/legacy.py, utils/zipfiles.py.
_RATIO = 50
_RATIO_FROM_BYTES = 64 * 2**20


def _zip_objection(path: Path) -> str:
    """Return what PyPI says against a wheel's archive; empty where it takes that.

    What two readers of an archive may read differently is refused: members that only the local
    headers have, sizes that stand behind a member, data before, between and behind them.
    """
    contents = path.read_bytes()
    with zipfile.ZipFile(path) as wheel:
        infos, start = wheel.infolist(), wheel.start_dir
    names = [info.orig_filename for info in infos]
    at = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset != at:
            return "its archive has data that belong to no member"
        head = contents[at : at + 30]
        at += 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
        at += info.compress_size
        if info.flag_bits & 0x08:
            return f"{info.filename} in it has its size in a data descriptor"
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return f"{info.filename} in it is neither stored nor deflated"
        if info.comment or any(char < " " or char == "\x7f" for char in info.orig_filename):
            return f"{info.filename!r} in it has a comment, or a name that cannot be printed"
    if len(set(names)) != len(names):
        return "its archive has a member twice"
    if at != start or contents.rfind(b"PK\5\6") + 22 != len(contents):
        return "its archive has data that belong to no member, or a comment"
    size = sum(info.file_size for info in infos)
    if size > _RATIO_FROM_BYTES and size / len(contents) > _RATIO:
        return f"its contents are more than {_RATIO} times as large as the file"
    return ""


def _tar_objection(path: Path) -> str:
    """Return the same for an sdist."""
    with tarfile.open(path) as sdist:
        sparse = [member.name for member in sdist.getmembers() if member.issparse()]
    return f"{sparse[0]} in it is a sparse member" if sparse else ""


COMMANDS: Mapping[str, Callable[..., None]] = {
    "describe": describe,
    "download": download,
    "encode": encode,
    "normalise": normalise,
    "regular": regular,
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
