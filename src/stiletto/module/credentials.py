"""Addresses of repositories that carry a user or a password: taken apart, and shown (pure).

A password in an address would be in git's arguments, which every user of a machine can read, and in
messages, keys and files. So it is removed from the address at once; git gets it from a credential
helper that reads the environment, and for the address's own host only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from stiletto.errors import UsageError
from stiletto.visible import visible

_USER_INFO = re.compile(r"(?P<scheme>https?://)(?P<info>[^/?#@]*)@(?P<host>[^/?#]+)")
_SHOWN = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<user>[^/@:\s]*)(?P<rest>:[^/@\s]*)?@"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

PROTOCOLS = "file:git:http:https:ssh"
"""What git may use. Others, such as `ext`, run commands."""

_HELPER = (
    '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" '
    '"$STILETTO_GIT_USER" "$STILETTO_GIT_PASSWORD"; }; f'
)


@dataclass(frozen=True, slots=True)
class Credential:
    """The user for a host; without a password git's own helpers provide it."""

    host: str
    user: str
    password: str | None = field(default=None, repr=False)


def parted(url: str) -> tuple[str, Credential | None]:
    """Return an address without user and password, and those.

    ssh keeps its user: it is not a secret there, and git has no other option for it.

    Raises:
        UsageError: the address cannot be given to git.
    """
    check_address(url)
    found = _USER_INFO.match(url)
    if found is None:
        if re.match(r"ssh://[^/@]*:[^/@]*@", url):
            raise UsageError(
                f"{shown(url)}: ssh takes no password from an address",
                hint="leave the password out, and use a key or an agent",
            )
        return url, None
    user, colon, password = found["info"].partition(":")
    credential = Credential(
        found["scheme"] + found["host"],
        unquote(user),
        unquote(password) if colon else None,
    )
    if _CONTROL.search(credential.user + (credential.password or "")):
        raise UsageError(f"{shown(url)}: user or password contains a control character")
    return found["scheme"] + url[found.start("host") :], credential


def check_address(url: str) -> None:
    """Refuse an address that git would take for something else.

    Raises:
        UsageError: a control character, or a host or user that begins like an option.
    """
    if _CONTROL.search(url):
        raise UsageError(
            f"{visible(shown(url))!r} is not an address: it contains a space or a line end"
        )
    if url.startswith("-") or re.match(r"[A-Za-z0-9+.-]+://([^/@]*@)?-", url):
        raise UsageError(f"{shown(url)}: a host cannot begin with '-'")
    if "::" in url.partition("/")[0]:
        raise UsageError(f"{shown(url)}: git would run a helper program for this address")


def shown(text: str) -> str:
    """Return text with the passwords of addresses in it replaced, and users without a password."""

    def masked(found: re.Match[str]) -> str:
        if found["rest"] is not None:
            return f"{found['scheme']}{found['user']}:***@"
        alone = found["user"] if found["scheme"].lower() not in ("http://", "https://") else "***"
        return f"{found['scheme']}{alone}@"

    return _SHOWN.sub(masked, text)


def without_credentials(ref: str) -> str:
    """Return a reference as it may be written to a file."""
    return re.sub(r"^(https?://)[^/@]*@", r"\1", ref)


def git_variables(credential: Credential | None, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that give git a credential, for the credential's own host only."""
    variables = {"GIT_ALLOW_PROTOCOL": environ.get("GIT_ALLOW_PROTOCOL", PROTOCOLS)}
    if credential is None or not credential.user:
        return variables
    section = f"credential.{credential.host}"
    settings = [(f"{section}.username", credential.user)]
    if credential.password is not None:
        # The empty helper removes those that were named before it.
        settings += [(f"{section}.helper", ""), (f"{section}.helper", _HELPER)]
        variables |= {
            "STILETTO_GIT_USER": credential.user,
            "STILETTO_GIT_PASSWORD": credential.password,
        }
    count = environ.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isascii() and count.isdigit() else 0
    for number, (key, value) in enumerate(settings, first):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables | {"GIT_CONFIG_COUNT": str(first + len(settings))}
