"""Servers that lie, or that a proxy answers for: an answer, or one sentence; the token stays."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

import dagger
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from wheelwright.errors import RequestError
from wheelwright.release.act import http
from wheelwright.release.act.github import GitHubRest
from wheelwright.release.act.http import Http, token_of
from wheelwright.release.act.index import SimpleIndex
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.rules import RefToCreate
from wheelwright.release.decide.urls import Hub
from wheelwright.release.decide.world import GitHubRelease, Pull

TOKEN = "canary-token-5a1d"
JSON = "application/vnd.pypi.simple.v1+json"
TAG = RefToCreate("refs/tags/v1.2.4")
BRANCH = RefToCreate("refs/heads/release/v1.2.4", "Release", "a@example.org")


class Liar:
    """A server that gives one answer to everything."""

    def __init__(self) -> None:
        self.body = b""
        self.kind = JSON
        self.authorizations: list[str] = []
        liar = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", "0")))
                liar.authorizations += self.headers.get_all("Authorization", [])
                self.send_response(200)
                self.send_header("Content-Type", liar.kind)
                self.send_header("Content-Length", str(len(liar.body)))
                self.end_headers()
                self.wfile.write(liar.body)

            do_GET = do_POST = answer  # noqa: N815 - the base's names

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        self._thread = threading.Thread(target=self.http.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self.http.shutdown()
        self._thread.join()
        self.http.server_close()

    def github(self, token: str = f"ghs_{TOKEN}") -> GitHubRest:
        """Return the adapter, as a workflow's token has it ask for everything."""
        return GitHubRest(Http(), Hub(self.url, "o", "demo", f"{self.url}/o/demo"), token)


@pytest.fixture
def liar() -> Iterator[Liar]:
    """Serve."""
    served = Liar()
    yield served
    served.close()


@pytest.fixture(scope="module")
def many() -> Iterator[Liar]:
    """Serve for every example of a test."""
    served = Liar()
    yield served
    served.close()


def asked(liar: Liar) -> dict[str, Callable[[], Awaitable[Any]]]:
    """Return everything that a release reads of a server."""
    github = liar.github()
    draft = GitHubRelease(1, draft=True, assets=(), url="")
    return {
        "problems": github.problems,
        "foresee": lambda: github.foresee("main", [TAG, BRANCH]),
        "pulls": lambda: github.pulls("b"),
        "release": lambda: github.release("v1.2.4"),
        "upload": lambda: github.upload(draft, "a", b""),
        "index": SimpleIndex(Http(), f"{liar.url}/simple/", "demo").files,
    }


# What GitHub and the index have, with any value in the place of each.
SHAPES = ("tag_name", "head", "ref", "files", "filename", "hashes", "id", "assets", "state")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["b", "tag"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*SHAPES, "rules", "target", "enforcement"]), inner)
    ),
    max_leaves=12,
)
PULL = {"head": {"ref": "b", "sha": 1}, "state": "open", "number": "../x", "html_url": []}
RULE = {"type": "creation", "ruleset_id": [], "parameters": 7}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(VALUES)
@example([PULL])
@example([{"tag_name": "v1.2.4", "draft": None, "id": "x", "assets": [3]}])
@example([RULE, {"target": "tag", "enforcement": "active", "id": None}])
@example({"files": [{"filename": 3}], "upload_url": 9})
@example({"files": [{"filename": "x", "hashes": None}], "full_name": 1, "data": {"viewer": "x"}})
def test_any_answer_is_read_or_refused(many: Liar, value: object) -> None:
    """Each thing that is asked ends in an answer, or in the one exception that is expected."""
    many.body = json.dumps(value).encode()
    for name, ask in asked(many).items():
        found = asyncio.run(_awaited(ask))
        assert TOKEN not in str(found)
        if name == "pulls" and not isinstance(found, str):
            assert all(isinstance(each, Pull) for each in found)


async def _awaited(ask: Callable[[], Awaitable[Any]]) -> Any:
    try:
        return await ask()
    except ActFailed as error:
        return error.message


@pytest.mark.parametrize("body", [b"[" * 100_000, b"{", b"\xff\xfe", b"", b"<html>Log in</html>"])
async def test_what_is_no_json_is_refused(liar: Liar, body: bytes) -> None:
    """Neither deep, nor cut, nor another kind of text ends in a traceback."""
    liar.body = body
    for name, ask in asked(liar).items():
        if name not in ("problems", "foresee"):
            with pytest.raises(ActFailed):
                await ask()
        else:
            await ask()


async def test_an_answer_without_end_is_refused(
    liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body is read up to a bound."""
    monkeypatch.setattr(http, "_ANSWER_BYTES", 1000)
    liar.body = b'{"files": [' + b" " * 1000 + b"]}"

    with pytest.raises(ActFailed, match="a response of more than 1000 bytes"):
        await SimpleIndex(Http(), f"{liar.url}/simple/", "demo").files()


async def test_files_go_to_the_apis_own_host(liar: Liar) -> None:
    """An address for uploads on another host gets neither the file nor the token."""
    draft = GitHubRelease(1, draft=True, assets=(), url="")
    other = Liar()
    try:
        for address in (
            f"{other.url}/repos/o/demo/releases/1/assets{{?name,label}}",
            f"{liar.url.replace('//', '//x@')}.example/assets",
            "https://uploads.example/assets",
        ):
            liar.body = json.dumps({"upload_url": address}).encode()
            with pytest.raises(ActFailed, match="the token is not for that"):
                await liar.github().upload(draft, "a", b"contents")
        assert [] == other.authorizations
    finally:
        other.close()


# -- tokens and passwords in messages -------------------------------------------------------------


class Given(dagger.Secret):
    """A secret, as the engine gives it."""

    def __init__(self, value: str) -> None:
        self.value = value

    async def plaintext(self) -> str:
        """Return the value."""
        return self.value


@pytest.mark.parametrize(
    "value",
    [
        f"{TOKEN}\n{TOKEN}",
        f"{TOKEN}\r\nHost: x",
        f"{TOKEN} {TOKEN}",
        f"{TOKEN}\u20ac",
        "",
        "\n",
    ],
)
async def test_what_cannot_be_a_token_is_not_shown(value: str) -> None:
    """A token that no header can have is refused before it is sent, without its text."""
    with pytest.raises(RequestError) as caught:
        await token_of(Given(value))

    assert TOKEN not in str(caught.value)
    assert "--github-token is not one word of ASCII" in str(caught.value)


async def test_a_token_with_a_newline_at_its_end_is_one() -> None:
    """A file of one line is how tokens are kept."""
    assert TOKEN == await token_of(Given(f"{TOKEN}\n"))


async def test_the_password_of_a_listing_is_sent_and_not_shown(liar: Liar) -> None:
    """A private listing is read by its address; a message shows that without the password."""
    private = liar.url.replace("//", f"//reader:{TOKEN}@")
    liar.body = b"{"
    index = SimpleIndex(Http(), f"{private}/simple/", "demo")

    with pytest.raises(ActFailed, match=re.escape(f"GET {liar.url}/simple/demo/")) as caught:
        await index.files()

    assert TOKEN not in str(caught.value)
    assert 1 == len([each for each in liar.authorizations if each.startswith("Basic ")])


async def test_a_name_that_is_no_name_is_not_listed(liar: Liar) -> None:
    """What an index lists is shown to people; a distribution has no such name."""
    names = ("demo\x1b[2J-1.2.4.tar.gz", "demo-1.2.4.tar.gz\n::add-mask::x", "[x](y)-1.2.4.tar.gz")
    named = [*names, "demo-1.2.4.tar.gz", "demo-1.2.4+cu12-cp312-none-any.whl"]
    liar.body = json.dumps({"files": [{"filename": each} for each in named]}).encode()
    listed = await SimpleIndex(Http(), f"{liar.url}/simple/", "demo").files()
    liar.kind = "text/html"
    liar.body = "".join(f'<a href="/f/{quote(each)}">x</a>' for each in named).encode()
    linked = await SimpleIndex(Http(), f"{liar.url}/simple/", "demo").files()

    assert named[3:] == [file.name for file in listed] == [file.name for file in linked]


@pytest.mark.parametrize("address", ["http://[", "nothing://x", "http://x:99999", "https://a b"])
async def test_an_address_that_is_none_is_one_sentence(address: str) -> None:
    """Whatever stands in the place of an address, the end is a sentence."""
    with pytest.raises(ActFailed, match="GET "):
        await SimpleIndex(Http(), f"{address}/", "demo").files()
