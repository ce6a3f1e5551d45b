"""Objects from addresses that a `.env` file or a customization gives.

Relative paths start at the working directory, as on the command line. Source: core/modfunc.go
(UserDefault.Value) and core/schema/address.go of v0.21.8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stiletto.api.session import Query
from stiletto.errors import NotSupported, UsageError
from stiletto.graph.kind import Kind
from stiletto.graph.recipe import Recipe
from stiletto.module.addresses import is_git_url, secret_arguments
from stiletto.module.credentials import shown
from stiletto.module.definition import ArgDef, TypeRef
from stiletto.module.remote import GitReference

if TYPE_CHECKING:
    from stiletto.engine.session import Engine


async def address_of(engine: Engine, arg: ArgDef, text: str) -> Any:
    """Return the object, or the list of objects, that an argument's default names.

    Raises:
        UsageError: there is nothing at the address.
        NotSupported: this engine makes no object of this type from an address.
    """
    try:
        if arg.type.kind is Kind.LIST and arg.type.element is not None:
            element = arg.type.element
            return [await _object(engine, element, item.strip()) for item in text.split(",")]
        return await _object(engine, arg.type, text)
    except UsageError as error:
        raise UsageError(f"default of {arg.name}: {error.message}", hint=error.hint) from error


async def _object(engine: Engine, of: TypeRef, text: str) -> Recipe:
    async def root(field: str, **args: Any) -> Any:
        return await engine.dispatch(engine.main, Query(), field, args)

    async def host(field: str, path: str) -> Any:
        return await engine.dispatch(engine.main, await root("host"), field, {"path": path})

    match of.name:
        case "Directory" | "File":
            path = text.removeprefix("file://")
            if is_git_url(text):
                path = await _from_repository(engine, text)
            made = await host(of.name.lower(), path)
        case "Secret":
            if ":" not in text and text not in engine.environ:
                # The text may be the secret itself, and is not repeated.
                raise UsageError(
                    "a secret without a scheme is the name of an environment variable, "
                    "and there is none of this name",
                    hint="write env://NAME, file://PATH or cmd://COMMAND",
                )
            made = await root("secret", **secret_arguments(text))
        case "Container":
            made = await engine.container_from(text)
        case "CacheVolume":
            made = await root("cacheVolume", key=text)
        case "Socket":
            made = await host("unixSocket", text.removeprefix("unix://"))
        case _:
            raise NotSupported(f"a default for an argument of type {of.name}")
    if not isinstance(made, Recipe):
        raise TypeError(f"the address {text!r} answered {made!r} where an object was expected")
    return made


async def _from_repository(engine: Engine, text: str) -> str:
    """Clone `URL#ref:path`; return where the path is."""
    url, _, fragment = text.partition("#")
    version, _, inside = fragment.partition(":")
    cloned = await engine.modules.repositories.clone(GitReference(((url, ""),), version))
    path = (cloned.path / inside).resolve()
    if not path.is_relative_to(cloned.path.resolve()):
        raise UsageError(f"{shown(text)}: {inside!r} leads out of the repository")
    return str(path)
