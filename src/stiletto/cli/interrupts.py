"""Ends a command on SIGINT, SIGTERM and SIGHUP: in order within moments, else at once.

The first signal cancels the command, which ends what it started. What takes longer than `GRACE_S`
is cut off: a thread in the middle of an export, code of a module that goes on, a service that does
not end. A second signal does not wait at all. Nothing is lost by either: a store is right after
every kill, and steps die with the engine.

A function that handles SIGTERM has something outside to give back, such as a lock: it gets the
signal, and `FINISH_S` to return. What it returns or fails with is the command's last output.

If the reader of the progress has gone, as after `| head`, the command ends likewise. A SIGHUP that
is ignored, as `nohup` has it, stays ignored.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

from stiletto.cli.failures import HUNG_UP, INTERRUPTED, NO_READER, TERMINATED, text_of
from stiletto.cli.terminal import Terminal
from stiletto.errors import StilettoError
from stiletto.progress import Span
from stiletto.visible import shortened

if TYPE_CHECKING:
    import asyncio

GRACE_S = 1.5
"""How long the command may take to end what it started."""

ANSWER_S = 5.0
"""How long to wait for the answer whether a function handles the signal."""

FINISH_S = 75.0
"""How long a function that handles SIGTERM may take: a lock is given back by a few requests."""

_SHOWN = 5
_NAME_CHARS = 100
_SHOW_CURSOR = "\x1b[?25h"


class Interrupted(BaseException):
    """A signal ended the command; `code` is the exit code, `text` what was under way."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(number, text)
        self.number = number
        self.code = code_for(number)
        self.text = text


def code_for(number: int) -> int:
    """Return the exit code of a command that a signal ended."""
    codes = {"SIGTERM": TERMINATED, "SIGHUP": HUNG_UP, "SIGPIPE": NO_READER}
    return codes.get(signal.Signals(number).name, INTERRUPTED)


def hangups() -> tuple[signal.Signals, ...]:
    """Return SIGHUP, unless this process was started with it ignored."""
    return () if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else (signal.SIGHUP,)


def report(running: list[Span]) -> str:
    """Return what a cancelled command leaves: the steps under way, the last output of functions.

    A function of a module reports what it has open outside, such as a lock or an upload.
    """
    shown = [f"{_short(span.name)} ({span.elapsed_s:.1f}s)" for span in running]
    more = f", and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    lines = ["Canceled."]
    if shown:
        lines.append(f"  was running: {', '.join(shown[:_SHOWN])}{more}")
    lines += [
        f"  {span.name} last printed: {_short(span.last_line, 4 * _NAME_CHARS)}"
        for span in running
        if span.kind == "function" and span.last_line
    ]
    lines.append("  hint: run the same command again to continue; finished steps are cached")
    return "\n".join(lines)


def _short(text: str, most: int = _NAME_CHARS) -> str:
    return shortened(" ".join(text.split()), most)


def run_to_end(
    main: Callable[[], Coroutine[Any, Any, int]],
    running: Callable[[], list[Span]],
    terminal: Terminal,
    finish: Callable[[], Awaitable[bool]] | None = None,
) -> int:
    """Run a command and return its exit code.

    `finish` tells the functions that run of the signal; it returns whether one handles it.

    Raises:
        Interrupted: a signal ended it.
    """
    # Not at the top: `--help` and `version` run nothing.
    import asyncio

    if threading.current_thread() is not threading.main_thread():
        # Signals reach the main thread only.
        return asyncio.run(main())
    received: list[Interrupted] = []
    cancel: list[Callable[[], object]] = []

    def leave() -> None:
        # The display may be in the middle of a line, and nothing else ends it.
        restore = _SHOW_CURSOR if terminal.stderr.isatty() else ""
        terminal.last(f"{restore}\n{received[0].text}" if restore else received[0].text)
        os._exit(received[0].code)

    timers: list[threading.Timer] = []

    def leave_after(seconds: float) -> None:
        for timer in timers:
            timer.cancel()
        timers.append(threading.Timer(seconds, leave))
        timers[-1].daemon = True
        timers[-1].start()

    finishing: list[asyncio.Task[None]] = []
    is_finishing: list[bool] = []

    def handle(number: int, _: object) -> None:
        if number == signal.SIGPIPE:
            # Also met where a client of a session has gone, and again at each line written.
            if received or not terminal.has_no_reader:
                return
        elif received:
            leave()
        received.append(Interrupted(number, report(running())))
        leave_after(GRACE_S)
        for cancel_command in cancel:
            cancel_command()

    async def guarded() -> int:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None

        async def end() -> None:
            if finish is not None:
                leave_after(GRACE_S + ANSWER_S)
                if await finish():
                    is_finishing.append(True)
                    leave_after(FINISH_S)
                    return
                leave_after(GRACE_S)
            task.cancel()

        def begin() -> None:
            finishing.append(loop.create_task(end()))

        cancel.append(lambda: loop.call_soon_threadsafe(begin))
        return await main()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE, *hangups())
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        code = asyncio.run(guarded())
    except asyncio.CancelledError:
        if not received:
            raise
        raise received[0] from None
    except StilettoError as error:
        if not is_finishing:
            raise
        raise Interrupted(received[0].number, text_of(error)) from None
    finally:
        for timer in timers:
            timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)
    if received and not is_finishing:
        raise received[0]
    return code
