"""Context variables of the current work; asyncio passes them on."""

from __future__ import annotations

from contextvars import ContextVar

from stiletto.progress import Span

current_span: ContextVar[Span | None] = ContextVar("current_span", default=None)
preparing: ContextVar[bool] = ContextVar("preparing", default=False)
"""Set while the engine prepares a module's environment: shown only when it takes time."""
