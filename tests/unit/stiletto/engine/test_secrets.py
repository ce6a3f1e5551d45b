"""Which secrets are the same, and what a session knows of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from stiletto.api.secrets import SetSecret, UriSecret
from stiletto.engine.gate import SecretGate
from stiletto.engine.secrets import SecretStore
from stiletto.errors import UsageError

SALT = b"salt"


async def no_way() -> str:
    """Know no way out."""
    return ""


async def isolated() -> bool:
    """Isolate steps."""
    return True


OPEN = SecretGate(isolated=isolated, allowed=False, way_out=no_way)


def session(at: Path, salt: bytes = SALT, **environ: str) -> SecretStore:
    """Return the secrets of a new session."""
    return SecretStore(salt, environ, at, OPEN)


def read(secrets: SecretStore, uri: str, cache_key: str | None = None) -> UriSecret:
    """Make a secret."""
    return asyncio.run(secrets.from_uri(uri, cache_key))


def test_equal_values_are_one_secret(tmp_path: Path) -> None:
    """Where a value was read does not count, in which session neither."""
    (tmp_path / "token").write_text("value")
    first, second = session(tmp_path, A="value", B="value"), session(tmp_path, C="value")
    known = {
        read(first, "env://A").digest,
        read(first, "env://B").digest,
        read(second, "env://C").digest,
        read(second, "file://token").digest,
    }

    assert 1 == len(known)


def test_other_values_and_other_stores_are_other_secrets(tmp_path: Path) -> None:
    """A changed value is another secret, and no store's keys can be looked up in another's."""
    made = [
        read(session(tmp_path, A="value"), "env://A"),
        read(session(tmp_path, A="other"), "env://A"),
        read(session(tmp_path, b"pepper", A="value"), "env://A"),
    ]

    assert 3 == len({secret.digest for secret in made})
    assert not [secret for secret in made if "value" in repr(secret)]


def test_a_cache_key_goes_before_the_value(tmp_path: Path) -> None:
    """With the same cache key all values are one secret, and the last one made is what it holds."""
    secrets = session(tmp_path, A="first", B="second", C="k")
    one, two = read(secrets, "env://A", "k"), read(secrets, "env://B", "k")

    assert one == two
    assert (b"second", "env://B") == (secrets.value(one), secrets.uri(one))
    assert one != read(secrets, "env://A", "other")
    assert one != read(secrets, "env://C"), "a value that reads like the key is not the key"


def test_a_cache_key_in_the_uri_is_part_of_the_uri(tmp_path: Path) -> None:
    """Only addresses, as on the command line, have a `?cacheKey=`; the API's argument is plain."""
    secrets = session(tmp_path, A="value")

    with pytest.raises(UsageError, match=r"secret env var not found: 'A\?c\.\.\.'"):
        secrets.value(read(secrets, "env://A?cacheKey=k"))


def test_an_empty_cache_key_is_refused(tmp_path: Path) -> None:
    """It would make one secret of all that have it."""
    with pytest.raises(UsageError, match="cache key of a secret is empty"):
        read(session(tmp_path, A="value"), "env://A", "")


def test_a_secret_of_another_session_is_unknown(tmp_path: Path) -> None:
    """Nothing is read again for it: what stands at its URI by now may be another value."""
    made = read(session(tmp_path, A="before"), "env://A")
    now = session(tmp_path, A="after")

    assert not now.knows(made)
    for ask in (now.value, now.uri):
        with pytest.raises(UsageError, match="is not set in this session"):
            ask(made)


def test_unreadable_secrets_are_all_different(tmp_path: Path) -> None:
    """They fail where they are used, and no result is shared between them."""
    secrets = session(tmp_path)
    one, two = read(secrets, "env://NONE"), read(secrets, "env://NONE")

    assert one != two
    with pytest.raises(UsageError, match=r"secret env var not found: 'NON\.\.\.'"):
        secrets.value(one)


@pytest.mark.parametrize(
    ("path", "line", "message"),
    [
        ("/nowhere", "true", "cannot be run by sh: No such file or directory"),
        ("", "true", "cannot be run by sh: No such file or directory"),
        ("/usr/bin:/bin", f"true {'x' * 200_000}", "cannot be run by sh: Argument list too long"),
    ],
    ids=["no sh", "no PATH", "too long"],
)
def test_command_of_a_secret_that_cannot_start(
    tmp_path: Path, path: str, line: str, message: str
) -> None:
    """Without a shell, or with more than it takes, the error says what is wrong with the secret."""
    secrets = session(tmp_path, PATH=path)

    with pytest.raises(UsageError, match=message):
        secrets.value(read(secrets, f"cmd://{line}"))


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("file://none", "secret file .*/none: No such file"),
        ("cmd://exit 3", "secret command failed with exit code 3"),
    ],
)
def test_why_a_secret_cannot_be_read(tmp_path: Path, uri: str, message: str) -> None:
    """The error tells what was asked and what was wrong."""
    secrets = session(tmp_path, PATH="/usr/bin:/bin")

    with pytest.raises(UsageError, match=message):
        secrets.value(read(secrets, uri))


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("TOKEN", "malformed secret uri: no provider"),
        ("aws://x", "unsupported secret provider: 'aws'"),
    ],
)
def test_what_is_no_address_is_refused_at_once(tmp_path: Path, uri: str, message: str) -> None:
    """A secret that could never be read is not made."""
    with pytest.raises(UsageError, match=message):
        read(session(tmp_path), uri)


def test_the_last_value_of_a_set_secret_wins(tmp_path: Path) -> None:
    """The value is not what makes it the same secret; it has no URI."""
    secrets = session(tmp_path)
    secrets.bind(SetSecret("name", "module"), "first")
    secrets.bind(SetSecret("name", "module"), "second")

    known = SetSecret("name", "module")
    assert (b"second", "") == (secrets.value(known), secrets.uri(known))
    with pytest.raises(UsageError, match="secret 'name' is not set in this session"):
        secrets.value(SetSecret("name", "another module"))


def test_the_salt_is_made_once(tmp_path: Path) -> None:
    """Every session of a store has the same salt, which others cannot read."""
    at = tmp_path / "store" / "salt"

    assert SecretStore.salt(at) == SecretStore.salt(at)
    assert 0o600 == at.stat().st_mode & 0o777
