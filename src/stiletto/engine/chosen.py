"""The sandbox and the images of a session, made when something first runs.

To start bubblewrap and a network of its own takes longer than to find a stored answer, for which no
step runs: so a session starts neither before it is needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from stiletto.engine.once import Once
from stiletto.sandbox.plan import Image, Sandbox, Sink, Step, StepOutput

if TYPE_CHECKING:
    from stiletto.engine.evaluate import Images
    from stiletto.sandbox.step_network import StepNetwork


class ChosenSandbox(Sandbox):
    """The provider that `choose` returns, once something needs it; a failure is tried again.

    It has no name before `ready`.
    """

    def __init__(self, choose: Callable[[], Awaitable[Sandbox]], wanted: str = "") -> None:
        self.wanted = wanted
        self._choose = choose
        self._once = Once()
        self._chosen: Sandbox | None = None

    @property
    def _provider(self) -> Sandbox:
        if self._chosen is None:
            raise RuntimeError("the sandbox has not been chosen yet")
        return self._chosen

    async def ready(self) -> None:
        """Choose the provider."""
        if self._chosen is None:
            await self._once.get("provider", self._make)

    async def _make(self) -> None:
        # Here, so that it is known and ended also where nobody waits for it any more.
        self._chosen = await self._choose()
        self.name = self._chosen.name

    async def shared(self) -> str:
        """Return what steps share with the machine, in one line."""
        await self.ready()
        return await self._provider.shared()

    async def network(self) -> StepNetwork:
        """Return the network that steps are in."""
        await self.ready()
        return await self._provider.network()

    async def end(self) -> None:
        """End what steps had in common, where any could run."""
        await self._once.close()
        if self._chosen is not None:
            await self._chosen.end()

    async def run(self, step: Step, sink: Sink, stop: asyncio.Event | None = None) -> StepOutput:
        """Run the step in the provider."""
        await self.ready()
        return await self._provider.run(step, sink, stop)

    def replay(self, step: Step) -> str | None:
        """Return the provider's line that runs this step again."""
        return self._provider.replay(step)


class ChosenImages:
    """The images that `make` gives, once something needs one, each resolved once."""

    def __init__(self, make: Callable[[], Images]) -> None:
        self._make = make
        self._made: Images | None = None
        self._resolved = Once()

    async def resolve(self, address: str) -> Image:
        """Return the image for an address such as `python:3.12-slim`."""
        if self._made is None:
            self._made = self._make()
        made = self._made
        return await self._resolved.get(address, lambda: made.resolve(address))
