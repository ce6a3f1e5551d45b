"""What servers' answers mean, and where servers are."""

import pytest

from tests.unit.wheelwright.release.packages import STATIC, project
from wheelwright.distribution.file import File
from wheelwright.release.act.http import Http
from wheelwright.release.act.index import SimpleIndex, parse_html
from wheelwright.release.decide import responses
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.stops import Problem
from wheelwright.release.decide.urls import (
    Hub,
    IndexUrls,
    https,
    hub_of,
    index_urls,
    is_pypi,
    origin,
)
from wheelwright.release.decide.world import FailureKind

UPLOADS = [
    (
        "17",
        "400 Bad Request: File already exists ('a.whl', with blake2_256 hash 'x')",
        "OTHER_BYTES",
    ),
    ("17", "Local file and index file do not match for a.whl.", "OTHER_BYTES"),
    ("17", "Server returned status code 409 Conflict", "OTHER_BYTES"),
    (
        "18",
        "400 This filename was previously used by a file that has since been deleted.",
        "BURNED",
    ),
    ("19", "error: Failed to obtain token for trusted publishing", "CREDENTIALS"),
    (
        "19",
        "mint-token: invalid-publisher: valid token, but no corresponding publisher",
        "CREDENTIALS",
    ),
    ("19", "Missing credentials for https://upload.pypi.org/legacy/", "CREDENTIALS"),
    ("19", "403 Forbidden: Invalid or non-existent authentication information.", "CREDENTIALS"),
    ("20", "400 Malformed attestations: an attestation payload is not valid", "ATTESTATION"),
    ("15", "Server returned status code 502 Bad Gateway", "BUSY"),
    ("15", "Server returned status code 503 Service Unavailable", "BUSY"),
    ("14", "error sending request for url: connection closed before message completed", "BUSY"),
    ("16", "operation timed out", "BUSY"),
    ("20", "400 The description failed to render", "REFUSED"),
]


@pytest.mark.parametrize(("fault", "words", "trouble"), UPLOADS)
def test_words_of_an_upload_are_told_apart(fault: str, words: str, trouble: str) -> None:
    """What the index or uv says decides whether to try again, and which stop it is."""
    error = responses.upload(words, 2)
    assert FailureKind[trouble] is error.trouble
    assert words in error.said


def test_fault_16_upload_out_of_time_is_worth_another_run() -> None:
    """Exit code 124 is that of `timeout`: the server hung."""
    assert FailureKind.BUSY is responses.upload("Uploading a.whl", 124).trouble


@pytest.mark.parametrize(
    ("status", "headers", "body", "trouble", "retry_after_s"),
    [
        (502, {}, None, FailureKind.BUSY, None),
        (503, {"retry-after": "7"}, None, FailureKind.BUSY, 7.0),
        (429, {"retry-after": "30"}, {"message": "secondary rate limit"}, FailureKind.BUSY, 30.0),
        (403, {"retry-after": "60"}, {"message": "abuse"}, FailureKind.BUSY, 60.0),
        (
            403,
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1090"},
            {},
            FailureKind.BUSY,
            90.0,
        ),
        (403, {}, {"message": "You have exceeded a secondary rate limit"}, FailureKind.BUSY, 60.0),
        (403, {}, {"message": "Resource not accessible"}, FailureKind.REFUSED, None),
        (404, {}, {"message": "Not Found"}, FailureKind.REFUSED, None),
        (
            422,
            {},
            {
                "message": "Validation Failed",
                "errors": [{"message": "A pull request already exists"}],
            },
            FailureKind.RACE,
            None,
        ),
        (
            422,
            {},
            {"message": "Validation Failed", "errors": [{"code": "custom"}]},
            FailureKind.REFUSED,
            None,
        ),
    ],
)
def test_fault_30_answers_of_github(
    status: int,
    headers: dict[str, str],
    body: object,
    trouble: FailureKind,
    retry_after_s: float | None,
) -> None:
    """Limits are waited for as GitHub says, refusals end it, what is there already is a race."""
    error = responses.github("POST /pulls", status, headers, body, 1000.0)
    assert (trouble, retry_after_s) == (error.trouble, error.retry_after_s)
    assert error.said.startswith(f"POST /pulls: {status}")


async def test_server_that_is_not_there_is_no_answer() -> None:
    """A refused connection is reported with the address, without a password in it."""
    with pytest.raises(ActFailed) as caught:
        await Http().ask("GET", "http://user:hunter2@127.0.0.1:9/simple/", headers={})
    assert FailureKind.BUSY is caught.value.trouble
    assert "http://127.0.0.1:9/simple/" in caught.value.said
    assert "hunter2" not in caught.value.said


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


# -- where ----------------------------------------------------------------------------------------

NAMED = (
    STATIC
    + """
[[tool.uv.index]]
name = "inner"
url = "https://index.example.org/simple"
publish-url = "https://index.example.org/upload/"

[[tool.uv.index]]
name = "read-only"
url = "https://mirror.example.org/simple"
"""
)


def test_index_is_pypi_unless_said_otherwise() -> None:
    """PyPI is the default; an index of pyproject.toml is taken by its name; arguments win."""
    package = project(NAMED)
    pypi = index_urls(package, "demo", "", "", "")
    assert (
        IndexUrls(
            "https://upload.pypi.org/legacy/",
            "https://pypi.org/simple/",
            "https://pypi.org/project/demo/",
        )
        == pypi
    )
    assert isinstance(pypi, IndexUrls)
    assert is_pypi(pypi)
    inner = index_urls(package, "demo", "inner", "", "")
    expected = IndexUrls("https://index.example.org/upload/", "https://index.example.org/simple/")
    assert expected == inner
    assert not is_pypi(expected)
    own = index_urls(package, "demo", "inner", "https://a/", "https://b")
    assert IndexUrls("https://a/", "https://b/") == own


@pytest.mark.parametrize(
    ("index", "publish", "says"),
    [
        ("other", "", 'no [[tool.uv.index]] is named "other" (there: inner, read-only)'),
        ("read-only", "", '[[tool.uv.index]] "read-only" has no publish-url'),
        ("", "https://a/", "only --publish-url is given"),
    ],
)
def test_index_that_cannot_be_found_is_a_problem(index: str, publish: str, says: str) -> None:
    """Half an address or an unknown name is named, and nothing is guessed."""
    problem = index_urls(project(NAMED), "demo", index, publish, "")
    assert isinstance(problem, Problem)
    assert says in problem.text()


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("git@github.com:o/demo.git", "https://github.com/o/demo.git"),
        ("ssh://git@github.com:22/o/demo", "https://github.com/o/demo"),
        ("https://x:secret@github.com/o/demo", "https://github.com/o/demo"),
        ("http://127.0.0.1:8000/o/demo.git", "http://127.0.0.1:8000/o/demo.git"),
    ],
)
def test_remote_is_used_by_https_without_credentials(remote: str, address: str) -> None:
    """A clone made by ssh, or with a password in its address, is released by the token alone."""
    assert address == https(remote)


def test_repository_and_api_follow_from_the_remote() -> None:
    """github.com has its API beside it, an enterprise server beneath it, and an argument wins."""
    page = "https://github.com/o/demo"
    assert Hub("https://api.github.com", "o", "demo", page) == hub_of(page + ".git")
    enterprise = hub_of("https://git.example.org/o/demo")
    assert isinstance(enterprise, Hub)
    assert "https://git.example.org/api/v3" == enterprise.api
    local = hub_of("http://127.0.0.1:1/o/demo.git", "http://127.0.0.1:2/")
    assert Hub("http://127.0.0.1:2", "o", "demo", "http://127.0.0.1:1/o/demo") == local
    assert isinstance(hub_of("/srv/demo.git"), Problem)


def test_origin_is_read_from_the_configuration_of_git() -> None:
    """The remote is origin's address, and of no other remote or branch."""
    config = (
        '[core]\n\tbare = false\n[remote "fork"]\n\turl = https://a/f\n'
        '[remote "origin"]\n\tfetch = +refs\n\turl = git@github.com:o/demo.git\n[branch "main"]\n'
    )
    assert "git@github.com:o/demo.git" == origin(config)
    assert "" == origin('[remote "fork"]\n\turl = https://a/f\n')
