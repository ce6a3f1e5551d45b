"""Tokens of the GitHub stand-in and of git: a value, and what it permits.

Permissions are named as GitHub names those of an app: contents, pull_requests, issues, workflows,
administration, metadata; each read or write.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

__all__ = ["ACTIONS_BOT", "Token", "Tokens"]

ACTIONS_BOT = "github-actions[bot]"
"""Whom GITHUB_TOKEN acts for."""

RELEASE_PERMISSIONS = {"contents": "write", "metadata": "read", "pull_requests": "write"}


@dataclass
class Token:
    """A credential.

    Attributes:
        kind: integration (an app, GITHUB_TOKEN) or personal access token.
        repositories: private repositories beside the one that is released which it may read.
    """

    value: str = field(default_factory=lambda: "ghs_" + secrets.token_hex(18))
    login: str = ACTIONS_BOT
    kind: str = "integration"
    permissions: dict[str, str] = field(default_factory=lambda: dict(RELEASE_PERMISSIONS))
    repositories: frozenset[str] = frozenset()

    def permits(self, name: str, level: str) -> bool:
        """Whether the token may read, or write."""
        held = self.permissions.get(name, "")
        return held == "write" or held == level

    @property
    def refusal(self) -> str:
        """What GitHub says when a permission is missing."""
        return f"Resource not accessible by {self.kind}"


class Tokens:
    """The tokens that are valid."""

    def __init__(self) -> None:
        self._all: dict[str, Token] = {}

    def add(self, token: Token) -> Token:
        """Make a token valid."""
        self._all[token.value] = token
        return token

    def revoke(self, token: Token) -> None:
        """Make a token invalid."""
        del self._all[token.value]

    def find(self, value: str) -> Token | None:
        """Return a valid token."""
        return self._all.get(value)
