"""A session that ends while the network of its steps comes up."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from stiletto.sandbox.network import spaces_of


async def test_an_end_beside_the_first_answer_is_no_error() -> None:
    """The holder's first answer may come in the moment in which the session ends."""
    loop = asyncio.get_running_loop()
    errors: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: errors.append(context))
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        waiting = asyncio.ensure_future(spaces_of(ours))
        await asyncio.sleep(0)
        theirs.send(b"ready")
        loop.call_soon(waiting.cancel)  # runs right before the answer is seen
        done, _ = await asyncio.wait([waiting])

    assert {waiting} == done
    assert waiting.cancelled()
    assert [] == errors
