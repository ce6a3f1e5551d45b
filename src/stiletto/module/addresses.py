"""Addresses of objects, as the command line and `.env` files have them, read as calls of the API.

    Directory, File    a path, `file://` in front or not, relative to the working directory; or the
                       address of a repository with `#ref:path`
    Secret             env://NAME, file://PATH, cmd://LINE; also env:NAME and so on; a bare NAME
                       is env://NAME and deprecated; `?cacheKey=` is taken out of the URI
    Container          an image reference
    CacheVolume        its key
    Socket             a path, `unix://` in front or not
    GitRepository      a path, or the address of a repository
    GitRef             the same, `#ref` behind it or not

Source: core/schema/address.go of v0.21.8. Services and modules are not implemented.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from stiletto.errors import UsageError
from stiletto.module.credentials import shown
from stiletto.module.git_url import GitUrl, is_git_url, parse_git_url

Calls: TypeAlias = tuple[tuple[str, Mapping[str, str | list[str] | bool]], ...]
"""Fields with their arguments: the first of the root, each of the others of what is before it."""


def calls_for(
    type_name: str,
    address: str,
    ignore: Sequence[str] = (),
    include: Sequence[str] = (),
    *,
    gitignore: bool = False,
) -> Calls | None:
    """Return the calls that make the object, or None if the type has no addresses.

    `ignore` are patterns of what is left out of a directory of this machine, `include` of what is
    in it; neither counts for a repository's, as in the real engine.

    Raises:
        UsageError: a repository's address has a part that the type has no use for.
    """
    if type_name in OF_REPOSITORIES and is_git_url(address):
        return _of_repository(type_name, parse_git_url(address))
    path = address.removeprefix("file://")
    match type_name:
        case "Directory":
            given: dict[str, str | list[str] | bool] = {"path": path}
            given |= {"exclude": list(ignore)} if ignore else {}
            given |= {"include": list(include)} if include else {}
            given |= {"gitignore": True} if gitignore else {}
            return (("host", {}), ("directory", given))
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
            return (("host", {}), ("directory", {"path": path}), ("asGit", {}), _named(ref))
        case _:
            return None


OF_REPOSITORIES = frozenset({"Directory", "File", "GitRef", "GitRepository"})
"""The types of objects that the address of a repository may mean."""


def _of_repository(type_name: str, url: GitUrl) -> Calls:
    """Return the calls for an object of a repository at an address.

    Raises:
        UsageError: the address has a part that the type has no use for, or lacks one.
    """
    repository = ("git", {"url": url.remote})
    if type_name == "GitRepository":
        if url.fragment:
            raise UsageError(
                f"{shown(url.text)}: the address of a repository cannot contain a ref or a path",
                hint="leave out what stands behind #",
            )
        return (repository,)
    if type_name == "GitRef":
        if url.directory:
            raise UsageError(
                f"{shown(url.text)}: the address of a git ref cannot contain a path",
                hint="leave out what stands behind the colon",
            )
        return (repository, _named(url.ref))
    tree: Calls = (repository, _named(url.ref), ("tree", {}))
    if type_name == "File":
        if not url.directory:
            raise UsageError(
                f"{shown(url.text)}: no file path within the repository",
                hint="write it behind the ref: #main:path/to/file",
            )
        return (*tree, ("file", {"path": url.directory}))
    return (*tree, ("directory", {"path": url.directory})) if url.directory else tree


def _named(ref: str) -> tuple[str, Mapping[str, str | list[str] | bool]]:
    return ("ref", {"name": ref}) if ref else ("head", {})


def front(text: str) -> str:
    """Return the first three characters of what may be a secret by mistake, as Dagger shows it."""
    return text[:3] + "..." if len(text) > 3 else text


def require_variable(
    name: str, environ: Mapping[str, str], where: str = "", example: str = "NAME"
) -> None:
    """Check that a secret without a scheme names a variable, and never repeat it in full.

    It is often the secret itself by mistake.

    Raises:
        UsageError: there is no such variable; `where` precedes the message, and the hint has
            `example` as the name of one.
    """
    if name not in environ:
        raise UsageError(
            f"{where}secret env var not found: {front(name)!r}",
            hint=f"give the name of a variable, not its value: env://{example}; or file://PATH, "
            "cmd://COMMAND",
        )


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
