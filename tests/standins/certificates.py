"""A certificate authority of one test run, for servers on loopback."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme

__all__ = ["Authority"]


class Authority:
    """Issues the servers' certificate; `bundle` is what SSL_CERT_FILE wants to name.

    The bundle holds the machine's own roots, too: a client that is pointed at it still reaches
    the real package index.
    """

    def __init__(self, directory: Path) -> None:
        authority = trustme.CA()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(self.context)
        self.bundle = directory / "ca-bundle.pem"
        machine = ssl.get_default_verify_paths().cafile
        roots = Path(machine).read_bytes() if machine else b""
        self.bundle.write_bytes(authority.cert_pem.bytes() + b"\n" + roots)
