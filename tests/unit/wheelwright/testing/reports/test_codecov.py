"""The uploader's command, and the message about its outcome."""

from wheelwright.container.output import Output
from wheelwright.testing.reports.codecov import Upload, command, upload_message


def test_everything_known_is_passed_on() -> None:
    """Each thing that the caller knows is an argument; the token is none."""
    upload = Upload("3f2a", "main", "me/demo", "7", ["unit", "all"], "http://localhost:1")
    assert (
        "codecovcli",
        "--url=http://localhost:1",
        "upload-process",
        "--fail-on-error",
        "--disable-search",
        "--file=/coverage/coverage.xml",
        "--sha=3f2a",
        "--branch=main",
        "--slug=me/demo",
        "--pr=7",
        "--git-service=github",
        "--flag=unit",
        "--flag=all",
    ) == command(upload)


def test_unknown_things_are_left_out() -> None:
    """What the caller does not know is left to the uploader."""
    words = command(Upload("3f2a"))
    assert "--sha=3f2a" == words[-1]


def test_failed_upload_says_why_first() -> None:
    """The reason, which the uploader prints last, stands in the first line."""
    said = upload_message(Upload(""), Output(1, "info", "Traceback\n  File\nException: no network"))
    expected = "not uploaded to Codecov: codecovcli ended with exit code 1: Exception: no network"
    assert expected == said.splitlines()[0]


def test_upload_that_worked_is_told() -> None:
    """A successful upload says where to, and shows the link that the uploader prints."""
    said = upload_message(Upload(""), Output(0, "result at https://codecov.example/1"))
    assert "uploaded coverage.xml to Codecov\nresult at https://codecov.example/1" == said
