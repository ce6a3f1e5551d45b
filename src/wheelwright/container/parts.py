"""Names the parts of a call, such as the cells of a matrix: each step is shown beneath its part.

On Dagger a part is a span of OpenTelemetry. Its baggage travels with each request as well, for an
engine that collects no spans: it adds nothing to what a step depends on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from opentelemetry import baggage, context, trace

_MEMBER: Final = "part"


@contextmanager
def part(name: str) -> Iterator[None]:
    """Show what is requested in this context beneath a name."""
    with trace.get_tracer("wheelwright").start_as_current_span(name):
        token = context.attach(baggage.set_baggage(_MEMBER, name))
        try:
            yield
        finally:
            context.detach(token)
