"""Objects from addresses that a `.env` file or a customization gives.

Relative paths start at the working directory, as on the command line. Source: core/modfunc.go
(UserDefault.Value) and core/schema/address.go of v0.21.8.
"""

from __future__ import annotations

from typing import Any

from stiletto.api.session import Query
from stiletto.engine.client import Client, Dispatch
from stiletto.engine.container_leaves import image_container
from stiletto.engine.core import Core
from stiletto.engine.repositories import Repositories
from stiletto.errors import NotSupported, UsageError
from stiletto.graph.recipe import Recipe
from stiletto.module.addresses import is_git_url, secret_arguments
from stiletto.module.credentials import shown
from stiletto.module.definition import ArgDef, Kind, TypeRef
from stiletto.module.remote import GitReference


class Addresses:
    """Makes objects from addresses, for one session."""

    def __init__(self, core: Core, repositories: Repositories, dispatch: Dispatch) -> None:
        self._core = core
        self._repositories = repositories
        self._dispatch = dispatch
        self._client = Client(core)

    async def value(self, arg: ArgDef, text: str) -> Any:
        """Return the object, or the list of objects, that an argument's default names.

        Raises:
            UsageError: there is nothing at the address.
            NotSupported: this engine makes no object of this type from an address.
        """
        try:
            if arg.type.kind is Kind.LIST and arg.type.element is not None:
                element = arg.type.element
                return [await self._object(element, item.strip()) for item in text.split(",")]
            return await self._object(arg.type, text)
        except UsageError as error:
            raise UsageError(f"default of {arg.name}: {error.message}", hint=error.hint) from error

    async def _object(self, of: TypeRef, text: str) -> Recipe:
        match of.name:
            case "Directory" | "File":
                path = text.removeprefix("file://")
                if is_git_url(text):
                    path = await self._from_repository(text)
                made = await self._host(of.name.lower(), path)
            case "Secret":
                if ":" not in text and text not in self._core.environ:
                    # The text may be the secret itself, and is not repeated.
                    raise UsageError(
                        "a secret without a scheme is the name of an environment variable, "
                        "and there is none of this name",
                        hint="write env://NAME, file://PATH or cmd://COMMAND",
                    )
                made = await self._root("secret", **secret_arguments(text))
            case "Container":
                made = await image_container(self._core, text)
            case "CacheVolume":
                made = await self._root("cacheVolume", key=text)
            case "Socket":
                made = await self._host("unixSocket", text.removeprefix("unix://"))
            case _:
                raise NotSupported(f"a default for an argument of type {of.name}")
        if not isinstance(made, Recipe):
            raise TypeError(f"the address {text!r} answered {made!r} where an object was expected")
        return made

    async def _root(self, field: str, **args: Any) -> Any:
        return await self._dispatch(self._client, Query(), field, args)

    async def _host(self, field: str, path: str) -> Any:
        host = await self._root("host")
        return await self._dispatch(self._client, host, field, {"path": path})

    async def _from_repository(self, text: str) -> str:
        """Clone `URL#ref:path`; return where the path is."""
        url, _, fragment = text.partition("#")
        version, _, inside = fragment.partition(":")
        cloned = await self._repositories.clone(GitReference(((url, ""),), version))
        path = (cloned.path / inside).resolve()
        if not path.is_relative_to(cloned.path.resolve()):
            raise UsageError(f"{shown(text)}: {inside!r} leads out of the repository")
        return str(path)
