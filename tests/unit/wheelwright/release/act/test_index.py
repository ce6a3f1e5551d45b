"""What an index lists."""

import pytest

from tests.unit.wheelwright.release.act.serving import Server
from wheelwright.distribution.file import File
from wheelwright.release.act.http import Http
from wheelwright.release.act.index import SimpleIndex, parse_html
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.world import FailureKind


async def test_index_that_is_not_there_cannot_be_taken_for_an_empty_one() -> None:
    """No listing is not the same as no files."""
    with pytest.raises(ActFailed):
        await SimpleIndex(Http(), "http://127.0.0.1:9/simple/", "demo").files()


def test_listing_in_html_has_names_hashes_and_yanks() -> None:
    """An index without JSON is read by its anchors."""
    text = (
        '<a href="../../f/demo-1!2.0.tar.gz#sha256=' + "a" * 64 + '">x</a>'
        '<a href="https://x/demo-1.0-py3-none-any.whl" data-yanked="bad">y</a><a>none</a>'
    )
    assert (
        File("demo-1!2.0.tar.gz", "a" * 64),
        File("demo-1.0-py3-none-any.whl", "", yanked=True),
    ) == parse_html(text)


async def test_listing_of_the_index_is_read_as_json(server: Server) -> None:
    """Files have name, hash and yank; an unknown package has none; an error is no empty listing."""
    index = SimpleIndex(Http(), f"{server.url}/simple/", "demo")
    assert () == await index.files()
    yanked = {"filename": "b", "hashes": {}, "yanked": "broken"}
    files = [{"filename": "a", "hashes": {"sha256": "x"}, "yanked": False}, yanked]
    server.answers["GET /simple/demo/"] = (200, {"files": files})
    assert (File("a", "x"), File("b", "", yanked=True)) == await index.files()
    server.answers["GET /simple/demo/"] = (503, None)
    with pytest.raises(ActFailed) as caught:
        await index.files()
    assert FailureKind.BUSY is caught.value.kind


async def test_a_file_has_the_address_that_it_is_downloaded_from(server: Server) -> None:
    """A relative link is one of the listing; only that host gets the listing's credential."""
    address = server.url.replace("http://", "http://user:secret@") + "/simple/"
    index = SimpleIndex(Http(), address, "demo")
    files = [
        {"filename": "a", "hashes": {}, "url": "../../files/a", "provenance": None},
        {"filename": "b", "hashes": {}, "url": "https://files.example/b", "provenance": "/p/b"},
    ]
    server.answers["GET /simple/demo/"] = (200, {"files": files})
    host = address.removesuffix("/simple/")

    assert [
        (f"{host}/files/a", ""),
        ("https://files.example/b", f"{host}/p/b"),
    ] == [(each.url, each.provenance) for each in await index.files()]


@pytest.mark.parametrize(
    ("stamp", "seconds"),
    [
        ("2026-01-01T00:00:00Z", 1_767_225_600.0),
        ("2026-01-01T00:00:00.500000Z", 1_767_225_600.5),
        ("2026-01-01T00:00:00", 0.0),
        ("yesterday", 0.0),
        (None, 0.0),
    ],
)
async def test_a_file_has_the_time_of_its_upload(
    server: Server, stamp: str | None, seconds: float
) -> None:
    """PEP 700's time is read; one that is missing, or no time, is not known."""
    file: dict[str, object] = {"filename": "a", "hashes": {}, "upload-time": stamp}
    server.answers["GET /simple/demo/"] = (200, {"files": [file]})
    (found,) = await SimpleIndex(Http(), f"{server.url}/simple/", "demo").files()

    assert seconds == found.uploaded_s
