"""Trusted publishing: GitHub's tokens for a job, and what PyPI makes of them.

Sources: PyPI's page on the internals of trusted publishing, and warehouse/oidc/views.py, for the
order of checks and the words of refusals; GitHub's "OpenID Connect reference" for the claims.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
from dataclasses import dataclass, field

from .clock import Clock
from .serving import Answer, Request, json_answer

__all__ = ["TOKEN_LIFE_S", "Issuer", "Minted", "Publisher", "TrustedPublishing"]

TOKEN_LIFE_S = 900
"""warehouse/oidc/views.py: `expires_at = not_before + 900`."""

JWT_LIFE_S = 300
"""The `exp` of GitHub's tokens is five minutes after their `iat`."""


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Issuer:
    """What a job on GitHub Actions asks for its token.

    Signed with a secret of this process instead of a public key: nobody outside verifies it.
    `issued` keeps every token, for those who look whether one leaked.
    """

    clock: Clock
    repository: str
    workflow: str = "release.yml"
    environment: str = ""
    request_token: str = field(default_factory=lambda: "actions-" + secrets.token_hex(16))
    issued: list[str] = field(default_factory=list)
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    _reused: str = ""

    def answer(self, request: Request) -> Answer:
        """Answer `GET $ACTIONS_ID_TOKEN_REQUEST_URL&audience=...`."""
        if request.headers.get("Authorization") != f"Bearer {self.request_token}":
            return json_answer(401, {"message": "not authorized to request a token"})
        audience = request.asked("audience", "https://github.com/" + self.repository)
        jwt = self._reused or self.jwt(audience)
        return json_answer(200, {"count": len(jwt), "value": jwt})

    def reuse(self, jwt: str) -> None:
        """Hand this token out from now on, as a cache between job and client would; "" ends it."""
        self._reused = jwt

    def jwt(self, audience: str) -> str:
        """Issue a token for this job."""
        now = int(self.clock.now_s())
        workflow = f"{self.repository}/.github/workflows/{self.workflow}@refs/heads/main"
        claims = {
            "iss": "https://token.actions.githubusercontent.com",
            "aud": audience,
            "jti": secrets.token_hex(16),
            "iat": now,
            "nbf": now,
            "exp": now + JWT_LIFE_S,
            "repository": self.repository,
            "repository_owner": self.repository.partition("/")[0],
            "job_workflow_ref": workflow,
            "workflow_ref": workflow,
            "environment": self.environment,
            "ref": "refs/heads/main",
        }
        head = _text(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
        signed = f"{head}.{_text(json.dumps(claims).encode())}"
        jwt = f"{signed}.{_text(self._signature(signed))}"
        self.issued.append(jwt)
        return jwt

    def claims(self, jwt: str) -> dict[str, str | int] | None:
        """Return the claims of a token that is ours and in time, else None."""
        signed, _, signature = jwt.rpartition(".")
        if signed.count(".") != 1:
            return None
        try:
            given = _raw(signature)
            claims: dict[str, str | int] = json.loads(_raw(signed.partition(".")[2]))
        except ValueError:
            return None
        if not hmac.compare_digest(given, self._signature(signed)):
            return None
        return claims if self.clock.now_s() < int(claims["exp"]) else None

    def _signature(self, signed: str) -> bytes:
        return hmac.new(self._key, signed.encode(), hashlib.sha256).digest()


@dataclass(frozen=True, slots=True)
class Publisher:
    """What a project on the index trusts. An empty environment is any."""

    project: str
    repository: str
    workflow: str
    environment: str = ""

    def accepts(self, claims: dict[str, str | int]) -> bool:
        """Whether a job's claims are this publisher's."""
        workflow = f"{self.repository}/.github/workflows/{self.workflow}@"
        return (
            claims["repository"] == self.repository
            and str(claims["job_workflow_ref"]).startswith(workflow)
            and self.environment in ("", claims["environment"])
        )


@dataclass(frozen=True, slots=True)
class Minted:
    """A short-lived API token: which projects it is for, and until when."""

    projects: frozenset[str]
    until_s: float


@dataclass
class TrustedPublishing:
    """The endpoints under `/_/oidc/`."""

    clock: Clock
    issuer: Issuer
    audience: str = "pypi"
    publishers: list[Publisher] = field(default_factory=list)
    minted: dict[str, Minted] = field(default_factory=dict)
    burned: set[str] = field(default_factory=set)
    _used: set[str] = field(default_factory=set)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Request) -> Answer:
        """Answer one of the three endpoints."""
        match request.method, request.path:
            case "GET", "/_/oidc/audience":
                return json_answer(200, {"audience": self.audience})
            case "POST", "/_/oidc/mint-token" | "/_/oidc/github/mint-token":
                return self._mint(request.body)
            case "POST", "/_/oidc/burn-token":
                return self._burn(request.body)
        return json_answer(404, {"message": "not found"})

    def token(self, value: str) -> Minted | None:
        """Return a token that was minted here and not burned, expired or not."""
        with self._guard:
            return self.minted.get(value)

    def _payload(self, body: bytes) -> str | None:
        try:
            token = json.loads(body)["token"]
        except (ValueError, KeyError, TypeError):
            return None
        return token if isinstance(token, str) else None

    def _mint(self, body: bytes) -> Answer:
        jwt = self._payload(body)
        if jwt is None:
            return _invalid("invalid-payload", "the body is not JSON with a text named token")
        claims = self.issuer.claims(jwt)
        if claims is None or claims["aud"] != self.audience:
            return _invalid("invalid-token", "malformed or invalid token")
        with self._guard:
            if jwt in self._used:
                return _invalid("invalid-reuse-token", "invalid token: already used")
            found = [publisher for publisher in self.publishers if publisher.accepts(claims)]
            if not found:
                return _invalid(
                    "invalid-publisher",
                    "valid token, but no corresponding publisher"
                    " (Publisher with matching claims was not found)",
                )
            self._used.add(jwt)
            value = "pypi-" + secrets.token_urlsafe(24)
            projects = frozenset(publisher.project for publisher in found)
            self.minted[value] = Minted(projects, self.clock.now_s() + TOKEN_LIFE_S)
        expires = int(self.clock.now_s()) + TOKEN_LIFE_S
        return json_answer(200, {"success": True, "token": value, "expires": expires})

    def _burn(self, body: bytes) -> Answer:
        token = self._payload(body)
        with self._guard:
            if token is None or self.minted.pop(token, None) is None:
                return _invalid("invalid-token", "invalid token")
            self.burned.add(token)
        return Answer(204)


def _invalid(code: str, description: str) -> Answer:
    errors = [{"code": code, "description": description}]
    return json_answer(422, {"message": "Token request failed", "errors": errors})
