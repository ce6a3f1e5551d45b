"""GitHub's REST API over a served repository: the door, with its locks; the rooms are elsewhere.

Every request is checked against GitHub's description before it is treated, and every answer before
it is sent. A request that the description does not know is answered with 422 and kept in
`violations`; a wrong answer is a bug of ours, and leaving the server raises it.

    github.py            the door: description, tokens, rate limits, routes
    github_state.py      what is there: pull requests, releases, assets, settings
    github_repo.py       the repository, its refs, protection, labels
    github_pulls.py      pull requests
    github_releases.py   releases and assets
    github_actions.py    runs of workflows
    github_settings.py   rulesets, environments, what Actions may do
"""

from __future__ import annotations

import json
from typing import Any

from .clock import Clock
from .description import Description, Operation
from .effects import Effects
from .git_http import GitServer
from .github_actions import ACTIONS
from .github_pulls import PULLS
from .github_releases import RELEASES
from .github_repo import REPOSITORY
from .github_settings import SETTINGS
from .github_state import Call, Needs, Refusal, State, error_body
from .serving import Answer, Fault, Request, Server, json_answer, nth
from .tokens import Token, Tokens

__all__ = ["GitHub"]

ROUTES = {**REPOSITORY, **SETTINGS, **PULLS, **RELEASES, **ACTIONS}
"""(method, template of the path): what it needs, and what treats it."""

UPLOADS = "/uploads"
"""Assets are uploaded to another host (uploads.github.com): here, below this path alone."""


class GitHub:
    """The API; enter `server` to start it. `state` is there for tests to read and to change."""

    def __init__(
        self,
        effects: Effects,
        clock: Clock,
        git: GitServer,
        name: str,
        tokens: Tokens,
        description: Description,
    ) -> None:
        self.description = description
        self.violations: list[str] = []
        self.requests: list[str] = []
        self.server = Server(self._answer)
        self.state = State(effects, clock, git, name, description, lambda: self.server.url)
        self._tokens = tokens

    def limit(self, retry_after_s: int, times: int = 1, *, creating: bool = False) -> None:
        """Answer the next requests, or creating ones, with the secondary rate limit."""
        said = error_body(
            403,
            "You have exceeded a secondary rate limit. Please wait a few minutes before you try"
            " again.",
        )
        answer = json_answer(403, said, ("Retry-After", str(retry_after_s)))
        self.server.fail(
            Fault(answer), lambda request: not creating or request.method == "POST", times
        )

    def exhaust(self, reset_s: int, times: int = 1) -> None:
        """Answer the next requests with the primary rate limit, which ends at a time."""
        answer = json_answer(
            403,
            error_body(403, "API rate limit exceeded for installation."),
            ("X-RateLimit-Remaining", "0"),
            ("X-RateLimit-Reset", str(reset_s)),
        )
        self.server.fail(Fault(answer), times=times)

    def lose_answer(self, method: str, ending: str, number: int = 1) -> None:
        """Treat the nth request of a method to such a path, and cut the connection."""
        self.server.fail(Fault(acted=True), _to(method, ending, number))

    def hang(self, method: str, ending: str, number: int = 1) -> None:
        """Never answer the nth request of a method to such a path, nor treat it."""
        self.server.fail(Fault(hang=True), _to(method, ending, number))

    def unavailable(self, method: str, ending: str, number: int = 1) -> None:
        """Answer the nth request of a method to such a path with 502, untreated."""
        answer = json_answer(502, {"message": "Server Error"})
        self.server.fail(Fault(answer), _to(method, ending, number))

    def _answer(self, request: Request) -> Answer:
        self.requests.append(f"{request.method} {request.raw_path}")
        if found := self.state.download(request.path):
            return Answer(200, found, (("Content-Type", "application/octet-stream"),))
        if request.raw_path == "/graphql":
            return self._viewer(request)
        uploading = request.raw_path.startswith(f"{UPLOADS}/")
        path = request.raw_path.removeprefix(UPLOADS) if uploading else request.raw_path
        operation = self.description.operation(request.method, path)
        if operation is None or uploading != bool(operation.body.get("servers")):
            return json_answer(404, error_body(404, "Not Found"))
        try:
            status, value = self._treat(request, operation)
            headers: tuple[tuple[str, str], ...] = ()
        except Refusal as refusal:
            status, value, headers = refusal.status, refusal.body, refusal.headers
        if isinstance(value, bytes):
            return Answer(status, value, (("Content-Type", "application/octet-stream"),))
        if wrong := self.description.answer_errors(operation, status, value):
            raise AssertionError(f"{request.method} {operation.template}: {wrong}\n{value}")
        if value is None:
            return Answer(status, headers=headers)
        link = self.state.take_link(request)
        return json_answer(status, value, *headers, *link)

    def _viewer(self, request: Request) -> Answer:
        """Answer the one query of GraphQL that is known here; the description is of REST alone."""
        try:
            token = self._token(request)
        except Refusal as refusal:
            return json_answer(refusal.status, refusal.body)
        if (request.method, json.loads(request.body)) != ("POST", {"query": "{viewer{login}}"}):
            self.violations.append(f"{request.method} /graphql: {request.body!r}")
            return json_answer(200, {"errors": [{"message": "not known here"}]})
        return json_answer(200, {"data": {"viewer": {"login": token.login}}})

    def _token(self, request: Request) -> Token:
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        token = self._tokens.find(value) if scheme.lower() in ("bearer", "token") else None
        if token is None:
            raise Refusal(401, "Bad credentials" if value else "Requires authentication")
        return token

    def _treat(self, request: Request, operation: Operation) -> tuple[int, Any]:
        token = self._token(request)
        kind = request.headers.get("Content-Type", "")
        query = dict(request.query)
        if wrong := self.description.request_errors(operation, query, kind, request.body):
            self.violations.append(f"{request.method} {operation.template}: {'; '.join(wrong)}")
            raise Refusal(422, f"Invalid request.\n\n{'; '.join(wrong)}")
        if f"{operation.values.get('owner')}/{operation.values.get('repo')}" != self.state.name:
            raise Refusal(404, "Not Found")
        route = ROUTES.get((operation.method, operation.template))
        if route is None:
            raise NotImplementedError(f"{operation.method} {operation.template}")
        needs, treat = route
        if not any(token.permits(name, level) for name, level in needs):
            raise Refusal(403, token.refusal, headers=(_accepted(needs),))
        is_json = kind.startswith("application/json") or not operation.body.get("servers")
        body = json.loads(request.body) if request.body and is_json else {}
        return treat(self.state, Call(token, operation.values, query, body, request))


def _accepted(needs: Needs) -> tuple[str, str]:
    """Return the header in which GitHub tells what would have been enough."""
    said = "; ".join(f"{name}={level}" for name, level in needs)
    return ("X-Accepted-GitHub-Permissions", said)


def _to(method: str, ending: str, number: int) -> Any:
    return nth(lambda request: request.method == method and request.path.endswith(ending), number)
