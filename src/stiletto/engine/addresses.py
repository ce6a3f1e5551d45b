"""Objects from the addresses in a `.env` file or a customization.

Relative paths start at the working directory, as on the command line. Source: core/modfunc.go
(UserDefault.Value) of v0.21.8.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import Any

from stiletto.api import files as f
from stiletto.api.definition import ArgDef, TypeRef
from stiletto.api.git import LocalRepository
from stiletto.api.session import Query
from stiletto.engine.client import Client, Dispatch
from stiletto.engine.core import Core
from stiletto.errors import NotSupported, UsageError
from stiletto.graph.kind import Kind
from stiletto.graph.recipe import Recipe
from stiletto.module.addresses import Calls, calls_for, require_variable
from stiletto.module.git_url import is_git_url
from stiletto.module.source import LoadedModule

OFFERED = frozenset(
    {
        *("CacheVolume", "Container", "Directory", "File"),
        *("GitRef", "GitRepository", "Secret", "Socket"),
    }
)
"""The types whose defaults may be addresses. Each needs its rules of what a default may read."""


class Addresses:
    """Makes objects from addresses, for one session."""

    def __init__(self, core: Core, dispatch: Dispatch) -> None:
        self._core = core
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
                items = text.split(",")
                return [await self._object(element, item.strip(), arg.ignore) for item in items]
            return await self._object(arg.type, text, arg.ignore)
        except UsageError as error:
            raise UsageError(f"default of {arg.name}: {error.message}", hint=error.hint) from error

    async def _object(self, of: TypeRef, text: str, ignore: Sequence[str]) -> Recipe:
        if of.name == "Secret" and ":" not in text:
            require_variable(text, self._core.environ)
        calls = calls_for(of.name, text, ignore) if of.name in OFFERED else None
        if calls is None:
            raise NotSupported(f"a default for an argument of type {of.name}")
        return await self._made(calls)

    async def repository(self, module: LoadedModule, arg: ArgDef) -> Recipe:
        """Return the GitRepository or GitRef at an argument's default path.

        `.` and `.git`, with or without a slash in front, mean the repository around the module;
        anything else is the address of one (core/modfunc.go of v0.21.8, loadContextualGitArg).

        Raises:
            UsageError: there is no repository.
            NotSupported: the module itself is in a repository at an address.
        """
        path = arg.default_path or ""
        if is_git_url(path):
            return await self._object(arg.type, path, ())
        if posixpath.normpath(path.strip("/")) not in (".", ".git"):
            raise UsageError(
                f"default path {path!r} of {arg.name} is not the address of a repository",
                hint="write . or .git for the repository around the module",
            )
        if module.place.url and module.context == module.place.context:
            raise NotSupported(
                f"the default of {arg.name} (the repository of a module at an address)"
            )
        kept = f.a_filter(gitignore=True)
        around = LocalRepository(
            await self._core.evaluator.fixed(f.HostDirectory(str(module.context), kept))
        )
        field = "head" if arg.type.name == "GitRef" else "branches"
        found = await self._dispatch(self._client, around, field, {})
        return found if isinstance(found, Recipe) else around

    async def _made(self, calls: Calls) -> Recipe:
        receiver: Recipe = Query()
        for field, args in calls:
            value = await self._dispatch(self._client, receiver, field, args)
            if not isinstance(value, Recipe):
                raise TypeError(f"{field} answered {value!r} where an object was expected")
            receiver = value
        return receiver
