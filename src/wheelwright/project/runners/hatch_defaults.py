"""Hatch's own environments, as its version 1.18.2 has them.

Source: `hatch/env/internal` of hatch 1.18.2. A project's own table of the same name changes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

VERSION: Final = "1.18.2"

TEST: Final = "hatch-test"

RUFF: Final = "ruff==0.13.2"

_PYREFLY: Final = "pyrefly==1.0.0"

_TESTS: Final = (
    "coverage-enable-subprocess==1.0",
    "coverage[toml]~=7.11",
    "pytest~=9.0",
    "pytest-mock~=3.12",
    "pytest-randomly~=3.15",
    "pytest-rerunfailures~=14.0",
    "pytest-xdist[psutil]~=3.5",
)

ENVIRONMENTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "hatch-check-code": {
        "skip-install": True,
        "dependencies": [RUFF],
        "scripts": {"lint-check": "ruff check{env:HATCH_CHECK_CODE_ARGS:} {args:.}"},
    },
    "hatch-check-fmt": {
        "skip-install": True,
        "dependencies": [RUFF],
        "scripts": {
            "format-check": "ruff format{env:HATCH_CHECK_FMT_ARGS:} --check --diff {args:.}",
        },
    },
    "hatch-check-types": {
        "dependencies": [_PYREFLY, *_TESTS],
        "scripts": {"check": "pyrefly check{env:HATCH_CHECK_TYPES_ARGS:} {args}"},
    },
    "hatch-static-analysis": {
        "skip-install": True,
        "dependencies": [RUFF],
        "scripts": {
            "format-check": (
                "ruff format{env:HATCH_FMT_ARGS:}{env:HATCH_CHECK_FMT_ARGS:} "
                "--check --diff {args:.}"
            ),
            "lint-check": ("ruff check{env:HATCH_FMT_ARGS:}{env:HATCH_CHECK_CODE_ARGS:} {args:.}"),
        },
    },
    TEST: {
        "dependencies": [*_TESTS],
        "scripts": {
            "run": "pytest{env:HATCH_TEST_ARGS:} {args}",
            "run-cov": "coverage run -m pytest{env:HATCH_TEST_ARGS:} {args}",
            "cov-combine": "coverage combine",
            "cov-report": "coverage report",
        },
        "matrix": [
            {"python": ["3.15", "3.15t", "3.14", "3.14t", "3.13", "3.12", "3.11", "3.10"]},
        ],
    },
}
"""By name; scripts that change files are left out."""
