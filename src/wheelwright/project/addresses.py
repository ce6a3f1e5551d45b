"""Addresses that credentials are sent to: whether they are safe, and how they are shown.

Programs of `inside` cannot import this: `refs.py` and `fetch.py` have the same rule.
"""

from __future__ import annotations

import ipaddress
import re


def without_credentials(url: str) -> str:
    """Return an address without what is before its host."""
    return re.sub(r"^([A-Za-z][A-Za-z0-9+.-]*://)[^/?#]*@", r"\1", url)


def readable(url: str) -> bool:
    """Whether others can read what is sent to an address: plain HTTP, but on this machine."""
    place = re.match(r"(?i)http://(?:\[([^\]]*)\]|([^:/?#]*))", without_credentials(url))
    if place is None:
        return False
    host = place[1] or place[2]
    try:
        return not (host == "localhost" or ipaddress.ip_address(host).is_loopback)
    except ValueError:
        return True
