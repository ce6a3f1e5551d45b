"""Addresses given on the command line, as objects of the engine.

    Directory, File    a path, `file://` in front or not, relative to the working directory
    Secret             env://NAME, file://PATH, cmd://LINE; also env:NAME and so on; a bare NAME
                       is env://NAME and deprecated; `?cacheKey=` is taken out of the URI
    Container          an image reference
    CacheVolume        its key
    Socket             a path, `unix://` in front or not
    GitRepository      a path
    GitRef             a path, `#ref` behind it or not

Source: core/schema/address.go. Git URLs, services and modules are not implemented.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stiletto.cli.values import Address, Parsed
from stiletto.errors import NotSupported, UsageError
from stiletto.module.addresses import is_git_url, secret_arguments
from stiletto.module.credentials import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from stiletto.cli.ports import EnginePort
    from stiletto.engine.ports import ObjectRef, Value
    from stiletto.module.definition import FunctionDef


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
        made: dict[str, Value] = {}
        for name, value in given.items():
            arg = function.arg(name) if function else None
            made[name] = await self._value(name, value, arg.ignore if arg else ())
        return made

    async def _value(self, name: str, value: Parsed, ignore: Sequence[str]) -> Value:
        if isinstance(value, Address):
            return await self._object(name, value, ignore)
        if isinstance(value, list):
            return [await self._value(name, item, ignore) for item in value]
        return value

    async def _object(self, name: str, address: Address, ignore: Sequence[str]) -> Value:
        text = address.text
        match address.type:
            case "Directory":
                args: dict[str, Value] = {"path": self._path(name, address)}
                if ignore:
                    args["exclude"] = list(ignore)
                return await self._select("host", {}, "directory", args)
            case "File":
                return await self._select("host", {}, "file", {"path": self._path(name, address)})
            case "Secret":
                if ":" not in text:
                    self._bare_secret(name, text)
                return await self._session.select(None, "secret", secret_arguments(text))
            case "Container":
                return await self._select("container", {}, "from", {"address": text})
            case "CacheVolume":
                return await self._session.select(None, "cacheVolume", {"key": text})
            case "Socket":
                path = text.removeprefix("unix://")
                return await self._select("host", {}, "unixSocket", {"path": path})
            case "GitRepository":
                return await self._repository(name, address)
            case "GitRef":
                path, _, ref = text.partition("#")
                repository = await self._repository(name, Address(address.type, path))
                if ref:
                    return await self._session.select(repository, "ref", {"name": ref})
                return await self._session.select(repository, "head", {})
            case _:
                raise NotSupported(f"--{_flag(name)} (a {address.type} given by its address)")

    def _bare_secret(self, name: str, text: str) -> None:
        """Take a secret without a scheme for a variable's name, and never repeat it.

        Whoever writes one has often written the secret itself.

        Raises:
            UsageError: there is no such variable.
        """
        if text not in self._environ:
            raise UsageError(
                f"--{_flag(name)}: a secret without a scheme is the name of an environment "
                "variable, and there is none of this name",
                hint="write env://NAME, file://PATH or cmd://COMMAND",
            )
        self._say(
            f"Warning: --{_flag(name)}: a secret without a scheme; "
            "write env:// in front of the name, as later versions will ask for"
        )

    async def _repository(self, name: str, address: Address) -> ObjectRef:
        path = self._path(name, address)
        directory = await self._select("host", {}, "directory", {"path": path})
        return await self._ref(directory, "asGit", {})

    async def _select(
        self, root: str, root_args: Mapping[str, Value], field: str, args: Mapping[str, Value]
    ) -> ObjectRef:
        return await self._ref(await self._ref(None, root, root_args), field, args)

    async def _ref(
        self, receiver: ObjectRef | None, field: str, args: Mapping[str, Value]
    ) -> ObjectRef:
        from stiletto.engine.ports import ObjectRef

        value = await self._session.select(receiver, field, args)
        if not isinstance(value, ObjectRef):
            raise TypeError(f"{field} answered {value!r} where an object was expected")
        return value

    def _path(self, name: str, address: Address) -> str:
        """Return a local path as given, after a look that it is there."""
        if is_git_url(address.text):
            raise NotSupported(f"--{_flag(name)} (the git repository {shown(address.text)})")
        text = address.text.removeprefix("file://")
        path = self._workdir / text
        if not path.exists():
            raise UsageError(f"--{_flag(name)}: no such file or directory: {path}")
        if address.type == "File" and path.is_dir():
            raise UsageError(f"--{_flag(name)}: is a directory, not a file: {path}")
        if address.type != "File" and not path.is_dir():
            raise UsageError(f"--{_flag(name)}: is a file, not a directory: {path}")
        return text


def _flag(name: str) -> str:
    from stiletto.cli.names import kebab

    return kebab(name)
