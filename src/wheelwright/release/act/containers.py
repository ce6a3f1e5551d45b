"""What the containers of a release are prepared with: programs, certificates, a fresh start."""

from __future__ import annotations

import uuid
from importlib.resources import files
from typing import Final

import dagger

PROGRAMS: Final = "/opt/wheelwright"
"""Where programs of `release/inside` are."""

CA: Final = f"{PROGRAMS}/ca.pem"
"""Where the certificates of `--ca` are."""


def fresh(container: dagger.Container) -> dagger.Container:
    """Make the next command one that is never cached."""
    return container.with_env_variable("WHEELWRIGHT_NONCE", uuid.uuid4().hex)


def with_program(container: dagger.Container, name: str) -> dagger.Container:
    """Put a program of `inside` into a container."""
    text = (files("wheelwright.release.inside") / name).read_text(encoding="utf-8")
    return container.with_new_file(f"{PROGRAMS}/{name}", text)


def with_certificates(container: dagger.Container, ca: dagger.File | None) -> dagger.Container:
    """Let uv, Python and what they start trust the certificates of `--ca`, too; None: as it is."""
    if ca is None:
        return container
    return container.with_file(CA, ca).with_env_variable("SSL_CERT_FILE", CA)


def without_certificates(container: dagger.Container) -> dagger.Container:
    """Return a container for code of the package, which trusts what it would trust elsewhere."""
    return container.without_env_variable("SSL_CERT_FILE")
