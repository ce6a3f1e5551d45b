"""The root's calls that do work: those that need the client, its host, or its secrets.

Leaves are registered in the same table as the pure calls; their first argument is the calling
client (its session's core, its module, its running function).
"""

from __future__ import annotations

from stiletto.api import API_VERSION
from stiletto.api import files as f
from stiletto.api.platforms import own_platform
from stiletto.api.registry import leaf
from stiletto.api.secrets import CacheVolume, Secret, SetSecret, UriSecret
from stiletto.api.session import CurrentModule, Error, FunctionCall, Query
from stiletto.engine.client import Client
from stiletto.errors import UsageError

# -- root ----------------------------------------------------------------------------------------


@leaf("Query.version")
async def version(client: Client, self: Query) -> str:
    """Return the version of the API."""
    return API_VERSION


@leaf("Query.defaultPlatform")
async def default_platform(client: Client, self: Query) -> str:
    """Return the platform of this machine."""
    return own_platform()


@leaf("Query.secret")
async def secret(client: Client, self: Query, uri: str, cache_key: str | None = None) -> UriSecret:
    """Read a secret from a provider."""
    if client.module is not None:
        raise UsageError("a module's code cannot read secrets of the host; take them as arguments")
    return await client.core.secrets.from_uri(uri, cache_key)


@leaf("Query.setSecret")
async def set_secret(client: Client, self: Query, name: str, plaintext: str) -> SetSecret:
    """Make a secret from text."""
    result = SetSecret(name, client.scope)
    client.core.secrets.bind(result, plaintext)
    return result


@leaf("Query.cacheVolume")
async def cache_volume(
    client: Client,
    self: Query,
    key: str,
    source: f.Directory | None = None,
    sharing: str = "SHARED",
    owner: str = "",
) -> CacheVolume:
    """Name a cache volume; names of different modules are different volumes."""
    return CacheVolume(key, client.scope, source, sharing, owner)


@leaf("Query.currentFunctionCall")
async def current_function_call(client: Client, self: Query) -> FunctionCall:
    """Return the call that the client's process runs."""
    if client.call is None:
        raise UsageError("no current function call: the client is not a module's function")
    return client.call


@leaf("Query.currentModule")
async def current_module(client: Client, self: Query) -> CurrentModule:
    """Return the module that the client's process belongs to."""
    if client.module is None:
        raise UsageError("no current module: the client is not a module's function")
    return CurrentModule(client.module.name, f.StoredTree(client.module.tree))


@leaf("FunctionCall.returnValue")
async def return_value(client: Client, self: FunctionCall, value: str) -> None:
    """Take the running function's result."""
    client.returned = value


@leaf("FunctionCall.returnError")
async def return_error(client: Client, self: FunctionCall, error: Error) -> None:
    """Take the running function's error."""
    client.failed = error


@leaf("Secret.uri")
async def secret_uri(client: Client, self: Secret) -> str:
    """Return the URI; empty for secrets that were set."""
    return client.core.secrets.uri(self)


@leaf("Secret.plaintext")
async def plaintext(client: Client, self: Secret) -> str:
    """Return the value."""
    return client.core.secrets.value(self).decode("utf-8", "replace")
