"""What is said of a command that was refused at loopback."""

from __future__ import annotations

import pytest

from stiletto.engine.ending import loopback_hint


@pytest.mark.parametrize(
    ("said", "port"),
    [
        ("error: http://127.0.0.1:3141/simple/: Connection refused (os error 111)", "3141"),
        ("connect ECONNREFUSED [::1]:8080", "8080"),
        ("[Errno 111] Connection refused: localhost:5432", "5432"),
        ("127.0.0.1:1: timed out", None),
        ("http://127.0.0.1.example:80/: connection refused", None),
        ("http://index.example:80/: connection refused", None),
        ("127.3.2.1:70: connection refused", None),
        ("", None),
    ],
)
def test_a_refusal_at_loopback_names_the_setting(said: str, port: str | None) -> None:
    """The port that was refused stands in the hint; other failures have none."""
    hint = loopback_hint(said)

    if port is None:
        assert hint is None
    else:
        assert hint is not None
        assert hint.endswith(f"set STILETTO_LOOPBACK={port}")
