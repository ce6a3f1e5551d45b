"""A store that is open: its root, its locks, and what all that works in it shares."""

from __future__ import annotations

import contextlib
import functools
import os
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar

from stiletto.errors import EnvironmentFailed
from stiletto.graph.tree import Dir, File
from stiletto.store import files, locks, trouble
from stiletto.store.blobs import Blobs
from stiletto.store.durable import Durable
from stiletto.store.sizes import Sizes
from stiletto.store.stage import Stage
from stiletto.store.uses import Uses

P = ParamSpec("P")
S = TypeVar("S", bound="Opened")
T = TypeVar("T")


WIDE_ENTRIES = 1_000
"""To copy as many files takes 60 ms, and to compare as many with an older tree 5."""


def translated(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Let a method raise an error with a hint if the machine refuses something."""

    @functools.wraps(method)
    def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with trouble.translated(self.root):
            return method(self, *args, **kwargs)

    return call


class Opened:
    """What is open of a store at `root`, until `close` or until the process ends.

    Args:
        root: made if missing.
        clock_ns: the time that decides whether a file is too young to be remembered.
        tell: gets a line about each damage that was found and repaired.
        wide_entries: from how many entries on a tree is worth a look at its older versions.

    Raises:
        EnvironmentFailed: the directory cannot be made or written to.
    """

    def __init__(
        self,
        root: Path,
        *,
        clock_ns: Callable[[], int] = time.time_ns,
        tell: Callable[[str], None] = lambda _line: None,
        wide_entries: int = WIDE_ENTRIES,
    ) -> None:
        self.root = root.absolute()
        self.wide_entries = wide_entries
        self._clock_ns = clock_ns
        self._tell = tell
        self._checked: dict[Path, int] = {}
        self._checkouts = f"{self.root}/checkouts/"
        self._last_tree: tuple[Path, Dir | None] = Path(), None
        self._laid_out: dict[str, dict[str, File]] = {}
        try:
            # Blobs are 0644 whatever their sources were, so the way to them is the owner's alone.
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            _must_be_ours(self.root)
            is_new = not os.path.lexists(self.root / ".lock")
            self._lock = locks.StoreLock(self.root, tell)
            self._stage = Stage(self._directory("stage"), tell)
        except OSError as error:
            raise trouble.error_for(error, self.root) or EnvironmentFailed(
                f"cannot use the cache {self.root}: {(error.strerror or str(error)).lower()}",
                hint="set STILETTO_CACHE to a directory that can be written to",
            ) from error
        self._durable = Durable(self.root)
        self._uses = Uses(self.root, self._stage.started_ns)
        self._sizes = Sizes(self.root, self._stage, self._uses)
        self._blobs = Blobs(
            self._directory("blobs"), self._stage, self._durable, self._uses, self._sizes
        )
        if is_new:
            with contextlib.suppress(EnvironmentFailed):
                self._sizes.measured(0)
        # The stage first: no process may prune while something is still half done.
        self._closer = weakref.finalize(
            self, _close, os.getpid(), self._stage.closer(), self._lock.descriptor
        )

    def _directory(self, name: str) -> Path:
        """Return a directory of the store; a file in its place is removed."""
        path = self.root / name
        if os.path.lexists(path) and not path.is_dir():
            files.remove_file(path, self._tell)
        return path

    def close(self) -> None:
        """Give up the locks and remove what was staged; a second call changes nothing."""
        self._sizes.flush()
        self._uses.close()
        self._closer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _must_be_ours(root: Path) -> None:
    """Refuse a store of another user, also for root.

    Its owner made what is in it, and could not remove what we leave in it.
    """
    owner = root.stat().st_uid
    if owner != os.geteuid():
        raise EnvironmentFailed(
            f"the cache {root} belongs to {_user(owner)}, not to {_user(os.geteuid())}",
            hint="set STILETTO_CACHE to a directory of your own, "
            "or run stiletto as the cache's owner",
        )


def _user(uid: int) -> str:
    import pwd

    try:
        return f"user {pwd.getpwuid(uid).pw_name} ({uid})"
    except KeyError:
        return f"user {uid}"


def _close(pid: int, close_stage: Callable[[], None], lock_descriptor: int) -> None:
    if pid != os.getpid():  # a fork that ends: the stage is still its parent's
        return
    close_stage()
    os.close(lock_descriptor)
