"""The calls that read the host: the first that a command with a `--source` makes."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from stiletto.api import files as f
from stiletto.api.registry import leaf
from stiletto.api.session import Host
from stiletto.engine.client import Client
from stiletto.errors import UsageError


@leaf("Host.directory")
async def host_directory(
    client: Client,
    self: Host,
    path: str,
    exclude: Sequence[str] = (),
    include: Sequence[str] = (),
    no_cache: bool = False,
    gitignore: bool = False,
) -> f.Directory:
    """Return a directory of the host, read once per session: `noCache` could not be fresher."""
    at = client.host_path(path)
    if not at.is_dir():
        what = "is not a directory" if at.exists() else "no such directory"
        raise UsageError(f"{at}: {what}")
    return f.HostDirectory(str(at), f.a_filter(include, exclude, gitignore))


@leaf("Host.file")
async def host_file(client: Client, self: Host, path: str, no_cache: bool = False) -> f.File:
    """Return a file of the host."""
    at = client.host_path(path)
    if client.is_link(path):
        raise UsageError(f"{path}: is a link", hint=f"name the file that it leads to: {at}")
    if not at.is_file():
        what = "is not a file" if at.exists() else "no such file"
        raise UsageError(f"{at}: {what}")
    return f.HostFile(str(at))


@leaf("Host.findUp")
async def host_find_up(client: Client, self: Host, name: str, no_cache: bool = False) -> str | None:
    """Return the nearest path of that name, relative to the working directory."""
    start = client.host_path(".")
    for above, parent in enumerate((start, *start.parents)):
        if (parent / name).exists():
            return posixpath.join(*[".."] * above, name)
    return None
