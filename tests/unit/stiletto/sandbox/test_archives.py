"""Archives of others, unpacked."""

import io
import tarfile
from pathlib import Path

import pytest

from stiletto.sandbox.archives import unpack


def test_what_an_archive_has_is_unpacked(tmp_path: Path) -> None:
    """Files stand in the directory, which is made."""
    (tmp_path / "file").write_text("data\n")
    with tarfile.open(tmp_path / "all.tar.gz", "w:gz") as packed:
        packed.add(tmp_path / "file", "inner/file")
    unpack(tmp_path / "all.tar.gz", tmp_path / "new")
    assert "data\n" == (tmp_path / "new" / "inner" / "file").read_text()


@pytest.mark.parametrize("kind", ["path", "link"])
def test_what_leads_out_of_the_directory_is_refused(tmp_path: Path, kind: str) -> None:
    """Neither a name nor a link writes beside it, with any Python that this runs on."""
    with tarfile.open(tmp_path / "all.tar", "w") as packed:
        member = tarfile.TarInfo("../outside" if kind == "path" else "link")
        if kind == "link":
            member.type, member.linkname = tarfile.SYMTYPE, "../outside"
        packed.addfile(member, io.BytesIO())
    with pytest.raises(Exception, match="outside the destination"):
        unpack(tmp_path / "all.tar", tmp_path / "new")
    assert not (tmp_path / "outside").exists()
