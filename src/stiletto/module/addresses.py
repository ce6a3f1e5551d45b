"""Addresses of objects, as the command line and `.env` files have them, read as calls of the API.

    Directory, File    a path, `file://` in front or not, relative to the working directory
    Secret             env://NAME, file://PATH, cmd://LINE; also env:NAME and so on; a bare NAME
                       is env://NAME and deprecated; `?cacheKey=` is taken out of the URI
    Container          an image reference
    CacheVolume        its key
    Socket             a path, `unix://` in front or not
    GitRepository      a path
    GitRef             a path, `#ref` behind it or not

Source: core/schema/address.go of v0.21.8. Git URLs, services and modules are not implemented.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from stiletto.errors import UsageError

Calls: TypeAlias = tuple[tuple[str, Mapping[str, str | list[str]]], ...]
"""Fields with their arguments: the first of the root, each of the others of what is before it."""

_GIT_URL = re.compile(r"(?:(?:https?|ssh|git)://|[\w-]+@[\w.-]+:)")
"""What Dagger takes for a remote repository (util/gitutil, ParseURL)."""


def calls_for(type_name: str, address: str, ignore: Sequence[str] = ()) -> Calls | None:
    """Return the calls that make the object, or None if the type has no addresses.

    `ignore` are patterns of what is left out of a directory.
    """
    path = address.removeprefix("file://")
    match type_name:
        case "Directory":
            excluded = {"exclude": list(ignore)} if ignore else {}
            return (("host", {}), ("directory", {"path": path, **excluded}))
        case "File":
            return (("host", {}), ("file", {"path": path}))
        case "Secret":
            return (("secret", secret_arguments(address)),)
        case "Container":
            return (("container", {}), ("from", {"address": address}))
        case "CacheVolume":
            return (("cacheVolume", {"key": address}),)
        case "Socket":
            return (("host", {}), ("unixSocket", {"path": address.removeprefix("unix://")}))
        case "GitRepository":
            return (("host", {}), ("directory", {"path": path}), ("asGit", {}))
        case "GitRef":
            path, _, ref = path.partition("#")
            named = ("ref", {"name": ref}) if ref else ("head", {})
            return (("host", {}), ("directory", {"path": path}), ("asGit", {}), named)
        case _:
            return None


def require_variable(name: str, environ: Mapping[str, str], where: str = "") -> None:
    """Check that a secret without a scheme names a variable, and never repeat it.

    It is often the secret itself by mistake.

    Raises:
        UsageError: there is no such variable; `where` precedes the message.
    """
    if name not in environ:
        raise UsageError(
            f"{where}a secret without a scheme is the name of an environment variable, "
            "and there is none of this name",
            hint="write env://NAME, file://PATH or cmd://COMMAND",
        )


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
