"""What of the machine a function's result depends on, beside its inputs: sandbox and images.

Their steps' keys have both, but a stored result is found without a look at any step. To find an
image takes twenty milliseconds: it is looked for only where `surroundings` has changed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, Protocol

from stiletto.engine.evaluate import Images
from stiletto.errors import EnvironmentFailed, StilettoError
from stiletto.graph.recipe import digest_of
from stiletto.sandbox.plan import Sandbox
from stiletto.sandbox.surroundings import surroundings
from stiletto.store import Store

_CONFIRMED = "machine"
"""Kind of the records of a fact: that the machine, as it is now, gives these images."""


class Provides(Protocol):
    """What runs the steps of a session."""

    @property
    def sandbox(self) -> Sandbox:
        """The provider of a session."""
        ...

    @property
    def images(self) -> Images:
        """Where its images come from."""
        ...


class Machine:
    """The machine as the results of one session see it."""

    def __init__(self, store: Store, provides: Provides) -> None:
        self._store = store
        self._provides = provides

    def facts(self, images: Mapping[str, str]) -> dict[str, Any]:
        """Return what a result is stored with, whose steps ran in these images; none, if empty."""
        if not images:
            return {}
        self._confirm(images)
        sandbox = self._provides.sandbox
        return {"wanted": sandbox.wanted, "sandbox": sandbox.name, "images": dict(images)}

    async def changed(self, facts: Mapping[str, Any]) -> str:
        """Return what is not as it was when a result was stored with these facts; empty if all is.

        What the user selects is compared first: to know what `auto` is takes a step.
        """
        images: Mapping[str, str] = facts.get("images", {})
        if not images:
            return ""
        sandbox = self._provides.sandbox
        if facts["wanted"] != sandbox.wanted:
            await sandbox.ready()
            if facts["sandbox"] != sandbox.name:
                return f"sandbox: {facts['sandbox']} -> {sandbox.name}"
        if self._store.record(_CONFIRMED, _key(images)) is not None:
            return ""
        for address, identity in images.items():
            try:
                image = await self._provides.images.resolve(address)
            except StilettoError as error:
                return f"image {address}: {error.message}"
            if image.identity != identity:
                return f"image {address}: another one, {image.provided_by}"
        self._confirm(images)
        return ""

    def _confirm(self, images: Mapping[str, str]) -> None:
        with contextlib.suppress(EnvironmentFailed):  # a disk that is full
            self._store.put_record(_CONFIRMED, _key(images), {})


def _key(images: Mapping[str, str]) -> str:
    key: str = digest_of([surroundings(), sorted(images.items())])
    return key
