"""Which files of the host a step gets to verify certificates: certificates, but no keys.

Directories of certificates are shown as they are, unless something private lies between: then each
public file is shown alone. Private is what not every user may read (the engine may run as root),
what is named like a key, and what contains one.
"""

from __future__ import annotations

import os
import stat
from functools import cache
from pathlib import Path

from stiletto.layers.layer import Bind

PLACES = (
    "/etc/ca-certificates",
    "/etc/pki/ca-trust",
    "/etc/pki/java",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/ct_log_list.cnf",
    "/etc/pki/tls/openssl.cnf",
    "/etc/pki/tls/openssl.d",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/ssl/certs",
    "/etc/ssl/ct_log_list.cnf",
    "/etc/ssl/openssl.cnf",
)
"""Of Debian, Fedora, SUSE, Arch and Alpine. Beside them lie `private` and the like."""

KEY_NAMES = (".key", ".p12", ".pfx")
KEY_MARK = b"PRIVATE KEY"
READ_MAX_BYTES = 4 << 20
"""A bundle of all authorities has a quarter of a megabyte."""


STORE = "/etc/ssl/certs/ca-certificates.crt"
"""The system's store as one file, in the images that the machine stands in for: those of Debian."""

BUNDLES = (STORE, "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem")
"""Where machines have it: Debian, Arch and Alpine, Fedora, SUSE, and others."""


@cache
def machine_bundle() -> Path | None:
    """Return the file with the authorities that this machine trusts; None for a machine without."""
    return next((Path(name) for name in BUNDLES if Path(name).is_file()), None)


def store_binds() -> list[Bind]:
    """Return binds that show the machine's authorities in a step, at Debian's place as well."""
    bundle = machine_bundle()
    elsewhere = bundle is not None and str(bundle) != STORE
    binds: list[Bind] = []
    for name in PLACES:
        # The directory is read-only in a step: what it lacks could not be added beneath.
        if Path(name).exists() and not (elsewhere and STORE.startswith(f"{name}/")):
            binds += public_binds(Path(name), name)
    if bundle is not None and elsewhere:
        binds += public_binds(bundle, STORE)
    return binds


@cache
def public_binds(host: Path, target: str) -> tuple[Bind, ...]:
    """Return binds that show `host` at `target` without what is private; looked at once."""
    here = host.resolve()
    if not here.is_dir():
        return (Bind(here, target),) if here.is_file() and _is_public(here) else ()
    if not _for_everybody(here.stat(), stat.S_IXOTH):
        return ()
    if not _has_private(here):
        return (Bind(here, target),)
    return tuple(
        bind
        for entry in sorted(here.iterdir())
        if not (entry.is_symlink() and entry.is_dir())  # it may lead back up
        for bind in public_binds(entry, f"{target}/{entry.name}")
    )


def _has_private(directory: Path) -> bool:
    """Whether anything private lies beneath; where links lead is not beneath."""
    if not _for_everybody(directory.stat(), stat.S_IXOTH):
        return True
    with os.scandir(directory) as entries:
        return any(
            _has_private(Path(entry.path))
            if entry.is_dir(follow_symlinks=False)
            else not _is_public(Path(entry.path))
            for entry in entries
            if not entry.is_symlink()
        )


def _is_public(file: Path) -> bool:
    if file.suffix in KEY_NAMES:
        return False
    try:
        found = file.stat()
        if not stat.S_ISREG(found.st_mode) or not _for_everybody(found, stat.S_IROTH):
            return False
        with file.open("rb") as stream:
            return KEY_MARK not in stream.read(READ_MAX_BYTES)
    except OSError:
        return False  # not even the engine can read it


def _for_everybody(found: os.stat_result, permission: int) -> bool:
    return bool(found.st_mode & permission)
