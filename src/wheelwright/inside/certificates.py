"""Joins the system's certificates with given ones in one file.

    python certificates.py GIVEN TO

The system's are where OpenSSL looks, or where distributions have them as one file.
"""

from __future__ import annotations

import ssl
import sys
from pathlib import Path

# Debian and Alpine; Fedora; SUSE; macOS and BSD.
STORES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
MARK = b"-----BEGIN CERTIFICATE-----"


def store() -> bytes:
    """Return the system's certificates; nothing where it has none."""
    named = ssl.get_default_verify_paths().cafile
    for path in (*([named] if named else []), *STORES):
        if Path(path).is_file():
            return Path(path).read_bytes()
    return b""


def main() -> None:
    """Join them."""
    path, to = map(Path, sys.argv[1:])
    given = path.read_bytes()
    if MARK not in given:
        raise SystemExit("--ca has no certificate in PEM")
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(store().rstrip() + b"\n" + given)


if __name__ == "__main__":
    main()
