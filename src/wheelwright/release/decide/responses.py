"""What responses mean: the index's through `uv publish`, and GitHub's by HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from wheelwright.project.untrusted import not_trusted, trust, untrusted
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.world import FailureKind

# Of Warehouse (warehouse/forklift/legacy.py), devpi, and uv (crates/uv-publish). The first row that
# is found decides; what is not known is a refusal.
_UPLOAD: Final = (
    (FailureKind.BURNED, r"previously used by a file that has since been deleted"),
    (
        FailureKind.OTHER_BYTES,
        r"file already exists|does not match (the )?hash|409 Conflict|HTTP 409",
    ),
    (FailureKind.OTHER_BYTES, r"local file and index file do not match"),
    (FailureKind.ATTESTATION, r"attestation"),
    (
        FailureKind.CREDENTIALS,
        r"trusted publishing|mint|OIDC|invalid-publisher|missing credentials",
    ),
    (
        FailureKind.CREDENTIALS,
        r"\b40[13]\b|invalid or non-existent authentication|expired|forbidden",
    ),
    (
        FailureKind.BUSY,
        r"\b(5\d\d|429)\b|timed? ?out|connection|reset by peer|error sending request",
    ),
    (FailureKind.BUSY, r"dns error|unexpected eof|incomplete message|broken pipe"),
)

_LINES: Final = 6
_LONGEST: Final = 2_000


def meaning(
    table: Iterable[tuple[FailureKind, str]], printed: str, unknown: FailureKind
) -> FailureKind:
    """Return the kind of the first pattern that is found in what was printed."""
    found = (kind for kind, pattern in table if re.search(pattern, printed, re.IGNORECASE))
    return next(found, unknown)


def refused_certificate(address: str) -> ActFailed:
    """Return what a certificate that is not trusted means: nothing changes by trying again."""
    return ActFailed(FailureKind.REFUSED, f"{not_trusted(address)}: {trust()}, or pass --ca")


def upload(printed: str, exit_code: int) -> ActFailed:
    """Return what a failed `uv publish` means. Exit code 124: it ran out of time."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    message = " / ".join(lines[-_LINES:]) or f"exit code {exit_code}"
    if exit_code == 124:
        return ActFailed(FailureKind.BUSY, f"timed out: {message}")
    if address := untrusted(printed):
        return refused_certificate(address)
    return ActFailed(meaning(_UPLOAD, printed, FailureKind.REFUSED), message)


def github(
    what: str, status: int, headers: Mapping[str, str], body: object, now_s: float
) -> ActFailed:
    """Return what a response of GitHub that is not a success means.

    Source: docs.github.com, "Rate limits for the REST API": a limit is 403 or 429 with
    `retry-after`, or with `x-ratelimit-remaining: 0` and the time of the reset; without either,
    the pause is a minute.
    """
    message = f"{what}: {status} {_message(body)}".rstrip()
    retry_after_s = _retry_after_s(headers, now_s)
    limited = status in (403, 429) and (
        retry_after_s is not None or "rate limit" in message.lower()
    )
    if limited:
        return ActFailed(
            FailureKind.BUSY, message, 60.0 if retry_after_s is None else retry_after_s
        )
    if status >= 500 or status == 429:
        return ActFailed(FailureKind.BUSY, message, retry_after_s)
    if status == 422 and re.search(r"already[ _]exists", message):
        return ActFailed(FailureKind.RACE, message)
    if status in (403, 404):
        message += " (the token may not do this, or does not see it)"
    return ActFailed(FailureKind.REFUSED, message)


def _retry_after_s(headers: Mapping[str, str], now_s: float) -> float | None:
    after = headers.get("retry-after", "")
    if after.isdecimal():
        return float(after)
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return max(float(reset) - now_s, 1.0)
    return None


def _message(body: object) -> str:
    if not isinstance(body, Mapping):
        return ""
    errors = body.get("errors")
    details = [
        str(error.get("message") or " ".join(str(value) for value in error.values()))
        if isinstance(error, Mapping)
        else str(error)
        for error in (errors if isinstance(errors, list) else [])
    ]
    message = ": ".join([str(body.get("message", "")), *(["; ".join(details)] if details else [])])
    return message[:_LONGEST]
