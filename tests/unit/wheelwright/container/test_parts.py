"""Parts of a call travel with each request, and with nothing else."""

from opentelemetry import propagate

from wheelwright.container.parts import part


def sent() -> dict[str, str]:
    """Return the headers that the SDK adds to a request now."""
    headers: dict[str, str] = {}
    propagate.inject(headers)
    return headers


def test_part_is_in_the_baggage_of_requests() -> None:
    """Within the context a request names its part; inside another one, that; afterwards none."""
    before = sent()
    with part("3.12+x"):
        outer = sent()
        with part("3.12-lowest-direct"):
            inner = sent()
    assert ({}, "part=3.12%2Bx") == (before, outer["baggage"])
    assert "part=3.12-lowest-direct" == inner["baggage"]
    assert {} == sent()
