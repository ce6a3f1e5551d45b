"""Starts the engine, only for the commands that need it.

It imports in its methods: `stiletto --help` must not pay for the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from stiletto.cli.options import SandboxName
from stiletto.cli.ports import EnginePort
from stiletto.progress import Progress, Span

if TYPE_CHECKING:
    from stiletto.store.prune import PruneReport
    from stiletto.store.verify import Verified


class SessionArguments(TypedDict):
    """What a session is opened with; see `stiletto.engine.session.open_session`."""

    workdir: Path
    sandbox: SandboxName
    plain_secrets: bool
    allow_env: bool
    step_memory_bytes: int | None
    step_processes: int | None
    command: str
    ask: Callable[[str], bool] | None
    progress: Progress
    environ: Mapping[str, str]


class EngineLauncher:
    """Opens the engine that is installed with this command line, and serves it to programs."""

    def open(
        self, **arguments: Unpack[SessionArguments]
    ) -> AbstractAsyncContextManager[EnginePort]:
        """Open a session; leaving the context ends everything that it started."""
        from stiletto.engine.session import open_session

        return open_session(**arguments)

    def serve(self, engine: EnginePort) -> AbstractAsyncContextManager[tuple[int, str]]:
        """Serve the session on loopback while the context lasts; gives the port and the token."""
        from stiletto.engine.session import Engine, serve

        if not isinstance(engine, Engine):
            raise TypeError(f"cannot serve {engine!r}: it was not opened here")
        return serve(engine)

    @contextmanager
    def beneath(self, span: Span) -> Iterator[None]:
        """Show what the engine does in this context beneath a span."""
        from stiletto.engine.context import current_span

        token = current_span.set(span)
        try:
            yield
        finally:
            current_span.reset(token)

    def prune(
        self,
        *,
        environ: Mapping[str, str],
        keep_bytes: int | None,
        unused_for_s: float | None,
        volumes: bool,
        dry_run: bool,
    ) -> PruneReport:
        """Remove stored results: all, or down to a size, or those not used for so long.

        With `dry_run` nothing is removed.
        """
        from stiletto.kept.lease import stop_all
        from stiletto.store.layout import root_from
        from stiletto.store.store import Store

        if not dry_run:
            stop_all(root_from(environ).absolute())
        with Store(root_from(environ)) as store:
            return store.prune(keep_bytes, unused_for_s, volumes=volumes, dry_run=dry_run)

    def stop(self, *, environ: Mapping[str, str]) -> tuple[int, int]:
        """End the kept processes of modules; return how many ended, and how many are in use."""
        from stiletto.kept.lease import stop_all
        from stiletto.store.layout import root_from

        return stop_all(root_from(environ).absolute())

    def verify(
        self, *, environ: Mapping[str, str], repair: bool, tell: Callable[[str], None]
    ) -> Verified:
        """Check everything in the store; with `repair`, drop what is damaged."""
        from stiletto.store.layout import root_from
        from stiletto.store.store import Store

        with Store(root_from(environ), tell=tell) as store:
            return store.verify(repair=repair)
