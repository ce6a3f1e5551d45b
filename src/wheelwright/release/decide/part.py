"""How far a release goes that writes nothing outside: small, because every call reads it (pure)."""

from __future__ import annotations

from enum import Enum


class Part(Enum):
    """How far the part of a release goes that writes nothing outside."""

    EDITS = "edits"
    CHECKS = "checks"
    BUILD = "build"
    VERIFY = "verify"
