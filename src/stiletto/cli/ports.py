"""What the command line needs of an engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from stiletto.api.definition import EnumDef, ModuleDef, ObjectDef
from stiletto.engine.ports import ObjectRef, Value


class Types(Protocol):
    """Looks up types by name."""

    def object_def(self, type_name: str) -> ObjectDef | None:
        """Describe an object type of the loaded module or of the core API."""
        ...

    def enum_def(self, type_name: str) -> EnumDef | None:
        """Describe an enum of the loaded module or of the core API."""
        ...

    def refuses(self, type_name: str, function: str) -> bool:
        """Whether a function of the core API exists on Dagger only."""
        ...


class EnginePort(Types, Protocol):
    """One session of the engine, as the command line uses it.

    Errors are `stiletto.errors`; a failed command arrives as `StepFailed`, also when a module's
    function let it pass through.
    """

    async def load_module(self, ref: str | None) -> ModuleDef:
        """Load the module at `ref` (a path), or the one around the working directory."""
        ...

    async def construct(self, args: Mapping[str, Value]) -> ObjectRef:
        """Construct the loaded module's main object; defaults are applied by the engine."""
        ...

    async def select(
        self, receiver: ObjectRef | None, field: str, args: Mapping[str, Value]
    ) -> Value:
        """Evaluate one field; without a receiver, a root field such as `host` or `secret`.

        Objects come back as `ObjectRef` and stay lazy; leaves are evaluated. Enum members travel
        by name, scalars as strings, void as None.
        """
        ...

    @property
    def refused(self) -> Sequence[str]:
        """What was refused because only Dagger has it, also where a module caught the error."""
        ...

    @property
    def failed(self) -> Sequence[str]:
        """The programs that ended with another exit code than 0, and let a function continue."""
        ...

    async def shared(self) -> str:
        """Return what steps share with the machine, in one line."""
        ...

    def called_as(self, command: str) -> None:
        """Let functions know the command before their own name, for messages that name one."""
        ...

    async def finish(self) -> bool:
        """Send SIGTERM to the running functions that handle it; return whether one does."""
        ...

    def mask(self, text: str) -> str:
        """Return a text as it may be shown: without the secrets of the session."""
        ...
