"""Knows what a function read that is not kept, so that its answer may be used again all the same.

A function with `cache="never"` looks at each call for what may be newer. It takes a process and
all its steps to find that nothing is. So a module may declare what it looks at, by a label of the
container whose command looks:

    stiletto.reads = /cache/own    this command prints the same while the cache volume that is
                                   mounted there has the same files, and the function returns the
                                   same for the same arguments, steps and files

    record reads/KEY    as of a function, and {"reads": {"steps": [key], "volumes": {id: digest}}}
                        KEY is of the call, and of the command that messages name

An answer is kept if that command is all that ran, every other step was stored before, and no other
function ran in the session. It is used if all that was found is still there, and nothing else is.
On Dagger the label means nothing: there the function runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from stiletto.api import container as c
from stiletto.api.secrets import CacheVolume
from stiletto.engine.context import preparing
from stiletto.graph.recipe import closure
from stiletto.store import Store

KIND = "reads"
LABEL = "stiletto.reads"


class Reads:
    """What the commands of one session found, and what they looked at.

    Attributes:
        whole: whether nothing ran but commands that declare what they look at.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._steps: dict[str, c.Exec] = {}
        self._looked: list[c.Exec] = []
        self._volumes: dict[str, str] = {}
        self.whole = True

    def found(self, key: str, exec_: c.Exec, *, waited: bool = False) -> None:
        """Note a stored step; one that was waited for ran meanwhile."""
        if preparing.get():
            return  # what a module requires is in the key of its calls
        self._steps[key] = exec_
        self.whole = self.whole and not waited

    @asynccontextmanager
    async def running(self, exec_: c.Exec) -> AsyncIterator[None]:
        """Note a command that runs in this context."""
        if preparing.get():
            yield
            return
        volume = _declared(exec_)
        before = await self._digest(volume)
        try:
            yield
        except BaseException:
            self.whole = False
            raise
        if volume is None or before is None:
            self.whole = False
            return
        same = (
            before == await self._digest(volume) == self._volumes.setdefault(volume.digest, before)
        )
        self.whole = self.whole and same
        self._looked.append(exec_)

    async def _digest(self, volume: CacheVolume | None) -> str | None:
        if volume is None:
            return None
        return await asyncio.to_thread(self._store.volume_digest, volume.digest)

    def to_json(self) -> dict[str, Any] | None:
        """Return what was read as data; None if that does not decide an answer."""
        if not self.whole or not self._volumes:
            return None
        return {"steps": sorted(self._steps), "volumes": dict(self._volumes)}

    def images(self) -> dict[str, str]:
        """Return the images beneath all commands, identities by address."""
        beneath = closure([*self._steps.values(), *self._looked]).values()
        return {each.address: each.identity for each in beneath if isinstance(each, c.ImageRoot)}


def is_unchanged(store: Store, reads: Mapping[str, Any]) -> bool:
    """Whether all that a function found is there, and all that it looked at is as it was."""
    steps, volumes = reads["steps"], reads["volumes"]
    return (
        bool(volumes)
        and all(store.volume_digest(name) == digest for name, digest in volumes.items())
        and all(_is_stored(store, key) for key in steps)
    )


def _is_stored(store: Store, key: str) -> bool:
    record = store.record("step", key)
    if record is None:
        return False
    # A step that wrote nothing has no layer.
    keys = (*(() if record.get("blank") else (key,)), *record["mounts"].values())
    return all(store.directory("layers", each) is not None for each in keys)


def _declared(exec_: c.Exec) -> CacheVolume | None:
    """Return the volume that a command declares to look at; None if it declares nothing."""
    targets = [label.value for label in exec_.labels if label.name == LABEL]
    volumes = [
        mount.volume
        for mount in exec_.mounts
        if isinstance(mount, c.CacheMount) and [mount.target] == targets
    ]
    return volumes[0] if len(volumes) == 1 else None
