"""What programs print where they do not trust a server's certificate; pure."""

from __future__ import annotations

import re
import urllib.parse
from typing import Final

from wheelwright.identity import page

# uv (rustls), OpenSSL in Python, curl and git with OpenSSL and with GnuTLS, node.
_UNTRUSTED: Final = re.compile(
    r"invalid peer certificate: UnknownIssuer"
    r"|(?:CERTIFICATE_VERIFY_FAILED\] certificate verify failed|SSL certificate problem): "
    r"(?:unable to get|self[- ]signed)"
    r"|server certificate verification failed"
    r"|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT(?:_LOCALLY)?"
    r"|unable to verify the first certificate"
)
_ADDRESS: Final = re.compile(
    r"url \((?P<uv>https://[^)\s]+)\)"
    r"|`(?P<quoted>https://[^`\s]+)`"
    r"|unable to access '(?P<git>https://[^'\s]+)'"
    r"|HTTPSConnectionPool\(host='(?P<host>[^']+)', port=(?P<port>[0-9]+)\)"
    r"|(?P<plain>https://[^\s'\"`)>\]]+)"
)


def trust() -> str:
    """Return the next act where a certificate is not trusted."""
    at = page("troubleshooting", "the certificate of a server is not trusted")
    return f"let the engine's machine trust the authority that signed it: {at}"


def not_trusted(address: str) -> str:
    """Return the fact for people."""
    return f"the certificate of {address} is not trusted"


def origin(url: str) -> str:
    """Return scheme, host and port of an address, without what else is in it."""
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def untrusted(printed: str) -> str:
    """Return the origin whose certificate a program did not trust; empty where that was not why.

    What was printed last counts: a program may try several addresses.
    """
    refusals = [*_UNTRUSTED.finditer(printed)]
    if not refusals:
        return ""
    before = [*_ADDRESS.finditer(printed, 0, refusals[-1].end())]
    found = before[-1] if before else _ADDRESS.search(printed)
    if found is None:
        return "a server"
    if found["host"]:
        port = "" if found["port"] == "443" else f":{found['port']}"
        return f"https://{found['host']}{port}"
    return origin(next(text for text in found.groups() if text).rstrip(".,;:"))
