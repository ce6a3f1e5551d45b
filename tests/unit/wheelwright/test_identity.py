"""Name, version and address of the module, as its functions read them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from wheelwright import identity
from wheelwright.pins import PACKAGE

PROJECT = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_identity_is_that_of_pyproject_toml() -> None:
    """The installed metadata has the name, the version and the address of `[project]`."""
    assert PROJECT["name"] == PACKAGE
    assert PROJECT["urls"]["Repository"] == identity.repository()
    assert f"v{PROJECT['version']}" == identity.tag()


def test_module_and_distribution_are_named_by_address() -> None:
    """Both forms have the address, and the commit or else the own version's tag."""
    host = identity.repository().removeprefix("https://")

    assert f"{host}@{COMMIT}" == identity.reference(COMMIT)
    assert f"{host}@{identity.tag()}" == identity.reference()
    assert f"{PACKAGE}[stiletto] @ git+https://{host}@{COMMIT}" == identity.requirement(COMMIT)
    assert identity.requirement(identity.tag()) == identity.requirement()


def test_without_metadata_there_is_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the distribution is not installed nothing is guessed."""
    monkeypatch.setattr(identity, "PACKAGE", "wheelwright-that-is-not-installed")
    identity._read.cache_clear()

    assert ("", "") == (identity.repository(), identity.tag())
    assert "HOST/PATH@COMMIT" == identity.reference("COMMIT")
    identity._read.cache_clear()
