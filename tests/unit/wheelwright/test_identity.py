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


@pytest.mark.parametrize(
    ("url", "inside", "expected"),
    [
        ("https://h.example/o/w.git", "", "h.example/o/w.git"),
        ("https://h.example/o/w", "a/b", "h.example/o/w/a/b"),
        ("https://h.example/g/o/w", "", "h.example/g/o/w.git"),
        ("https://h.example:8443/w", "", "h.example:8443/w.git"),
        ("https://user:word@h.example/o/w/", "", "h.example/o/w"),
        ("ssh://git@h.example:22/o/w.git", "", "h.example/o/w.git"),
    ],
)
def test_origin_is_what_the_code_was_installed_from(url: str, inside: str, expected: str) -> None:
    """A repository at its commit, as a runner fetches it: by https, without a password."""
    found = {"url": url, "vcs_info": {"vcs": "git", "commit_id": COMMIT}, "subdirectory": inside}

    assert f"{expected}@{COMMIT}" == identity.of_direct_url(found)


@pytest.mark.parametrize("url", ["file:///srv/w.git", "http://h.example/o/w", "/srv/w", ""])
def test_origin_that_no_runner_reaches_is_none(url: str) -> None:
    """A repository of this machine, or one without TLS, is not written anywhere."""
    found = {"url": url, "vcs_info": {"vcs": "git", "commit_id": COMMIT}}

    assert "" == identity.of_direct_url(found)
    assert "" == identity.of_direct_url({"url": "https://h.example/w.zip", "archive_info": {}})


def test_without_metadata_there_is_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the distribution is not installed nothing is guessed."""
    monkeypatch.setattr(identity, "PACKAGE", "wheelwright-that-is-not-installed")
    identity._read.cache_clear()

    assert ("", "") == (identity.repository(), identity.tag())
    assert "HOST/PATH@COMMIT" == identity.reference("COMMIT")
    identity._read.cache_clear()
