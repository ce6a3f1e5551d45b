"""The variables that a step gets from the host's environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from stiletto.errors import EnvironmentFailed
from stiletto.sandbox.certificates import machine_bundle
from stiletto.sandbox.plan import DEFAULT_PATH, Step

PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy")
PROXY_VARIABLES = (*PROXIES, *(name.upper() for name in PROXIES))
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Where the host's programs find the certificates of authorities; the names are OpenSSL's."""


def passed_on(host: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of the host that every step sees: the way to the network."""
    names = [*PROXY_VARIABLES, "no_proxy", "NO_PROXY", *CERTIFICATES]
    passed = {name: host[name] for name in names if host.get(name)}
    if machine_bundle() is None and not any(name in passed for name in CERTIFICATES):
        # The images that the machine stands in for have authorities, even where it has none.
        import certifi

        passed["SSL_CERT_FILE"] = certifi.where()
    return passed


def refuse_missing_certificates(host: Mapping[str, str]) -> None:
    """Refuse a file of certificates that is not there: every connection of a step would fail.

    Raises:
        EnvironmentFailed: `SSL_CERT_FILE` names no file.
    """
    named = host.get("SSL_CERT_FILE")
    if named and not Path(named).is_file():
        raise EnvironmentFailed(
            f"SSL_CERT_FILE names {named}, which is not a file",
            hint="name a file with the certificates of authorities, or unset it",
        )


def environment(step: Step, passed: Mapping[str, str], home: str) -> dict[str, str]:
    """Return the whole environment of a step, secrets included; the step's own variables win."""
    path = step.image.env.get("PATH", DEFAULT_PATH)
    return {"PATH": path, "HOME": home} | dict(passed) | dict(step.env) | dict(step.secret_env)
