"""Addresses given on the command line, as objects of the engine; `module.addresses` reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stiletto.cli.names import kebab
from stiletto.cli.values import Address, Parsed
from stiletto.errors import NotSupported, UsageError
from stiletto.module.addresses import calls_for, require_variable
from stiletto.module.git_url import is_git_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from stiletto.api.definition import FunctionDef
    from stiletto.cli.ports import EnginePort
    from stiletto.engine.ports import Value

_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}/[^/]")
"""How an address begins that lacks its scheme."""


class Addresses:
    """Makes the values of a function's arguments."""

    def __init__(
        self,
        engine: EnginePort,
        workdir: Path,
        say: Callable[[str], None],
        environ: Mapping[str, str],
    ) -> None:
        self._session = engine
        self._workdir = workdir
        self._say = say
        self._environ = environ

    async def arguments(
        self, function: FunctionDef | None, given: Mapping[str, Parsed]
    ) -> dict[str, Value]:
        """Return what was given with its addresses looked up.

        Raises:
            UsageError: a path that is not there.
            NotSupported: a kind of address that this engine does not implement.
        """
        values: dict[str, Value] = {}
        for name, value in given.items():
            arg = function.arg(name) if function else None
            values[name] = await self._value(name, value, arg.ignore if arg else ())
        return values

    async def _value(self, name: str, value: Parsed, ignore: Sequence[str]) -> Value:
        if isinstance(value, Address):
            return await self._object(name, value, ignore)
        if isinstance(value, list):
            return [await self._value(name, item, ignore) for item in value]
        return value

    async def _object(self, name: str, address: Address, ignore: Sequence[str]) -> Value:
        from stiletto.engine.ports import ObjectRef

        match address.type:
            case "Directory" | "File" | "GitRepository":
                self._check_path(name, address.type, address.text)
            case "GitRef":
                self._check_path(name, address.type, address.text.partition("#")[0])
            case "Secret" if ":" not in address.text:
                variable = kebab(name).replace("-", "_").upper()
                require_variable(address.text, self._environ, f"--{kebab(name)}: ", variable)
                self._say(
                    f"Warning: --{kebab(name)}: a secret without a scheme; "
                    "write env:// in front of the name, as later versions will require"
                )
        try:
            calls = calls_for(address.type, address.text, ignore)
        except UsageError as error:
            raise UsageError(f"--{kebab(name)}: {error.message}", hint=error.hint) from error
        if calls is None:
            raise NotSupported(f"--{kebab(name)} (a {address.type} given by its address)")
        receiver: ObjectRef | None = None
        for field, args in calls:
            value = await self._session.select(receiver, field, args)
            if not isinstance(value, ObjectRef):
                raise TypeError(f"{field} answered {value!r} where an object was expected")
            receiver = value
        return receiver

    def _check_path(self, name: str, type_name: str, text: str) -> None:
        """Look that a local path is there, and of the right kind."""
        if is_git_url(text):
            return
        path = self._workdir / text.removeprefix("file://")
        if not path.exists():
            host = _HOST.match(text)
            raise UsageError(
                f"--{kebab(name)}: no such file or directory: {path}",
                hint=f"write https://{text} for a repository" if host else None,
            )
        if type_name == "File" and path.is_dir():
            raise UsageError(f"--{kebab(name)}: is a directory, not a file: {path}")
        if type_name != "File" and not path.is_dir():
            raise UsageError(f"--{kebab(name)}: is a file, not a directory: {path}")
