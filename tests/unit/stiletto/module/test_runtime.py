"""Which interpreter a module's environment gets."""

from __future__ import annotations

import pytest

from stiletto.module.runtime import (
    KNOWN_PYTHONS,
    install_failure,
    python_tags,
    untrusted,
)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("3.12", ["3.12"]),
        ("3.12.4", ["3.12"]),
        ("==3.12", ["3.12"]),
        ("~=3.11", list(KNOWN_PYTHONS)),
        ("<3.13", list(KNOWN_PYTHONS)),
        (">=3.13", ["3.13", "3.14"]),
        (">= 3.11", ["3.11", "3.12", "3.13", "3.14"]),
        (">=3.9", ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]),
        ("", list(KNOWN_PYTHONS)),
        (">=3", list(KNOWN_PYTHONS)),
    ],
)
def test_interpreters(wanted: str, expected: list[str]) -> None:
    """The first version named is tried first, newer ones only where it is a lower bound."""
    assert expected == list(python_tags(wanted))


def test_a_server_that_uv_does_not_trust_is_named() -> None:
    """Its host and port, without a name and password; another failure names none."""
    printed = (
        "error: Failed to fetch: https://a:b@p.example:8443/simple/x/\n"
        "  cause: invalid peer certificate: UnknownIssuer\n"
    )
    assert "https://p.example:8443" == untrusted(printed)
    assert "" == untrusted("error: Failed to fetch: https://p.example/simple/x/")


def test_install_failure_is_one_line() -> None:
    """Uv's error and its cause are in one line, its hints are not."""
    printed = """
  \u00d7 No solution found when resolving dependencies:
  \u2570\u2500\u25b6 Because there is no version of absent and your project depends on absent,
      your project's requirements are unsatisfiable.

hint: try something else
"""

    assert (
        "No solution found when resolving dependencies: "
        "Because there is no version of absent and your project depends on absent,: "
        "your project's requirements are unsatisfiable"
    ) == install_failure(printed)
    assert "cannot read x" == install_failure("error: cannot read x.\n")
    assert 510 > len(install_failure("x" * 10_000))
