"""Plaintexts of one session, in memory only.

A secret with a URI is read when it is made; its identity is a hash of the value, salted per
store, so that equal values are equal secrets and nothing can be looked up from a key. A value
that cannot be read gets a random identity and fails where it is used.

Nothing is read a second time: a stored result with a secret that this session did not make counts
as missing (see `functions`), because what its URI names by now may be another value.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stiletto.api.secrets import Secret, SetSecret, UriSecret
from stiletto.engine.gate import SecretGate
from stiletto.errors import UsageError
from stiletto.module.addresses import front
from stiletto.module.remote import expanded
from stiletto.sandbox.scrub import Masks
from stiletto.store.files import clear
from stiletto.store.layout import SALT_BYTES

PROVIDERS = ("env", "file", "cmd")
OTHER_PROVIDERS = ("aws", "gcp", "libsecret", "op", "vault")
"""Those of the real engine."""


@dataclass(frozen=True, slots=True)
class _Bound:
    """What a secret is in this session: its value, or the reason if there is none."""

    value: bytes | UsageError = field(repr=False)
    uri: str = ""


class SecretStore:
    """Reads secrets and keeps their values for the session."""

    def __init__(
        self, salt: bytes, environ: Mapping[str, str], workdir: Path, gate: SecretGate
    ) -> None:
        self._salt = salt
        self._environ = environ
        self._workdir = workdir
        self._gate = gate
        self._bound: dict[str, _Bound] = {}
        self.masks = Masks()
        """All values known so far: nothing that is shown or stored contains them."""

    @staticmethod
    def salt(path: Path) -> bytes:
        """Return the store's salt, made on first use, and again if it is damaged.

        With a new salt no stored result that depends on a secret is found any more.
        """
        salt = SecretStore._known_salt(path)
        if salt is not None:
            return salt
        path.parent.mkdir(parents=True, exist_ok=True)
        staged = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        try:
            staged.touch(mode=0o600)
            staged.write_bytes(secrets.token_bytes(SALT_BYTES))
            try:
                os.link(staged, path)  # the first of several processes wins
            except FileExistsError:
                salt = SecretStore._known_salt(path)
                if salt is not None:
                    return salt
                clear(path)
                staged.replace(path)
        finally:
            staged.unlink(missing_ok=True)
        return path.read_bytes()

    @staticmethod
    def _known_salt(path: Path) -> bytes | None:
        try:
            salt = path.read_bytes()
        except (FileNotFoundError, IsADirectoryError):
            return None
        return salt if len(salt) == SALT_BYTES else None

    def _identity(self, value: bytes) -> str:
        return hmac.new(self._salt, value, hashlib.sha256).hexdigest()

    async def from_uri(self, uri: str, cache_key: str | None = None) -> UriSecret:
        """Make a secret from `env://NAME`, `file://PATH` or `cmd://COMMAND`.

        Secrets with the same cache key are one, whatever their values; the last value wins.

        Raises:
            UsageError: there is no such provider, or the cache key is empty.
            EnvironmentFailed: this session gives no secrets to what it runs.
        """
        if "://" not in uri:
            raise UsageError(
                "malformed secret uri: no provider",
                hint="write env://NAME, file://PATH or cmd://COMMAND",
            )
        if cache_key == "":
            raise UsageError("the cache key of a secret is empty", hint="leave it out")
        scheme, _, rest = uri.partition("://")
        if scheme not in PROVIDERS:
            # Any other text may be the secret itself.
            named = f": {scheme!r}" if scheme in OTHER_PROVIDERS else ""
            raise UsageError(
                f"unsupported secret provider{named}",
                hint="stiletto reads env://, file:// and cmd://",
            )
        # A command may contain the secret itself.
        shown = "cmd://..." if scheme == "cmd" else uri
        await self._gate.admit(f"the secret {shown}")
        try:
            read = await self._read(scheme, rest)
            self.masks.add(read)
            value: bytes | UsageError = read
        except UsageError as error:
            value = error
        if cache_key is not None:
            identity = self._identity(b"key:" + cache_key.encode())
        elif isinstance(value, bytes):
            identity = self._identity(b"value:" + value)
        else:
            identity = secrets.token_hex(SALT_BYTES)
        secret = UriSecret(identity)
        self._bound[secret.digest] = _Bound(value, uri)
        return secret

    async def _read(self, scheme: str, rest: str) -> bytes:
        if scheme == "env":
            if rest not in self._environ:
                raise UsageError(
                    f"secret env var not found: {front(rest)!r}",
                    hint="give the name of a variable that is set, such as env://GITHUB_TOKEN",
                )
            return self._environ[rest].encode("utf-8", "surrogateescape")
        if scheme == "file":
            return await asyncio.to_thread(self._read_file, rest)
        try:
            process = await asyncio.create_subprocess_exec(
                "sh",
                "-c",
                rest,
                stdout=asyncio.subprocess.PIPE,
                cwd=self._workdir,
                env=dict(self._environ),
            )
        except OSError as error:  # no sh on PATH; a command longer than the system takes
            raise UsageError(f"secret command cannot be run by sh: {error.strerror}") from error
        out, _ = await process.communicate()
        if process.returncode:
            raise UsageError(f"secret command failed with exit code {process.returncode}")
        return out

    def _read_file(self, rest: str) -> bytes:
        path = self._workdir / expanded(rest)
        try:
            return path.read_bytes()
        except OSError as error:
            raise UsageError(f"secret file {path}: {error.strerror}") from error

    def bind(self, secret: SetSecret, plaintext: str) -> None:
        """Keep what code set; the last value of a name wins."""
        value = plaintext.encode("utf-8", "surrogateescape")
        self.masks.add(value)
        self._bound[secret.digest] = _Bound(value)

    def knows(self, secret: Secret) -> bool:
        """Whether this session made the secret."""
        return secret.digest in self._bound

    def uri(self, secret: Secret) -> str:
        """Return where the value was read; "" for secrets that code set.

        Raises:
            UsageError: it belongs to another session.
        """
        return self._binding(secret).uri

    def value(self, secret: Secret) -> bytes:
        """Return the plaintext.

        Raises:
            UsageError: it could not be read, or belongs to another session.
        """
        value = self._binding(secret).value
        if isinstance(value, UsageError):
            raise value
        return value

    async def for_step(self, secret: Secret) -> bytes:
        """Return the plaintext for a step that is about to run.

        Raises:
            UsageError: it could not be read, or belongs to another session.
            EnvironmentFailed: this session gives no secrets to what it runs.
        """
        named = f" {secret.name!r}" if isinstance(secret, SetSecret) else ""
        await self._gate.admit(f"the secret{named}")
        return self.value(secret)

    def _binding(self, secret: Secret) -> _Bound:
        bound = self._bound.get(secret.digest)
        if bound is None:
            name = secret.name if isinstance(secret, SetSecret) else secret.id
            raise UsageError(f"secret {name!r} is not set in this session")
        return bound
