"""What programs print where they do not trust a server's certificate."""

import pytest

from wheelwright.project.untrusted import origin, untrusted

UV = """\
error: Request failed after 3 retries in 1.2s
  cause: Failed to fetch: `https://user:word@packages.example:8443/simple/iniconfig/`
  cause: error sending request for url (https://packages.example:8443/simple/iniconfig/)
  cause: client error (Connect)
  cause: invalid peer certificate: UnknownIssuer
"""
REQUESTS = (
    "HTTPSConnectionPool(host='api.example', port=443): Max retries exceeded with url: /v1 (Caused"
    " by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify"
    " failed: unable to get local issuer certificate (_ssl.c:1000)')))"
)
GNUTLS = (
    "fatal: unable to access 'https://git.example/a/b.git/': server certificate verification "
    "failed. CAfile: none CRLfile: none"
)
OPENSSL = (
    "fatal: unable to access 'https://git.example/a/b.git/': SSL certificate problem: "
    "self-signed certificate in certificate chain"
)
NODE = "npm error code SELF_SIGNED_CERT_IN_CHAIN\nnpm error request to https://npm.example/x failed"
PYTHON = (
    "<urlopen error [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed "
    "certificate in certificate chain>"
)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (UV, "https://packages.example:8443"),
        (REQUESTS, "https://api.example"),
        (GNUTLS, "https://git.example"),
        (OPENSSL, "https://git.example"),
        (NODE, "https://npm.example"),
        (PYTHON, "a server"),
        (f"trying https://mirror.example/\n{OPENSSL}", "https://git.example"),
        ("error: dns error", ""),
        ("certificate verify failed: certificate has expired", ""),
    ],
)
def test_the_address_is_found(printed: str, expected: str) -> None:
    """The origin is that of the connection that was refused, without a name or password."""
    assert expected == untrusted(printed)


def test_an_origin_has_no_credential() -> None:
    """Of an address only scheme, host and port are shown."""
    assert "https://h.example:1" == origin("https://a:b@h.example:1/c?d=e")
