"""Which addresses of the machine steps with a network of their own are let through to."""

from __future__ import annotations

import pytest

from stiletto.sandbox.forwards import name_servers, proxies

HOSTS = "127.0.0.1 localhost\n::1 localhost ip6-localhost\n127.0.1.1 Desk desk.example # me\n"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, []),
        ({"http_proxy": "http://10.0.0.9:3128/"}, [("10.0.0.9", 3128)]),
        ({"HTTPS_PROXY": "127.0.0.1:3128"}, [("127.0.0.1", 3128)]),
        ({"https_proxy": "http://localhost:1"}, [("127.0.0.1", 1), ("::1", 1)]),
        ({"https_proxy": "https://desk"}, [("127.0.1.1", 443)]),
        ({"all_proxy": "socks5h://[::1]"}, [("::1", 1080)]),
        ({"http_proxy": "http://proxy.example:3128"}, []),
        ({"http_proxy": "http://127.0.0.1:port", "https_proxy": "http://["}, []),
        (
            {"http_proxy": "http://a:b@127.0.0.1:5", "https_proxy": "127.0.0.1:5"},
            [("127.0.0.1", 5)],
        ),
        ({"no_proxy": "127.0.0.1:7"}, []),
    ],
)
def test_where_proxies_are(environ: dict[str, str], expected: list[tuple[str, int]]) -> None:
    """Addresses, and names that /etc/hosts has; a name of the internet needs no forward."""
    assert expected == proxies(environ, HOSTS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["127.0.0.1"]),
        ("# nameserver 1.1.1.1\noptions edns0\n", ["127.0.0.1"]),
        ("nameserver 127.0.0.53\nnameserver ::1\nsearch example\n", ["127.0.0.53", "::1"]),
        ("nameserver\nnameserver fe80::1%eth0\nnameserver x\n", ["fe80::1%eth0"]),
    ],
)
def test_where_name_servers_are(text: str, expected: list[str]) -> None:
    """Those of resolv.conf; without one the machine answers itself."""
    assert expected == name_servers(text)
