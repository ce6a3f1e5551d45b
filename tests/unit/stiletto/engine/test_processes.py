"""Errors that a module's process returned, as they are shown."""

from __future__ import annotations

import pytest

from stiletto.api.session import Error
from stiletto.engine.processes import returned_failure
from stiletto.errors import USE_DAGGER

IMAGE = "this machine cannot provide the image example.com/a:1"
AS_RESULT = (
    "InvalidResultError: unknown error ({}) @ main.Main.base\n\nPlease check if the returned value"
)


@pytest.mark.parametrize("hint", [USE_DAGGER, f"{USE_DAGGER}; stiletto provides python:X.Y"])
def test_a_refusal_in_a_result(hint: str) -> None:
    """The refusal itself is the error, where the SDK takes it for a bad result."""
    failure = returned_failure(Error(AS_RESULT.format(f"{IMAGE}: {hint}")), (), [IMAGE])

    assert (IMAGE, hint) == (failure.message, failure.hint)


@pytest.mark.parametrize("refused", [[], ["Container.publish is not implemented by stiletto"]])
def test_a_text_like_a_refusal(refused: list[str]) -> None:
    """What the session did not refuse stays as the module wrote it."""
    text = AS_RESULT.format(f"{IMAGE}: {USE_DAGGER}")

    assert text == returned_failure(Error(text), (), refused).message
