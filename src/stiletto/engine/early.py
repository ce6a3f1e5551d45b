"""Begins the steps that a command asked for last time, while its module is still asked.

    same command, module and directory; another source    what ran last begins with that source
    keys are content          a step that the module does ask for is the one that runs already
    what nothing asks for     is shown nowhere, and ends with the call
    never                     where a function is not cached, with secrets or services, without a
                              sandbox, or where the guess was wrong twice in a row

Nothing here changes an answer: without it, each is the same, later.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from contextvars import Context
from functools import cached_property
from typing import Any

from stiletto.api import container as c
from stiletto.api import files as f
from stiletto.engine.ahead import Begun
from stiletto.engine.coarse import CoarseKeys
from stiletto.engine.commands import Commands, Finished
from stiletto.engine.core import Core
from stiletto.engine.evaluate import Evaluator
from stiletto.engine.guess import WRONG_MAX, Guess, blanked, filled, trees_of
from stiletto.engine.layout import Layouts, Stack
from stiletto.engine.noting import Noting
from stiletto.errors import EnvironmentFailed, StilettoError
from stiletto.graph.recipe import Recipe
from stiletto.graph.tree import Dir
from stiletto.progress import Progress, Renderer, Span
from stiletto.store.sealed import fitting

KIND = "early"


class Early:
    """What one session begins early, and what it keeps for the next one of the same command."""

    def __init__(self, core: Core, slot: str) -> None:
        self._core = core
        self._slot = slot
        self._trees: dict[str, f.StoredTree] = {}
        self._never = False
        self._ahead = core.evaluator.commands.ahead
        self._guess: Guess | None = None
        self._evaluator: _Evaluator | None = None
        self._task: asyncio.Task[None] | None = None

    def called(self, given: Sequence[Recipe], *, cached: bool) -> None:
        """Begin the steps of the last call, with the first directories that a function is given.

        It is called before a function runs, with the objects among its arguments; `cached` is
        whether its result is stored.
        """
        trees = trees_of(given) if cached and not self._never else None
        if trees is None or any(self._trees.get(at, tree) != tree for at, tree in trees.items()):
            self._never = True
            return
        self._trees |= trees
        if self._trees and self._task is None and not self._core.secrets.masks.patterns:
            # With a context of its own: nothing of it belongs to the function that is called.
            self._task = asyncio.create_task(self._begin(dict(trees)), context=Context())

    async def _begin(self, trees: Mapping[str, f.StoredTree]) -> None:
        evaluator = self._core.evaluator
        guess = self._guess = await asyncio.to_thread(self._last)
        if guess is None or guess.wrong >= WRONG_MAX:
            return
        await evaluator.sandbox.ready()
        if evaluator.sandbox.name == "plain":
            return  # there, steps share the machine's ports: two at once may disturb each other
        steps, allowed = filled(guess.steps, trees)
        self._ahead.limit = guess.at_once
        beside = self._evaluator = _Evaluator(self._core, allowed)
        slots = asyncio.Semaphore(guess.at_once)

        async def run(step: c.Exec) -> None:
            async with slots:
                if not self._ahead.over:
                    await beside.commands.finished(step)

        # Whatever fails is nothing until the module asks for it.
        await asyncio.gather(*map(run, steps), return_exceptions=True)

    def _last(self) -> Guess | None:
        return fitting(self._core.store.note(KIND, self._slot), Guess.from_json)

    async def close(self) -> None:
        """End what still runs, and keep what was asked for."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._evaluator is not None:
            await self._evaluator.close()
        ahead = self._ahead
        if ahead.asked and not self._never and not ahead.broken and not ahead.running:
            with contextlib.suppress(EnvironmentFailed):  # a disk that is full
                await asyncio.to_thread(self._keep)

    def _keep(self) -> None:
        if self._core.secrets.masks.patterns:
            return
        names, steps = blanked(list(self._ahead.asked.values()), self._trees)
        last = self._guess
        if last is None and not steps:
            return
        right = last is None or {each.digest for each in last.steps} <= set(names.values())
        wrong = 0 if right or last is None else last.wrong + 1
        most = max(self._ahead.most, 1 if last is None else last.most)
        guess = Guess(steps, most, wrong)
        if guess != last:
            self._core.store.put_note(KIND, self._slot, guess.to_json())


class _Evaluator(Evaluator):
    """Evaluates beside the session's own one, with its parts: it shows and notes nothing."""

    def __init__(self, core: Core, allowed: frozenset[str]) -> None:
        main = core.evaluator
        super().__init__(
            main.store,
            main.sandbox,
            main.images,
            main.secrets,
            Progress(),
            core.environ,
            main.caching,
        )
        self.host = main.host
        self._main = main
        self._allowed = allowed

    @cached_property
    def commands(self) -> Commands:
        """What runs commands: only those that may begin early."""
        coarse = CoarseKeys(self, self.caching)
        return _Commands(self, coarse, self._main.commands, self._allowed)


class _Commands(Commands):
    """Runs commands where the session's own ones find them."""

    def __init__(
        self, layouts: Layouts, coarse: CoarseKeys, main: Commands, allowed: frozenset[str]
    ) -> None:
        super().__init__(layouts, coarse, Noting(None))
        self._main = main.ahead
        self.replays = main.replays
        self._allowed = allowed

    async def _run(
        self,
        exec_: c.Exec,
        stack: Stack,
        trees: Mapping[str, Dir],
        key: str,
        inputs: Mapping[str, Any],
        span: Span,
    ) -> Finished:
        main = self._main
        if main.over or exec_.digest not in self._allowed or exec_.digest in main.asked:
            raise StilettoError("a step does not begin early")
        task = asyncio.current_task()
        assert task is not None, "a coroutine runs in a task"
        begun = main.begun[key] = Begun(span, task)
        span.renderer = _Kept(begun)
        return await super()._run(exec_, stack, trees, key, inputs, span)


class _Kept(Renderer):
    """Keeps what a step prints."""

    def __init__(self, begun: Begun[Finished]) -> None:
        self._begun = begun

    def output(self, span: Span, data: bytes) -> None:
        """Keep what it printed, or show it where it is shown."""
        assert span is self._begun.span, "it is this span's renderer"
        self._begun.write(data)
