"""Whole calls behind a proxy that reads along."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.standins.intercepting import Intercepting

from .bench import Bench
from .repositories import repository

FILES = {
    "pyproject.toml": (
        '[project]\nname = "lantern"\nversion = "1.0"\nrequires-python = ">=3.11"\n'
        'dependencies = ["iniconfig==2.0.0"]\n\n'
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n\n'
        '[dependency-groups]\ntest = ["pytest"]\n'
    ),
    "src/lantern/__init__.py": "",
    "tests/test_lantern.py": "import iniconfig\n\n\ndef test_it():\n    assert iniconfig\n",
}


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Intercepting]:
    """A proxy with an authority of its own."""
    with Intercepting(tmp_path) as proxy:
        yield proxy


@pytest.mark.slow
def test_a_package_is_tested_behind_a_proxy_that_the_machine_trusts(
    stiletto: Bench, tmp_path: Path, proxy: Intercepting
) -> None:
    """Without that trust the server is named, and what to do; with it everything is installed."""
    source = repository(tmp_path / "lantern", FILES)
    environ = {**stiletto.env, "https_proxy": proxy.url, "HTTPS_PROXY": proxy.url}
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        environ.pop(name, None)
    behind = replace(stiletto, env={**environ, "UV_HTTP_RETRIES": "0"}).on_loopback

    trusting = replace(behind, env={**behind.env, "SSL_CERT_FILE": str(proxy.authority)})
    trusting.passes(source, "versions")
    ended = behind.call(source, "test")
    fact, hint, *_ = ended.error.splitlines()
    assert fact.endswith("failed: the certificate of https://pypi.org is not trusted")
    assert hint.startswith("  hint: let the engine's machine trust the authority")

    proxy.forget()
    passed = trusting.passes(source, "test")
    assert "1 passed" in passed.out
    assert [] == proxy.refused
    assert "pypi.org" in proxy.seen
