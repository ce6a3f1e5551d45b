"""Health checks: how long to wait between two."""

from __future__ import annotations

from typing import Any

import pytest

from stiletto.api.readiness import Healthcheck, as_duration, duration_s


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "0s"),
        ("3s", "3s"),
        ("90s", "1m30s"),
        ("60s", "1m0s"),
        ("2h", "2h0m0s"),
        ("1.5s", "1.5s"),
        ("500ms", "500ms"),
        ("0.0105s", "10.5ms"),
        ("1500us", "1.5ms"),
        ("7ns", "7ns"),
    ],
)
def test_durations_are_written_as_go_does(text: str, expected: str) -> None:
    """A duration is shown in its largest units, whatever it was given in."""
    assert expected == as_duration(text)
