"""What servers' answers mean."""

import pytest

from wheelwright.release.decide import responses
from wheelwright.release.decide.world import FailureKind

UPLOADS = [
    (
        "17",
        "400 Bad Request: File already exists ('a.whl', with blake2_256 hash 'x')",
        "OTHER_BYTES",
    ),
    ("17", "Local file and index file do not match for a.whl.", "OTHER_BYTES"),
    ("17", "Server returned status code 409 Conflict", "OTHER_BYTES"),
    (
        "18",
        "400 This filename was previously used by a file that has since been deleted.",
        "BURNED",
    ),
    ("19", "error: Failed to obtain token for trusted publishing", "CREDENTIALS"),
    (
        "19",
        "mint-token: invalid-publisher: valid token, but no corresponding publisher",
        "CREDENTIALS",
    ),
    ("19", "Missing credentials for https://upload.pypi.org/legacy/", "CREDENTIALS"),
    ("19", "403 Forbidden: Invalid or non-existent authentication information.", "CREDENTIALS"),
    ("20", "400 Malformed attestations: an attestation payload is not valid", "ATTESTATION"),
    ("15", "Server returned status code 502 Bad Gateway", "BUSY"),
    ("15", "Server returned status code 503 Service Unavailable", "BUSY"),
    ("14", "error sending request for url: connection closed before message completed", "BUSY"),
    ("16", "operation timed out", "BUSY"),
    ("20", "400 The description failed to render", "REFUSED"),
]


@pytest.mark.parametrize(("fault", "words", "trouble"), UPLOADS)
def test_words_of_an_upload_are_told_apart(fault: str, words: str, trouble: str) -> None:
    """What the index or uv says decides whether to try again, and which stop it is."""
    error = responses.upload(words, 2)
    assert FailureKind[trouble] is error.kind
    assert words in error.message


def test_fault_16_upload_out_of_time_is_worth_another_run() -> None:
    """Exit code 124 is that of `timeout`: the server hung."""
    assert FailureKind.BUSY is responses.upload("Uploading a.whl", 124).kind


@pytest.mark.parametrize(
    ("status", "headers", "body", "trouble", "retry_after_s"),
    [
        (502, {}, None, FailureKind.BUSY, None),
        (503, {"retry-after": "7"}, None, FailureKind.BUSY, 7.0),
        (429, {"retry-after": "30"}, {"message": "secondary rate limit"}, FailureKind.BUSY, 30.0),
        (403, {"retry-after": "60"}, {"message": "abuse"}, FailureKind.BUSY, 60.0),
        (
            403,
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1090"},
            {},
            FailureKind.BUSY,
            90.0,
        ),
        (403, {}, {"message": "You have exceeded a secondary rate limit"}, FailureKind.BUSY, 60.0),
        (403, {}, {"message": "Resource not accessible"}, FailureKind.REFUSED, None),
        (404, {}, {"message": "Not Found"}, FailureKind.REFUSED, None),
        (
            422,
            {},
            {
                "message": "Validation Failed",
                "errors": [{"message": "A pull request already exists"}],
            },
            FailureKind.RACE,
            None,
        ),
        (
            422,
            {},
            {"message": "Validation Failed", "errors": [{"code": "custom"}]},
            FailureKind.REFUSED,
            None,
        ),
    ],
)
def test_fault_30_answers_of_github(
    status: int,
    headers: dict[str, str],
    body: object,
    trouble: FailureKind,
    retry_after_s: float | None,
) -> None:
    """Limits are waited for as GitHub says, refusals end it, what is there already is a race."""
    error = responses.github("POST /pulls", status, headers, body, 1000.0)
    assert (trouble, retry_after_s) == (error.kind, error.retry_after_s)
    assert error.message.startswith(f"POST /pulls: {status}")
