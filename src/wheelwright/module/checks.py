"""Gives the module a function for each gate that needs no argument of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol, TypeVar

from dagger import check, function

from wheelwright.container.failures import translate_errors
from wheelwright.container.loading import LoadedProject
from wheelwright.gates import run
from wheelwright.gates.run import AnyGate

C = TypeVar("C", bound=type)


class Package(Protocol):
    """What a function of a gate needs of the object that it belongs to."""

    async def _loaded(self) -> LoadedProject: ...
    def _python(self, loaded: LoadedProject) -> str: ...


def with_checks(gates: Iterable[AnyGate]) -> Callable[[C], C]:
    """Return the decorator that adds the functions; it belongs below `@object_type`.

    A function that the class has already, with arguments, is left as it is.

    Raises:
        ValueError: the class has a function of that name that is not the gate's.
    """

    def decorate(cls: C) -> C:
        for gate in gates:
            name = gate.function.replace("-", "_")
            own = getattr(cls, name, None)
            if own is None:
                call = _call(gate)
                call.__name__, call.__qualname__ = name, f"{cls.__qualname__}.{name}"
                call.__doc__ = gate.help
                setattr(cls, name, function(check(translate_errors(call))))
            elif (own.__doc__ or "").partition("\n")[0] != gate.help:
                raise ValueError(
                    f'the gate "{gate.name}" has the function "{gate.function}", which is there '
                    "with another help"
                )
        return cls

    return decorate


def _call(gate: AnyGate) -> Callable[[Package], Awaitable[str]]:
    async def call(self: Package) -> str:
        loaded = await self._loaded()
        return (await run.check(gate, loaded, self._python(loaded))).require()

    return call
