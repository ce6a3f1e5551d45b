"""Addresses of objects, from the command line and `.env` files (core/schema/address.go)."""

from __future__ import annotations

import re

_GIT_URL = re.compile(r"(?:(?:https?|ssh|git)://|[\w-]+@[\w.-]+:)")
"""What Dagger takes for a remote repository (util/gitutil, ParseURL)."""


def is_git_url(text: str) -> bool:
    """Whether an address means a remote repository and not a path."""
    return _GIT_URL.match(text) is not None


def secret_arguments(address: str) -> dict[str, str]:
    """Return the arguments of the API's `secret` for an address."""
    if ":" not in address:
        address = f"env://{address}"
    scheme, _, rest = address.partition(":")
    if not rest.startswith("//"):
        address = f"{scheme}://{rest}"
    uri, question, query = address.partition("?")
    if not question or not query:
        return {"uri": address}
    from urllib.parse import parse_qsl, urlencode

    pairs = parse_qsl(query, keep_blank_values=True)
    keys = [value for name, value in pairs if name == "cacheKey"]
    if not keys or not keys[0]:
        return {"uri": address}
    others = urlencode([(name, value) for name, value in pairs if name != "cacheKey"])
    return {"uri": f"{uri}?{others}" if others else uri, "cacheKey": keys[0]}
