"""One run of a command: its options, its terminal, and the engine it opens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from stiletto.cli.flags import Flag, FlagSet, Given
from stiletto.cli.launcher import EngineLauncher
from stiletto.cli.options import GLOBALS, UNSUPPORTED, Options, with_given
from stiletto.cli.ports import EnginePort
from stiletto.cli.terminal import Terminal
from stiletto.errors import UsageError
from stiletto.progress import Progress, Renderer, Span
from stiletto.render import choose

_ALL_OUTPUT = 3
"""The verbosity of --debug."""


class Invocation:
    """What a command works with. `options` grow as its arguments are read."""

    def __init__(self, terminal: Terminal, launcher: EngineLauncher, options: Options) -> None:
        self.terminal = terminal
        self.launcher = launcher
        self.options = options
        self._renderer = Renderer()
        self._progress = Progress()
        self._engine: EnginePort | None = None
        self.shown_at_end = ""
        """The function whose output is its answer: shown at the end, in every progress mode."""
        self.command = ""
        """The command line, as it would be typed; empty where nobody could ask about it."""
        self.refused: Sequence[str] = ()
        """What the session refused because only Dagger has it."""
        self.failed: Sequence[str] = ()
        """The programs that ended with another exit code than 0, and let a function continue."""

    def read(
        self, args: list[str], command: str, *, own: tuple[Flag, ...] = (), only_flags: bool = False
    ) -> tuple[list[Given], list[str]]:
        """Read all flags of a command; return its own, and its other arguments.

        Raises:
            UsageError: an unknown flag, a value that is not one of the choices, or anything else
                with `only_flags`.
        """
        flags = FlagSet([*own, *GLOBALS, *UNSUPPORTED], command=command)
        given, others = flags.take_all(args)
        names = {flag.name for flag in own}
        self.options = with_given(
            self.options, [item for item in given if item.flag.name not in names]
        )
        if others and only_flags and not self.options.help:
            raise UsageError(
                f'unknown command "{others[0]}" for "{command}"', hint=f"see {command} --help"
            )
        return [item for item in given if item.flag.name in names], others

    @property
    def workdir(self) -> Path:
        """The working directory, absolute.

        Raises:
            UsageError: it does not exist.
        """
        path = (self.terminal.cwd / self.options.workdir).resolve()
        if not path.is_dir():
            raise UsageError(f"--workdir: no such directory: {path}")
        return path

    def running(self) -> list[Span]:
        """Return what the session does right now."""
        return self._progress.running()

    async def finish(self) -> bool:
        """Tell the functions that run to end; return whether one has something to give back."""
        return self._engine is not None and await self._engine.finish()

    @property
    def failures_are_shown(self) -> bool:
        """Whether a failed step's last lines were shown with the progress."""
        return self._renderer.repeats_failures

    def _question(self, progress: Progress) -> Callable[[str], bool]:
        def ask(question: str) -> bool:
            with progress.paused():
                return self.terminal.ask(question)

        return ask

    @asynccontextmanager
    async def session(self, *, shared: bool = False) -> AsyncIterator[tuple[EnginePort, Progress]]:
        """Open the engine, showing its progress on stderr.

        With `shared`, another program writes to the terminal too, which a live display would not
        survive: `auto` is then plain.
        """
        options = self.options
        if shared and options.progress == "auto":
            options = replace(options, progress="plain")
        self._renderer = choose(
            "none" if options.silent else options.progress,
            stream=self.terminal.stderr,
            environ=self.terminal.environ,
            verbosity=_ALL_OUTPUT if options.debug else options.verbosity,
        )
        if self.shown_at_end:
            from stiletto.render.keeping import Keeping

            stderr = self.terminal.stderr
            self._renderer = Keeping(self._renderer, self.shown_at_end, stderr)
        progress = self._progress = Progress(self._renderer)
        beating = asyncio.create_task(progress.beating())
        try:
            async with self.launcher.open(
                workdir=self.workdir,
                sandbox=options.sandbox,
                plain_secrets=options.plain_secrets,
                allow_env=options.allow_env,
                step_memory_bytes=options.step_memory_bytes,
                step_processes=options.step_processes,
                command=self.command,
                ask=self._question(progress) if self.terminal.can_ask and not shared else None,
                progress=progress,
                environ=self.terminal.environ,
            ) as engine:
                self.terminal.masks.append(engine.mask)
                if options.verbosity > 0 or options.debug:
                    progress.say(await engine.shared())
                self._engine = engine
                self.refused = engine.refused
                self.failed = engine.failed
                yield engine, progress
        finally:
            self._engine = None
            beating.cancel()
            progress.close()
