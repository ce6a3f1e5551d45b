"""What a step gets of the host's environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from stiletto.errors import EnvironmentFailed
from stiletto.sandbox.host_environment import passed_on, refuse_missing_certificates


def test_certificates_and_proxies_are_passed_on(tmp_path: Path) -> None:
    """A step reaches the network as the host does; other variables stay outside."""
    (tmp_path / "ca.pem").touch()
    host = {"SSL_CERT_FILE": f"{tmp_path}/ca.pem", "https_proxy": "http://proxy:1", "TOKEN": "x"}

    assert {name: host[name] for name in ("SSL_CERT_FILE", "https_proxy")} == passed_on(host)


def test_certificates_that_are_not_there_are_named(tmp_path: Path) -> None:
    """Every connection of a step would fail with a traceback of its own."""
    with pytest.raises(EnvironmentFailed) as caught:
        refuse_missing_certificates({"SSL_CERT_FILE": f"{tmp_path}/gone.pem"})

    assert f"SSL_CERT_FILE names {tmp_path}/gone.pem, which is not a file" == caught.value.message
    assert "name a file with the certificates of authorities, or unset it" == caught.value.hint
