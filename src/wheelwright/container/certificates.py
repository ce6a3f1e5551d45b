"""Which authorities the programs of a step trust: the one table; pure.

An engine may put its machine's own authorities into the store of a container's system, as Dagger
does with those of its configuration: behind a proxy that reads along, no connection works without
them. Not every program reads that store.

| program | what it reads | what makes it read the system's |
|---|---|---|
| Python's `ssl`, git, curl, cargo | the system's store | nothing |
| uv | a list of its own | `UV_SYSTEM_CERTS` |
| node, and what npm installs | a list of its own | `NODE_EXTRA_CA_CERTS`, beside that list |
| requests: pip-audit, twine, codecov-cli, pypi-attestations | certifi | `REQUESTS_CA_BUNDLE` |
| pip before 24.2, or before Python 3.10 | certifi | `PIP_CERT` |

Certificates of `--ca` are joined with the system's in one file, because most of these variables
name what is trusted instead of the store. Then all of `NAMING_A_FILE` name that file (`trusting`).
"""

from __future__ import annotations

from typing import Final

STORE: Final = "/etc/ssl/certs/ca-certificates.crt"
"""The system's store as one file: in images of Debian and Alpine, and in steps of Stiletto."""

EVERYWHERE: Final = {"UV_SYSTEM_CERTS": "1", "NODE_EXTRA_CA_CERTS": STORE}
"""For every step, tests included: what reads these has no other way to the system's store."""

OF_TOOLS: Final = {"PIP_CERT": STORE, "REQUESTS_CA_BUNDLE": STORE}
"""For every step but tests: the programs that a package tests may read these in another way."""

NAMING_A_FILE: Final = (
    "CARGO_HTTP_CAINFO",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "NODE_EXTRA_CA_CERTS",
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
)
"""The variables that name one file of authorities."""
