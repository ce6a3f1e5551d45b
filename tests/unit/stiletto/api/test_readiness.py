"""Health checks: how long to wait between two."""

from __future__ import annotations

from typing import Any

import pytest

from stiletto.api.readiness import Healthcheck, duration_s


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, 5.0), ({"interval": "30s"}, 30.0), ({"interval": "30s", "start_interval": "1s"}, 1.0)],
)
def test_the_pause_between_checks(given: dict[str, Any], expected: float) -> None:
    """The interval of the start goes before the general one; 5 s without either."""
    assert expected == Healthcheck(("probe",), **given).pause_s


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0.0), ("0", 0.0), ("30s", 30.0), ("1m30s", 90.0), ("500ms", 0.5), ("1.5h", 5400.0)],
)
def test_durations(text: str, expected: float) -> None:
    """Durations are read as Go writes them."""
    assert expected == pytest.approx(duration_s(text))
