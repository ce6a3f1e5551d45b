"""The adapters that speak HTTP themselves, against a server on loopback."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from imaginary import a_plan

from wheelwright.release.github import GitHubRest
from wheelwright.release.http import Http
from wheelwright.release.index import SimpleIndex
from wheelwright.release.ports import ActFailed
from wheelwright.release.stops import Reason
from wheelwright.release.where import Hub
from wheelwright.release.world import Asset, File, GitHubRelease, Pull, PullState, Trouble

REPOSITORY = "/repos/o/demo"


class Server:
    """Answers by method and path, and keeps what was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = {}
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length", "0"))
                words = f"{self.command} {self.path}"
                owner.asked.append((words, dict(self.headers.items()), self.rfile.read(length)))
                status, body = owner.answers.get(words, (404, {"message": "Not Found"}))
                data = b"" if body is None else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - the base's names

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def json(self, number: int = -1) -> Any:
        """Return what was sent."""
        return json.loads(self.asked[number][2])


@pytest.fixture
def server() -> Iterator[Server]:
    """Serve."""
    serving = Server()
    yield serving
    serving.http.shutdown()
    serving.http.server_close()


@pytest.fixture
def github(server: Server) -> GitHubRest:
    """Return the adapter."""
    return GitHubRest(Http(), Hub(server.url, "o", "demo", "page"), "token-of-mine")


def pull(number: int, state: str, ref: str = "release/v1.2.4", **more: object) -> dict[str, object]:
    """Return a pull request as GitHub shows it."""
    return {
        "number": number,
        "state": state,
        "merged_at": None,
        "html_url": f"https://page/pull/{number}",
        "head": {"ref": ref, "sha": f"sha{number}"},
        **more,
    }


async def test_pull_requests_are_found_by_head_in_every_state(
    server: Server, github: GitHubRest
) -> None:
    """Open, merged and closed ones are told apart; only an open one is asked about conflicts."""
    found = [
        pull(4, "open"),
        pull(3, "closed", merged_at="2026-01-01T00:00:00Z"),
        pull(2, "closed"),
        pull(1, "open", ref="release/v1.2.40"),
    ]
    path = f"{REPOSITORY}/pulls?head=o%3Arelease%2Fv1.2.4&state=all&per_page=100"
    server.answers[f"GET {path}"] = (200, found)
    server.answers[f"GET {REPOSITORY}/pulls/4"] = (200, pull(4, "open", mergeable=False))
    assert (
        Pull(4, PullState.OPEN, "sha4", "https://page/pull/4", conflicts=True),
        Pull(3, PullState.MERGED, "sha3", "https://page/pull/3"),
        Pull(2, PullState.CLOSED, "sha2", "https://page/pull/2"),
    ) == await github.pulls("release/v1.2.4")
    assert "Bearer token-of-mine" == server.asked[0][1]["Authorization"]


async def test_pull_request_says_what_it_brings(server: Server, github: GitHubRest) -> None:
    """It goes from the release branch to the base, with the notes in its text."""
    server.answers[f"POST {REPOSITORY}/pulls"] = (201, pull(1, "open"))
    await github.open_pull(a_plan(), "- A thing.")
    sent = server.json()
    assert ("release/v1.2.4", "main") == (sent["head"], sent["base"])
    assert "Release demo 1.2.4" == sent["title"]
    assert "- A thing." in sent["body"]


async def test_fault_29_drafts_are_found_by_listing(server: Server, github: GitHubRest) -> None:
    """A draft is found, a published release is preferred, assets have digest and state."""
    asset = {"id": 5, "name": "a.whl", "state": "uploaded", "digest": "sha256:ab"}
    starter = {"id": 6, "name": "b", "state": "starter", "digest": None}
    draft = {"id": 1, "tag_name": "v1", "draft": True, "html_url": "u", "assets": [asset, starter]}
    path = f"GET {REPOSITORY}/releases?per_page=100&page=1"
    server.answers[path] = (200, [{**draft, "id": 9, "tag_name": "v2"}, draft])
    assets = (Asset(5, "a.whl", "ab"), Asset(6, "b", "", uploaded=False))
    assert GitHubRelease(1, draft=True, assets=assets, url="u") == await github.release("v1")
    server.answers[path] = (200, [draft, {**draft, "id": 2, "draft": False, "assets": []}])
    assert GitHubRelease(2, draft=False, url="u") == await github.release("v1")
    assert None is await github.release("v3")


async def test_release_is_drafted_filled_and_published(server: Server, github: GitHubRest) -> None:
    """A draft names tag, commit and notes; a file goes to its upload address; then it is public."""
    server.answers[f"POST {REPOSITORY}/releases"] = (201, {})
    await github.draft(a_plan(version="1.2.4rc1"), "commit", "- A thing.")
    sent = server.json()
    assert (True, True, "commit") == (sent["draft"], sent["prerelease"], sent["target_commitish"])
    upload_url = f"{server.url}/uploads/1/assets{{?name,label}}"
    server.answers[f"GET {REPOSITORY}/releases/1"] = (200, {"upload_url": upload_url})
    server.answers["POST /uploads/1/assets?name=a%2Bb.whl"] = (201, {})
    draft = GitHubRelease(1, draft=True)
    await github.upload(draft, "a+b.whl", b"bytes")
    assert (b"bytes", "application/octet-stream") == (
        server.asked[-1][2],
        server.asked[-1][1]["Content-Type"],
    )
    server.answers[f"PATCH {REPOSITORY}/releases/1"] = (200, {})
    await github.publish(draft)
    assert {"draft": False} == server.json()


async def test_asset_that_is_gone_is_as_good_as_deleted(server: Server, github: GitHubRest) -> None:
    """Deleting twice is no error; a refusal is."""
    await github.delete_asset(5)
    server.answers[f"DELETE {REPOSITORY}/releases/assets/6"] = (403, {"message": "no"})
    with pytest.raises(ActFailed) as caught:
        await github.delete_asset(6)
    assert Trouble.REFUSED is caught.value.trouble
    assert "token-of-mine" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (200, {"full_name": "o/demo", "permissions": {"push": True}}, []),
        (200, {"full_name": "o/demo", "permissions": {"push": False}}, ["may not write to o/demo"]),
        (200, {"full_name": "o/demo", "archived": True}, ["o/demo is archived"]),
        (401, {"message": "Bad credentials"}, ["does not see o/demo: Bad credentials"]),
        (404, {"message": "Not Found"}, ["does not see o/demo: Not Found"]),
    ],
)
async def test_missing_permissions_are_seen_beforehand(
    server: Server, github: GitHubRest, status: int, body: object, says: list[str]
) -> None:
    """What the repository tells about the token is a problem of the preflight."""
    server.answers[f"GET {REPOSITORY}"] = (status, body)
    problems = await github.problems()
    assert len(says) == len(problems)
    assert all(words in problem.text() for words, problem in zip(says, problems, strict=True))
    assert all(problem.reason is Reason.NO_PERMISSION for problem in problems)


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
    assert Trouble.BUSY is caught.value.trouble
