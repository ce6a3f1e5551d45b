"""The program that rewrites sdists: links become the files that they lead to."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from wheelwright.release.inside import distributions

TOP = "teasel-1.2.4"


def link(name: str, target: str, *, hard: bool = False) -> tarfile.TarInfo:
    """Return a link of an archive."""
    made = tarfile.TarInfo(name)
    made.type, made.linkname = (tarfile.LNKTYPE if hard else tarfile.SYMTYPE), target
    return made


def sdist(*links: tarfile.TarInfo) -> bytes:
    """Return an sdist with some files, and links beside them."""
    packed = io.BytesIO()
    files = {f"{TOP}/PKG-INFO": b"info", f"{TOP}/data/a": b"aa", f"{TOP}/data/b/c": b"cc"}
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, contents in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(contents), 0o755 if name.endswith("a") else 0o600
            archive.addfile(member, io.BytesIO(contents))
        for each in links:
            archive.addfile(each)
    return packed.getvalue()


def files(contents: bytes) -> dict[str, tuple[bytes, int]]:
    """Return contents and mode of each regular file of an sdist; nothing else may be in it."""
    found = {}
    with tarfile.open(fileobj=io.BytesIO(contents)) as archive:
        for member in archive.getmembers():
            data = archive.extractfile(member)
            assert member.isreg()
            assert data is not None
            found[member.name] = (data.read(), member.mode)
    return found


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ([link(f"{TOP}/hard", f"{TOP}/data/a", hard=True)], {"hard": b"aa"}),
        ([link(f"{TOP}/soft", "data/a")], {"soft": b"aa"}),
        ([link(f"{TOP}/data/b/up", "../a")], {"data/b/up": b"aa"}),
        ([link(f"{TOP}/one", "two"), link(f"{TOP}/two", "data/a")], {"one": b"aa", "two": b"aa"}),
        ([link(f"{TOP}/all", "data")], {"all/a": b"aa", "all/b/c": b"cc"}),
        (
            [link(f"{TOP}/all", "data"), link(f"{TOP}/through", "all/b/c")],
            {"all/a": b"aa", "all/b/c": b"cc", "through": b"cc"},
        ),
    ],
    ids=["hard", "soft", "upwards", "of a link", "of a directory", "through one"],
)
def test_links_become_the_files_that_they_lead_to(
    made: list[tarfile.TarInfo], expected: dict[str, bytes]
) -> None:
    """An sdist that is published holds regular files, with contents and mode of the target."""
    found = files(distributions.normalised(sdist(*made), 1))
    own = {
        f"{TOP}/{name}": (text, 0o755 if text == b"aa" else 0o644)
        for name, text in expected.items()
    }

    assert files(distributions.normalised(sdist(), 1)) | own == found


@pytest.mark.parametrize(
    "made",
    [
        link(f"{TOP}/out", "../../etc/passwd"),
        link(f"{TOP}/out", "/etc/passwd"),
        link(f"{TOP}/out", f"../{TOP}/../x", hard=True),
        link(f"{TOP}/missing", "data/none"),
        link(f"{TOP}/self", "self"),
        link(f"{TOP}/device", "/dev/null", hard=True),
    ],
)
def test_a_link_that_leads_out_is_refused(made: tarfile.TarInfo, tmp_path: Path) -> None:
    """What is nowhere in the sdist would be another file on another machine: it is named."""
    path = tmp_path / "teasel-1.2.4.tar.gz"
    path.write_bytes(sdist(made))

    with pytest.raises(SystemExit, match=f"{made.name} in the sdist is a link to"):
        distributions.regular(str(tmp_path), "1")
    about = distributions.described(path)["members"][made.name][1]
    assert f"is a link to {made.linkname}, which is not a file of the sdist" == about


def test_an_sdist_without_links_stays_as_it_is(tmp_path: Path) -> None:
    """`regular` rewrites only what has links; what it then describes has their contents."""
    path = tmp_path / "teasel-1.2.4.tar.gz"
    path.write_bytes(sdist())
    distributions.regular(str(tmp_path), "1")
    before = path.read_bytes()
    linked = sdist(link(f"{TOP}/soft", "data/a"))
    path.write_bytes(linked)
    members = distributions.described(path)["members"]
    distributions.regular(str(tmp_path), "1")

    assert sdist() == before
    assert members[f"{TOP}/data/a"][0] == members[f"{TOP}/soft"][0]
    assert {f"{TOP}/soft"} == files(path.read_bytes()).keys() - files(before).keys()


def test_a_special_file_is_refused() -> None:
    """A pipe or a device in an sdist is nothing that anybody could install."""
    pipe = tarfile.TarInfo(f"{TOP}/pipe")
    pipe.type = tarfile.FIFOTYPE

    with pytest.raises(SystemExit, match="pipe"):
        distributions.normalised(sdist(pipe), 1)
