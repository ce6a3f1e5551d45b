"""Lets uv prune its own caches among the cache volumes, before one of them goes as a whole.

Whatever a step wrote is in such a volume, links that lead out of it too: so uv runs as a step,
which sees the volume and nothing else of the machine's.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from stiletto.engine.evaluate import Evaluator
from stiletto.errors import StilettoError
from stiletto.sandbox.plan import DEFAULT_PATH, BindMount, Step
from stiletto.store.store import Store

_IMAGE = "ghcr.io/astral-sh/uv:debian"
_CACHE = "/cache"

LIMIT_S = 60
"""Another uv may have the cache to itself for long; the next call tries again."""


def is_uv_cache(volume: Path) -> bool:
    """Whether a volume looks like a cache of uv; what it really has is for uv to see."""
    return (volume / "CACHEDIR.TAG").is_file() and any(volume.glob("archive-v*"))


def trimmed(
    evaluator: Evaluator, store: Store, volume: Path, loop: asyncio.AbstractEventLoop
) -> bool:
    """Prune a volume if it is one of uv's, from another thread than the loop's; whether it was."""
    if not is_uv_cache(volume):
        return False
    return asyncio.run_coroutine_threadsafe(_prune(evaluator, store, volume), loop).result()


async def _prune(evaluator: Evaluator, store: Store, volume: Path) -> bool:
    with contextlib.suppress(StilettoError, TimeoutError):
        image = await evaluator.images.resolve(_IMAGE)
        with store.stage() as stage:
            upper, work = stage / "upper", stage / "work"
            upper.mkdir()
            work.mkdir()
            step = Step(
                args=("uv", "cache", "prune"),
                image=image,
                layers=(),
                upper=upper,
                work=work,
                env={"PATH": DEFAULT_PATH, **image.env, "UV_CACHE_DIR": _CACHE},
                mounts=(BindMount(_CACHE, volume, writable=True),),
            )
            async with asyncio.timeout(LIMIT_S):
                ended = await evaluator.sandbox.run(step, lambda _stream, _data: None)
            return ended.exit_code == 0
    return False
