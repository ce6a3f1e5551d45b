"""What the stand-ins let happen to the outside world: one log, with a hook on either side.

A server wraps everything that stays in `Effects.taking(kind, subject)`. Hooks run in the thread
that serves the request, so a hook that waits holds the client, and one that raises `Cut` ends the
connection: before the effect nothing has happened, after it everything has but the answer.

    kind             subject
    upload           file name
    ref              full name of the ref, and the commit it is now (none: deleted)
    pull             #number, and head branch
    label            #number, and the label
    dispatch         file of the workflow, and branch
    release          tag
    release edit     tag
    release deleted  tag
    asset            tag/file name
    asset deleted    tag/file name
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum

__all__ = ["Action", "Cut", "Effect", "Effects", "Moment", "Waiting", "cut", "killing"]


class Cut(Exception):
    """The connection ends here, without an answer."""


class Moment(Enum):
    """On which side of an effect a hook runs."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that stays. `number` counts attempts from 1, over all servers of one log."""

    number: int
    kind: str
    subject: str


Action = Callable[[Effect], None]


def cut(effect: Effect) -> None:
    """End the connection."""
    raise Cut(f"cut at {effect.kind} {effect.subject}")


def killing(pid: int) -> Action:
    """Return the action that kills a process as a power cut would, and ends the connection."""

    def act(effect: Effect) -> None:
        os.kill(pid, signal.SIGKILL)
        raise Cut(f"killed {pid} at {effect.kind} {effect.subject}")

    return act


@dataclass
class Waiting:
    """An action that holds the request until a test lets it go, or the limit is over."""

    limit_s: float = 60.0
    arrived: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def __call__(self, effect: Effect) -> None:
        """Hold the request."""
        self.arrived.set()
        if not self.go_on.wait(self.limit_s):
            raise Cut(f"nobody let {effect.kind} {effect.subject} go on")


@dataclass
class _Hook:
    moment: Moment
    action: Action
    kind: str
    left: int


class Effects:
    """The log of one outside world."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._attempts = 0
        self._happened: list[Effect] = []
        self._hooks: list[_Hook] = []

    @property
    def happened(self) -> tuple[Effect, ...]:
        """Everything that took place, in order."""
        with self._guard:
            return tuple(self._happened)

    def named(self, kind: str) -> tuple[str, ...]:
        """Return the subjects of one kind, in order."""
        return tuple(effect.subject for effect in self.happened if effect.kind == kind)

    def before(self, action: Action, *, kind: str = "", nth: int = 1) -> None:
        """Act once, before the nth matching effect from now on."""
        self._add(_Hook(Moment.BEFORE, action, kind, nth))

    def after(self, action: Action, *, kind: str = "", nth: int = 1) -> None:
        """Act once, after the nth matching effect from now on and before it is answered."""
        self._add(_Hook(Moment.AFTER, action, kind, nth))

    def unhook(self) -> None:
        """Forget every hook that has not acted."""
        with self._guard:
            self._hooks.clear()

    @contextmanager
    def taking(self, kind: str, subject: str) -> Iterator[Effect]:
        """Let an effect take place: hooks, the body, the log, hooks."""
        effect = self.announce(kind, subject)
        yield effect
        self.confirm(effect)

    def announce(self, kind: str, subject: str) -> Effect:
        """Run the hooks before an effect; the first half of `taking`."""
        with self._guard:
            self._attempts += 1
            effect = Effect(self._attempts, kind, subject)
        self._run(Moment.BEFORE, effect)
        return effect

    def confirm(self, effect: Effect) -> None:
        """Log an effect and run the hooks after it; the second half of `taking`."""
        with self._guard:
            self._happened.append(effect)
        self._run(Moment.AFTER, effect)

    def _add(self, hook: _Hook) -> None:
        if hook.left < 1:
            raise ValueError(f"effects are counted from 1, not from {hook.left}")
        with self._guard:
            self._hooks.append(hook)

    def _run(self, moment: Moment, effect: Effect) -> None:
        due = []
        with self._guard:
            for hook in list(self._hooks):
                if hook.moment is moment and hook.kind in ("", effect.kind):
                    hook.left -= 1
                    if hook.left == 0:
                        self._hooks.remove(hook)
                        due.append(hook.action)
        for action in due:
            action(effect)
