"""Context variables of the current work; asyncio passes them on."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from stiletto.progress import Outcome, Progress, Span

PREPARES = "prepare the module (once)"
"""What is shown while a module's requirements are installed: unchanged, they are kept."""


@dataclass
class Preparation:
    """Shown once for all steps that prepare a module's environment, and only if one has to run."""

    opened: Span | None = None

    def span(self, progress: Progress, parent: Span | None) -> Span:
        """Return the span of a step that runs."""
        if self.opened is None:
            self.opened = progress.span(PREPARES, "prepare", parent)
        return self.opened

    def end(self) -> bool:
        """End it, and return whether a step ran."""
        if self.opened is not None:
            self.opened.end(Outcome.DONE)
        return self.opened is not None


current_span: ContextVar[Span | None] = ContextVar("current_span", default=None)
preparing: ContextVar[Preparation | None] = ContextVar("preparing", default=None)
"""Set while the engine prepares a module's environment."""
