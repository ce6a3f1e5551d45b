"""Messages to a webhook."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from wheelwright import notify
from wheelwright.errors import RequestError, ToolFailed
from wheelwright.project.files import Snapshot
from wheelwright.project.model import Project, describe

PROJECT = '[project]\nname = "sluice"\nversion = "2.1"\n'


@pytest.fixture
def project() -> Project:
    """Return a package."""
    return describe(Snapshot({"pyproject.toml": PROJECT}, frozenset({"pyproject.toml"})))


class Webhook(HTTPServer):
    """A server that keeps what is posted to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 200
        self.posted: list[str] = []

    @property
    def url(self) -> str:
        """Where to post."""
        return f"http://127.0.0.1:{self.server_port}/services/T0/s3cret"


class Handler(BaseHTTPRequestHandler):
    """Takes one message."""

    server: Webhook

    def do_POST(self) -> None:
        """Keep the message and answer as told."""
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.posted.append(json.loads(body)["text"])
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Keep quiet."""


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """Serve a webhook."""
    server = Webhook()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_message_names_package_and_event(project: Project) -> None:
    """The default says who, what, and where to read more."""
    text = notify.compose(notify.MESSAGE, project, what="CI failed", link="https://x/1")
    assert "sluice: CI failed https://x/1" == text


def test_a_message_of_ones_own_is_filled_in(project: Project) -> None:
    """Any of the names may be used, and braces can be written."""
    text = notify.compose("{{{name}}} {version}", project, what="", link="")
    assert "{sluice} 2.1" == text


@pytest.mark.parametrize(
    ("message", "said"),
    [("{nmae}", 'unknown name "nmae".*did you mean "name"'), ("{", r"write \{\{ and \}\}")],
)
def test_a_message_that_cannot_be_filled_in_is_refused(
    project: Project, message: str, said: str
) -> None:
    """Before anything is posted, with what was probably meant."""
    with pytest.raises(RequestError, match=said):
        notify.compose(message, project, what="", link="")


async def test_the_message_arrives(webhook: Webhook) -> None:
    """As JSON with the field that Slack reads."""
    assert "posted: all is lost" == await notify.post(webhook.url + "\n", "all is lost")
    assert ["all is lost"] == webhook.posted


async def test_a_refusal_is_told_without_the_address(webhook: Webhook) -> None:
    """The status is said; the address is a secret."""
    webhook.status = 403
    with pytest.raises(ToolFailed, match="the webhook answered 403 Forbidden") as caught:
        await notify.post(webhook.url, "x")
    assert "s3cret" not in str(caught.value)


async def test_no_answer_is_told_without_the_address() -> None:
    """A connection that is refused has a name."""
    with pytest.raises(ToolFailed, match="did not answer: ConnectError") as caught:
        await notify.post("http://127.0.0.1:9/s3cret", "x")
    assert "s3cret" not in str(caught.value)


async def test_what_is_no_address_is_refused() -> None:
    """A secret that holds something else is not sent anywhere."""
    with pytest.raises(RequestError, match="the webhook is not an http"):
        await notify.post("hooks.example", "x")
