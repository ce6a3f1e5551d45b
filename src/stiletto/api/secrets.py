"""Secrets and cache volumes: their names, never their content."""

from __future__ import annotations

from typing import ClassVar

from stiletto.api.files import Directory
from stiletto.api.registry import call
from stiletto.graph.recipe import Recipe, frozen


@frozen
class Secret(Recipe):
    """A secret; the plaintext lives in the session's memory only."""

    TYPE: ClassVar[str] = "Secret"


@frozen
class SetSecret(Secret):
    """A secret that code set by name. The value is in no key: rebinding a name, last wins.

    `scope` keeps the names of different modules apart.
    """

    name: str
    scope: str


@frozen
class UriSecret(Secret):
    """A secret read from a provider, such as `env://TOKEN`, when it was made.

    `identity` is a salted hash of the caller's cache key, or else of the plaintext: a changed
    value runs its dependants again, and equal values are one secret wherever they were read. The
    URI belongs to the session that read it, as in the real engine (core/secret.go of v0.21.8).
    """

    identity: str


@frozen
class CacheVolume(Recipe):
    """A directory that outlives steps. All fields, sharing included, make the identity.

    `at_mount`: named by `withMountedCache`, with a source, sharing mode or owner of its own. That
    is another volume, also where `cacheVolume` was given the same.
    """

    TYPE: ClassVar[str] = "CacheVolume"

    key: str
    namespace: str
    source: Directory | None = None
    sharing: str = "SHARED"
    owner: str = ""
    at_mount: bool = False


@call("Secret.name")
def secret_name(self: Secret) -> str:
    """Return the name; empty for secrets that have a URI."""
    return self.name if isinstance(self, SetSecret) else ""
