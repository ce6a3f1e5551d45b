"""The clients of a session: the command line, a program, or a module's running function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from stiletto.api.earlier import SOURCE, Version
from stiletto.api.session import Error, FunctionCall
from stiletto.engine.core import Core
from stiletto.errors import UsageError
from stiletto.graph.recipe import Recipe
from stiletto.module.remote import expanded
from stiletto.module.source import LoadedModule
from stiletto.progress import Outcome, Span

PARTS_MAX = 500
"""Parts of one call that are shown apart."""


@dataclass
class Client:
    """One connection's identity and rights.

    `module` and `call` are set for a module's process: it sees its own call, and neither the host's
    files nor its secrets. `served` are the modules that it may call beside the core. `returned`
    (JSON) or `failed` is the result of that process; `requests` counts what it sent, `printed` is
    what it printed, without secrets.
    """

    core: Core
    module: LoadedModule | None = None
    call: FunctionCall | None = None
    span: Span | None = None
    served: Sequence[LoadedModule] = ()
    returned: str | None = field(default=None, repr=False)
    failed: Error | None = None
    requests: int = 0
    printed: list[bytes] = field(default_factory=list, repr=False)
    parts: dict[str, Span] = field(default_factory=dict, repr=False)

    def beneath(self, part: str) -> Span | None:
        """Return what a request is shown beneath: the named part of the call, else the call."""
        if not part or self.span is None:
            return self.span
        if part not in self.parts:
            if len(self.parts) == PARTS_MAX:
                return self.span
            self.parts[part] = self.core.progress.span(part, "part", self.span)
        return self.parts[part]

    def end_parts(self) -> None:
        """End the parts with their call."""
        for part in self.parts.values():
            part.end(Outcome.DONE)

    @property
    def scope(self) -> str:
        """What keeps the names of secrets and cache volumes of different modules apart."""
        return "main" if self.module is None else self.module.scope

    @property
    def earlier(self) -> Version | None:
        """The engine that the client's module asks for, if its API differs from the newest."""
        version = None if self.module is None else self.module.config.engine
        return version if version is not None and version < SOURCE else None

    def host_path(self, path: str) -> Path:
        """Return a path of the host, as the file system sees `..` and links in it.

        Raises:
            UsageError: the client is a module's code.
        """
        if self.module is not None:
            raise UsageError("a module's code cannot read the host; take directories as arguments")
        return (self.core.workdir / expanded(path)).resolve()

    def is_link(self, path: str) -> bool:
        """Whether a path of the host is a symbolic link itself."""
        return (self.core.workdir / expanded(path)).is_symlink()


Dispatch: TypeAlias = Callable[[Client, Recipe, str, Mapping[str, Any]], Awaitable[Any]]
"""Evaluates one field of one value for a client; arguments are as they come over the wire."""

RunCode: TypeAlias = Callable[[Client, str], Awaitable[str]]
"""Runs the code of a client's module for its call, named in errors; returns the JSON result."""
