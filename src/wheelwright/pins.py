"""Every version that Wheelwright chooses itself: the one place to update them.

A project's own lock always wins over a pin (`project/tools.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# The image's tag is the version of uv on the package index.
UV_IMAGE: Final = "ghcr.io/astral-sh/uv:0.13.9"

# Minor releases that have an official image, oldest first. A package that claims ">=3.9" and
# lists no classifiers claims what of these lies inside.
KNOWN_PYTHONS: Final = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15")

# Used where the package claims it and prefers nothing: old enough that every machine can
# provide it and every package on the index has wheels for it.
DEFAULT_PYTHON: Final = "3.13"

# Newest first: (oldest Python it runs on, version), as the index's Requires-Python has it.
TOOLS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = MappingProxyType(
    {
        "bandit": (("3.10", "1.9.4"), ("3.9", "1.8.6"), ("3.8", "1.7.10")),
        "basedpyright": (("3.8", "1.40.2"),),
        "codecov-cli": (("3.9", "11.3.1"), ("3.8", "9.1.1")),
        "coverage": (("3.11", "7.17.3"), ("3.10", "7.16.2"), ("3.9", "7.10.7"), ("3.8", "7.6.1")),
        "mypy": (("3.10", "2.4.1"), ("3.9", "1.19.1"), ("3.8", "1.14.1")),
        "pip-audit": (("3.10", "2.10.1"), ("3.9", "2.9.0"), ("3.8", "2.7.3")),
        "pyrefly": (("3.8", "1.4.1"),),
        "pyright": (("3.7", "1.1.414"),),
        "pytest": (("3.10", "9.2.0"), ("3.9", "8.4.2"), ("3.8", "8.3.5")),
        "pytest-cov": (("3.9", "7.1.0"), ("3.8", "5.0.0")),
        "ruff": (("3.7", "0.17.6"),),
        "ty": (("3.8", "0.0.105"),),
    }
)


def slim_image(python: str) -> str:
    """Return the image for a Python such as `3.12` or `3.12.1`."""
    return f"python:{python}-slim"


def full_image(python: str) -> str:
    """Return the image that also has git and a C compiler."""
    return f"python:{python}"
