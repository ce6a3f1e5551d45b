"""Plaintexts of one session, in memory only.

A secret with a URI is read when it is made; its identity is a hash of the value, salted per
store, so that equal values are equal secrets and nothing can be looked up from a key. A value
that cannot be read gets a random identity and fails where it is used.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qs

from stiletto.api.secrets import Secret, SetSecret, UriSecret
from stiletto.errors import UsageError

__all__ = ["SecretStore"]

SALT_BYTES = 32


class SecretStore:
    """Reads secrets and keeps their values for the session."""

    def __init__(self, salt: bytes, environ: Mapping[str, str], workdir: Path) -> None:
        self._salt = salt
        self._environ = environ
        self._workdir = workdir
        self._values: dict[str, bytes | UsageError] = {}

    @staticmethod
    def salt(path: Path) -> bytes:
        """Return the store's salt, made on first use."""
        try:
            return path.read_bytes()
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            staged = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
            staged.touch(mode=0o600)
            staged.write_bytes(secrets.token_bytes(SALT_BYTES))
            try:
                os.link(staged, path)  # the first of several processes wins
            except FileExistsError:
                pass
            finally:
                staged.unlink()
            return path.read_bytes()

    def _identity(self, value: bytes) -> str:
        return hmac.new(self._salt, value, hashlib.sha256).hexdigest()

    async def from_uri(self, uri: str, cache_key: str | None = None) -> UriSecret:
        """Make a secret from `env://NAME`, `file://PATH` or `cmd://COMMAND`."""
        address, _, query = uri.partition("?cacheKey=")
        cache_key = cache_key or (parse_qs("cacheKey=" + query).get("cacheKey", [""])[0])
        if "://" not in address:
            raise UsageError(
                f"malformed secret uri {uri!r}: no provider",
                hint="write env://NAME, file://PATH or cmd://COMMAND",
            )
        try:
            value: bytes | UsageError = await self._read(address)
        except UsageError as error:
            if error.message.startswith("unsupported"):
                raise
            value = error
        if cache_key:
            identity = self._identity(b"key:" + cache_key.encode())
        elif isinstance(value, bytes):
            identity = self._identity(value)
        else:
            identity = secrets.token_hex(32)
        secret = UriSecret(address, identity)
        self._values[secret.digest] = value
        return secret

    async def _read(self, uri: str) -> bytes:
        scheme, _, rest = uri.partition("://")
        if scheme == "env":
            if rest not in self._environ:
                raise UsageError(f"secret env var not found: {rest!r}")
            return self._environ[rest].encode()
        if scheme == "file":
            return await asyncio.to_thread(self._read_file, rest)
        if scheme == "cmd":
            process = await asyncio.create_subprocess_exec(
                "sh",
                "-c",
                rest,
                stdout=asyncio.subprocess.PIPE,
                cwd=self._workdir,
                env=dict(self._environ),
            )
            out, _ = await process.communicate()
            if process.returncode:
                raise UsageError(f"secret command failed with exit code {process.returncode}")
            return out
        raise UsageError(
            f"unsupported secret provider: {scheme!r}",
            hint="stiletto reads env://, file:// and cmd://",
        )

    def _read_file(self, rest: str) -> bytes:
        path = self._workdir / Path(rest).expanduser()
        try:
            return path.read_bytes()
        except OSError as error:
            raise UsageError(f"secret file {path}: {error.strerror}") from error

    def bind(self, secret: SetSecret, plaintext: str) -> None:
        """Keep what code set; the last value of a name wins."""
        self._values[secret.digest] = plaintext.encode()

    def knows(self, secret: Secret) -> bool:
        """Tell whether the value is at hand in this session."""
        return secret.digest in self._values

    async def value(self, secret: Secret) -> bytes:
        """Return the plaintext.

        Raises:
            UsageError: it could not be read, or belongs to another session.
        """
        if secret.digest not in self._values and isinstance(secret, UriSecret):
            # From a stored result of an earlier session: read it again.
            self._values[secret.digest] = await self._read(secret.uri)
        value = self._values.get(secret.digest)
        if value is None:
            name = secret.name if isinstance(secret, SetSecret) else secret.id
            raise UsageError(f"secret {name!r} is not set in this session")
        if isinstance(value, UsageError):
            raise value
        return value

    def all_values(self) -> Iterator[bytes]:
        """Yield every value known, for scrubbing."""
        for value in self._values.values():
            if isinstance(value, bytes) and value:
                yield value
